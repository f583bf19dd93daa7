# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules about nginx have in common: see the documentation fragment nginx_files."""

from __future__ import annotations

import contextlib
import grp
import re
from pathlib import Path
from typing import Any, Mapping

from .._commands import by
from . import build, service, sites, syntax
from .transaction import INSTALLING, PRIVATE, PROVED, Front, Wanted
from .users import USER_NAME

# absolute, and as they are: the type "path" would replace what looks like a variable of the environment
FILES: dict[str, Any] = {
    "path": {"type": "str", "default": "/etc/nginx/conf.d/tlsfront.conf"},
    "drop_in_path": {"type": "str", "default": "/etc/systemd/system/nginx.service.d/tlsfront.conf"},
    "directory": {"type": "str", "default": "/etc/tlsfront/front"},
    "pid_file": {"type": "str"},
    "nginx": {"type": "str", "default": "/usr/sbin/nginx"},
    "systemctl": {"type": "str", "default": "systemctl"},
}


# What is to be served
CHANGE: dict[str, Any] = {
    "configuration": {"type": "str"},
    "drop_in": {"type": "str"},
    "restart_drop_in": {"type": "str"},
    "users": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "password": {"type": "str", "no_log": True},
            "hash": {"type": "str", "no_log": True},
            "read_only": {"type": "bool", "default": False},
        },
    },
    "rounds": {"type": "int", "default": 1000},
    "files": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {"name": {"type": "str", "required": True}, "content": {"type": "str", "required": True}},
    },
    "group": {"type": "str", "default": "www-data"},
    "wait": {"type": "float", "default": 15},
}
_PID_FILE = Path("/run/nginx.pid")  # of all distributions' and nginx.org's
_HASH = re.compile(r"[!-9;-~]+", re.ASCII)  # all but the colon, which ends it
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)


def _check_users(users: list[dict[str, Any]], rounds: int) -> None:
    """A line feed or a colon would make another user of what is behind it. No password and no hash is in a message.

    :raises ValueError: one of them cannot be meant
    """
    # 1000 is the least that SHA-512-crypt takes: https://www.akkadia.org/drepper/SHA-crypt.txt
    if not 1000 <= rounds <= 999_999_999:
        raise ValueError(f"rounds is {rounds}: it must be from 1000 to 999999999")
    for user in users:
        if not USER_NAME.fullmatch(user["name"]):
            raise ValueError(f"users has the name {user['name']!r}: it must be of 1 to 64 letters, digits and . _ @ + -")
        if bool(user["password"]) == bool(user["hash"]):
            raise ValueError(f"the user {user['name']} must have either a password or a hash")
        if user["hash"] and not _HASH.fullmatch(user["hash"]):
            raise ValueError(f"the hash of the user {user['name']} has characters that no hash has")
    names = [user["name"] for user in users]
    if len(set(names)) < len(names):
        raise ValueError("users has a name twice: write each once")


def front(module: Any, built: Mapping[str, Any] | None = None) -> Front:
    """The files of the node that the module was called on, and its nginx.

    :param built: what `build.asked` has found; without it, nginx is asked if that is needed
    """
    given, run = module.params, by(module)
    live = (Path(given["path"]), Path(given["drop_in_path"]))
    pid_file = Path(given["pid_file"] or _pid_file(live[0], built or build.asked(run, given["nginx"])[0]))
    return Front(live, Path(given["directory"]), given["nginx"], pid_file, service.Service(run, given["systemctl"]))


def _pid_file(ours: Path, built: Mapping[str, Any] | None) -> Path:
    """As its configuration says, or else as it was built. https://nginx.org/en/docs/ngx_core_module.html#pid"""
    if built is None:
        return _PID_FILE
    configured = ""
    with contextlib.suppress(OSError, syntax.BadSyntax):
        configured = sites.pid_file(str(ours.parent.parent / "nginx.conf"), str(ours))
    return Path(built["prefix"]) / (configured or built["pid_file"])


def wanted(params: dict[str, Any], check_mode: bool) -> Wanted:
    """What is to be served, of the parameters of a module.

    :raises ValueError: it cannot be
    """
    for each in params["files"]:
        if not _FILE_NAME.fullmatch(each["name"]):
            raise ValueError(f"files has the name {each['name']!r}: it must be the name of a file, of letters, digits and . _ -")
    _check_users(params["users"], params["rounds"])
    names = [each["name"] for each in params["files"]]
    twice = sorted({name for name in names if names.count(name) > 1 or name in (PRIVATE, PROVED, INSTALLING) or name.startswith("users-")})
    if twice:
        raise ValueError(f"files has the name {twice[0]!r}, which another file has: choose another one")
    try:
        group = grp.getgrnam(params["group"]).gr_gid
    except KeyError:
        if not check_mode:
            raise ValueError(f"group is {params['group']!r}, which is not a group of this host") from None
        group = -1  # the package that makes it is not there yet
    return Wanted(
        params["configuration"],
        params["drop_in"] or "",
        params["restart_drop_in"] or "",
        params["users"],
        params["rounds"],
        {each["name"]: each["content"] for each in params["files"]},
        group,
        params["wait"],
    )
