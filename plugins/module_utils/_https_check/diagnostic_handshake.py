# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""A look at what answers where a verified handshake has already failed: to describe it, never to use it.

This is the only file that opens a connection without verification. It sends a ClientHello and no byte of HTTP, its
result can only explain a failure, and nothing that it finds can turn a verdict into a success.
"""

from __future__ import annotations

import socket
import ssl
import threading
from typing import NamedTuple

from .connection import TlsStream
from .limits import Deadline, TooMuch
from .peer import presented_chain, record_certificates

_lock = threading.Lock()
_context: ssl.SSLContext | None = None


class Presented(NamedTuple):
    """What was seen: the chain as sent (DER), the TLS version, the first bytes that came."""

    chain: tuple[bytes, ...] = ()
    version: str | None = None
    first_bytes: bytes = b""
    alert: str = ""  #: OpenSSL's name for what the other side, or OpenSSL itself, ended it with

    @property
    def is_tls(self) -> bool:
        """Whether the first byte is a content type of TLS: RFC 8446 section 5.1 (alert, handshake)."""
        return self.first_bytes[:1] in (b"", b"\x15", b"\x16")


def look(sock: socket.socket, name: str, deadline: Deadline, await_alert: bool = False) -> Presented:
    """Greets over a connected socket and keeps what comes back. Closes the socket; raises nothing of the network.

    :param await_alert: wait for a word after the handshake too: in TLS 1.3 a server speaks of the client's certificate
        only then (RFC 8446 section 4.4.2.4), and to a client that has sent a request the word may be lost in a reset
    """
    stream = TlsStream(sock, _describing_context(), name, deadline)
    alert = ""
    try:
        stream.handshake()
        if await_alert:
            stream.read_into(bytearray(1))
    except ssl.SSLError as error:
        alert = error.reason or ""
    except (OSError, TooMuch):
        pass
    finally:
        stream.close()
    try:
        chain = tuple(presented_chain(stream.tls))
    except ValueError:  # the handshake has not come far enough
        chain = ()
    return Presented(chain, stream.tls.version() if chain else None, stream.first_bytes, alert)


def _describing_context() -> ssl.SSLContext:
    global _context
    with _lock:
        if _context is None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            context.set_ciphers("ALL:@SECLEVEL=0")  # to see what an old server has, too
            record_certificates(context)
            _context = context
        return _context
