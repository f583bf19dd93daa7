# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""A node of elastic-transport that opens one verified connection to one address and keeps what it saw.

The client's own nodes would widen the trust: they add certifi's roots, or the CA that they are given, to whatever the
context trusts already; they also lower its minimum_version to TLS 1.2 and set its key log from SSLKEYLOGFILE. So the
context never comes near them: it is used here alone, in ``open_verified``, below ``http.client``.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import time
import traceback
import zlib
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .._secrets import excerpt
from .limits import MAX_BODY, Alarm, TooMuch
from .peer import verified_chain
from .trust import require_verification

CLIENT_ERROR: str | None = None  #: why the official client cannot be imported
try:
    from elastic_transport import (
        ApiResponseMeta,
        BaseNode,
        ConnectionError,
        ConnectionTimeout,
        HttpHeaders,
        NodeConfig,
        SerializationError,
        TlsError,
        Transport,
    )
except ImportError:
    CLIENT_ERROR = traceback.format_exc()
    BaseNode = object  # type: ignore[assignment,misc]

_USER_AGENT = "tlsfront.elasticsearch.https_check"
_ROUTE = "_tlsfront_route"
_MAX_TUNNEL_HEADER = 16 * 1024


class ProxyRefused(Exception):
    """The proxy does not open the tunnel; the text says what it answered.

    :param status: of its answer, if that was one
    """

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


class Answer(NamedTuple):
    """One whole answer, its body as sent but for a gzip coding."""

    status: int
    headers: dict[str, str]  #: names in lower case
    body: bytes


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
    failures: list[OSError] = []
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
            failures.append(failure)
    raise failures[0]


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
        raise ProxyRefused("it answered " + excerpt(" ".join(words[1:]).encode()), int(words[1][:3]))


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
            route.alarm.watch(tls)  # it may have opened another connection meanwhile
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


class _NodeAnswer(NamedTuple):
    """What a transport expects of its node."""

    meta: ApiResponseMeta
    body: bytes


class _FinalResponse(http.client.HTTPResponse):
    """Skips every interim answer, such as 103 Early Hints (RFC 9110 section 15.2); ``http.client`` skips only 100."""

    def _read_status(self) -> Any:
        while True:
            found = super()._read_status()  # type: ignore[misc]  # as old as the class, and not in its stubs
            if not 100 <= found[1] < 200 or found[1] == http.client.SWITCHING_PROTOCOLS:
                return found
            http.client.parse_headers(self.fp)


class _VerifiedConnection(http.client.HTTPConnection):
    """HTTP over a verified connection; there is no other way in which it could be opened."""

    response_class = _FinalResponse

    def __init__(self, route: Route) -> None:
        super().__init__(route.name, route.port)
        self._route = route

    def connect(self) -> None:
        self.sock = open_verified(self._route)


class VerifiedNode(BaseNode):
    """What ``elastic_transport.Transport`` is given as its node class. Follows nothing, reads up to a bound."""

    _CLIENT_META_HTTP_CLIENT = ("hc", "1")  # http.client, told to the server in x-elastic-client-meta

    def __init__(self, config: NodeConfig) -> None:
        super().__init__(config)
        self._route: Route = config._extras[_ROUTE]
        self._connection = _VerifiedConnection(self._route)

    def perform_request(  # type: ignore[override]  # the client exports no class for its result
        self, method: str, target: str, body: Any = None, headers: Any = None, request_timeout: Any = None
    ) -> _NodeAnswer:
        """:raises elastic_transport.TransportError: its ``__cause__`` is what happened"""
        route = self._route
        try:
            answer = self._ask(method, self.path_prefix + target, dict(self.headers, **(headers or {})))
            if route.alarm.rang:  # http.client takes the end of the connection for the end of the headers
                raise socket.timeout("the deadline has passed")
        except (OSError, http.client.HTTPException, zlib.error, TooMuch) as error:
            self._connection.close()
            kind = ConnectionError
            if isinstance(error, ssl.SSLError):
                kind = TlsError
            elif isinstance(error, socket.timeout) or route.alarm.rang:
                kind = ConnectionTimeout  # type: ignore[assignment]
            raise kind(str(error), errors=(error,)) from error
        route.sight.answers.append(answer)
        duration = route.sight.timings["http"]
        meta = ApiResponseMeta(answer.status, "1.1", HttpHeaders(answer.headers), duration, self.config)
        return _NodeAnswer(meta, answer.body)

    def _ask(self, method: str, target: str, headers: dict[str, str]) -> Answer:
        connection, timings = self._connection, self._route.sight.timings
        if connection.sock is None:
            connection.connect()
        start = time.monotonic()
        try:
            connection.request(method, target, headers=headers)
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, _body(response, found.get("content-encoding", "")))
        finally:
            timings["http"] = timings.get("http", 0.0) + time.monotonic() - start

    def close(self) -> None:
        self._connection.close()


def _body(response: http.client.HTTPResponse, coding: str) -> bytes:
    if (response.length or 0) > MAX_BODY:
        raise TooMuch
    received = bytearray()
    while True:
        part = response.read(16384)
        if not part:
            break
        received += part
        if len(received) > MAX_BODY:
            received.clear()  # what has raised an error lives on in it
            raise TooMuch
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)
    body = bytes(received)
    # Asked for is identity; some fronts compress all the same.
    if coding.strip().lower() == "gzip":
        decoder = zlib.decompressobj(16 + zlib.MAX_WBITS)
        body = decoder.decompress(body, MAX_BODY)
        if decoder.unconsumed_tail:
            raise TooMuch
    return body


def make_transport(route: Route) -> Transport:
    """A transport of the official client with one node, the endpoint, which it asks once."""
    config = NodeConfig("https", route.name, route.port, path_prefix=route.path, _extras={_ROUTE: route})
    return Transport([config], node_class=VerifiedNode, max_retries=0)


def get(transport: Transport, target: str, route: Route, authorization: str | None) -> Answer:
    """One GET.

    :raises Exception: whatever the transport raises; ``diagnosis.py`` finds out what it means
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
