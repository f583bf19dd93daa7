# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The certificates of the other side, on every Python.

The public methods came with Python 3.13 (https://docs.python.org/3/library/ssl.html#ssl.SSLSocket.get_verified_chain),
what they call with 3.10. In 3.8 and 3.9, whose releases have ended and cannot change any more, a context can be told to
show the messages of the handshake.
"""

from __future__ import annotations

import ssl
import sys
from typing import Any, List, Sequence, Union, cast

from .certificate import Certificate, read_all

_ENCODING_DER = 2  # _ssl.ENCODING_DER
_CERTIFICATE_MESSAGE = 11  # RFC 8446 section 4
_HAS_CHAINS = sys.version_info >= (3, 10)

_Connection = Union[ssl.SSLSocket, ssl.SSLObject]


def record_certificates(context: ssl.SSLContext) -> None:
    """To be called on a context before it is used, so that the functions below know its connections' chains."""
    if not _HAS_CHAINS:
        cast(Any, context)._msg_callback = _record


def verified_chain(connection: _Connection) -> list[bytes]:
    """The chain that OpenSSL has verified, leaf first, trust anchor last; DER.

    Before Python 3.10 it is put together again from what was sent and what is trusted.
    """
    if _HAS_CHAINS:
        return _chain(connection, "get_verified_chain")
    presented, trusted = presented_chain(connection), connection.context.get_ca_certs(binary_form=True)
    return [certificate.der for certificate in build_path(read_all(presented), read_all(trusted))]


def presented_chain(connection: _Connection) -> list[bytes]:
    """The certificates that the other side has sent, leaf first, none of them verified; DER."""
    if _HAS_CHAINS:
        return _chain(connection, "get_unverified_chain")
    return list(getattr(connection, "_tlsfront_certificates", ()))


def _chain(connection: _Connection, method: str) -> list[bytes]:
    public = getattr(connection, method, None)
    if public is not None:
        return cast(List[bytes], public() or [])
    private = getattr(cast(Any, connection)._sslobj, method)
    return [certificate.public_bytes(_ENCODING_DER) for certificate in private() or []]


def build_path(presented: Sequence[Certificate], trusted: Sequence[Certificate]) -> list[Certificate]:
    """From the leaf up by names and key identifiers, trusted certificates first, as OpenSSL looks (TRUSTED_FIRST)."""
    steps = list(presented[:1])
    while steps and not steps[-1].self_issued:
        candidates = (other for other in [*trusted, *presented] if other not in steps and _issued(other, steps[-1]))
        issuer = next(candidates, None)
        if issuer is None:
            break
        steps.append(issuer)
    return steps


def _issued(issuer: Certificate, subject: Certificate) -> bool:
    if issuer.parsed.subject != subject.parsed.issuer:
        return False
    return (
        None in (issuer.subject_key_id, subject.authority_key_id) or issuer.subject_key_id == subject.authority_key_id
    )


def _record(connection: Any, direction: str, version: Any, content_type: Any, message_type: Any, data: bytes) -> None:
    if (
        direction == "read"
        and message_type == _CERTIFICATE_MESSAGE
        and not hasattr(connection, "_tlsfront_certificates")
    ):
        connection._tlsfront_certificates = certificates_of(data, version == ssl.TLSVersion.TLSv1_3)


def certificates_of(message: bytes, tls_1_3: bool) -> list[bytes]:
    """The certificates of a Certificate message: RFC 5246 section 7.4.2, RFC 8446 section 4.4.2."""
    position = 4  # type and length of the message
    if tls_1_3:
        position += 1 + message[position]  # the context of the request, and for each certificate its extensions
    position += 3
    found = []
    while position + 3 <= len(message):
        size = int.from_bytes(message[position : position + 3], "big")
        position += 3
        found.append(message[position : position + size])
        position += size
        if tls_1_3:
            position += 2 + int.from_bytes(message[position : position + 2], "big")
    return found
