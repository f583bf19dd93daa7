# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""DER to plain facts: as much of RFC 5280 as a report and the rules of ``chain.py`` need.

Python's ``ssl`` decodes only the leaf, and only after a verified handshake; modules cannot count on ``cryptography``.
"""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Iterable

from .._der import (
    BIT_STRING,
    BOOLEAN,
    INTEGER,
    OCTET_STRING,
    OID,
    SEQUENCE,
    SET,
    Value,
    bits_of,
    exactly,
    first,
    oid_of,
    only,
    require,
    time_of,
    values,
)

_ATTRIBUTES = {  # RFC 4514 section 3, and the ones that CAs also use
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
_SIGNATURES = {
    "1.2.840.113549.1.1.2": "md2WithRSAEncryption",
    "1.2.840.113549.1.1.4": "md5WithRSAEncryption",
    "1.2.840.113549.1.1.5": "sha1WithRSAEncryption",
    "1.2.840.113549.1.1.11": "sha256WithRSAEncryption",
    "1.2.840.113549.1.1.12": "sha384WithRSAEncryption",
    "1.2.840.113549.1.1.13": "sha512WithRSAEncryption",
    "1.2.840.113549.1.1.14": "sha224WithRSAEncryption",
    "1.2.840.10040.4.3": "dsa-with-sha1",
    "2.16.840.1.101.3.4.3.2": "dsa-with-sha256",
    "1.2.840.10045.4.1": "ecdsa-with-SHA1",
    "1.2.840.10045.4.3.1": "ecdsa-with-SHA224",
    "1.2.840.10045.4.3.2": "ecdsa-with-SHA256",
    "1.2.840.10045.4.3.3": "ecdsa-with-SHA384",
    "1.2.840.10045.4.3.4": "ecdsa-with-SHA512",
    "1.3.101.112": "Ed25519",
    "1.3.101.113": "Ed448",
}
_RSA_PSS = "1.2.840.113549.1.1.10"
_HASHES = {
    "1.3.14.3.2.26": "SHA1",
    "2.16.840.1.101.3.4.2.1": "SHA256",
    "2.16.840.1.101.3.4.2.2": "SHA384",
    "2.16.840.1.101.3.4.2.3": "SHA512",
}
_KEYS = {
    "1.2.840.113549.1.1.1": "RSA",
    "1.2.840.113549.1.1.10": "RSA",
    "1.2.840.10040.4.1": "DSA",
    "1.2.840.10045.2.1": "EC",
    "1.3.101.112": "Ed25519",
    "1.3.101.113": "Ed448",
}
_CURVES = {  # bits of the field
    "1.2.840.10045.3.1.1": 192,
    "1.3.132.0.33": 224,
    "1.2.840.10045.3.1.7": 256,
    "1.3.132.0.34": 384,
    "1.3.132.0.35": 521,
    "1.3.132.0.10": 256,
    "1.3.36.3.3.2.8.1.1.7": 256,
    "1.3.36.3.3.2.8.1.1.11": 384,
    "1.3.36.3.3.2.8.1.1.13": 512,
}
_KEY_USAGES = (  # RFC 5280 section 4.2.1.3, bit 0 first
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
)
SERVER_AUTH = "1.3.6.1.5.5.7.3.1"


@dataclass(frozen=True)
class Certificate:
    """What an X.509 certificate says of itself. Nothing here is verified."""

    der: bytes = field(repr=False)
    fingerprint: str
    serial: int
    subject: str
    issuer: str
    subject_der: bytes = field(repr=False)
    issuer_der: bytes = field(repr=False)
    organizations: tuple[str, ...]
    issuer_organizations: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    key_type: str
    key_bits: int
    signature: str
    dns_names: tuple[str, ...] = ()
    ip_addresses: tuple[str, ...] = ()
    other_names: int = 0
    has_san: bool = False
    san_critical: bool = False
    is_ca: bool = False
    basic_constraints_critical: bool = False
    key_usage: frozenset[str] | None = None
    extended_key_usage: frozenset[str] | None = None
    subject_key_id: bytes | None = None
    authority_key_id: bytes | None = None
    authority_issuer_ders: tuple[bytes, ...] = ()
    ca_issuers: tuple[str, ...] = ()
    ocsp_responders: tuple[str, ...] = ()
    must_staple: bool = False
    permitted_dns: tuple[str, ...] = ()
    excluded_dns: tuple[str, ...] = ()

    @property
    def self_issued(self) -> bool:
        return self.subject_der == self.issuer_der

    @property
    def label(self) -> str:
        """The name by which a person knows it."""
        return self.subject or ", ".join(self.dns_names + self.ip_addresses) or f"serial {self.serial:x}"

    def days_left(self, now: datetime) -> int:
        """Whole days until it expires, negative afterwards."""
        return (self.not_after - now) // timedelta(days=1)

    def facts(self, now: datetime) -> dict[str, Any]:
        """JSON-plain, as the module returns it; times in UTC by RFC 3339."""
        return {
            "subject": self.subject,
            "issuer": self.issuer,
            "serial_number": f"{self.serial:x}",
            "not_before": self.not_before.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "not_after": self.not_after.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "days_left": self.days_left(now),
            "subject_alt_names": ["DNS:" + name for name in self.dns_names] + ["IP:" + ip for ip in self.ip_addresses],
            "key_type": self.key_type,
            "key_bits": self.key_bits,
            "signature_algorithm": self.signature,
            "is_ca": self.is_ca,
            "ocsp_responders": list(self.ocsp_responders),
            "must_staple": self.must_staple,
            "fingerprint_sha256": self.fingerprint,
        }


@lru_cache(maxsize=4096)  # a CA, and often the leaf, is the same at all nodes of a cluster
def read(der: bytes) -> Certificate:
    """Reads one DER certificate.

    :raises ValueError: it is not one
    """
    try:
        return _read(der)
    except (IndexError, OverflowError, RecursionError) as error:
        raise ValueError(f"not a certificate: {error}") from error


def read_all(ders: Iterable[bytes]) -> list[Certificate]:
    """Reads those that can be read."""
    found = []
    for der in ders:
        with contextlib.suppress(ValueError):
            found.append(read(der))
    return found


def _read(der: bytes) -> Certificate:
    outer = only(der, SEQUENCE)
    tbs, algorithm, _signature = exactly(outer.content, 3)
    fields = list(values(tbs.content))
    if fields[0].tag == 0xA0:
        del fields[0]  # the version
    serial, _algorithm, issuer, validity, subject, public_key = fields[:6]
    require(serial, INTEGER)
    extensions: dict[str, Any] = {}
    for value in fields[6:]:
        if value.tag == 0xA3:
            extensions = _extensions(only(value.content, SEQUENCE).content)
    not_before, not_after = (time_of(value) for value in exactly(validity.content, 2))
    key_type, key_bits = _key(public_key.content)
    subject_names, issuer_names = _names(subject), _names(issuer)
    return Certificate(
        der=der,
        fingerprint=hashlib.sha256(der).hexdigest(),
        serial=int.from_bytes(serial.content, "big", signed=True),
        subject=_text_of(subject_names),
        issuer=_text_of(issuer_names),
        subject_der=subject.der,
        issuer_der=issuer.der,
        organizations=_organizations(subject_names),
        issuer_organizations=_organizations(issuer_names),
        not_before=not_before,
        not_after=not_after,
        key_type=key_type,
        key_bits=key_bits,
        signature=_signature_name(algorithm),
        **extensions,
    )


# Names: RFC 5280 section 4.1.2.4


@lru_cache(maxsize=1024)  # one issuer issues many
def _names(name: Value) -> list[list[tuple[str, str]]]:
    require(name, SEQUENCE)
    found = []
    for rdn in values(name.content):
        require(rdn, SET)
        pairs = []
        for attribute in values(rdn.content):
            oid, value = exactly(attribute.content, 2)
            kind = oid_of(oid.content)
            pairs.append((_ATTRIBUTES.get(kind, kind), _string(value)))
        found.append(pairs)
    return found


def _string(value: Value) -> str:
    encodings = {0x1E: "utf-16-be", 0x1C: "utf-32-be", 0x14: "latin-1"}
    return value.content.decode(encodings.get(value.tag, "utf-8"), "replace")


def _text_of(names: list[list[tuple[str, str]]]) -> str:
    """RFC 4514 section 2.1: the last element first."""
    return ",".join("+".join(f"{kind}={_escaped(text)}" for kind, text in rdn) for rdn in reversed(names))


def _escaped(text: str) -> str:
    text = "".join("\\" + char if char in '",+;<>\\' else char if char.isprintable() else "\ufffd" for char in text)
    if text[:1] in ("#", " "):
        text = "\\" + text
    return text[:-1] + "\\ " if text.endswith(" ") and len(text) > 1 else text


def _organizations(names: list[list[tuple[str, str]]]) -> tuple[str, ...]:
    return tuple(text for rdn in names for kind, text in rdn if kind == "O")


# Keys and signatures: RFC 3279, RFC 4055, RFC 5480, RFC 8410


def _key(content: bytes) -> tuple[str, int]:
    algorithm, bits = exactly(content, 2)
    require(bits, BIT_STRING)
    parts = list(values(algorithm.content))
    oid = oid_of(parts[0].content)
    kind = _KEYS.get(oid, oid)
    if kind == "RSA":
        modulus = first(only(bits.content[1:], SEQUENCE).content)
        return kind, int.from_bytes(modulus.content, "big").bit_length()
    if kind == "DSA":
        return kind, int.from_bytes(first(parts[1].content).content, "big").bit_length() if len(parts) > 1 else 0
    if kind == "EC":
        curve = parts[1]
        known = _CURVES.get(oid_of(curve.content)) if curve.tag == OID else None
        # An uncompressed point is a byte and two coordinates: RFC 5480 section 2.2
        return kind, known or (len(bits.content) - 2) // 2 * 8
    return kind, {"Ed25519": 256, "Ed448": 456}.get(kind, 0)


@lru_cache(maxsize=64)
def _signature_name(algorithm: Value) -> str:
    parts = list(values(algorithm.content))
    oid = oid_of(parts[0].content)
    if oid != _RSA_PSS:
        return _SIGNATURES.get(oid, oid)
    digest = "SHA1"  # the default: RFC 4055 section 3.1
    for parameter in values(parts[1].content) if len(parts) > 1 else ():
        if parameter.tag == 0xA0:
            name = oid_of(first(only(parameter.content, SEQUENCE).content).content)
            digest = _HASHES.get(name, name)
    return "RSASSA-PSS-" + digest


# Extensions: RFC 5280 section 4.2


def _extensions(content: bytes) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for extension in values(content):
        parts = list(values(extension.content))
        critical = len(parts) == 3 and parts[1].tag == BOOLEAN and parts[1].content != b"\0"
        require(parts[-1], OCTET_STRING)
        reader = _EXTENSIONS.get(oid_of(parts[0].content))
        if reader:
            facts.update(reader(first(parts[-1].content), critical))
    return facts


def _alternative_names(value: Value, critical: bool) -> dict[str, Any]:
    names = list(values(value.content))
    dns = tuple(_ia5(name.content) for name in names if name.tag == 0x82)
    ips = tuple(_ip(name.content) for name in names if name.tag == 0x87)
    return {
        "has_san": True,
        "san_critical": critical,
        "dns_names": dns,
        "ip_addresses": ips,
        "other_names": len(names) - len(dns) - len(ips),
    }


def _ia5(content: bytes) -> str:
    text = content.decode("ascii", "replace")
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def _ip(content: bytes) -> str:
    return str(ipaddress.ip_address(content)) if len(content) in (4, 16) else content.hex()


def _basic_constraints(value: Value, critical: bool) -> dict[str, Any]:
    parts = list(values(value.content))
    is_ca = bool(parts) and parts[0].tag == BOOLEAN and parts[0].content != b"\0"
    return {"is_ca": is_ca, "basic_constraints_critical": critical}


def _key_usage(value: Value, critical: bool) -> dict[str, Any]:
    return {"key_usage": frozenset(_KEY_USAGES[bit] for bit in bits_of(value.content) if bit < len(_KEY_USAGES))}


def _extended_key_usage(value: Value, critical: bool) -> dict[str, Any]:
    return {"extended_key_usage": frozenset(oid_of(usage.content) for usage in values(value.content))}


def _authority_key(value: Value, critical: bool) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for part in values(value.content):
        if part.tag == 0x80:
            facts["authority_key_id"] = part.content
        if part.tag == 0xA1:
            names = [name for name in values(part.content) if name.tag == 0xA4]
            facts["authority_issuer_ders"] = tuple(name.content for name in names)
    return facts


def _authority_information(value: Value, critical: bool) -> dict[str, Any]:
    found: dict[str, list[str]] = {"1.3.6.1.5.5.7.48.1": [], "1.3.6.1.5.5.7.48.2": []}
    for description in values(value.content):
        method, location = exactly(description.content, 2)
        if location.tag == 0x86:
            found.get(oid_of(method.content), []).append(_ia5(location.content))
    return {
        "ocsp_responders": tuple(found["1.3.6.1.5.5.7.48.1"]),
        "ca_issuers": tuple(found["1.3.6.1.5.5.7.48.2"]),
    }


def _name_constraints(value: Value, critical: bool) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for part in values(value.content):
        bases = [first(subtree.content) for subtree in values(part.content)]
        key = {0xA0: "permitted_dns", 0xA1: "excluded_dns"}.get(part.tag)
        if key:
            facts[key] = tuple(_ia5(base.content).lower() for base in bases if base.tag == 0x82)
    return facts


def _tls_feature(value: Value, critical: bool) -> dict[str, Any]:
    """RFC 7633: feature 5 is status_request, known as must-staple."""
    return {"must_staple": any(feature.content == b"\x05" for feature in values(value.content))}


_EXTENSIONS = {
    "2.5.29.14": lambda value, critical: {"subject_key_id": value.content},
    "2.5.29.15": _key_usage,
    "2.5.29.17": _alternative_names,
    "2.5.29.19": _basic_constraints,
    "2.5.29.30": _name_constraints,
    "2.5.29.35": _authority_key,
    "2.5.29.37": _extended_key_usage,
    "1.3.6.1.5.5.7.1.1": _authority_information,
    "1.3.6.1.5.5.7.1.24": _tls_feature,
}
