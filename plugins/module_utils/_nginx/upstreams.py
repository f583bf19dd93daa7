# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Would nginx get an answer where a configuration passes requests on by verified https?

Neither "nginx -t" nor a reload asks: with a CA or a name that is not the right one, every request would be answered with 502.
A wildcard is a whole label here (RFC 9525, section 6.3); OpenSSL, and so nginx, also takes one for a part of a label, and such a name is refused.
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
from typing import Iterable, Mapping, NamedTuple, Sequence

from .. import _pem
from . import syntax

__all__ = ["Refused", "Upstream", "in_clear", "problem", "require", "speaks_no_http", "verified"]

_SECONDS = 5.0
# those that hold for what is in a block unless it says another: https://nginx.org/en/docs/http/ngx_http_proxy_module.html
_INHERITED = ("proxy_ssl_trusted_certificate", "proxy_ssl_name")


class Refused(Exception):
    """What is behind nginx would not be believed."""


class Upstream(NamedTuple):
    """A server of an upstream of nginx, and how nginx verifies it."""

    server: str  # address:port
    ca: str  # the path of the CA
    name: str


def verified(text: str) -> list[Upstream]:
    """Every server to which the configuration passes on by https, by what its own upstreams name; no variable is known before a request.

    Each once, in their order; none where nginx could not read the text.
    """
    found = [
        Upstream(server, ca, name)
        for scheme, servers, ca, name in _passed_on_to(text)
        for server in servers
        if scheme == "https" and ca and name and "$" not in ca + name
    ]
    return list(dict.fromkeys(found))


def in_clear(text: str) -> list[str]:
    """Every server to which it passes on by plain http."""
    return list(dict.fromkeys(server for scheme, servers, _ca, _name in _passed_on_to(text) for server in servers if scheme == "http"))


def _passed_on_to(text: str) -> list[tuple[str, Sequence[str], str, str]]:
    """The scheme, the servers, the CA and the name of each directive that passes on to an upstream of the configuration itself."""
    try:
        directives = syntax.parse(text)
    except syntax.BadSyntax:
        return []
    servers = {
        block.values[0]: [one.values[0] for one in block.block or () if one.name == "server"]
        for block in directives
        if block.name == "upstream" and block.values
    }
    return [(scheme, servers[to], ca, name) for scheme, to, ca, name in _passed_on(directives, {}) if to in servers]


def _passed_on(directives: Sequence[syntax.Directive], outer: Mapping[str, str]) -> Iterable[tuple[str, str, str, str]]:
    """The scheme, the name of the upstream, the CA and the name of each."""
    said = {**outer, **{one.name: one.values[0] for one in directives if one.name in _INHERITED and one.values}}
    for one in directives:
        to = re.match(r"(https?)://(\w+)", one.values[0]) if one.name == "proxy_pass" and one.values else None
        if to:
            yield to[1], to[2], said.get("proxy_ssl_trusted_certificate", ""), said.get("proxy_ssl_name", "")
        yield from _passed_on(one.block or [], said)


def require(text: str, live: str, files: Mapping[str, str]) -> None:
    """Looks at each to which what is live does not pass on in the same way: with those to which it does, nothing gets worse.

    :param files: what will be there besides, by path
    :raises Refused: one would not be believed. One that is not reached says nothing: it may be down.
    """
    known = verified(live)
    problems = [
        f"{one.server} does not pass as {one.name} by the CA in {one.ca}: {why}"
        for one in verified(text)
        if one not in known
        for why in [problem(one, files.get(one.ca))]
        if why
    ]
    if problems:
        raise Refused(
            f"nginx would answer requests with 502, because it could not verify where it is to pass them on to by https. {'; '.join(problems)}. "
            "Renew the certificate there if it has ended, else name the CA that has signed it, and a name that it has: https_front_upstream_ca and "
            "https_front_upstream_name, and upstream_ca and upstream_name of a further site. Nothing that is served was changed."
        )
    known_in_clear = in_clear(live)
    silent = [server for server in in_clear(text) if server not in known_in_clear and speaks_no_http(server)]
    if silent:
        raise Refused(
            f"nginx would answer requests with 502: it is to pass them on to {', '.join(silent)} by plain http, which is not spoken there. If it is https, set "
            "https_front_upstream_tls, https_front_upstream_ca and https_front_upstream_name, and upstream_tls, upstream_ca and upstream_name of a further "
            "site. Nothing that is served was changed."
        )


def problem(upstream: Upstream, ca: str | None, timeout: float = _SECONDS) -> str:
    """Why nginx would not believe it; empty where it would, and where it cannot be reached.

    :param ca: the CA where it is not in its file yet
    """
    # as nginx does it, which takes a common name where there is no other: X509_check_host()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if ca is None:
            context.load_verify_locations(cafile=upstream.ca)
        else:
            context.load_verify_locations(cadata=b"".join(_pem.certificates(ca)))
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        return f"the CA cannot be read ({error})"
    try:
        plain = _connected(upstream.server, timeout)
    except (OSError, ValueError):
        return ""
    try:
        with plain, context.wrap_socket(plain, server_hostname=upstream.name):
            return ""
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    except ssl.SSLError as error:
        # an alert may be about the certificate of a client, which is nginx's matter: its certificate has passed, or was not shown
        return "" if "ALERT" in str(error.reason) else f"no TLS handshake was finished ({error.reason or error})"
    except (OSError, ValueError):  # cut off or too late: it may be starting
        return ""


def speaks_no_http(server: str, timeout: float = _SECONDS) -> bool:
    """Whether it answers no request in clear, but presents a certificate.

    One that does neither may be starting. Nothing is sent over TLS, and whose certificate it is does not matter: that there is one is seen by its refusal.
    """
    try:
        with contextlib.suppress(ConnectionResetError), _connected(server, timeout) as plain:
            plain.sendall(b"GET / HTTP/1.0\r\n\r\n")
            if plain.recv(16).startswith(b"HTTP/"):
                return False
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # which trusts nobody
        with _connected(server, timeout) as plain, context.wrap_socket(plain, server_hostname="localhost"):
            return True
    except ssl.SSLCertVerificationError:
        return True
    except (OSError, ValueError):  # down, cut off or too late
        return False


def _connected(server: str, timeout: float) -> socket.socket:
    """:raises ValueError: it is no address:port"""
    host, _colon, port = server.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), timeout)
