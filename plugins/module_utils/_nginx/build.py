# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an nginx was built with, as `nginx -V` tells it: distributions and nginx.org have other users, paths and modules."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

from .._commands import Run

__all__ = ["OLDEST", "asked", "described"]

OLDEST = "1.18.0"
"""That of Debian 11: the role's configuration is for this one and newer ones."""

# What the role's configuration may need. https://nginx.org/en/docs/configure.html: those of the first kind are built in where asked for, and those of
# the second unless refused.
_ASKED_FOR = ("ssl", "v2", "realip", "auth_request")
_REFUSED = ("access", "auth_basic", "geo", "limit_req", "map", "proxy", "rewrite", "upstream_keepalive")


def asked(run: Run, nginx: str) -> tuple[dict[str, Any] | None, str]:
    """What it was built with, and what it has printed; the first is None where it is not there, or half installed."""
    if not Path(nginx).exists():
        return None, ""
    code, _out, said = run([nginx, "-V"])
    return (described(said) if code == 0 else None), said


def described(said: str) -> dict[str, Any]:
    """The version, the program's own places, user and group, the TLS library with its version, and which of the modules it lacks.

    :param said: what `nginx -V` has printed
    """
    found = re.search(r"^nginx version: \S+?/([0-9]+(?:[.][0-9]+)*)", said, re.MULTILINE)
    library = re.search(r"^built with (\S+) ([0-9][0-9.]*)", said, re.MULTILINE)
    another = re.search(r"^built with .*[(]compatible; ([\w-]+)", said, re.MULTILINE)  # BoringSSL and AWS-LC call themselves OpenSSL
    arguments = _arguments(said)
    prefix = arguments.get("prefix", "/usr/local/nginx")
    user = arguments.get("user", "nobody")
    return {
        "version": found[1] if found else "",
        "tls_library": another[1] if another else f"{library[1]} {library[2]}" if library else "",
        "prefix": prefix,
        "pid_file": str(Path(prefix) / arguments.get("pid-path", "logs/nginx.pid")),
        "main": str(Path(prefix) / arguments.get("conf-path", "conf/nginx.conf")),
        "user": user,
        "group": arguments.get("group", user),
        "lacks": [
            *(name for name in _ASKED_FOR if f"with-http_{name}_module" not in arguments),
            *(name for name in _REFUSED if f"without-http_{name}_module" in arguments),
        ],
    }


def _arguments(said: str) -> dict[str, str]:
    line = re.search(r"^configure arguments: (.*)$", said, re.MULTILINE)
    try:
        given = shlex.split(line[1]) if line else []
    except ValueError:  # a quote that does not end
        given = line[1].split() if line else []
    return {name[2:]: value for name, _equals, value in (each.partition("=") for each in given) if name.startswith("--")}
