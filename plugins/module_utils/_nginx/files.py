# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files: written as a whole or not at all, locked by a process that lives, and readable by whom nginx's workers are."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from pathlib import Path
from typing import NamedTuple

from .._files import Locked, locked, sync

__all__ = ["Access", "Locked", "Worker", "access", "beside", "content", "locked", "make_directory", "swap_in", "worker", "write", "write_beside"]

_PROC = Path("/proc")


def make_directory(directory: Path, mode: int = 0o755) -> None:
    """The directory is there with this mode, whatever the umask is, and what leads to it is there."""
    if not directory.is_dir():
        if not directory.parent.is_dir():
            make_directory(directory.parent)
        before = os.umask(0)
        try:
            directory.mkdir(mode)
        finally:
            os.umask(before)
    if stat.S_IMODE(directory.stat().st_mode) != mode:
        directory.chmod(mode)


def content(path: Path) -> bytes | None:
    """What is in it; None where there is no such file."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def beside(path: Path) -> Path:
    """Where its next content is written: in the same directory, under a name that neither nginx nor systemd reads."""
    return path.with_name(f".{path.name}.new")


class Access(NamedTuple):
    """Who may do what with a file."""

    mode: int
    owner: int = -1  # as the process
    group: int = -1


def access(path: Path) -> Access:
    """That of a file that is there."""
    status = path.stat()
    return Access(stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)


def write_beside(path: Path, octets: bytes, who: Access | None = None) -> None:
    """The next content, on the disk. What an earlier one left there after it was killed goes first: who has that open does not read this.

    :raises OSError: it was not written, and nothing is left of it
    """
    new = beside(path)
    if who is None:
        # https_front_snippet may have a password in it, and nginx's master reads as root. systemd complains of units that not everybody may read.
        who = Access(0o644 if path.parent.name.endswith(".service.d") else 0o600)
    try:
        with contextlib.suppress(FileNotFoundError):
            new.unlink()
        descriptor = os.open(str(new), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            if (who.owner, who.group) != (-1, -1):
                os.fchown(file.fileno(), who.owner, who.group)
            os.fchmod(file.fileno(), who.mode)
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        with contextlib.suppress(OSError):
            new.unlink()
        raise


def swap_in(path: Path) -> None:
    """The next content becomes the current one, at once, also for who looks after a crash."""
    beside(path).replace(path)
    sync(path.parent)


def write(path: Path, octets: bytes | None, who: Access | None = None) -> None:
    """The file has the content, or is not there if that is None."""
    if octets is not None:
        write_beside(path, octets, who)
        swap_in(path)
        return
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
        sync(path.parent)


class Worker:
    """Who one of nginx's workers is."""

    def __init__(self, user: int, group: int, groups: list[int]) -> None:
        self.user, self.group, self.groups = user, group, groups

    def reads(self, path: Path) -> bool:
        """Whether it can open the file: a process that becomes it tries. Modes, owners and access control lists all count then."""
        child = os.fork()
        if child == 0:
            status = 1
            try:
                if (os.getuid(), os.getgid()) != (self.user, self.group):
                    os.setgroups(self.groups)
                    os.setgid(self.group)
                    os.setuid(self.user)
                os.close(os.open(str(path), os.O_RDONLY))
                status = 0
            except OSError:
                pass
            finally:
                os._exit(status)  # nothing of this process's is flushed or ended twice
        return os.waitpid(child, 0)[1] == 0


def worker(pid_file: Path) -> Worker | None:
    """One of the workers of the nginx with this process number, that is not about to end; None where there is none."""
    master = (content(pid_file) or b"").strip().decode("ascii", "replace")
    if not master.isdigit():
        return None
    for process in _PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            status = (process / "status").read_text("ascii", "replace")
            command = (process / "cmdline").read_bytes()
            if _number("PPid", status) == [int(master)] and b"worker process" in command and b"shutting down" not in command:
                return Worker(_number("Uid", status)[1], _number("Gid", status)[1], _number("Groups", status))
    return None


def _number(name: str, status: str) -> list[int]:
    """The numbers of a line. https://man7.org/linux/man-pages/man5/proc_pid_status.5.html"""
    found = re.search(rf"^{name}:(.*)$", status, re.MULTILINE)
    return [int(word) for word in found.group(1).split()] if found else []
