# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The key pair of a node in its versions, one of which is live.

A version is a directory with key.pem, chain.pem, ca.pem for a private CA, and about.txt, below versions/. "live" is a symbolic link to one of them, so that
key, chain and CA change together, by one rename(2). A version is whole, on the disk and proved before it becomes live, and it is not changed afterwards.
The one that was live before stays, to go back to. Whatever is killed between any two of its steps leaves one of the two live, and the next call finishes it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
from pathlib import Path
from typing import Iterable, Mapping

from .. import _files, _pem
from .keypair import Refused, check, leaf

KEY, CHAIN, CA, ABOUT = "key.pem", "chain.pem", "ca.pem", "about.txt"
_PAIR = (KEY, CHAIN, CA)
_DIRECTORY_MODE = 0o700  # of a version: nobody but root looks into it
_STAGED, _REMOVED = "staged", "removed"
NEW, ASIDE = "new", "aside"
#: what is below versions/ and is none: what is being written or removed, the key of a request, and what a CA has issued and could not be used
NO_VERSIONS = frozenset({_STAGED, _REMOVED, NEW, ASIDE})


def normalized(chain: str, key: str, ca: str = "") -> dict[str, str]:
    """The files of a version, written anew from the octets that the texts encode, as every program reads them.

    :raises ValueError: one of them cannot be read; no part of the key is in the message
    """
    files = {}
    for name, text in ((CHAIN, chain), (CA, ca)):
        try:
            if name == CHAIN or text:
                files[name] = "".join(map(_pem.in_pem, _pem.certificates(text)))
        except ValueError as error:
            raise ValueError(f"{name} holds no certificate that can be read ({error})") from None
    try:
        block = _pem.key(key)
    except ValueError as error:
        raise ValueError(f"{KEY} holds no private key that can be read ({error})") from None
    if block.encrypted:
        raise ValueError(f"{KEY} has a passphrase, and nobody can type it when a server starts: give the key without one")
    files[KEY] = block.pem
    return files


def mode(name: str) -> int:
    """That of a file of a version."""
    return 0o600 if name == KEY else 0o644


class Versions:
    """Those below one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.live = directory / "live"
        self.about = directory / ABOUT
        self.versions = directory / "versions"

    # ---- what is there

    def current(self) -> Path | None:
        """The version that is live; None where there is none."""
        if not self.live.is_symlink():
            return None
        target = Path(os.readlink(str(self.live)))
        # what leads out of the directory is somebody else's: nothing of it is read, shown or removed
        if target.is_absolute() or target.parent != Path(self.versions.name) or target.name in (".", "..", *NO_VERSIONS):
            return None
        version = self.directory / target
        return version if version.is_dir() and not version.is_symlink() else None

    def former(self) -> Path | None:
        """The version that was live before: of those that are whole, the one that was live last."""
        others = [version for version in self._others() if version.name not in NO_VERSIONS and all((version / name).is_file() for name in (KEY, CHAIN))]
        return max(others, key=lambda version: version.stat().st_mtime_ns, default=None)

    @staticmethod
    def files(version: Path | None) -> dict[str, str]:
        """What is in the files of a version."""
        paths = sorted(version.iterdir()) if version is not None else []
        found = {path.name: path.read_bytes() for path in paths if path.suffix in (".pem", ".txt") and path.is_file()}
        return {name: _pem.text_of(octets) if name in _PAIR else octets.decode("utf-8", "replace") for name, octets in found.items()}

    def differs(self, files: Mapping[str, str]) -> bool:
        """Whether to install them would change anything, but for leftovers."""
        live = self.current()
        if live is None or not self._is(live, files) or self._unsettled(live, files):
            return True
        return ABOUT in files and _files.differs(self.about, files[ABOUT], 0o644)

    # ---- changes

    def install(self, files: Mapping[str, str], names: Iterable[str]) -> bool:
        """They are live, as one version. Whether anything was changed.

        :raises Refused: clients that ask for one of the names would not accept it; nothing was changed
        """
        _files.make_directory(self.directory)
        with _files.locked(self.directory):
            changed = self.differs(files)
            live = self.current()
            if live is not None and self._is(live, files):
                self._settle(live, files)
                check(live, names)
            else:
                live = self._stage(files, names)
                self._make_live(live)
            self._describe(live)
            return self._clean() or changed

    def go_back(self, names: Iterable[str], ca: str | None = None) -> Path | None:
        """The former version is live again. The one that was live until now; None where there is no former one.

        :param ca: what clients trust instead of its ca.pem
        :raises Refused: clients would not accept the former one; nothing was changed
        """
        if not self.directory.is_dir():
            return None
        with _files.locked(self.directory):
            former, live = self.former(), self.current()
            if former is None:
                return None
            check(former, names, ca)
            self._make_live(former)
            self._describe(former)
            return live

    def remove(self) -> bool:
        """Nothing of it is there. What else somebody has put into the directory stays. Whether anything was changed."""
        if not self.directory.is_dir():
            return False
        changed = False
        with _files.locked(self.directory):
            for path in (self.live, self.about, *self._unfinished()):
                with contextlib.suppress(FileNotFoundError):
                    path.unlink()
                    changed = True
            if self.versions.is_dir():
                shutil.rmtree(str(self.versions))
                changed = True
            with contextlib.suppress(OSError):  # it has something else in it
                self.directory.rmdir()
                changed = True
        return changed

    def remains(self) -> bool:
        """Whether there is anything to remove."""
        return self.directory.is_dir() and (
            any(os.path.lexists(str(path)) for path in (self.live, self.about, self.versions)) or not any(self.directory.iterdir())
        )

    # ---- their steps

    def _stage(self, files: Mapping[str, str], names: Iterable[str]) -> Path:
        """A new version, whole, on the disk and proved."""
        if not self.versions.is_dir():
            self.versions.mkdir(_DIRECTORY_MODE)
        staged = self.versions / _STAGED
        self._remove(staged)
        staged.mkdir(_DIRECTORY_MODE)
        staged.chmod(_DIRECTORY_MODE)
        for name, content in files.items():
            _files.write(staged / name, content, mode(name))
        try:
            check(staged, names)
        except Refused:
            self._remove(staged)
            raise
        version = self._name(staged)
        self._remove(version)
        staged.rename(version)
        _files.sync(self.versions)
        _files.sync(self.directory)
        return version

    def _name(self, staged: Path) -> Path:
        """By the certificate that it holds; the live one is never written over."""
        name = hashlib.sha256(leaf(staged / CHAIN)).hexdigest()[:16]
        live = self.current()
        return self.versions / (f"{name}.2" if live is not None and live.name == name else name)

    def _make_live(self, version: Path) -> None:
        live, link = self.current(), self._next_link()
        if live is not None:
            os.utime(str(live))  # by which former() knows it
        with contextlib.suppress(FileNotFoundError):
            link.unlink()
        link.symlink_to(os.path.relpath(str(version), str(self.directory)))
        link.replace(self.live)
        _files.sync(self.directory)

    def _describe(self, version: Path) -> None:
        said = _files.read(version / ABOUT)
        if said and _files.differs(self.about, said, 0o644):
            _files.write(self.about, said, 0o644)

    def _clean(self) -> bool:
        """Only the live version and the former one are there, and nothing that a killed run was writing. Whether that was not so."""
        former, changed = self.former(), False
        for path in self._unfinished():
            path.unlink()
            changed = True
        for version in self._others():
            if version != former:
                self._remove(version)
                changed = True
        # its key may be the live one's, too
        return (former is not None and self._restrict(self._modes(former, _PAIR))) or changed

    def _settle(self, version: Path, files: Mapping[str, str]) -> None:
        """The version has its modes and its owner, and is described in these words."""
        for name in self._notes(version, files):
            _files.write(version / name, files[name], mode(name))
        self._restrict(self._modes(version, files))

    @staticmethod
    def _restrict(modes: Mapping[Path, int]) -> bool:
        """They have these modes, and belong to the user who asks. Whether that was not so."""
        others = [path for path, wanted in modes.items() if path.exists() and not path.is_symlink() and _access_differs(path, wanted)]
        for path in others:
            os.chown(str(path), os.geteuid(), -1)
            path.chmod(modes[path])
        return bool(others)

    def _unsettled(self, version: Path, files: Mapping[str, str]) -> bool:
        return bool(self._notes(version, files)) or any(_access_differs(path, wanted) for path, wanted in self._modes(version, files).items())

    @staticmethod
    def _notes(version: Path, files: Mapping[str, str]) -> list[str]:
        """The files beside key, chain and CA that are other ones."""
        return [name for name in files if name not in _PAIR and _files.differs(version / name, files[name], mode(name))]

    @staticmethod
    def _modes(version: Path, files: Iterable[str]) -> dict[Path, int]:
        return {version: _DIRECTORY_MODE, **{version / name: mode(name) for name in _PAIR if name in files}}

    @staticmethod
    def _is(version: Path, files: Mapping[str, str]) -> bool:
        """Whether its key, chain and CA are these."""
        for name in _PAIR:
            path = version / name
            there = path.is_file() and not path.is_symlink()
            if there != (name in files) or os.path.lexists(str(path)) != there:
                return False
            if there and path.read_bytes() != files[name].encode():
                return False
        return True

    def _others(self) -> list[Path]:
        """All that is below versions/ and not live."""
        live = self.current()
        return sorted(path for path in (self.versions.iterdir() if self.versions.is_dir() else ()) if live is None or path.name != live.name)

    def _unfinished(self) -> list[Path]:
        """What is written and not yet in its place: only in a run that was killed."""
        live = self.current()
        written = [_files.beside(self.about), *([path for path in sorted(live.iterdir()) if path.suffix == ".new"] if live else [])]
        return [path for path in (self._next_link(), *written) if os.path.lexists(str(path))]

    def _next_link(self) -> Path:
        return _files.beside(self.live)

    def _remove(self, version: Path) -> None:
        """It is not there. What is half removed is no version."""
        doomed = self.versions / _REMOVED
        for path in (doomed, version):
            if not os.path.lexists(str(path)):
                continue
            if path != doomed:
                path.rename(doomed)
            if doomed.is_dir() and not doomed.is_symlink():
                shutil.rmtree(str(doomed))
            else:
                doomed.unlink()


def _access_differs(path: Path, wanted: int) -> bool:
    status = path.stat()
    return stat.S_IMODE(status.st_mode) != wanted or status.st_uid != os.geteuid()
