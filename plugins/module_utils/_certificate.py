# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a person knows a certificate by (RFC 5280), on hosts without ``cryptography``: those of Java programs."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from . import _pem
from ._der import INTEGER, SEQUENCE, SET, Value, exactly, oid_of, only, require, time_of, values

ATTRIBUTES = {  # RFC 4514 section 3, and the ones that CAs also use
    "2.5.4.3": "CN",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "STREET",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "0.9.2342.19200300.100.1.25": "DC",
    "0.9.2342.19200300.100.1.1": "UID",
    "1.2.840.113549.1.9.1": "emailAddress",
}
_ENCODINGS = {0x1E: "utf-16-be", 0x1C: "utf-32-be", 0x14: "latin-1"}  # BMPString, UniversalString, TeletexString
_VERSION = 0xA0


class Certificate(NamedTuple):
    """Nothing here is verified."""

    subject: str
    not_after: datetime


def read(der: bytes) -> Certificate:
    """Reads one DER certificate.

    :raises ValueError: it is not one
    """
    try:
        signed, _algorithm, _signature = exactly(only(der, SEQUENCE).content, 3)
        fields = list(values(signed.content))
        serial, _algorithm, issuer, validity, subject, _key = fields[fields[0].tag == _VERSION :][:6]
        require(serial, INTEGER)
        require(issuer, SEQUENCE)
        _not_before, not_after = (time_of(value) for value in exactly(validity.content, 2))
        return Certificate(_text_of(subject), not_after)
    except (IndexError, OverflowError, RecursionError) as error:
        raise ValueError(f"not a certificate: {error}") from error


def read_certificates(text: str) -> list[bytes]:
    """The certificates of the text, each once.

    :raises ValueError: there is none, or what should be one is none
    """
    if "PRIVATE KEY-----" in text:
        raise ValueError("certificates has a private key in it, but everybody may read a trust store: take it out.")
    try:
        found = _pem.certificates(text)
    except ValueError as error:
        raise ValueError(f"certificates has no certificate in PEM in it that can be read ({error}).") from error
    for number, certificate in enumerate(found, 1):
        try:
            read(certificate)
        except ValueError as error:
            raise ValueError(f"certificates: number {number} cannot be read ({error}).") from error
    return found


def _text_of(name: Value) -> str:
    """RFC 4514 section 2.1: the last element first."""
    require(name, SEQUENCE)
    parts = list(values(name.content))
    for part in parts:
        require(part, SET)
    return ",".join("+".join(map(_attribute, values(part.content))) for part in reversed(parts))


def _attribute(value: Value) -> str:
    oid, text = exactly(value.content, 2)
    kind = oid_of(oid.content)
    return f"{ATTRIBUTES.get(kind, kind)}={escaped(text.content.decode(_ENCODINGS.get(text.tag, 'utf-8'), 'replace'))}"


def escaped(text: str) -> str:
    """A value as it stands in a name (RFC 4514 section 2.4), so that no terminal obeys it."""
    if not text.isalnum():
        text = "".join("\\" + char if char in '",+;<>\\' else char if char.isprintable() else "\ufffd" for char in text)
    if text[:1] in ("#", " "):
        text = "\\" + text
    return text[:-1] + "\\ " if text.endswith(" ") and len(text) > 1 else text
