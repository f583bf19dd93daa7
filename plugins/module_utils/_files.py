# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Files that are written as a whole or not at all, also when the power goes: written beside, fsync(2), rename(2), fsync(2) of the directory."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import time
from pathlib import Path
from typing import Iterator

__all__ = ["Locked", "Removed", "beside", "differs", "locked", "make_directory", "read", "remove", "sync", "write"]


class Locked(Exception):
    """Another process has held the lock for too long."""


class Removed(Locked):
    """Another process has removed the directory, so that what was waited for may be done already."""


@contextlib.contextmanager
def locked(directory: Path, seconds: float = 60) -> Iterator[None]:
    """One process at a time. The lock ends with its process, so that a killed one leaves none behind: flock(2).

    :raises Locked: another one held it all the time
    :raises Removed: another one has removed the directory in the meantime
    """
    descriptor = os.open(str(directory), os.O_RDONLY | os.O_DIRECTORY)
    try:
        deadline = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise Locked(f"another run has been writing here for {seconds:.0f} seconds: run the playbook again when it has ended") from None
                time.sleep(0.05)
        if not directory.is_dir() or not os.path.samestat(os.fstat(descriptor), directory.stat()):
            raise Removed(f"another run has removed {directory} in the meantime: run the playbook again")
        yield
    finally:
        os.close(descriptor)


def read(path: Path) -> str:
    """What is in it; empty where there is no such file."""
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return ""


def differs(path: Path, content: str, mode: int, owner: int | None = None) -> bool:
    """Whether it is not there with this content and mode, or belongs to somebody else than the owner, by default who asks, and who could change it."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return True
    if not stat.S_ISREG(status.st_mode) or stat.S_IMODE(status.st_mode) != mode or status.st_uid != (os.geteuid() if owner is None else owner):
        return True
    return path.read_bytes() != content.encode()


def beside(path: Path) -> Path:
    """Where the next content is written before it becomes the current one. What a killed run has left there is overwritten by the next."""
    return path.with_name(path.name + ".new")


def write(path: Path, content: str, mode: int) -> None:
    """The file has the content and the mode, whatever the process's umask is. Who has the former one open goes on reading that."""
    fresh = beside(path)
    with contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    with os.fdopen(os.open(str(fresh), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode), "w", encoding="utf-8", newline="") as file:
        os.fchmod(file.fileno(), mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
    sync(path.parent)


def remove(path: Path) -> None:
    """The file is not there, and nothing that a killed run has left beside it."""
    for each in (path, beside(path)):
        with contextlib.suppress(FileNotFoundError):
            each.unlink()


def make_directory(path: Path) -> None:
    """The directory is there. One that is made can be changed by its owner only, and read by everybody, whatever the process's umask is."""
    before = os.umask(0o022)
    try:
        path.mkdir(parents=True, exist_ok=True)
    finally:
        os.umask(before)


def sync(path: Path) -> None:
    """A file or directory is on the disk as it is now."""
    descriptor = os.open(str(path), os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
