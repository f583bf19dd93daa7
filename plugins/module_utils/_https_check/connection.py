# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""TCP, perhaps through a proxy, and TLS over it: every wait ends at the deadline, and all that comes is counted.

TLS is worked through memory (``ssl.SSLObject``), so that all waiting is done here. OpenSSL on a socket waits by itself, and while there is
always something to read, such as session tickets without end, it never comes back.
"""

from __future__ import annotations

import contextlib
import io
import select
import socket
import ssl
from typing import Any, Callable, NamedTuple

from .._secrets import excerpt
from .addresses import Address
from .limits import MAX_RECEIVED, Deadline, TooMuch
from .peer import verified_chain
from .trust import require_verification

USER_AGENT = "tlsfront.elasticsearch.https_check"
_MAX_TUNNEL_HEADER = 16 * 1024
_PIECE = 16 * 1024
_FIRST_BYTES = 128


class ProxyRefused(Exception):
    """The proxy does not open the tunnel; the text says what it answered.

    :param status: of its answer, if that was one
    """

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


class HandshakeFailed(Exception):
    """The handshake ended early; its ``__cause__`` says why.

    :param agreed: whether a cipher was agreed on: an alert after that is about certificates
    """

    def __init__(self, agreed: bool) -> None:
        super().__init__("the handshake failed")
        self.agreed = agreed


class Route(NamedTuple):
    """How to get to one address."""

    addresses: tuple[Address, ...]  #: to connect to, the first that works
    tunnel: str | None = None  #: host:port to ask the proxy there for


def open_tcp(route: Route, deadline: Deadline) -> socket.socket:
    """Connects, through the proxy where there is one.

    :raises OSError: not possible
    :raises ProxyRefused: the proxy does not want to
    """
    sock = _connect(route, deadline)
    if route.tunnel is not None:
        try:
            _open_tunnel(sock, route.tunnel, deadline)
        except BaseException:
            sock.close()
            raise
    return sock


def _connect(route: Route, deadline: Deadline) -> socket.socket:
    failures: list[OSError] = []
    for family, address in route.addresses:
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(deadline.left())
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        except OSError as failure:
            sock.close()
            failures.append(failure)
    raise failures[0]


def _open_tunnel(sock: socket.socket, place: str, deadline: Deadline) -> None:
    """RFC 9110 section 9.3.6. No credentials: the proxy's user would be one more secret, sent in clear text."""
    sock.sendall((f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\nUser-Agent: {USER_AGENT}\r\n\r\n").encode("ascii"))
    header = b""
    while not header.endswith(b"\r\n\r\n"):
        sock.settimeout(deadline.left())
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


class TlsStream:
    """TLS over a connected socket, which it closes. What ``http.client`` asks of a socket, and no more."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext, name: str, deadline: Deadline) -> None:
        self._sock = sock
        self._sock.setblocking(False)
        self._deadline = deadline
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._received = 0
        self._cut_off = False  # TCP has ended
        self._ended = False  # so have the data
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        self.first_bytes = b""  #: that came

    def handshake(self) -> None:
        """Its last message may go out with the first data only (TLS 1.3)."""
        self._advance(self.tls.do_handshake)

    def read_into(self, buffer: Any) -> int:
        """Nothing at the end, whether a closing alert says it or not: that an answer is whole is for HTTP to say."""
        if self._ended:
            return 0
        self._send()
        try:
            if not self._incoming.pending and not self.tls.pending():
                self._receive()
            count = int(self._advance(self.tls.read, len(buffer), buffer))
        except ssl.SSLEOFError:
            count = 0
        self._ended = count == 0
        return count

    def sendall(self, data: bytes) -> None:
        self._advance(self.tls.write, data)
        self._send()

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self))

    def close(self) -> None:
        self._sock.close()

    def _advance(self, step: Callable[..., Any], *arguments: Any) -> Any:
        try:
            while True:
                try:
                    return step(*arguments)
                except ssl.SSLWantReadError:
                    self._send()
                    self._receive()
        except ssl.SSLError:
            with contextlib.suppress(OSError):
                self._send()  # the alert that tells the other side why
            raise

    def _send(self) -> None:
        data = self._outgoing.read()
        while data:
            try:
                data = data[self._sock.send(data) :]
            except BlockingIOError:
                self._wait(select.POLLOUT)

    def _wait(self, event: int) -> None:
        poll = select.poll()
        poll.register(self._sock, event)
        if not poll.poll(1000 * self._deadline.left()):
            raise socket.timeout("the deadline has passed")

    def _receive(self) -> None:
        self._wait(select.POLLIN)
        try:
            data = self._sock.recv(_PIECE)
        except BlockingIOError:  # it was not so; who called asks again
            return
        if not data:
            if self._cut_off:
                raise ssl.SSLEOFError(ssl.SSL_ERROR_EOF, "the connection has ended")
            self._cut_off = True
            self._incoming.write_eof()
            return
        if not self._received:
            self.first_bytes = data[:_FIRST_BYTES]
        self._received += len(data)
        if self._received > MAX_RECEIVED:
            raise TooMuch
        self._incoming.write(data)


class _Reader(io.RawIOBase):
    """One answer's end of a stream, closed with the answer; the stream goes on."""

    def __init__(self, stream: TlsStream) -> None:
        super().__init__()
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._stream.read_into(buffer)


class Connection(NamedTuple):
    """A connection that OpenSSL has verified."""

    stream: TlsStream
    chain: tuple[bytes, ...]  #: leaf first, trust anchor last; DER
    tls: dict[str, Any]  #: version, cipher and alpn, as the result has them


def start_tls(sock: socket.socket, context: ssl.SSLContext, name: str, deadline: Deadline) -> Connection:
    """Verifies who is at the other end of a socket, which it takes over.

    :raises HandshakeFailed: whatever happens
    """
    require_verification(context)
    stream = TlsStream(sock, context, name, deadline)
    try:
        stream.handshake()
        cipher = stream.tls.cipher()
        facts = {"version": stream.tls.version(), "cipher": cipher and cipher[0], "alpn": stream.tls.selected_alpn_protocol()}
        return Connection(stream, tuple(verified_chain(stream.tls)), facts)
    except BaseException as error:
        stream.close()
        raise HandshakeFailed(stream.tls.cipher() is not None) from error
