# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One change of the two files that are live: nginx's configuration and what systemd lets it do.

A run looks, writes, has nginx reload, proves, and keeps what was proved; or goes back. Between any two of these steps it may be killed, the node
may go down, or another run may do the same. So each step that writes says what it expects to find, and writes nothing where it finds something
else; and before another configuration becomes live, the one that is live and runs is kept: a change goes back to what was served when it began.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from pathlib import Path
from typing import ContextManager, Iterable, NamedTuple, Optional, Tuple

from . import candidate, configuration, files
from .proof import Proof, prove

Contents = Tuple[Optional[bytes], Optional[bytes]]

_RELOADING = 2.0  # seconds that nginx may take from a signal to new workers


class Raced(Exception):
    """Another run has changed the node in the meantime. This one has written nothing."""


class NotServed(Exception):
    """What is live is not what is served; the message says in what."""


class Began(NamedTuple):
    """What a run found when it began."""

    token: str  # of what was live
    keep: bool  # a change goes back to it, not to what was last proved


class Front:
    """The files of one node."""

    def __init__(self, live: tuple[Path, Path], directory: Path, nginx: str, pid_file: Path) -> None:
        """:param directory: the collection's own; in proved/ below it is what was last proved"""
        self.live = live
        self.proved = (directory / "proved" / live[0].name, directory / "proved" / "nginx.service.conf")
        self.directory = directory
        self.nginx = nginx
        self.pid_file = pid_file
        self.nginx_dir = live[0].parent.parent

    def look(self) -> tuple[Began, Proof]:
        """What is live, and whether it is served. Writes nothing."""
        contents = self.contents()
        proof = self._prove(contents)
        until = time.monotonic() + _RELOADING
        while contents[0] is not None and proof.another and time.monotonic() < until:
            # the last thing that a killed run did may have been to have nginx reload it
            time.sleep(0.2)
            proof = self._prove(contents)
        return Began(token(contents), self._keep(contents, proof)), proof

    def _keep(self, contents: Contents, proof: Proof) -> bool:
        """Whether a change goes back to what is live: unless nginx runs another configuration, whatever is wrong with this one.

        What was last proved may have fewer passwords than the one that cannot be told from it.
        """
        if proof.running or proof.another or contents[0] is None:
            return proof.running
        return not self._prove(self._contents(self.proved)).running

    def expect(self, began: Began) -> Contents:
        """What is live, where it is still what the run found.

        :raises Raced: it is not
        """
        contents = self.contents()
        self._expect(contents, [began.token])
        return contents

    def write(self, text: str, drop_in: str, began: Began) -> tuple[str, bool]:
        """Makes both live; the token of it, and whether it was another.

        :raises Raced: another one has changed what is live
        :raises candidate.Refused: nginx does not accept it, or would not find what it names
        :raises OSError: it could not be written; what was live is live
        """
        wanted = (text.encode(), drop_in.encode())
        with files.locked(self.directory):
            contents = self._contents(self.live)
            self._expect(contents, [began.token])
            if began.keep:
                # from here on it is there also for the run after one that is killed
                self._put(self.proved, contents)
            self._users_are_there(text)
            if contents == wanted:
                return began.token, False
            candidate.test(wanted[0], self.live[0], self.nginx)
            self._put(self.live, wanted)
            return token(wanted), True

    def verify(self, expected: str, seconds: float, patterns: Iterable[str]) -> list[str]:
        """Proves that what this run wrote is served, keeps it, and removes what no configuration names; the names of what it removed.

        :raises NotServed: not within the time
        :raises Raced: another one has changed what is live
        """
        deadline = time.monotonic() + seconds
        while True:
            contents = self.contents()
            self._expect(contents, [expected])
            proof = self._prove(contents)
            if proof.served:
                break
            if time.monotonic() >= deadline:
                raise NotServed("\n".join(proof.problems))
            time.sleep(0.2)
        with files.locked(self.directory):
            # what was asked a moment ago is still what is there
            self._expect(self._contents(self.live), [expected])
            self._put(self.proved, contents)
            return self._clean(patterns)

    def go_back(self, began: Began, written: str, write: bool = True) -> tuple[Contents, str]:
        """Makes live again what was served when the run began, or else what was last proved; what it is, with its token.

        :param write: whether to do it, or only to say what it would be
        :raises Raced: another one has changed what is live
        """
        with self._locked():
            contents = self._contents(self.live)
            self._expect(contents, [began.token, written])
            if not (began.keep and token(contents) == began.token):
                contents = self._contents(self.proved)
                if began.keep:
                    self._expect(contents, [began.token])
                if write:
                    self._put(self.live, contents)
            return contents, token(contents)

    def contents(self) -> Contents:
        """What is live, both files of the same moment."""
        with self._locked():
            return self._contents(self.live)

    def _locked(self) -> ContextManager[None]:
        """Before the first run the directory is not there, and nobody writes."""
        return files.locked(self.directory) if self.directory.is_dir() else contextlib.nullcontext()

    @staticmethod
    def _contents(paths: tuple[Path, Path]) -> Contents:
        return files.content(paths[0]), files.content(paths[1])

    def _prove(self, contents: Contents) -> Proof:
        if contents[0] is None:
            proof = Proof()
            proof.is_another(f"{self.live[0]} is not there")
            return proof
        return prove(contents[0].decode("utf-8", "replace"), self.nginx_dir, self.pid_file)

    def _expect(self, contents: Contents, tokens: Iterable[str]) -> None:
        if token(contents) not in tokens:
            raise Raced(
                f"{self.live[0]} or {self.live[1]} is not what it was when this run looked: another run has changed the node in the meantime. "
                "What the other one wrote was left as it is. Run the playbook again when the other one has ended."
            )

    def _users_are_there(self, text: str) -> None:
        """nginx -t opens what the master reads, but not this: https://nginx.org/en/docs/http/ngx_http_auth_basic_module.html"""
        for path in configuration.read_by_workers(text, self.nginx_dir):
            if not path.exists():
                raise candidate.Refused(f"it names {path}, which is not there: another run may have removed it in the meantime. Run the playbook again.")

    @staticmethod
    def _put(paths: tuple[Path, Path], contents: Contents) -> None:
        """Both, or none of them: what can fail for want of room has been done before the first of them is another.

        :raises OSError: they are as they were
        """
        changed = [(path, octets) for path, octets in zip(paths, contents) if files.content(path) != octets]
        before = [(path, files.content(path)) for path, _octets in changed]
        try:
            for path, octets in changed:
                if octets is not None:
                    files.write_beside(path, octets)
            for path, octets in changed:
                if octets is None:
                    files.write(path, None)
                else:
                    files.swap_in(path)
        except OSError:
            for path, _octets in changed:
                files.write(files.beside(path), None)
            for path, octets in before:
                if files.content(path) != octets:
                    files.write(path, octets)
            raise

    def _clean(self, patterns: Iterable[str]) -> list[str]:
        """Removes those of our own files that neither the live nor the proved configuration names."""
        texts = [octets.decode("utf-8", "replace") for octets in (files.content(self.live[0]), files.content(self.proved[0])) if octets is not None]
        removed = []
        for pattern in patterns:
            for path in sorted(self.directory.glob(pattern)):
                if path.is_file() and not any(configuration.mentions(text, path) for text in texts):
                    path.unlink()
                    removed.append(str(path))
        return removed


def token(contents: Contents) -> str:
    """Other for other contents, and for a file that is not there."""
    told = hashlib.sha256()
    for octets in contents:
        told.update(b"-" if octets is None else hashlib.sha256(octets).digest())
    return told.hexdigest()
