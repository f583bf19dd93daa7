# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a configuration of nginx that the collection wrote says of itself."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Iterable, Iterator, NamedTuple, Sequence

from . import syntax

_MARK = "# served: "
_CONNECTIONS = re.compile(r"^# worker_connections in nginx[.]conf: ([0-9]+)$", re.MULTILINE)

# https://nginx.org/en/docs/dirindex.html: those that name a file which must be there, and that only nginx reads
_READ_BY_WORKERS = {"auth_basic_user_file"}
_READ_BY_MASTER = {
    "ssl_certificate",
    "ssl_certificate_key",
    "ssl_client_certificate",
    "ssl_trusted_certificate",
    "ssl_crl",
    "ssl_dhparam",
    "ssl_password_file",
    "proxy_ssl_certificate",
    "proxy_ssl_certificate_key",
    "proxy_ssl_trusted_certificate",
    "proxy_ssl_crl",
    "proxy_ssl_password_file",
}


def served(text: str) -> Any:
    """What its listeners must show, to whom.

    :raises ValueError: it does not say so
    """
    said = "".join(line[len(_MARK) :] for line in text.splitlines() if line.startswith(_MARK))
    if said:
        return json.loads(said)
    raise ValueError("it does not say what serving it means: it is none of the role's")


class Site(NamedTuple):
    """A server of the configuration, which answers there to each of the names."""

    port: int
    names: Sequence[str]


def sites(written: Any) -> list[Site]:
    """The servers of what is served, the front's own first."""
    further = written.get("sites", [])  # of a configuration from before there were any
    return [Site(int(each["port"]), list(each["names"])) for each in ({"port": written["port"], "names": written["names"]}, *further)]


def balancer(written: Any) -> tuple[Site, bool] | None:
    """The listener of load balancers, which has the front's names, and whether connections to it begin with the PROXY protocol; None where there is none."""
    its = written.get("balancer")  # a configuration from before says nothing of it
    return (Site(int(its["port"]), list(written["names"])), bool(its["proxy_protocol"])) if its else None


def worker_connections(text: str) -> int:
    """What it needs in nginx's main file; 0 where it does not say."""
    found = _CONNECTIONS.search(text)
    return int(found.group(1)) if found else 0


def read_by_workers(text: str, relative_to: Path) -> list[Path]:
    """The files that nginx's workers open for each request. https://nginx.org/en/docs/http/ngx_http_auth_basic_module.html"""
    return _named(text, _READ_BY_WORKERS, relative_to)


def read_by_master(text: str, relative_to: Path) -> list[Path]:
    """The files that nginx opens when it reads its configuration, as root."""
    return _named(text, _READ_BY_MASTER, relative_to)


def mentions(text: str, path: Path) -> bool:
    """Whether the file's name stands anywhere in it: also what only a comment or a snippet names is not ours to delete."""
    return path.name in text


def _named(text: str, directives: set[str], relative_to: Path) -> list[Path]:
    found: list[Path] = []
    try:
        parsed = syntax.parse(text)
    except syntax.BadSyntax:  # nginx reads none of it, either, and says why
        return found
    for directive in _statements(parsed):
        # a variable is known only with a request; "off", "data:" and "engine:" are no files
        one = directive.values[0] if len(directive.values) == 1 else "off"
        if directive.name in directives and "$" not in one and not re.match(r"(off\Z|data:|engine:)", one):
            path = relative_to / one
            if path not in found:
                found.append(path)
    return found


def _statements(directives: Iterable[syntax.Directive]) -> Iterator[syntax.Directive]:
    for directive in directives:
        yield directive
        yield from _statements(directive.block or [])
