# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The system's store of trusted CAs, by the program that fills it. Which one it is, is found, and not taken from the distribution's name."""

from __future__ import annotations

import contextlib
import os
import re
from hashlib import sha256
from pathlib import Path
from typing import Collection

from .. import _commands, _files, _pem

__all__ = ["NAME", "STATE", "Store", "find", "left_over", "name_of"]

NAME = re.compile(r"tlsfront-[0-9a-f]{16}", re.ASCII)
STATE = Path("/var/lib/tlsfront")
_NO_HOOKS = "/dev/null"  # no directory, so there is no hook in it

_FILE = re.compile(rf"({NAME.pattern})\.crt", re.ASCII)
_LINK = re.compile(rf"(?:ca-cert-)?({NAME.pattern})\.pem", re.ASCII)  # as Debian's program names it, and Alpine's
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


def name_of(certificate: bytes) -> str:
    """What a certificate is called in the store, without an ending."""
    return f"tlsfront-{sha256(certificate).hexdigest()[:16]}"


class Store:
    """What the two have in common: a directory of certificates, a program that takes them, and a bundle in which it is seen."""

    command: str
    options: tuple[str, ...] = ()
    needs: str  #: what the program that is meant names in its text, for others have the same name
    sources: Path
    bundle: Path

    def __init__(self, program: str, content: bytes) -> None:
        self.program = program
        self.content = content

    def path(self, name: str) -> Path:
        return self.sources / f"{name}.crt"

    def ours(self) -> set[str]:
        """The names of the certificates of ours in it, also of those that the system has not given up yet, as far as it can be seen by a name."""
        return _names(self.sources, _FILE)

    def taken(self) -> set[str]:
        """The names that certificates of ours would have, of all that the system has taken."""
        return _certificates(self.bundle)

    def update(self, added: Collection[str], gone: Collection[str], java_cacerts: bool) -> list[str]:
        """Has the system take what is new, and give up what has gone from the sources. What is to be known of it besides."""
        raise NotImplementedError

    def follows(self) -> str:
        """Why the store of the JVMs cannot be left alone; empty where it can."""
        return ""

    @classmethod
    def obstacle(cls) -> str:
        """Why the system's store is another one, whatever programs there are; empty where it may be this one."""
        raise NotImplementedError

    def _run(self, *arguments: str) -> str:
        command = [self.program, *self.options, *arguments]
        try:
            done = _commands.ask(*command)
        except OSError as error:
            raise _commands.Failed(f"{self.program} cannot be run: {error}. The next run goes on here.") from error
        if done.returncode:
            told = (done.stderr or done.stdout).strip() or f"status {done.returncode}"
            raise _commands.Failed(f"{' '.join(command)}: {told}. The next run goes on here.")
        return done.stdout


class CaCertificates(Store):
    """update-ca-certificates(8), of Debian and of those that have taken it from there.

    Alpine's is another program for the same directories. It has no option, and reads no directory below the one for local certificates:
    https://gitlab.alpinelinux.org/alpine/ca-certificates/-/blob/master/update-ca.c
    """

    command = "update-ca-certificates"
    needs = "/usr/local/share/ca-certificates"
    sources = Path(needs)
    certs = Path("/etc/ssl/certs")
    bundle = certs / "ca-certificates.crt"
    selected = Path("/etc/ca-certificates.conf")
    deselected = STATE / "ca-certificates.conf"

    def ours(self) -> set[str]:
        return super().ours() | _names(self.certs, _LINK)

    def taken(self) -> set[str]:
        return super().taken() & _names(self.certs, _LINK)

    def update(self, added: Collection[str], gone: Collection[str], java_cacerts: bool) -> list[str]:
        if self.follows():
            self._run()
            return []
        told = ""
        if added and not java_cacerts:
            self._run("--hooksdir", _NO_HOOKS)
        # Its hooks, the JVM's among them, are told of links that it makes, and of those that it removes because of what its configuration deselects,
        # and not of what is simply gone. A run that was cut off may have left them untold, so all that is to be told stands here as if it had not run.
        elif added:
            for name in added:
                _files.remove(self._link(name))
        if gone or (added and java_cacerts):
            for name in gone:
                if not os.path.lexists(str(self._link(name))):
                    self._link(name).symlink_to(self.path(name))
            _files.write(self.deselected, _files.read(self.selected) + "".join(f"\n!{name}.crt\n" for name in sorted(gone)), 0o644)
            told = self._run("--certsconf", str(self.deselected))
            _files.remove(self.deselected)
        failed = [line[3:] for line in told.splitlines() if line.startswith("E: ")]
        return [f"A hook of {self.program} failed, so others who follow the system's store may not know of the change: {line}" for line in failed]

    def follows(self) -> str:
        if b"--hooksdir" in self.content and b"--certsconf" in self.content:
            return ""
        return f"{self.program} always runs its hooks, that of Java among them"

    @classmethod
    def obstacle(cls) -> str:
        if not cls.certs.is_dir():
            return f"there is no directory {cls.certs}"
        real = str(cls.certs.resolve())
        return f"{cls.certs} leads to {real}" if real.startswith("/etc/pki/") else ""

    def _link(self, name: str) -> Path:
        return self.certs / f"{name}.pem"


class CaTrust(Store):
    """update-ca-trust(8), of Red Hat's family. Its status says little: it was that of its last step alone, before it was written anew in 2024."""

    command = "update-ca-trust"
    options = ("extract",)
    extracted = Path("/etc/pki/ca-trust/extracted")
    needs = str(extracted)
    sources = Path("/etc/pki/ca-trust/source/anchors")
    bundle = extracted / "pem/tls-ca-bundle.pem"
    directory = extracted / "pem/directory-hash"  # newer ones make it, too, and OpenSSL reads it there

    def taken(self) -> set[str]:
        found = super().taken()
        if not self.directory.is_dir():
            return found
        there: set[str] = set()
        for path in self.directory.iterdir():
            if not path.is_symlink():
                there |= _certificates(path)
        return found & there

    def update(self, added: Collection[str], gone: Collection[str], java_cacerts: bool) -> list[str]:
        self._run()
        return []

    def follows(self) -> str:
        return f"{self.program} always makes {self.extracted / 'java/cacerts'}, too"

    @classmethod
    def obstacle(cls) -> str:
        return "" if cls.sources.is_dir() else f"there is no directory {cls.sources}"


def find() -> tuple[Store | None, str]:
    """The store that this system uses, or why there is none.

    Both programs may be there. Which store is the system's is told by /etc/ssl/certs, where OpenSSL and others look: with the one, it is a directory of
    its own, and with the other, it leads into /etc/pki.
    """
    missing = []
    for kind in (CaCertificates, CaTrust):
        what = f"{kind.command} for {kind.sources}"
        program = _commands.find(kind.command)
        if not program:
            missing.append(f"{what} (there is no such program)")
            continue
        content = Path(program).read_bytes()
        if kind.needs.encode() not in content:
            missing.append(f"{what} ({program} is another program of that name, which knows nothing of {kind.needs})")
        elif kind.obstacle():
            missing.append(f"{what} ({kind.obstacle()})")
        else:
            return kind(program, content), ""
    return None, "; ".join(missing)


def left_over() -> list[str]:
    """The files of ours in the directories of either."""
    return [str(kind.sources / f"{name}.crt") for kind in (CaCertificates, CaTrust) for name in sorted(_names(kind.sources, _FILE))]


def _names(directory: Path, pattern: re.Pattern[str]) -> set[str]:
    found = (pattern.fullmatch(each.name) for each in (directory.iterdir() if directory.is_dir() else ()))
    return {match[1] for match in found if match}


def _certificates(path: Path) -> set[str]:
    """The names of the certificates of a file, whoever has written it: what is damaged in it is none."""
    found = set()
    try:
        text = _pem.text_of(path.read_bytes())
    except FileNotFoundError:
        text = ""
    for match in _CERTIFICATE.finditer(text):
        with contextlib.suppress(ValueError):
            found |= {name_of(each) for each in _pem.certificates(match[0])}
    return found
