# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Servers on loopback that answer well, badly, slowly or not at all. Real sockets, real TLS."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import ssl
import struct
import threading
from typing import Any, Callable, Iterator

Handler = Callable[[Any], None]

ROOT: dict[str, Any] = {
    "name": "es1",
    "cluster_name": "lab",
    "cluster_uuid": "Zk2rVGVvQX6b0yqOfoxmFA",
    "version": {"number": "8.19.3", "build_flavor": "default", "lucene_version": "9.12.2"},
    "tagline": "You Know, for Search",
}
HEALTH: dict[str, Any] = {"cluster_name": "lab", "status": "green", "number_of_nodes": 3}


class Server:
    """Accepts on its own thread and gives each connection to a handler on another."""

    def __init__(self, handler: Handler, host: str = "127.0.0.1") -> None:
        self._handler = handler
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.socket(family, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((host, 0))
        self._listener.listen(256)
        self.host = host
        self.port: int = self._listener.getsockname()[1]
        self.accepted = 0
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return "https://" + (f"[{self.host}]" if ":" in self.host else self.host) + f":{self.port}"

    def _accept(self) -> None:
        while True:
            try:
                connection, _peer = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), connection:
            self._handler(connection)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def listening(handler: Handler, host: str = "127.0.0.1") -> Iterator[Server]:
    server = Server(handler, host)
    try:
        yield server
    finally:
        server.close()


def server_context(
    pem: str,
    versions: tuple[ssl.TLSVersion, ssl.TLSVersion] | None = None,
    client_ca: str | None = None,
    ciphers: str | None = None,
) -> ssl.SSLContext:
    """The server's side of TLS. Weak things are allowed here: the other side is what is tested."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers(ciphers or "ALL:@SECLEVEL=0")
    context.load_cert_chain(pem)
    if versions:
        context.minimum_version, context.maximum_version = versions
    if client_ca:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    context.set_alpn_protocols(["http/1.1"])
    return context


def over_tls(context: ssl.SSLContext, handler: Handler) -> Handler:
    def handle(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as tls:
            handler(tls)

    return handle


def read_request(connection: Any) -> bytes:
    """The head of one request; empty when the other side has gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(4096)
        if not more:
            return b""
        data += more
    return data


def response(body: Any = b"", status: int = 200, headers: dict[str, str] | None = None, reason: str = "Some") -> bytes:
    """One HTTP answer; a body that is not bytes is sent as JSON."""
    fields = {"Content-Type": "text/html" if isinstance(body, bytes) else "application/json"}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields["Content-Length"] = str(len(data))
    fields.update(headers or {})
    head = f"HTTP/1.1 {status} {reason}\r\n" + "".join(f"{key}: {value}\r\n" for key, value in fields.items())
    return head.encode("latin-1") + b"\r\n" + data


def answering(*responses: bytes, requests: list[bytes] | None = None) -> Handler:
    """Answers the first request with the first response, and so on; the last one from then on."""

    def handle(connection: Any) -> None:
        pending = list(responses)
        while True:
            request = read_request(connection)
            if not request:
                return
            if requests is not None:
                requests.append(request)
            connection.sendall(pending[0])
            if len(pending) > 1:
                del pending[0]

    return handle


def elasticsearch(root: Any = None, health: Any = None, requests: list[bytes] | None = None, **options: Any) -> Handler:
    """A node: answers the root and _cluster/health."""

    def handle(connection: Any) -> None:
        while True:
            request = read_request(connection)
            if not request:
                return
            if requests is not None:
                requests.append(request)
            path = request.split(b" ")[1]
            body = (HEALTH if health is None else health) if path.endswith(b"/_cluster/health") else (root or ROOT)
            connection.sendall(response(body, **options))

    return handle


def dripping(first: bytes, piece: bytes, pause: float = 0.05) -> Handler:
    """Reads a request, sends the first bytes at once and then a piece after each pause, for ever."""

    def handle(connection: Any) -> None:
        read_request(connection)
        connection.sendall(first)
        stop = threading.Event()
        while True:
            connection.sendall(piece)
            if pause:
                stop.wait(pause)

    return handle


def silent(connection: Any) -> None:
    """Reads for ever and says nothing."""
    while connection.recv(65536):
        pass


def resetting(connection: socket.socket) -> None:
    """Closes with RST (SO_LINGER of 0)."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def join(client: socket.socket, server: socket.socket, said: Callable[[bytes], None] | None = None) -> None:
    """Passes bytes both ways until one side ends. ``said`` is given what the client says."""

    def pump(source: socket.socket, target: socket.socket, heard: Callable[[bytes], None] | None) -> None:
        with contextlib.suppress(OSError):
            for data in iter(lambda: source.recv(65536), b""):
                if heard is not None:
                    heard(data)
                target.sendall(data)
            target.shutdown(socket.SHUT_RDWR)

    with server:
        back = threading.Thread(target=pump, args=(server, client, None), daemon=True)
        back.start()
        pump(client, server, said)
        back.join()


@contextlib.contextmanager
def black_hole() -> Iterator[int]:
    """A port that drops every SYN, as a firewall does: its queue of connections is full."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _number in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def free_port() -> int:
    """None that the system gives to an outgoing connection, or to whoever asks for any, before it is used: ip(7), ip_local_port_range."""
    while True:
        port = random.randrange(10_000, 32_768)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("0.0.0.0", port))
            return port


def closed_port() -> int:
    """A port on which nothing listens, nor will: it is taken until this process ends, or the next server could get it."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    _TAKEN.append(sock)
    return int(sock.getsockname()[1])


_TAKEN: list[socket.socket] = []
