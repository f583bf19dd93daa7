# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Who may read and change a file, by itself or by what leads to it: directories and symbolic links.

As sshd looks at what it trusts (``auth_secure_path`` in OpenSSH's misc.c), but for each link on the way, too. Access
control lists are seen as far as the group's bits show them (acl(5), "correspondence between ACL entries and file permission bits").
"""

from __future__ import annotations

import grp
import os
import pwd
import shlex
import stat
from pathlib import Path
from typing import Iterator, NamedTuple

_MOST_LINKS = 40  # as Linux: path_resolution(7)
_VAULT = b"$ANSIBLE_VAULT;"


class Step(NamedTuple):
    """A directory, a link or the file itself, on the way to a file."""

    path: str
    status: os.stat_result


def steps(path: str) -> list[Step]:
    """Everything on the way to an absolute path, as far as it is there and can be seen."""
    found: dict[str, os.stat_result] = {}
    pending, at, links = ["/", *path.split("/")], "/", 0
    try:
        while pending:
            name = pending.pop(0)
            if name in ("", ".", ".."):
                at = str(Path(at).parent) if name == ".." else at
                continue
            place = str(Path(at) / name)
            status = os.lstat(place)
            found[place] = status
            if not stat.S_ISLNK(status.st_mode):
                at = place
                continue
            links += 1
            if links > _MOST_LINKS:
                break
            target = os.readlink(place)
            pending[:0] = target.split("/")
            at = "/" if target.startswith("/") else at
    except (OSError, ValueError):  # not there, not to be seen, or no path at all: whoever reads it says so
        pass
    return [Step(place, status) for place, status in found.items()]


def problems(path: str, *, secret: bool = False, ours: bool = False, me: int | None = None) -> list[str]:
    """What is wrong with who may read and change a file, each in a sentence with the command that mends it.

    Nothing is wrong with what is not there.

    secret  whether only its owner may read it (and, unless it is ours, its group)
    ours    whether nobody but root and the user who asks may change it; else it is its owner's and its group's matter
    me      who asks, default the user of the process
    """
    me = os.geteuid() if me is None else me
    way = steps(path) if path.startswith("/") else []
    owners = {0, me} if ours or not way else {0, me, way[-1].status.st_uid}
    found: list[str] = []
    for step in way:
        found += _of_step(step, owners, ours, me)
    if secret and way and stat.S_ISREG(way[-1].status.st_mode) and not _encrypted_by_ansible(way[-1].path):
        found += _of_secret(way[-1], ours, me)
    return found


def _of_step(step: Step, owners: set[int], ours: bool, me: int) -> Iterator[str]:
    mode, who = step.status.st_mode, _user(step.status.st_uid)
    if step.status.st_uid not in owners:
        link = "-h " if stat.S_ISLNK(mode) else ""
        command = f"chown {link}{shlex.quote(_user(me))} {shlex.quote(step.path)}"
        yield f"{step.path} is owned by {who}, who may change what is there: {_sudo(me, step)}{command}"
    if stat.S_ISLNK(mode) or (stat.S_ISDIR(mode) and mode & stat.S_ISVTX) or _keeps_nothing(step.status):
        return  # a link has no mode; in a sticky directory, each changes only what is his: unlink(2)
    everybody = bool(mode & stat.S_IWOTH)
    if everybody or (ours and mode & stat.S_IWGRP and not _private(step.status)):
        others = "everybody" if everybody else f"the group {_group(step.status.st_gid)}"
        bits = "go" if ours else "o"
        yield f"{step.path} may be changed by {others} ({_mode(mode)}): {_sudo(me, step)}chmod {bits}-w {shlex.quote(step.path)}"


def _of_secret(step: Step, ours: bool, me: int) -> Iterator[str]:
    mode = step.status.st_mode
    everybody = bool(mode & stat.S_IROTH)
    if everybody or (ours and mode & stat.S_IRGRP and not _private(step.status)):
        others = "everybody" if everybody else f"the group {_group(step.status.st_gid)}"
        bits = "go" if ours else "o"
        yield f"{step.path} may be read by {others} ({_mode(mode)}): {_sudo(me, step)}chmod {bits}-rwx {shlex.quote(step.path)}"


def _keeps_nothing(status: os.stat_result) -> bool:
    """Whether it is /dev/null, by which others say that there is no such file: null(4)."""
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == os.makedev(1, 3)


def _private(status: os.stat_result) -> bool:
    """Whether the group is root's, or has nobody in it but the owner: https://wiki.debian.org/UserPrivateGroups."""
    owner = _user(status.st_uid)
    try:
        group = grp.getgrgid(status.st_gid)
    except KeyError:
        return False
    return status.st_gid == 0 or (group.gr_name == owner and set(group.gr_mem) <= {owner})


def _encrypted_by_ansible(path: str) -> bool:
    try:
        with Path(path).open("rb") as file:
            return file.read(len(_VAULT)) == _VAULT
    except OSError:
        return False


def _mode(mode: int) -> str:
    return f"mode {stat.S_IMODE(mode):04o}"


def _sudo(me: int, step: Step) -> str:
    return "" if me == 0 or me == step.status.st_uid else "sudo "


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
