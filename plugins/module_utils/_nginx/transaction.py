# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One change of what nginx serves for the collection: its configuration, the files that this names, and what systemd is told of nginx.

It ends with the new configuration served, or with the one served that was when it began. It may be killed or lose its node between any two of its
steps: whatever is live then can be served after a boot, and the next call goes on from there. So before another configuration becomes live, all that
it names is there, nginx has accepted it where it is to live, and the one that is live and runs is kept: a change goes back to what was served.
Only one process does this at a time. What changes the files without the lock is found, and left as it is.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any, Iterable, Mapping, NamedTuple, Optional, Sequence, Tuple

from .._tls.keypair import judged
from . import candidate, certificate, configuration, connections, files, hardening, service, sites, syntax, upstreams
from .proof import Proof, prove
from .users import users_file

# in the order of Front.live
Contents = Tuple[Optional[bytes], ...]

USERS_FILE = "%USERS_FILE%"
CONFIGURATION_ID = "%CONFIGURATION_ID%"
# Files that are there for the configuration only: those that neither the live nor the proved one names are removed once it is proved
OWN_FILES = ("users-*", "client-ca-*", "client-crl-*", "upstream-ca-*")
# what is below Front.directory for other ends; the last one is there while nginx is being installed
PRIVATE, PROVED, INSTALLING = "private", "proved", "installing"
_NEW_USERS = "users-new"  # before there is a secret to make a name from

_RELOADING = 2.0  # seconds that nginx may take from a signal to new workers


class Raced(Exception):
    """Another run has changed the node in the meantime. This one has changed nothing, or nothing any more."""


class NotServed(Exception):
    """What is live is not what is served; the message says in what."""


class PairRefused(Exception):
    """There is no certificate that can be served."""


class Failed(Exception):
    """The change has failed; the message says why, and what is served now."""

    def __init__(self, message: str, served: bool) -> None:
        super().__init__(message)
        self.served = served


class Wanted(NamedTuple):
    """What is to be served."""

    configuration: str  # with USERS_FILE and CONFIGURATION_ID where the file of users and the id are to be
    drop_in: str = ""  # what systemd lets nginx do, which needs a restart
    restart_drop_in: str = ""  # when systemd starts it again, which needs none
    users: Sequence[Mapping[str, Any]] = ()
    rounds: int = 1000
    files: Mapping[str, str] = {}  # what else the configuration names, by name: another name for another content
    group: int = -1  # of nginx's workers
    wait: float = 15  # seconds until it must be served


class Outcome:
    """What has changed, or would."""

    def __init__(self) -> None:
        self.diff: list[dict[str, str]] = []
        self.changed = False
        self.restarted = False
        self.removed: list[str] = []

    def file(self, path: Path, before: bytes | None, after: bytes | None, secret: bool = False) -> None:
        if before == after:
            return
        self.changed = True
        # of a secret only that it changes
        texts = ["" if octets is None else "(not shown)\n" if secret else octets.decode("utf-8", "replace") for octets in (before, after)]
        if secret and before is not None and after is not None:
            texts[1] = "(not shown, another)\n"
        self.diff.append({"before_header": str(path), "after_header": str(path), "before": texts[0], "after": texts[1]})


class _Began(NamedTuple):
    """What was found."""

    contents: Contents
    proof: Proof
    keep: bool  # a change goes back to it, not to what was last proved


class Front:
    """The files of one node."""

    def __init__(self, live: tuple[Path, Path], directory: Path, nginx: str, pid_file: Path, unit: service.Service) -> None:
        """:param live: nginx's configuration, in conf.d below the directory of nginx.conf, and what systemd lets it do
        :param directory: the collection's own; in proved/ below it is what was last proved"""
        drop_in = live[1]
        self.live = (live[0], drop_in, drop_in.with_name(f"{drop_in.stem}-restart{drop_in.suffix}"))
        self.proved = tuple(directory / PROVED / name for name in (live[0].name, "nginx.service.conf", "nginx.restart.conf"))
        self.directory = directory
        self.secret = directory / PRIVATE / "secret"
        self.nginx = nginx
        self.pid_file = pid_file
        self.nginx_dir = live[0].parent.parent
        self.main = self.nginx_dir / "nginx.conf"
        self.unit = unit

    # ---- what is there

    def token(self) -> str:
        """Stands for what is live: another one when somebody has changed it."""
        return _token(_contents(self.live))

    def must_restart(self, drop_in: bytes | None = None) -> bool:
        """Whether a reload is not enough: nginx is older than what systemd is told that it may do, or this is to be told something else.

        The first tells it also after a run that was cut off.
        """
        if not Path(self.nginx).exists():
            return False
        if drop_in is not None and files.content(self.live[1]) != drop_in:
            return True
        try:
            return self.live[1].stat().st_mtime > self.pid_file.stat().st_mtime
        except FileNotFoundError:
            return False

    def drop_in(self, text: str) -> bytes:
        """What systemd is told, as far as it knows it."""
        return hardening.known(text, hardening.version(self.unit.manager())).encode()

    # ---- a change

    def change(self, wanted: Wanted, expected: str | None = None) -> Outcome:
        """Makes it live and proves that it is served, or goes back to what was served.

        :param expected: the token of what the caller has seen
        :raises Raced: something else is live, or becomes it meanwhile
        :raises upstreams.Refused: it would pass requests on to whom nginx could not verify
        :raises PairRefused: no client would accept the certificate; where there is a former version that they would, it is live again
        :raises Failed: it was taken back
        """
        for directory in (self.directory, self.directory / PROVED, self.live[1].parent):
            files.make_directory(directory)
        outcome = Outcome()
        with files.locked(self.directory):
            began = self._look()
            self._expect(began.contents, [expected or _token(began.contents)])
            self._require_pair(wanted, write=True)
            self._require_upstreams(wanted, began.contents)
            written = _token(began.contents)
            try:
                contents = self.bring(wanted, outcome, write=True)
                written = self._make_live(contents, began, outcome)
                connected = self._connect(configuration.worker_connections(wanted.configuration), outcome)
                self._serve(contents, wanted.wait, outcome, None if outcome.changed else began.proof, connected)
                self._keep(contents, outcome)
            except (candidate.Refused, service.Failed, NotServed, OSError) as error:
                before = "nginx would refuse the configuration: " if isinstance(error, candidate.Refused) else ""
                self._go_back(began, written, wanted, before + str(error))
        return outcome

    def preview(self, wanted: Wanted, expected: str | None = None) -> Outcome:
        """What a change would do. Whether nginx would accept the configuration is not tested."""
        outcome = Outcome()
        before = _contents(self.live)
        self._expect(before, [expected or _token(before)])
        self._require_pair(wanted, write=False)
        self._require_upstreams(wanted, before)
        contents = self.bring(wanted, outcome, write=False)
        for path, old, new in zip(self.live, before, contents):
            outcome.file(path, old, new)
        if self.main.exists():
            main = self.main.read_bytes()
            outcome.file(self.main, main, connections.with_connections(main, configuration.worker_connections(wanted.configuration)))
        outcome.restarted = self.must_restart(contents[1])
        outcome.changed |= outcome.restarted
        return outcome

    def serve_live(self, wait: float, write: bool = True) -> Outcome:
        """Has nginx serve what is live, with the certificate that is there now, and proves it. Only a reload: no file changes, and nobody is refused.

        :raises NotServed: nothing of it is live, or nginx does not serve it within the time and goes on with what it served
        :raises PairRefused: no client would accept the certificate; where there is a former version that they would, it is live again
        """
        outcome = Outcome()
        if files.content(self.live[0]) is None:
            raise NotServed(f"{self.live[0]} is not there, so nothing is served: run the playbook tlsfront.elasticsearch.site first")
        with files.locked(self.directory) if write else contextlib.nullcontext():
            began = self._look()
            self._require_pair(Wanted((began.contents[0] or b"").decode("utf-8", "replace")), write)
            if not began.proof.served:
                outcome.changed = True
                said = ""
                if write and self.unit.state().active:
                    said = self._reload()
                elif write:
                    self.unit.start()
                if write:
                    self._verify(began.contents, wait, said)
        return outcome

    def remove(self, write: bool = True) -> Outcome:
        """Takes all of it away. Others' sites go on being served; without any, nginx ends.

        :raises NotServed: nginx serves it still
        """
        outcome = Outcome()
        with files.locked(self.directory) if write and self.directory.is_dir() else contextlib.nullcontext():
            for path in self.live:
                outcome.file(path, files.content(path), None)
                if write:
                    files.write(path, None)
            if self.main.exists():
                self._connect(0, outcome, write)
            # the directory goes last: while it is there, a run before this one was cut off, perhaps before nginx forgot
            outcome.changed |= self.directory.is_dir()
            if outcome.changed and write:
                self._forget()
                drop_ins = self.live[1].parent
                if drop_ins.is_dir() and not any(drop_ins.iterdir()):
                    drop_ins.rmdir()
                if self.directory.is_dir():
                    shutil.rmtree(str(self.directory))
        return outcome

    # ---- its steps

    def _look(self) -> _Began:
        contents = _contents(self.live)
        proof = self._prove(contents)
        until = time.monotonic() + _RELOADING
        while contents[0] is not None and proof.another and time.monotonic() < until:
            # the last thing that a killed run did may have been to have nginx reload it
            time.sleep(0.2)
            proof = self._prove(contents)
        return _Began(contents, proof, self._is_kept(contents, proof))

    def _is_kept(self, contents: Contents, proof: Proof) -> bool:
        """Whether a change goes back to what is live: unless nginx runs another configuration, whatever is wrong with this one.

        What was last proved may have fewer passwords than the one that cannot be told from it.
        """
        if proof.running or proof.another or contents[0] is None:
            return proof.running
        return not self._prove(_contents(self.proved)).running

    def _require_pair(self, wanted: Wanted, write: bool) -> None:
        served = configuration.served(wanted.configuration)
        directory = Path(served["chain"]).parent
        names = list(dict.fromkeys(name for site in configuration.sites(served) for name in site.names))
        if certificate.missing(directory):
            if not write:
                return  # a role before this one would have made it
            raise PairRefused(f"{directory} has no chain.pem and key.pem. Nothing that is served was changed.")
        verdict = judged(directory, names)
        if not verdict["accepted"]:
            former = certificate.former(directory, names)
            if former and write:
                certificate.make_live(former, directory)
            again = "is there again and is served on" if write else "would be there again"
            after = f"The one before it, {former}, {again}." if former else "What nginx serves was not changed."
            raise PairRefused(
                f"No client would accept the certificate in {directory}: {verdict['message']}. {after} "
                "Run the role tlsfront.elasticsearch.certificate with a certificate that is right."
            )

    def _require_upstreams(self, wanted: Wanted, live: Contents) -> None:
        brought = {str(self.directory / name): content for name, content in wanted.files.items()}
        upstreams.require(wanted.configuration, (live[0] or b"").decode("utf-8", "replace"), brought)

    def bring(self, wanted: Wanted, outcome: Outcome, write: bool) -> Contents:
        """What is to be live, once the files that it names are there. Each of these has another name for another content: nothing that is live changes."""
        text = wanted.configuration
        own = {self.directory / name: (content.encode(), files.Access(0o644)) for name, content in wanted.files.items()}
        if wanted.users:
            users = self._users_file(wanted, write)
            own[users[0]] = (users[1], files.Access(0o640, 0, wanted.group))
            text = text.replace(USERS_FILE, str(users[0]))
        for path, (octets, who) in own.items():
            before = files.content(path)
            outcome.file(path, before, octets, secret=path.name.startswith("users-"))
            if write and (before != octets or not _has(path, who)):
                files.write(path, octets, who)
        identity = hashlib.sha256(text.replace(CONFIGURATION_ID, "").encode()).hexdigest()
        return text.replace(CONFIGURATION_ID, identity).encode(), self.drop_in(wanted.drop_in), wanted.restart_drop_in.encode()

    def _users_file(self, wanted: Wanted, write: bool) -> tuple[Path, bytes]:
        secret = (files.content(self.secret) or b"").decode("ascii")
        if not secret:
            if not write:
                return self.directory / _NEW_USERS, b""
            secret = secrets.token_hex(32)
            files.make_directory(self.secret.parent, 0o700)
            files.write(self.secret, secret.encode())
        users = users_file(wanted.users, secret, wanted.rounds)
        return self.directory / users.name, users.content.encode()

    def _make_live(self, contents: Contents, began: _Began, outcome: Outcome) -> str:
        """The token of what is live then.

        :raises candidate.Refused: nginx does not accept it, or would not find what it names
        :raises OSError: it could not be written; what was live is live
        """
        if began.keep:
            # from here on it is there also for the run after one that is killed
            _put(self.proved, began.contents)
        octets = contents[0] or b""
        self._users_are_there(octets.decode())
        if began.contents != contents:
            candidate.test(octets, self.live[0], self.nginx)
            self._expect(_contents(self.live), [_token(began.contents)])
            for path, before, after in zip(self.live, began.contents, contents):
                outcome.file(path, before, after)
            _put(self.live, contents)
        return _token(contents)

    def _connect(self, needed: int, outcome: Outcome, write: bool = True) -> bool:
        main = self.main.resolve()
        before = main.read_bytes()
        after = connections.with_connections(before, needed)
        outcome.file(self.main, before, after)
        if before != after and write:
            files.write(main, after, files.access(main))
        return before != after

    def _serve(self, contents: Contents, wait: float, outcome: Outcome, seen: Proof | None = None, connected: bool = False) -> None:
        """Has nginx run what is live, and proves it.

        :param seen: what was served a moment ago, where nothing has changed since
        :param connected: whether its main file is another
        :raises NotServed: not within the time
        """
        state = self.unit.state()
        if not state.read:
            self.unit.read_again()
        started = not state.active
        if started:
            self.unit.start()
        elif self.must_restart():
            self._would_start_now()
            self.unit.restart()
            started = outcome.restarted = True
        if not state.enabled:
            self.unit.enable()
            outcome.changed = True
        said = ""
        if started:
            outcome.changed = True
        # a reload is due when what is served is not what is live, whoever wrote it: so a run that was cut off is healed by the next
        elif connected or not (seen or self._prove(contents)).served:
            outcome.changed = True
            said = self._reload()
        elif seen:
            return
        self._verify(contents, wait, said)

    def _reload(self) -> str:
        """What is wrong with it: nginx may have been killed in the meantime, and is served again by who started it. The proof tells."""
        try:
            self.unit.reload()
        except service.Failed as error:
            with contextlib.suppress(service.Failed):
                self.unit.start()
            return f"{error}\n"
        return ""

    def _verify(self, contents: Contents, seconds: float, said: str = "") -> None:
        deadline = time.monotonic() + seconds
        while True:
            self._expect(_contents(self.live), [_token(contents)])
            proof = self._prove(contents)
            if proof.served:
                return
            if time.monotonic() >= deadline:
                raise NotServed(said + "\n".join(proof.problems))
            time.sleep(0.2)

    def _keep(self, contents: Contents, outcome: Outcome) -> None:
        """It is proved: a change goes back to it from now on, and what neither it nor what is live names goes."""
        _put(self.proved, contents)
        texts = [octets.decode("utf-8", "replace") for octets in (files.content(self.live[0]), contents[0]) if octets is not None]
        for pattern in OWN_FILES:
            for path in sorted(self.directory.glob(pattern)):
                if path.is_file() and not any(configuration.mentions(text, path) for text in texts):
                    path.unlink()
                    outcome.removed.append(str(path))
        outcome.changed |= bool(outcome.removed)

    def _go_back(self, began: _Began, written: str, wanted: Wanted, cause: str) -> None:
        """What was served when it began is live and served again, or else what was last proved.

        :raises Failed: in any case, with the cause
        :raises Raced: another one has changed what is live
        """
        try:
            contents = began.contents if began.keep else _contents(self.proved)
            self._expect(_contents(self.live), [_token(began.contents), written])
            _put(self.live, contents)
            text = (contents[0] or b"").decode("utf-8", "replace")
            if self.main.exists():
                self._connect(configuration.worker_connections(text), Outcome())
            if contents[0] is None:
                self._forget()
            else:
                self._serve(contents, wanted.wait, Outcome())
                self._keep(contents, Outcome())
        except (candidate.Refused, service.Failed, NotServed, OSError) as error:
            raise Failed(
                f"The new configuration of the front failed ({cause.strip()}), and the former one, which was written back, is not served either "
                f"({error}). See 'journalctl -u nginx'.",
                served=False,
            ) from error
        after = "there was none before" if contents[0] is None else "the former one is served"
        raise Failed(f"The new configuration of the front failed and was taken back; {after}. Cause: {cause.strip()}", served=contents[0] is not None)

    def _forget(self) -> None:
        """Nothing of it is live: nginx goes on for others' sites, or ends."""
        state = self.unit.state()
        if not state.read:
            self.unit.read_again()
        if state.active and self._serves_others():
            self._would_start_now()
            # not a reload: without the drop-in, systemd lets it do more
            self.unit.restart()
        elif state.active:
            self.unit.end()
        proved = files.content(self.proved[0])
        still = prove(proved.decode("utf-8", "replace"), self.nginx_dir, self.pid_file).running_at if proved else []
        if still:
            raise NotServed(f"nginx serves it still, at {', '.join(still)}")

    def _serves_others(self) -> bool:
        try:
            return sites.serves_others(str(self.main), str(self.live[0]))
        except (OSError, syntax.BadSyntax):  # what it runs may be others' all the same
            return True

    def _would_start_now(self) -> None:
        """A restart with what nginx refuses would be an end."""
        done = subprocess.run(  # pylint: disable=ansible-bad-function # a unit test drives this without Ansible
            [self.nginx, "-t", "-q", "-c", str(self.main)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False
        )
        if done.returncode != 0:
            raise candidate.Refused(done.stdout.decode("utf-8", "replace").strip())

    def _prove(self, contents: Contents) -> Proof:
        if contents[0] is None:
            proof = Proof()
            proof.is_another(f"{self.live[0]} is not there")
            return proof
        return prove(contents[0].decode("utf-8", "replace"), self.nginx_dir, self.pid_file)

    def _expect(self, contents: Contents, tokens: Iterable[str]) -> None:
        if _token(contents) not in tokens:
            raise Raced(
                f"{self.live[0]} or {self.live[1]} is not what it was when this run looked: another run has changed the node in the meantime. "
                "What the other one wrote was left as it is. Run the playbook again when the other one has ended."
            )

    def _users_are_there(self, text: str) -> None:
        """nginx -t opens what the master reads, but not this: https://nginx.org/en/docs/http/ngx_http_auth_basic_module.html"""
        for path in configuration.read_by_workers(text, self.nginx_dir):
            if not path.exists():
                raise candidate.Refused(f"it names {path}, which is not there")


def _contents(paths: Sequence[Path]) -> Contents:
    return tuple(files.content(path) for path in paths)


def _has(path: Path, who: files.Access) -> bool:
    there = files.access(path)
    return there.mode == who.mode and who.owner in (-1, there.owner) and who.group in (-1, there.group)


def _put(paths: Sequence[Path], contents: Contents) -> None:
    """All, or none of them: what can fail for want of room has been done before the first of them is another.

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


def _token(contents: Contents) -> str:
    """Other for other contents, and for a file that is not there."""
    told = hashlib.sha256()
    for octets in contents:
        told.update(b"-" if octets is None else hashlib.sha256(octets).digest())
    return told.hexdigest()
