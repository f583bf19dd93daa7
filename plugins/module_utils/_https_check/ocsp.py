# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""A stapled OCSP answer: asked for, verified and heeded.

Python's ``ssl`` can neither ask for one nor show it. So a ClientHello of TLS 1.2 that asks for it is made here by hand, on a connection of
its own; up to TLS 1.2 the answer comes in the clear (RFC 6066 section 8). A server that speaks only TLS 1.3 does not answer, and nothing is
known then. No byte of HTTP is sent. What the answer says counts if the issuer of the certificate, or a responder that it has authorized,
has signed it (RFC 6960 section 4.2.2.2).
"""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta, timezone
from typing import Any, Iterator, NamedTuple, Sequence

from .certificate import Certificate
from .connection import ProxyRefused, Route, open_tcp
from .endpoint import is_address
from .limits import Deadline
from .reasons import CheckFailed

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.x509 import ocsp
    from cryptography.x509.oid import ExtendedKeyUsageOID
except ImportError:
    pass  # certificate.py says so

_MOST = 128 * 1024  # bytes to read; certificates and answer of an honest server are below 32 KiB
_AFTER = 2.0  # seconds to wait for a server that does not answer a ClientHello of TLS 1.2
_HANDSHAKE, _CERTIFICATE_STATUS, _SERVER_HELLO_DONE = 22, 22, 14
# RFC 5289 and RFC 7905: ECDHE with AES-GCM or ChaCha20, for certificates with EC and RSA keys
_SUITES = bytes.fromhex("c02bc02fc02cc030cca9cca8")
_GROUPS = bytes.fromhex("001d00170018")  # x25519, P-256, P-384: RFC 8422
_SIGNATURES = bytes.fromhex("040308040401050308050501080606010807")  # RFC 8446 section 4.2.3
_SKEW = timedelta(minutes=5)  # between the clocks of this host and of the responder


class Stapled(NamedTuple):
    """What came of asking."""

    answered: bool = False  #: whether the server went along with TLS 1.2, so that it could have sent an answer
    response: bytes | None = None  #: the OCSPResponse, DER


def check_stapled(chain: Sequence[Certificate], route: Route, name: str, deadline: Deadline) -> list[str]:
    """The warnings that the answer for the leaf of a verified chain deserves, or that there is none.

    :raises CheckFailed: it is revoked, or its own issuer does not know it
    """
    leaf, issuer = chain[0], chain[min(1, len(chain) - 1)]
    stapled = ask(route, name, deadline.within(min(_AFTER, deadline.left() / 2)))
    if stapled.response is None:
        if not leaf.must_staple:
            return []
        why = "none is sent" if stapled.answered else "with TLS 1.3 alone it cannot be looked at"
        return [f"{leaf.label} demands a stapled OCSP answer (RFC 7633), and {why}."]
    try:
        status = status_of(leaf, issuer, stapled.response)
    except ValueError as error:
        demanded = ", though the certificate demands one (RFC 7633)" if leaf.must_staple else ""
        return [f"The stapled OCSP answer for {leaf.label} does not count{demanded}: {error}."]
    if status == "REVOKED":
        raise CheckFailed("certificate_revoked", f"{leaf.label} is revoked, by the stapled OCSP answer of {issuer.label}.")
    if status == "UNKNOWN":
        raise CheckFailed(
            "invalid_chain",
            f"{leaf.label} is unknown to the OCSP responder of its own issuer, {issuer.label}, by the stapled answer.",
            "Ask the CA whether it has issued this certificate; where it is new, wait until the responder knows it, and reload the server.",
        )
    return []


def status_of(leaf: Certificate, issuer: Certificate, data: bytes) -> str:
    """What an OCSPResponse (RFC 6960 section 4.2.1) says of a certificate: GOOD, REVOKED or UNKNOWN.

    :raises ValueError: it says nothing that counts; the text says why
    """
    try:
        response = ocsp.load_der_ocsp_response(data)
        if response.response_status != ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise ValueError(f"its status is {response.response_status.name}")
        _require_signed(response, issuer.parsed)
        answers = [answer for answer in response.responses if _is_about(answer, leaf.parsed, issuer.parsed)]
    except (UnsupportedAlgorithm, TypeError) as error:
        raise ValueError(f"it cannot be read: {error}") from error
    if not answers:
        raise ValueError("it is about another certificate")
    now = datetime.now(timezone.utc)
    if answers[0].this_update_utc > now + _SKEW:
        raise ValueError(f"it is from the future, {answers[0].this_update_utc:%Y-%m-%d %H:%M} UTC")
    until = answers[0].next_update_utc
    if until is not None and until < now - _SKEW:
        raise ValueError(f"it was valid until {until:%Y-%m-%d %H:%M} UTC")
    return str(answers[0].certificate_status.name)


def _is_about(answer: Any, leaf: x509.Certificate, issuer: x509.Certificate) -> bool:
    """CertID: RFC 6960 section 4.1.1."""
    wanted = ocsp.OCSPRequestBuilder().add_certificate(leaf, issuer, answer.hash_algorithm).build()
    fields = ("serial_number", "issuer_name_hash", "issuer_key_hash")
    return all(getattr(answer, name) == getattr(wanted, name) for name in fields)


def _require_signed(response: ocsp.OCSPResponse, issuer: x509.Certificate) -> None:
    """RFC 6960 section 4.2.2.2: by the issuer, or by a responder with a certificate of that issuer for this purpose."""
    signers = [issuer, *(one for one in response.certificates if _is_authorized(one, issuer))]
    if not any(_has_signed(one.public_key(), response) for one in signers):
        raise ValueError("neither the certificate's issuer nor a responder that it has authorized has signed it")


def _is_authorized(responder: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        responder.verify_directly_issued_by(issuer)
        usages = responder.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (InvalidSignature, ValueError, TypeError, x509.ExtensionNotFound):
        return False
    now = datetime.now(timezone.utc)
    in_date = responder.not_valid_before_utc <= now <= responder.not_valid_after_utc
    return in_date and ExtendedKeyUsageOID.OCSP_SIGNING in usages


def _has_signed(key: Any, response: ocsp.OCSPResponse) -> bool:
    digest = response.signature_hash_algorithm
    if isinstance(digest, (hashes.MD5, hashes.SHA1)):
        return False
    signature, signed = response.signature, response.tbs_response_bytes
    try:
        if isinstance(key, rsa.RSAPublicKey) and digest is not None:
            key.verify(signature, signed, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey) and digest is not None:
            key.verify(signature, signed, ec.ECDSA(digest))
        else:
            key.verify(signature, signed)
    except (InvalidSignature, TypeError):
        return False
    return True


def ask(route: Route, name: str, deadline: Deadline) -> Stapled:
    """Asks on a connection of its own. Raises nothing of the network."""
    try:
        with open_tcp(route, deadline) as sock:
            sock.sendall(client_hello(name))
            response = None
            for kind, body in _messages(sock, deadline):
                if kind == _CERTIFICATE_STATUS and body[:1] == b"\1":  # status_type ocsp
                    response = body[4:]
                if kind == _SERVER_HELLO_DONE:
                    return Stapled(True, response)
    except (OSError, ValueError, ProxyRefused):
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


def _messages(sock: socket.socket, deadline: Deadline) -> Iterator[tuple[int, bytes]]:
    """The messages of the handshake, put together from records: RFC 5246 sections 6.2.1 and 7.4."""
    buffered, received = b"", 0
    while received < _MOST:
        head = _exactly(sock, 5, deadline)
        size = int.from_bytes(head[3:5], "big")
        received += 5 + size
        if head[0] != _HANDSHAKE:
            return  # an alert: no TLS 1.2, or no such name
        buffered += _exactly(sock, size, deadline)
        while len(buffered) >= 4:
            length = int.from_bytes(buffered[1:4], "big")
            if len(buffered) < 4 + length:
                break
            yield buffered[0], buffered[4 : 4 + length]
            buffered = buffered[4 + length :]


def _exactly(sock: socket.socket, size: int, deadline: Deadline) -> bytes:
    data = b""
    while len(data) < size:
        sock.settimeout(deadline.left())
        more = sock.recv(size - len(data))
        if not more:
            raise ValueError("closed")
        data += more
    return data


def _vector(width: int, content: bytes) -> bytes:
    return len(content).to_bytes(width, "big") + content


def _extension(kind: int, content: bytes) -> bytes:
    return kind.to_bytes(2, "big") + _vector(2, content)
