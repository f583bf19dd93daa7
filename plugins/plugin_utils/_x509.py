# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Certificates and keys, read on the controller. Of a private key, only the public half is ever returned or worded."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import re
import sys
import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.module_utils import _der, _pem

# Every controller has it, for ansible-core needs it; only the documentation is read without.
try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.x509.oid import NameOID
except ImportError:
    pass

__all__ = [
    "Unreadable",
    "certificates_pem",
    "ends",
    "extension",
    "facts",
    "is_ca",
    "issued",
    "kind",
    "load_certificates",
    "load_key",
    "load_server_key",
    "most_below",
    "names",
    "public_sha256",
    "readable_certificates",
    "starts",
    "title",
]

_E = t.TypeVar("_E", bound="x509.ExtensionType")
_BLOCK = re.compile("-----BEGIN ((?:TRUSTED |X509 )?CERTIFICATE)-----.*?-----END \\1-----", re.DOTALL)
_PARAMETERS = 0xA0  # of the curve, in an EC key: RFC 5915, section 3
_CURVES = {"secp256r1": "p256", "secp384r1": "p384", "secp521r1": "p521"}


class Unreadable(ValueError):
    """A text is not what it should be; the message says what it is instead, and what to do."""


def load_certificates(pem: str) -> list[x509.Certificate]:
    """Return the certificates of a PEM text, in its order, each once, one at least; else raises Unreadable."""
    try:
        certificates = [x509.load_der_x509_certificate(der) for der in _pem.certificates(pem)]
        for certificate in certificates:  # keys and extensions are parsed only when asked for
            certificate.public_key()
            list(certificate.extensions)
    except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension) as cause:
        raise Unreadable(
            f"holds no certificate that can be read ({cause}): give certificates in PEM (-----BEGIN CERTIFICATE-----)"
        ) from None
    return certificates


def readable_certificates(pem: str) -> list[x509.Certificate]:
    """Return those certificates of a PEM text that can be read: a system's store may hold others."""
    found = []
    for block in _BLOCK.finditer(pem):
        with contextlib.suppress(Unreadable):
            found += load_certificates(block.group())
    return found


def certificates_pem(certificates: t.Iterable[x509.Certificate]) -> str:
    """Return certificates as every program reads them."""
    return "".join(one.public_bytes(serialization.Encoding.PEM).decode() for one in certificates)


def load_key(pem: str, passphrase: str = "") -> t.Any:
    """Return the private key of a PEM text; else raises Unreadable. An empty passphrase means none."""
    # ansible-core 2.18 hands over what is encrypted by itself (!vault) as an object that is no text
    pem, passphrase = str(pem), str(passphrase)
    try:
        return serialization.load_pem_private_key(pem.encode(errors="surrogateescape"), passphrase.encode() or None)
    except TypeError:
        # cryptography tells the two apart by its message only
        said = "is not encrypted, but a passphrase is set" if passphrase else "is encrypted, but no passphrase is set"
        raise Unreadable(said) from None
    except (ValueError, UnsupportedAlgorithm):
        said = (
            "does not open with the passphrase"
            if passphrase
            else "is no private key in PEM (-----BEGIN PRIVATE KEY-----)"
        )
        raise Unreadable(said) from None


def load_server_key(pem: str) -> tuple[t.Any, str]:
    """Return a server's private key, and its PEM as every program reads it; else raises Unreadable.

    The octets stay those that were given: a program may tell a key by what it is written as, such as RSASSA-PSS.
    """
    try:
        block = _pem.key(pem)
    except ValueError as cause:
        raise Unreadable(f"is no private key in PEM (-----BEGIN PRIVATE KEY-----; {cause})") from None
    if block.encrypted:
        raise Unreadable("is encrypted, but no passphrase is set")
    if block.label == "OPENSSH PRIVATE KEY":
        raise Unreadable("is in OpenSSH's own form, which servers do not read (ssh-keygen -p -m PKCS8 -f KEY changes it)")
    try:
        return load_key(block.pem), block.pem
    except Unreadable:
        short = _short_key(block)
        if short is None:
            raise
        return short, block.pem


def _short_key(block: _pem.Block) -> t.Any:
    """An EC key whose number is written in fewer octets than its curve has; None for all others.

    RFC 5915, section 3, wants them all, but OpenSSL before 1.0.2 and others left out zeros in front, and OpenSSL reads it.
    """
    try:
        curve = None
        content = _der.only(block.content, _der.SEQUENCE).content
        if block.label == "PRIVATE KEY":  # RFC 5208: version, algorithm with its curve, the key
            _version, algorithm, inner, *_attributes = _der.values(content)
            _algorithm, curve = _der.exactly(algorithm.content, 2)
            content = _der.only(inner.content, _der.SEQUENCE).content
        _version, number, *rest = _der.values(content)
        for part in rest:
            if part.tag == _PARAMETERS:
                curve = _der.only(part.content, _der.OID)
        if curve is None or curve.tag != _der.OID or number.tag != _der.OCTET_STRING:
            return None
        its = ec.get_curve_for_oid(x509.ObjectIdentifier(_der.oid_of(curve.content)))()
        return ec.derive_private_key(int.from_bytes(number.content, "big"), its)
    except (ValueError, LookupError, UnsupportedAlgorithm):
        return None


def public_sha256(key: t.Any) -> str:
    """Return the sha256 of a public key's SubjectPublicKeyInfo, written as by community.crypto: lower case, colons."""
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    return _colons(hashlib.sha256(key.public_bytes(serialization.Encoding.DER, info)).digest())


def kind(key: t.Any) -> str:
    """Return what a public key is called in certificate_key_type: ecdsa-p256, rsa-2048, ed25519, ..."""
    if isinstance(key, rsa.RSAPublicKey):
        return f"rsa-{key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"ecdsa-{_CURVES.get(key.curve.name, key.curve.name)}"
    name = type(key).__name__.lower().lstrip("_").replace("publickey", "")
    return f"{name}-{key.key_size}" if hasattr(key, "key_size") else name


def starts(certificate: x509.Certificate) -> datetime.datetime:
    """Return when the certificate becomes valid, with its time zone, UTC."""
    found: datetime.datetime = moment(certificate, "not_valid_before")
    return found


def ends(certificate: x509.Certificate) -> datetime.datetime:
    """Return the last second in which the certificate is valid, with its time zone, UTC."""
    found: datetime.datetime = moment(certificate, "not_valid_after")
    return found


def moment(dated: x509.Certificate | x509.CertificateRevocationList, name: str) -> t.Any:
    """Return a moment of a certificate or of a list of revoked ones with its time zone, UTC; None where a list has none of that name."""
    try:
        return getattr(dated, f"{name}_utc")
    except AttributeError:  # cryptography before 42
        naive = getattr(dated, name)
        return naive and naive.replace(tzinfo=datetime.timezone.utc)


def extension(certificate: x509.Certificate, kind_of_extension: type[_E]) -> _E | None:
    """Return the value of an extension, or None where the certificate has none of that kind."""
    try:
        return certificate.extensions.get_extension_for_class(kind_of_extension).value
    except x509.ExtensionNotFound:
        return None


def names(certificate: x509.Certificate) -> list[str]:
    """Return the DNS: and IP: entries of the certificate's subjectAltName."""
    found = extension(certificate, x509.SubjectAlternativeName)
    if found is None:
        return []
    dns = [f"DNS:{name}" for name in found.get_values_for_type(x509.DNSName)]
    return dns + [f"IP:{address}" for address in found.get_values_for_type(x509.IPAddress)]


def is_ca(certificate: x509.Certificate) -> bool:
    """Say whether the certificate may sign others (RFC 5280, section 4.2.1.9; and 4.2.1.3 where it has a key usage)."""
    constraints = extension(certificate, x509.BasicConstraints)
    usage = extension(certificate, x509.KeyUsage)
    return constraints is not None and constraints.ca and (usage is None or usage.key_cert_sign)


def most_below(certificate: x509.Certificate) -> int:
    """Return how many CAs may stand between the certificate and a server's (path length: RFC 5280, section 4.2.1.9)."""
    constraints = extension(certificate, x509.BasicConstraints)
    return sys.maxsize if constraints is None or constraints.path_length is None else constraints.path_length


def issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    """Say whether `certificate` names `issuer` as its issuer and carries a signature by its key."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def title(certificate: x509.Certificate) -> str:
    """Return what people call the certificate: its common name, its first name, or its subject."""
    common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[0].value) if common else next(iter(names(certificate)), certificate.subject.rfc4514_string())


def facts(certificate: x509.Certificate) -> dict[str, t.Any]:
    """Return what the role decides by and tells people: plain texts and lists only; times as 2026-11-24T13:37:57Z."""
    authority = extension(certificate, x509.AuthorityKeyIdentifier)
    subject = extension(certificate, x509.SubjectKeyIdentifier)
    return {
        "names": names(certificate),
        "title": title(certificate),
        "subject": certificate.subject.rfc4514_string(),
        "issuer": certificate.issuer.rfc4514_string(),
        "key": kind(certificate.public_key()),
        "not_before": starts(certificate).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "not_after": ends(certificate).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "sha256": _colons(hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).digest()),
        "public_sha256": public_sha256(certificate.public_key()),
        "authority_key_identifier": _colons(authority.key_identifier if authority else None),
        "subject_key_identifier": _colons(subject.digest if subject else None),
    }


def _colons(octets: bytes | None) -> str:
    return (octets or b"").hex(":")
