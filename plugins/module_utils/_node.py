# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""A node of elastic-transport that opens one verified connection to one address and keeps what it saw.

The client's own node would widen the trust: it adds certifi's roots, or the CA that it is given, to whatever the
context trusts already; it also lowers the context's minimum_version to TLS 1.2 and sets its key log from SSLKEYLOGFILE.
So the context never comes near it: it is used here alone, in ``_VerifiedConnection.connect``.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
import zlib
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._bounds import MAX_BODY, Alarm, TooMuch
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._peer import verified_chain
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._trust import require_verification
from elastic_transport import BaseNode, HttpHeaders, NodeConfig, SerializationError, Transport, Urllib3HttpNode
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool

_USER_AGENT = "tlsfront.elasticsearch.https_check"
_ROUTE = "_tlsfront_route"
_MAX_TUNNEL_HEADER = 16 * 1024


class ProxyRefused(Exception):
    """The proxy does not open the tunnel; the text says what it answered."""


class BadCertificate(Exception):
    """Raised by ``Route.require`` where a chain that OpenSSL accepts is not acceptable."""


class Answer(NamedTuple):
    """One whole answer, its body as sent but for a gzip coding."""

    status: int
    headers: HttpHeaders
    data: bytes


@dataclass
class Sight:
    """What a connection has shown so far; filled as it goes, so that a failure leaves what came before it."""

    phase: str = "connect"
    timings: dict[str, float] = field(default_factory=dict)
    tls: dict[str, Any] | None = None
    chain: list[bytes] = field(default_factory=list)
    verified: bool = False
    #: whether a cipher was agreed on: an alert after that is about certificates
    server_hello: bool = False
    answers: list[Answer] = field(default_factory=list)


@dataclass
class Route:
    """How to get to one address, under which name to verify it, and within which bounds."""

    targets: list[tuple[int, Any]]  #: socket family and address to connect to, the first that works
    name: str  #: to verify, and for SNI
    port: int
    host_header: str
    path: str
    context: ssl.SSLContext
    alarm: Alarm
    sight: Sight
    inspect: Any = None  #: called with the verified chain before any byte of HTTP; raises to end it
    tunnel: str | None = None  #: host:port to ask a proxy for

    @property
    def left(self) -> float:
        """Seconds until the deadline; never 0, which would mean "do not wait" to a socket."""
        return max(self.alarm.deadline - time.monotonic(), 0.001)


def open_tcp(route: Route) -> socket.socket:
    """Connects, through the proxy where there is one.

    :raises OSError: not possible
    :raises ProxyRefused: the proxy does not want to
    """
    sock = _connect(route)
    if route.tunnel is not None:
        try:
            _open_tunnel(sock, route.tunnel)
        except BaseException:
            sock.close()
            raise
    return sock


def _connect(route: Route) -> socket.socket:
    error: OSError | None = None
    for family, address in route.targets:
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(route.left)
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            route.alarm.watch(sock)
            return sock
        except OSError as failure:
            sock.close()
            error = error or failure
    assert error is not None
    raise error


def _open_tunnel(sock: socket.socket, place: str) -> None:
    """RFC 9110 section 9.3.6. No credentials: the proxy's user would be one more secret, sent in clear text."""
    sock.sendall((f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\nUser-Agent: {_USER_AGENT}\r\n\r\n").encode("ascii"))
    header = b""
    while not header.endswith(b"\r\n\r\n"):
        byte = sock.recv(1)  # not one more: what follows belongs to TLS
        if not byte:
            raise ProxyRefused("it closed the connection")
        header += byte
        if len(header) > _MAX_TUNNEL_HEADER:
            raise ProxyRefused("its answer has no end")
    words = header.split(b"\r\n", 1)[0].decode("latin-1").split(None, 2)
    if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdigit():
        raise ProxyRefused("its answer is not HTTP")
    if not words[1].startswith("2"):
        raise ProxyRefused("it answered " + " ".join(words[1:]))


def open_verified(route: Route) -> ssl.SSLSocket:
    """Connects and verifies. The socket that it returns is good for a request, with credentials."""
    sight = route.sight
    sight.phase = "connect"
    require_verification(route.context)
    start = time.monotonic()
    sock = open_tcp(route)
    connected = time.monotonic()
    sight.timings["connect"] = connected - start
    sight.phase = "tls"
    tls = None
    try:
        tls = route.context.wrap_socket(sock, server_hostname=route.name, do_handshake_on_connect=False)
        route.alarm.watch(tls)
        tls.settimeout(route.left)
        tls.do_handshake()
        sight.timings["tls"] = time.monotonic() - connected
        sight.chain = verified_chain(tls)
        cipher = tls.cipher()
        sight.tls = {"version": tls.version(), "cipher": cipher and cipher[0], "alpn": tls.selected_alpn_protocol()}
        sight.server_hello = True
        if route.inspect is not None:
            route.inspect(sight.chain)
        sight.verified = True
        sight.phase = "http"
        tls.settimeout(route.left)
        return tls
    except BaseException:
        if tls is not None:
            sight.server_hello = tls.cipher() is not None
            tls.close()
        sock.close()
        raise


class _VerifiedConnection(HTTPSConnection):
    """A connection that urllib3 can use and cannot open in another way."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._route: Route = kwargs.pop("route")
        super().__init__(*args, **kwargs)

    def connect(self) -> None:
        self.sock = open_verified(self._route)
        self.is_verified = True


class _BoundedPool(HTTPSConnectionPool):
    """Reads each answer itself, up to the bound, and follows nothing."""

    ConnectionCls = _VerifiedConnection

    def urlopen(self, method: str, url: str, **kwargs: Any) -> Any:  # type: ignore[override]
        kwargs.update(redirect=False, preload_content=False, decode_content=False, enforce_content_length=True)
        route: Route = self.conn_kw["route"]
        kwargs["timeout"] = route.left
        start = time.monotonic()
        response = super().urlopen(method, url, **kwargs)
        answer = Answer(response.status, HttpHeaders(response.headers), _body(response))
        timings = route.sight.timings
        opening = 0.0 if route.sight.answers else timings["connect"] + timings["tls"]
        timings["http"] = timings.get("http", 0.0) + time.monotonic() - start - opening
        response.release_conn()
        route.sight.answers.append(answer)
        return answer


def _body(response: Any) -> bytes:
    length = response.headers.get("content-length", "")
    if length.isdigit() and int(length) > MAX_BODY:
        raise TooMuch
    parts, size = [], 0
    while True:
        part = response.read(65536, decode_content=False)
        if not part:
            break
        parts.append(part)
        size += len(part)
        if size > MAX_BODY:
            raise TooMuch
    body = b"".join(parts)
    # Asked for is identity; some fronts compress all the same.
    if response.headers.get("content-encoding", "").strip().lower() == "gzip":
        decoder = zlib.decompressobj(16 + zlib.MAX_WBITS)
        body = decoder.decompress(body, MAX_BODY)
        if decoder.unconsumed_tail:
            raise TooMuch
    return body


class VerifiedNode(Urllib3HttpNode):
    """What ``elastic_transport.Transport`` is given as its node class."""

    def __init__(self, config: NodeConfig) -> None:
        BaseNode.__init__(self, config)  # not Urllib3HttpNode's own, which makes or changes an SSL context
        self.pool = _BoundedPool(config.host, port=config.port, maxsize=1, block=True, route=config._extras[_ROUTE])


def make_transport(route: Route) -> Transport:
    """A transport of the official client with one node, the endpoint, which it asks once."""
    config = NodeConfig("https", route.name, route.port, path_prefix=route.path, _extras={_ROUTE: route})
    return Transport([config], node_class=VerifiedNode, max_retries=0)


def get(transport: Transport, target: str, route: Route, authorization: str | None) -> Answer:
    """One GET.

    :raises Exception: whatever the transport raises; ``_cause.py`` finds out what it means
    """
    headers = {
        "accept": "application/json",
        "accept-encoding": "identity",
        "host": route.host_header,
        "user-agent": _USER_AGENT,
    }
    if authorization is not None:
        headers["authorization"] = authorization
    before = len(route.sight.answers)
    with contextlib.suppress(SerializationError):  # a whole answer whose body is not of its type: to be read below
        transport.perform_request("GET", target, headers=headers)
    if len(route.sight.answers) == before:
        raise RuntimeError("the transport has asked nothing")
    return route.sight.answers[-1]
