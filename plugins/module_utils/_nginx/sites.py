# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What other sites of an nginx have set that a new site must fit in with."""

from __future__ import annotations

import fnmatch
import glob
import re
import typing as t
from pathlib import Path

from . import syntax

__all__ = ["found", "pid_file", "serves_others"]

# Of the socket, so that only one site may set them: ngx_http_core_listen()
_SOCKET_OPTIONS = (
    "accept_filter=", "backlog=", "bind", "deferred", "fastopen=", "ipv6only=", "rcvbuf=", "reuseport", "setfib=", "sndbuf=", "so_keepalive=",
)  # fmt: skip
_DEEPEST = 10
_ACCOUNT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", re.ASCII)


class _Site(t.NamedTuple):
    """A server block, where it stands, and the settings around it; of the file that is ours, only the place."""

    block: list[syntax.Directive]
    place: str
    http: list[syntax.Directive]
    ours: bool


class _Http:
    """The http block with what it includes, in the order in which nginx reads it; the file `ours` is left out."""

    def __init__(self, main: str, ours: str) -> None:
        self.settings: list[syntax.Directive] = []
        self.global_settings: list[syntax.Directive] = []
        self.sites: list[_Site] = []
        self._directory = Path(main).parent
        self._ours = ours
        self._read(main, self._main, 0)

    def _read(self, path: str, take: t.Callable[[syntax.Directive, str, int], None], depth: int) -> None:
        text = Path(path).read_text("utf-8", errors="replace")
        try:
            directives = syntax.parse(text)
        except syntax.BadSyntax as cause:
            raise syntax.BadSyntax(f"{path}: {cause}") from None
        for directive in directives:
            self._each(directive, path, take, depth)

    def _each(self, directive: syntax.Directive, path: str, take: t.Callable[[syntax.Directive, str, int], None], depth: int) -> None:
        if directive.name != "include" or not directive.values:
            take(directive, path, depth)
            return
        if depth >= _DEEPEST:
            raise syntax.BadSyntax(f"{path}: files include each other in line {directive.line}")
        pattern = str(self._directory / directive.values[0])
        paths = set(glob.glob(pattern))  # noqa: PTH207  as glob(3), and unlike pathlib's, it leaves hidden files out
        if fnmatch.fnmatchcase(self._ours, pattern):
            paths.add(self._ours)
        for each in sorted(paths):
            if each == self._ours:
                self.sites.append(_Site([], each, self.settings, True))
            else:
                self._read(each, take, depth + 1)

    def _main(self, directive: syntax.Directive, path: str, depth: int) -> None:
        if directive.name == "http" and directive.block is not None:
            for each in directive.block:
                self._each(each, path, self._http, depth)
        else:
            self.global_settings.append(directive)

    def _http(self, directive: syntax.Directive, path: str, _depth: int) -> None:
        if directive.name == "server" and directive.block is not None:
            self.sites.append(_Site(self._expanded(directive.block, path), f"{path}:{directive.line}", self.settings, False))
        else:
            self.settings.append(directive)

    def _expanded(self, block: list[syntax.Directive], path: str) -> list[syntax.Directive]:
        """The block with what it includes: certbot, for one, has its TLS settings in a file."""
        directives: list[syntax.Directive] = []

        def take(directive: syntax.Directive, _path: str, _depth: int) -> None:
            directives.append(directive)

        for directive in block:
            self._each(directive, path, take, 1)
        return directives


def found(main: str, ours: str, port: int, further_ports: t.Iterable[int] = ()) -> dict[str, t.Any]:
    """Return what the configuration `main` sets besides the file `ours`, of the whole and of the listeners of `port`, and of each further port.

    Raises OSError and syntax.BadSyntax where it cannot be read.
    """
    http = _Http(main, ours)
    user = [name for name in _last(http.global_settings, "user") if _ACCOUNT.fullmatch(name)]
    return {
        "user": user[0] if user else None,
        "group": (user[1] if len(user) > 1 else user[0]) if user else None,
        "includes_site": any(site.ours for site in http.sites),
        "server_names_hash_bucket_size": _number(http.settings, "server_names_hash_bucket_size"),
        **_at(http.sites, port),
        "further": [{"port": each, **_at(http.sites, each)} for each in further_ports],
    }


def pid_file(main: str, ours: str) -> str:
    """Return where the configuration `main` has nginx write the number of its process; empty where it does not say.

    Raises OSError and syntax.BadSyntax where it cannot be read.
    """
    return "".join(_last(_Http(main, ours).global_settings, "pid")[:1])


def serves_others(main: str, ours: str) -> bool:
    """Return whether the configuration `main` serves anything besides the file `ours`, wherever that stands: Red Hat's has a site in the main file.

    Raises OSError and syntax.BadSyntax where it cannot be read.
    """
    http = _Http(main, ours)
    return any(not site.ours for site in http.sites) or any(directive.name in ("stream", "mail") for directive in http.global_settings)


def _at(its: list[_Site], port: int) -> dict[str, t.Any]:
    """What is set of the listeners of a port."""
    listening = []
    for site in its:
        listens = [each for each in _listens(site.block) if _of(each) == port]
        if listens or site.ours:
            listening.append((site, listens))
    explicit = [site for site, listens in listening if any({"default_server", "default"} & set(each[1:]) for each in listens)]
    first = listening[0][0] if listening else None
    default = explicit[0] if explicit else first
    return {
        "listener_has_options": any(option.startswith(_SOCKET_OPTIONS) for _site, listens in listening for each in listens for option in each[1:]),
        "has_default_server": bool(explicit),
        "default_site": None if default is None or default.ours else _described(default),
    }


def _described(site: _Site) -> dict[str, t.Any]:
    cache = _last(site.block, "ssl_session_cache") or _last(site.http, "ssl_session_cache")
    return {
        "place": site.place,
        "names": [name for directive in site.block if directive.name == "server_name" for name in directive.values],
        "keeps_sessions": any(each not in ("off", "none") for each in cache),
    }


def _listens(block: list[syntax.Directive]) -> list[list[str]]:
    listens = [directive.values for directive in block if directive.name == "listen" and directive.values]
    return listens or [["80"]]


def _of(values: list[str]) -> int | None:
    """The port of a listener that takes all addresses; None for another one, to which no request for a site without its address goes."""
    address = values[0]
    for prefix in ("*:", "0.0.0.0:", "[::]:"):
        if address.startswith(prefix):
            address = address[len(prefix) :]
    if address in ("*", "0.0.0.0", "[::]"):
        return 80
    return int(address) if address.isascii() and address.isdigit() else None


def _last(directives: list[syntax.Directive], name: str) -> list[str]:
    values = [directive.values for directive in directives if directive.name == name]
    return values[-1] if values else []


def _number(directives: list[syntax.Directive], name: str) -> int | None:
    values = _last(directives, name)
    return int(values[0]) if values and values[0].isascii() and values[0].isdigit() else None
