# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""X.509 certificates (RFC 5280), read by ``cryptography``: as much of them as a report and the rules of ``chain.py`` need."""

from __future__ import annotations

import contextlib
import hashlib
import traceback
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Callable, Iterable, NamedTuple

from .._certificate import ATTRIBUTES, escaped

CRYPTOGRAPHY_ERROR: str | None = None  #: why it cannot be imported
try:
    import cryptography
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

    CRYPTOGRAPHY_VERSION = cryptography.__version__
except ImportError:
    CRYPTOGRAPHY_ERROR, CRYPTOGRAPHY_VERSION = traceback.format_exc(), ""

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
_ISSUERS, _RESPONDERS = "1.3.6.1.5.5.7.48.2", "1.3.6.1.5.5.7.48.1"  # RFC 5280 section 4.2.2.1


class Certificate(NamedTuple):
    """What an X.509 certificate says of itself. Nothing here is verified."""

    parsed: x509.Certificate
    der: bytes
    fingerprint: str
    serial: int
    subject: str
    issuer: str
    self_issued: bool
    not_before: datetime
    not_after: datetime
    key_type: str
    key_bits: int
    signature: str
    dns_names: tuple[str, ...] = ()
    ip_addresses: tuple[str, ...] = ()
    san_critical: bool | None = None  #: None without one
    is_ca: bool = False
    basic_constraints_critical: bool = False
    signs_certificates: bool | None = None  #: keyCertSign; None without keyUsage
    subject_key_id: bytes | None = None
    authority_key_id: bytes | None = None
    access: x509.AuthorityInformationAccess | None = None
    authority: x509.AuthorityKeyIdentifier | None = None
    must_staple: bool = False
    excluded_dns: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The name by which a person knows it."""
        return self.subject or ", ".join(self.dns_names + self.ip_addresses) or f"serial {self.serial:x}"

    @property
    def organizations(self) -> set[str]:
        return _organizations(self.parsed.subject)

    @property
    def issuer_organizations(self) -> set[str]:
        return _organizations(self.parsed.issuer)

    @property
    def authority_issuers(self) -> list[x509.Name]:
        """Who has issued the issuer's certificate: RFC 5280 section 4.2.1.1."""
        names = self.authority and self.authority.authority_cert_issuer
        return [name.value for name in names or () if isinstance(name, x509.DirectoryName)]

    @property
    def ca_issuers(self) -> list[str]:
        """Where the issuer's certificate can be had: RFC 5280 section 4.2.2.1."""
        return _locations(self.access, _ISSUERS)

    @property
    def ocsp_responders(self) -> list[str]:
        return _locations(self.access, _RESPONDERS)

    def days_left(self, now: datetime) -> int:
        """Whole days until it expires, negative afterwards."""
        return (self.not_after - now) // timedelta(days=1)

    def facts(self, now: datetime) -> dict[str, Any]:
        """JSON-plain, as the module returns it; times in UTC by RFC 3339."""
        return {
            "subject": self.subject,
            "issuer": self.issuer,
            "serial_number": f"{self.serial:x}",
            "not_before": _rfc_3339(self.not_before),
            "not_after": _rfc_3339(self.not_after),
            "days_left": self.days_left(now),
            "subject_alt_names": ["DNS:" + name for name in self.dns_names] + ["IP:" + ip for ip in self.ip_addresses],
            "key_type": self.key_type,
            "key_bits": self.key_bits,
            "signature_algorithm": self.signature,
            "is_ca": self.is_ca,
            "ocsp_responders": self.ocsp_responders,
            "must_staple": self.must_staple,
            "fingerprint_sha256": self.fingerprint,
        }


@lru_cache(maxsize=4096)  # a CA, and often the leaf, is the same at all nodes of a cluster
def read(der: bytes) -> Certificate:
    """Reads one DER certificate.

    :raises ValueError: it is not one, or has something in it that cannot be judged
    """
    try:
        return _read(der)
    except ValueError:
        raise
    except Exception as error:  # of many kinds, in its versions, such as KeyError for a string of an unknown type
        raise ValueError(f"cryptography {CRYPTOGRAPHY_VERSION}: {error}") from error


def read_all(ders: Iterable[bytes]) -> list[Certificate]:
    """Reads those that can be read."""
    found = []
    for der in ders:
        with contextlib.suppress(ValueError):
            found.append(read(der))
    return found


def _read(der: bytes) -> Certificate:
    certificate = x509.load_der_x509_certificate(der)
    subject, issuer = certificate.subject, certificate.issuer
    key_type, key_bits = _key(certificate.public_key())
    return Certificate(
        parsed=certificate,
        der=der,
        fingerprint=hashlib.sha256(der).hexdigest(),
        serial=certificate.serial_number,
        subject=_text_of(subject),
        issuer=_text_of(issuer),
        self_issued=subject == issuer,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        key_type=key_type,
        key_bits=key_bits,
        signature=_signature_name(certificate),
        **_extensions(certificate.extensions),
    )


def _text_of(name: x509.Name) -> str:
    """RFC 4514 section 2.1: the last element first."""
    return ",".join("+".join(f"{_kind(one)}={escaped(_value(one))}" for one in rdn) for rdn in reversed(name.rdns))


def _kind(attribute: x509.NameAttribute[Any]) -> str:
    oid = attribute.oid.dotted_string
    return ATTRIBUTES.get(oid, oid)


def _value(attribute: x509.NameAttribute[Any]) -> str:
    return attribute.value if isinstance(attribute.value, str) else attribute.value.hex()


def _organizations(name: x509.Name) -> set[str]:
    return {_value(one) for one in name if _kind(one) == "O"}


def _key(key: Any) -> tuple[str, int]:
    if isinstance(key, rsa.RSAPublicKey):
        return "RSA", key.key_size
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "EC", key.curve.key_size
    if isinstance(key, dsa.DSAPublicKey):
        return "DSA", key.key_size
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "Ed25519", 256
    if isinstance(key, ed448.Ed448PublicKey):
        return "Ed448", 456
    return type(key).__name__.replace("PublicKey", ""), 0


def _signature_name(certificate: x509.Certificate) -> str:
    oid = certificate.signature_algorithm_oid.dotted_string
    if oid == _RSA_PSS and certificate.signature_hash_algorithm is not None:
        return "RSASSA-PSS-" + certificate.signature_hash_algorithm.name.upper()
    return _SIGNATURES.get(oid, oid)


# Extensions: RFC 5280 section 4.2


def _extensions(extensions: x509.Extensions) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for extension in extensions:
        reader = _READERS.get(type(extension.value).__name__)
        if reader:
            facts.update(reader(extension.value, extension.critical))
    return facts


def _alternative_names(value: x509.SubjectAlternativeName, critical: bool) -> dict[str, Any]:
    return {
        "san_critical": critical,
        "dns_names": tuple(map(_printable, value.get_values_for_type(x509.DNSName))),
        "ip_addresses": tuple(map(str, value.get_values_for_type(x509.IPAddress))),
    }


def _name_constraints(value: x509.NameConstraints, critical: bool) -> dict[str, Any]:
    excluded = value.excluded_subtrees or ()
    return {"excluded_dns": tuple(_printable(name.value).lower() for name in excluded if isinstance(name, x509.DNSName))}


_READERS: dict[str, Callable[[Any, bool], dict[str, Any]]] = {
    "AuthorityInformationAccess": lambda value, critical: {"access": value},
    "AuthorityKeyIdentifier": lambda value, critical: {"authority_key_id": value.key_identifier, "authority": value},
    "BasicConstraints": lambda value, critical: {"is_ca": value.ca, "basic_constraints_critical": critical},
    "KeyUsage": lambda value, critical: {"signs_certificates": value.key_cert_sign},
    "NameConstraints": _name_constraints,
    "SubjectAlternativeName": _alternative_names,
    "SubjectKeyIdentifier": lambda value, critical: {"subject_key_id": value.digest},
    "TLSFeature": lambda value, critical: {"must_staple": x509.TLSFeatureType.status_request in value},  # RFC 7633
}


def _locations(access: x509.AuthorityInformationAccess | None, method: str) -> list[str]:
    return [
        _printable(one.access_location.value)
        for one in access or ()
        if one.access_method.dotted_string == method and isinstance(one.access_location, x509.UniformResourceIdentifier)
    ]


def _rfc_3339(time: datetime) -> str:
    return time.replace(tzinfo=None).isoformat() + "Z"


def _printable(text: str) -> str:
    return text if text.isprintable() else "".join(char if char.isprintable() else "\ufffd" for char in text)
