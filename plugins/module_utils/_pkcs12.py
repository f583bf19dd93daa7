# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Trust stores for Java: certificates in PKCS 12 (RFC 7292), and nothing secret.

Certificates are public, so nothing is encrypted; the password is that of the checksum which every reader wants to see
match. The same certificates and password give the same bytes: that is how a store is seen to be as it should be. No
command line has the password, and no Java needs to be there.

The checksum is HMAC with SHA-1, the only one that Java before 8u301 and 11.0.12 knows (JDK-8267880): with a password that
everybody knows, it keeps nobody from changing the file, whatever its hash; who may write the file does.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Iterable

from ._der import (
    INTEGER,
    OCTET_STRING,
    OID,
    SEQUENCE,
    SET,
    oid_of,
    values,
)

_DATA = bytes.fromhex("2a864886f70d010701")  # 1.2.840.113549.1.7.1
_CERT_BAG = bytes.fromhex("2a864886f70d010c0a0103")  # 1.2.840.113549.1.12.10.1.3
_X509 = bytes.fromhex("2a864886f70d01091601")  # 1.2.840.113549.1.9.22.1
_FRIENDLY_NAME = bytes.fromhex("2a864886f70d010914")  # 1.2.840.113549.1.9.20
_SHA1 = bytes.fromhex("2b0e03021a")  # 1.3.14.3.2.26
# Java trusts a certificate for the usages in this attribute, and one without it for none: JDK-8006591
_TRUSTED_KEY_USAGE = bytes.fromhex("6086480186f966adca7b0101")  # 2.16.840.1.113894.746875.1.1
_ANY_USAGE = bytes.fromhex("551d2500")  # 2.5.29.37.0
_BMP_STRING, _EXPLICIT = 0x1E, 0xA0
_ITERATIONS = 10_000  # as keytool's


def truststore(certificates: Iterable[bytes], password: str) -> bytes:
    """The store, in DER, of certificates that are in DER; each is called by the start of its SHA-256."""
    bags = b"".join(_bag(certificate) for certificate in certificates)
    content = _sequence(_content(_sequence(bags)))
    salt = hashlib.sha256(content).digest()[:20]
    return _sequence(_integer(3), _content(content), _checksum(content, salt, password))


def alias(certificate: bytes) -> str:
    """What the certificate is called in a store."""
    return "ca-" + hashlib.sha256(certificate).hexdigest()[:16]


def certificates_in(store: bytes) -> list[bytes]:
    """The certificates of a store that is not encrypted, in DER.

    :raises ValueError: it is no such store
    """
    try:
        (whole,) = values(store)
        _version, content = list(values(whole.content))[:2]
        (safe,) = values(_data_of(content.der))
        parts = [found for part in values(safe.content) for found in values(_data_of(part.der))]
        bags = [bag for part in parts for bag in values(part.content)]
        return [_certificate_of(bag.content) for bag in bags]
    except (IndexError, TypeError) as error:
        raise ValueError("not a store of certificates that can be read") from error


def _bag(certificate: bytes) -> bytes:
    attributes = sorted(
        [
            _attribute(_FRIENDLY_NAME, _value(_BMP_STRING, alias(certificate).encode("utf-16-be"))),
            _attribute(_TRUSTED_KEY_USAGE, _value(OID, _ANY_USAGE)),
        ]
    )
    held = _sequence(_value(OID, _X509), _value(_EXPLICIT, _value(OCTET_STRING, certificate)))
    return _sequence(_value(OID, _CERT_BAG), _value(_EXPLICIT, held), _value(SET, b"".join(attributes)))


def _attribute(name: bytes, value: bytes) -> bytes:
    return _sequence(_value(OID, name), _value(SET, value))


def _content(data: bytes) -> bytes:
    """ContentInfo of the type data: RFC 5652 section 4."""
    return _sequence(_value(OID, _DATA), _value(_EXPLICIT, _value(OCTET_STRING, data)))


def _data_of(content: bytes) -> bytes:
    (whole,) = values(content)
    kind, explicit = values(whole.content)
    if kind.content != _DATA:
        raise ValueError("its content is encrypted")
    (data,) = values(explicit.content)
    return data.content


def _certificate_of(bag: bytes) -> bytes:
    kind, explicit, *_attributes = values(bag)
    if kind.content != _CERT_BAG:
        raise ValueError(f"it holds something else than certificates: {oid_of(kind.content)}")
    (held,) = values(explicit.content)
    _kind, wrapped = values(held.content)
    (certificate,) = values(wrapped.content)
    return certificate.content


def _checksum(content: bytes, salt: bytes, password: str) -> bytes:
    digest = hmac.new(_key(salt, password), content, hashlib.sha1).digest()
    algorithm = _sequence(_value(OID, _SHA1), b"\x05\x00")
    return _sequence(
        _sequence(algorithm, _value(OCTET_STRING, digest)), _value(OCTET_STRING, salt), _integer(_ITERATIONS)
    )


def _key(salt: bytes, password: str) -> bytes:
    """RFC 7292 appendix B.2, for a key as long as one SHA-1, whose blocks have 64 bytes; 3 means integrity."""

    def filled(data: bytes) -> bytes:
        length = -(-len(data) // 64) * 64
        return (data * (length // len(data) + 1))[:length]

    key = b"\x03" * 64 + filled(salt) + filled((password + "\0").encode("utf-16-be"))
    for _round in range(_ITERATIONS):
        key = hashlib.sha1(key).digest()
    return key


def _sequence(*parts: bytes) -> bytes:
    return _value(SEQUENCE, b"".join(parts))


def _integer(number: int) -> bytes:
    return _value(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _value(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + length.to_bytes(size, "big") + content
