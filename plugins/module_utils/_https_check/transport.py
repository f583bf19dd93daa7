# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The request and its answer, carried by the official client's transport over a connection that is verified already.

The client's own nodes would widen the trust: they add certifi's roots, or the CA that they are given, to whatever the
context trusts already; they also lower its minimum_version to TLS 1.2 and set its key log from SSLKEYLOGFILE. So the node
here is given a connection, and can open none.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import sys
import time
import traceback
import zlib
from typing import Any, Iterator, Mapping, NamedTuple

from .connection import USER_AGENT, TlsStream
from .endpoint import Endpoint, authority
from .limits import MAX_BODY, TooMuch


@contextlib.contextmanager
def _without(*names: str) -> Iterator[None]:
    """Within it, modules cannot be imported (https://docs.python.org/3/reference/import.html#the-module-cache)."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


TRANSPORT_ERROR: str | None = None  #: why the official client cannot be imported
try:
    # What the transport has other nodes and traces for: where they are installed, importing them takes longer than all the rest.
    with _without("aiohttp", "httpx", "opentelemetry", "requests"):
        import elastic_transport
    from elastic_transport import (
        ApiResponseMeta,
        BaseNode,
        ConnectionError,
        ConnectionTimeout,
        HttpHeaders,
        NodeConfig,
        TlsError,
        Transport,
    )

    TRANSPORT_VERSION = elastic_transport.__version__
except ImportError:
    TRANSPORT_ERROR, TRANSPORT_VERSION = traceback.format_exc(), ""
    BaseNode = object  # type: ignore[assignment,misc]

_STREAM = "_tlsfront_stream"


class Answer(NamedTuple):
    """One whole answer, its body as sent but for a gzip coding."""

    status: int
    headers: Mapping[str, str]  #: whatever the case of a name is
    body: bytes


class Requester:
    """Asks one endpoint over one connection, for as long as the other side keeps that open."""

    def __init__(self, stream: TlsStream, endpoint: Endpoint, name: str, authorization: str | None) -> None:
        """:param name: for the Host header"""
        config = NodeConfig("https", name, endpoint.port, path_prefix=endpoint.path, _extras={_STREAM: stream})
        self._transport = Transport([config], node_class=_VerifiedNode, max_retries=0)
        self._transport.serializers = _AsSent()  # type: ignore[assignment]
        self._node: _VerifiedNode = self._transport.node_pool.get()  # type: ignore[assignment]
        self._headers = {"accept": "application/json", "accept-encoding": "identity", "user-agent": USER_AGENT}
        self._headers["host"] = authority(name, endpoint.port)
        if authorization is not None:
            self._headers["authorization"] = authorization

    @property
    def is_open(self) -> bool:
        """Whether another request can be made."""
        return self._node.is_open

    def get(self, target: str) -> Answer:
        """:raises Exception: whatever the transport raises; ``diagnosis.py`` finds out what it means"""
        meta, body = self._transport.perform_request("GET", target, headers=self._headers)
        return Answer(meta.status, meta.headers, body or b"")


class _AsSent:
    """In place of the transport's serializers, which read only what says of itself that it is JSON or text."""

    def loads(self, data: bytes, mimetype: str | None = None) -> bytes:
        return data


class _NodeAnswer(NamedTuple):
    """What a transport expects of its node; the client exports no class for it."""

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


class _GivenConnection(http.client.HTTPConnection):
    """HTTP over what it is given; it opens nothing."""

    response_class = _FinalResponse
    auto_open = 0

    def __init__(self, host: str, port: int, stream: TlsStream) -> None:
        super().__init__(host, port)
        self.sock = stream

    def close(self) -> None:
        """What http.client does before it reads the body of a last answer; the stream is closed by who has opened it."""
        self.sock = None


class _VerifiedNode(BaseNode):
    """What ``elastic_transport.Transport`` is given as its node class. Follows nothing, reads up to a bound."""

    _CLIENT_META_HTTP_CLIENT = ("hc", "1")  # http.client, told to the server in x-elastic-client-meta

    def __init__(self, config: NodeConfig) -> None:
        super().__init__(config)
        self._connection = _GivenConnection(config.host, config.port, config._extras[_STREAM])

    @property
    def is_open(self) -> bool:
        return self._connection.sock is not None

    def perform_request(  # type: ignore[override]
        self, method: str, target: str, body: Any = None, headers: Any = None, request_timeout: Any = None
    ) -> _NodeAnswer:
        """:raises elastic_transport.TransportError: its ``__cause__`` is what happened"""
        start = time.monotonic()
        try:
            self._connection.request(method, self.path_prefix + target, headers=dict(self.headers, **(headers or {})))
            response = self._connection.getresponse()
            found = HttpHeaders(response.getheaders())
            content = _body(response, found.get("content-encoding") or "")
        except (OSError, http.client.HTTPException, zlib.error, TooMuch) as error:
            self._connection.close()
            kind = ConnectionError
            if isinstance(error, ssl.SSLError):
                kind = TlsError
            elif isinstance(error, socket.timeout):
                kind = ConnectionTimeout  # type: ignore[assignment]
            raise kind(str(error), errors=(error,)) from error
        meta = ApiResponseMeta(response.status, "1.1", found, time.monotonic() - start, self.config)
        return _NodeAnswer(meta, content)

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
    # Identity was asked for; some proxies compress all the same.
    if coding.strip().lower() == "gzip":
        decoder = zlib.decompressobj(16 + zlib.MAX_WBITS)
        body = decoder.decompress(body, MAX_BODY)
        if decoder.unconsumed_tail:
            raise TooMuch
    return body
