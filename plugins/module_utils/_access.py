# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Who may read and change a file, by itself or by what leads to it: directories and symbolic links.

As sshd looks at what it trusts (``auth_secure_path`` in OpenSSH's misc.c), but for each link on the way, too, and with
what an access control list gives to others: acl(5).
"""

from __future__ import annotations

import grp
import os
import pwd
import shlex
import stat
import struct
from pathlib import Path
from typing import Any, Iterator, Mapping, NamedTuple, Sequence

#: of each path that a module is asked for
ASKED: dict[str, dict[str, Any]] = {
    "path": {"type": "str", "required": True},
    "secret": {"type": "bool", "default": False, "no_log": False},
    "ours": {"type": "bool", "default": False},
}
_MOST_LINKS = 40  # as Linux: path_resolution(7)
_VAULT = b"$ANSIBLE_VAULT;"
_FIRST_OF_PEOPLE = 1000  # UID_MIN of login.defs(5)
_ACL_NAMED = {0x02: "user", 0x08: "group"}
_ACL_GROUP_OBJ, _ACL_MASK = 0x04, 0x10


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


def below(directory: str) -> Iterator[str]:
    """All that is in a directory and below it, also where a link leads; each directory once."""
    seen: set[tuple[int, int]] = set()
    for place, directories, files in os.walk(directory, followlinks=True):
        status = Path(place).stat()
        if (status.st_dev, status.st_ino) in seen:
            directories.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        directories.sort()
        yield from (f"{place}/{name}" for name in sorted([*directories, *files]))


def problems_below(directory: str, *, ours: bool = False, me: int | None = None) -> list[str]:
    """The same of all that is in a directory and below it, of a link with what leads to its target; nothing where it is no directory."""
    me = os.geteuid() if me is None else me
    found: list[str] = []
    for path in below(directory) if directory.startswith("/") else ():
        try:
            status = os.lstat(path)
        except OSError:  # gone since
            continue
        if stat.S_ISLNK(status.st_mode):
            found += problems(path, ours=ours, me=me)
        else:
            found += _of_step(Step(path, status), {0, me} if ours else {0, me, status.st_uid}, ours, me)
    return found


def described(path: str) -> dict[str, Any]:
    """What is at a path: whether a file, and whether the user who asks may run it."""
    regular = path.startswith("/") and "\0" not in path and Path(path).is_file()
    return {"path": path, "regular": regular, "executable": regular and os.access(path, os.X_OK)}


def answer(asked: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What a module returns of paths, each given as ASKED: `paths` says what is there, `problems` has each sentence once."""
    found = [said for one in asked for said in problems(one["path"], secret=one["secret"], ours=one["ours"])]
    found += [said for one in asked if one.get("below") for said in problems_below(one["path"], ours=one["ours"])]
    return {"paths": [described(one["path"]) for one in asked], "problems": list(dict.fromkeys(found))}


def _of_step(step: Step, owners: set[int], ours: bool, me: int) -> Iterator[str]:
    mode, who = step.status.st_mode, _user(step.status.st_uid)
    if step.status.st_uid not in owners:
        link = "-h " if stat.S_ISLNK(mode) else ""
        command = f"chown {link}{shlex.quote(_user(me))} {shlex.quote(step.path)}"
        yield f"{step.path} is owned by {who}, who may change what is there: {_sudo(me, step)}{command}"
    if stat.S_ISLNK(mode) or (stat.S_ISDIR(mode) and mode & stat.S_ISVTX) or _keeps_nothing(step.status):
        return  # a link has no mode; in a sticky directory, each changes only what is his: unlink(2)
    yield from _others(step, owners, ours, me, stat.S_IWOTH, "changed", "w")


def _of_secret(step: Step, ours: bool, me: int) -> Iterator[str]:
    yield from _others(step, {0, me, step.status.st_uid}, ours, me, stat.S_IROTH, "read", "rwx")


def _others(step: Step, owners: set[int], ours: bool, me: int, bit: int, verb: str, taken: str) -> Iterator[str]:
    """Who else has the right, which is a bit of an octal digit."""
    mode = step.status.st_mode
    group, named = _granted(step)
    everybody = bool(mode & bit)
    if everybody or (ours and group & bit and not _private(step.status)):
        others = "everybody" if everybody else f"the group {_group(step.status.st_gid)}"
        bits = "go" if ours else "o"
        yield f"{step.path} may be {verb} by {others} ({_mode(mode)}): {_sudo(me, step)}chmod {bits}-{taken} {shlex.quote(step.path)}"
    for kind, number, rights in named if ours else ():
        if rights & bit and not (kind == "user" and number in owners):
            name = _user(number) if kind == "user" else _group(number)
            yield (
                f"{step.path} may be {verb} by the {kind} {name} (access control list): "
                f"{_sudo(me, step)}setfacl -x {kind[0]}:{shlex.quote(name)} {shlex.quote(step.path)}"
            )


def _granted(step: Step) -> tuple[int, list[tuple[str, int, int]]]:
    """The rights of the owning group, and of each user and group that an access control list names, as its mask leaves them.

    The attribute's form is the kernel's, include/uapi/linux/posix_acl_xattr.h. Where there is a list, the group's bits of the mode are its mask.
    """
    mode = step.status.st_mode
    group: int = (mode >> 3) & 7
    try:
        octets = os.getxattr(step.path, "system.posix_acl_access", follow_symlinks=False)
    except (OSError, AttributeError):  # none, or a system without
        return group, []
    entries = list(struct.iter_unpack("<HHI", octets[4:]))
    mask = next((rights for tag, rights, _number in entries if tag == _ACL_MASK), 7)
    named = [(_ACL_NAMED[tag], number, rights & mask) for tag, rights, number in entries if tag in _ACL_NAMED]
    return next((rights & mask for tag, rights, _number in entries if tag == _ACL_GROUP_OBJ), group), named


def _keeps_nothing(status: os.stat_result) -> bool:
    """Whether it is /dev/null, by which others say that there is no such file: null(4)."""
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == os.makedev(1, 3)


def _private(status: os.stat_result) -> bool:
    """Whether the group has nobody in it but the owner and root, as most users' own have: https://wiki.debian.org/UserPrivateGroups.

    Of root's group are also accounts of the system that nobody logs in to, such as Red Hat's sync and halt.
    """
    insiders = {0, status.st_uid}
    first = _FIRST_OF_PEOPLE if status.st_gid == 0 else 0
    try:
        members = {pwd.getpwnam(name).pw_uid for name in grp.getgrgid(status.st_gid).gr_mem}
    except KeyError:
        return False
    return members <= insiders and all(
        user.pw_uid in insiders or user.pw_uid < first for user in pwd.getpwall() if user.pw_gid == status.st_gid
    )


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
