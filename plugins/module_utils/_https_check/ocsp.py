# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""A stapled OCSP answer, as far as it can be had: Python's ``ssl`` can neither ask for one nor show it.

So a ClientHello of TLS 1.2 that asks for it is made here by hand, on a connection of its own; up to TLS 1.2 the answer
comes in the clear (RFC 6066 section 8). A server that speaks only TLS 1.3 does not answer, and nothing is known then.

No signature is verified here, so the answer can only condemn: "revoked" fails the endpoint, "good" adds nothing to what
was verified already. Who could forge a "revoked" could as well cut the connection. No byte of HTTP is sent.
"""

from __future__ import annotations

import os
import socket
from typing import Iterator, NamedTuple

from .._der import SEQUENCE, first, oid_of, values
from .endpoint import is_address

_MOST = 128 * 1024  # bytes to read; certificates and answer of an honest server are below 32 KiB
_HANDSHAKE, _CERTIFICATE_STATUS, _SERVER_HELLO_DONE = 22, 22, 14
_OCSP_BASIC = "1.3.6.1.5.5.7.48.1.1"
# RFC 5289 and RFC 7905: ECDHE with AES-GCM or ChaCha20, for certificates with EC and RSA keys
_SUITES = bytes.fromhex("c02bc02fc02cc030cca9cca8")
_GROUPS = bytes.fromhex("001d00170018")  # x25519, P-256, P-384: RFC 8422
_SIGNATURES = bytes.fromhex("040308040401050308050501080606010807")  # RFC 8446 section 4.2.3


class Stapled(NamedTuple):
    """What came of asking."""

    answered: bool = False  #: whether the server went along with TLS 1.2, so that it could have sent an answer
    response: bytes | None = None  #: the OCSPResponse, DER


def ask(sock: socket.socket, name: str) -> Stapled:
    """Asks over a connected socket, which it closes. Raises nothing of the network."""
    with sock:
        try:
            sock.sendall(client_hello(name))
            response = None
            for kind, body in _messages(sock):
                if kind == _CERTIFICATE_STATUS and body[:1] == b"\1":  # status_type ocsp
                    response = body[4:]
                if kind == _SERVER_HELLO_DONE:
                    return Stapled(True, response)
        except (OSError, ValueError):
            pass
    return Stapled()


def client_hello(name: str) -> bytes:
    """A ClientHello of TLS 1.2 (RFC 5246 section 7.4.1.2) with status_request; SNI is for names only."""
    extensions = b""
    if not is_address(name):
        extensions += _extension(0, _vector(2, b"\0" + _vector(2, name.encode("ascii"))))
    extensions += _extension(5, b"\1\0\0\0\0")  # status_request: ocsp, any responder, no extensions
    extensions += _extension(10, _vector(2, _GROUPS))
    extensions += _extension(11, b"\1\0")  # uncompressed points
    extensions += _extension(13, _vector(2, _SIGNATURES))
    hello = b"\3\3" + os.urandom(32) + b"\0" + _vector(2, _SUITES) + b"\1\0" + _vector(2, extensions)
    message = b"\1" + _vector(3, hello)
    return b"\x16\3\1" + _vector(2, message)


def revoked(response: bytes, serial: int) -> bool:
    """Whether an OCSPResponse (RFC 6960 section 4.2.1) says of this certificate that it is revoked.

    :raises ValueError: it cannot be read
    """
    try:
        _status, answer = list(values(first(response).content))
        kind, octets = list(values(first(answer.content).content))
        if oid_of(kind.content) != _OCSP_BASIC:
            return False
        data = first(first(octets.content).content)
        # version is [0], responder [1] or [2], then a time and the list, then perhaps extensions as [1]
        lists = [value for value in values(data.content) if value.tag == SEQUENCE]
        for single in values(lists[0].content):
            identifier, status = list(values(single.content))[:2]
            number = list(values(identifier.content))[3]
            if int.from_bytes(number.content, "big", signed=True) == serial and status.tag & 0x1F == 1:
                return True
    except IndexError as error:
        raise ValueError("not an OCSP response") from error
    return False


def _messages(sock: socket.socket) -> Iterator[tuple[int, bytes]]:
    """The messages of the handshake, put together from records: RFC 5246 sections 6.2.1 and 7.4."""
    buffered, received = b"", 0
    while received < _MOST:
        head = _exactly(sock, 5)
        size = int.from_bytes(head[3:5], "big")
        received += 5 + size
        if head[0] != _HANDSHAKE:
            return  # an alert: no TLS 1.2, or no such name
        buffered += _exactly(sock, size)
        while len(buffered) >= 4:
            length = int.from_bytes(buffered[1:4], "big")
            if len(buffered) < 4 + length:
                break
            yield buffered[0], buffered[4 : 4 + length]
            buffered = buffered[4 + length :]


def _exactly(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = sock.recv(size - len(data))
        if not more:
            raise ValueError("closed")
        data += more
    return data


def _vector(width: int, content: bytes) -> bytes:
    return len(content).to_bytes(width, "big") + content


def _extension(kind: int, content: bytes) -> bytes:
    return kind.to_bytes(2, "big") + _vector(2, content)
