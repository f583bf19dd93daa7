# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""A PKI for tests: authorities that issue good and bad certificates."""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
import itertools
from pathlib import Path
from typing import Any, Iterable

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)
SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
_serial = itertools.count(1000)
_rsa_keys: dict[int, Any] = {}


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def ec_key() -> Any:
    return ec.generate_private_key(ec.SECP256R1())


def ed_key() -> Any:
    return ed25519.Ed25519PrivateKey.generate()


def rsa_key(bits: int = 2048) -> Any:
    """The same key each time: making one takes longer than a whole test."""
    if bits not in _rsa_keys:
        _rsa_keys[bits] = rsa.generate_private_key(65537, bits)
    return _rsa_keys[bits]


def name(common_name: str, organization: str | None = None) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else []
    if organization:
        attributes.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(attributes)


def alternative(text: str | x509.GeneralName) -> x509.GeneralName:
    if isinstance(text, x509.GeneralName):
        return text
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


class Issued:
    """A certificate with its key and the certificates above it that a server would send."""

    def __init__(self, certificate: x509.Certificate, key: Any, above: Iterable[x509.Certificate] = ()) -> None:
        self.certificate = certificate
        self.key = key
        self.above = list(above)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.der).hexdigest()

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def write(self, directory: Path, above: bool = True) -> str:
        """One file with certificate, chain and key."""
        chain = b"".join(c.public_bytes(serialization.Encoding.PEM) for c in self.above) if above else b""
        path = directory / f"{self.fingerprint[:16]}-{'full' if above else 'leaf'}.pem"
        path.write_bytes(self.pem + chain + self.key_pem)
        return str(path)

    def write_certificate(self, directory: Path) -> str:
        path = directory / f"{self.fingerprint[:16]}.pem"
        path.write_bytes(self.pem)
        return str(path)


def issue(
    common_name: str = "es1",
    issuer: Issued | None = None,
    names: Iterable[str | x509.GeneralName] | None = ("localhost", "127.0.0.1", "::1"),
    ca: bool = False,
    *,
    key: Any = None,
    organization: str | None = None,
    not_before: datetime.timedelta = -DAY,
    not_after: datetime.timedelta = 90 * DAY,
    path_length: int | None = None,
    purposes: Iterable[Any] | None = (SERVER,),
    key_usage: bool = True,
    identifiers: bool = True,
    constraints: x509.NameConstraints | None = None,
    extra: Iterable[x509.ExtensionType] = (),
    digest: Any = None,
    above: Iterable[x509.Certificate] | None = None,
) -> Issued:
    """A certificate, by default a sound one for a server on loopback; self-signed without an issuer."""
    key = key or ec_key()
    signer = issuer.key if issuer else key
    subject = name(common_name, organization)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(next(_serial))
        .not_valid_before(now() + not_before)
        .not_valid_after(now() + not_after)
        .add_extension(x509.BasicConstraints(ca, path_length if ca else None), critical=True)
    )
    if key_usage:
        builder = builder.add_extension(_usage(ca), critical=True)
    if identifiers:
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        above_key = issuer.key if issuer else key
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(above_key.public_key()), critical=False
        )
    if not ca:
        if names:
            san = x509.SubjectAlternativeName([alternative(text) for text in names])
            builder = builder.add_extension(san, critical=not common_name)
        if purposes is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage(list(purposes)), critical=False)
    if constraints is not None:
        builder = builder.add_extension(constraints, critical=True)
    for extension in extra:
        builder = builder.add_extension(extension, critical=False)
    if digest is None and not isinstance(signer, ed25519.Ed25519PrivateKey):
        digest = hashes.SHA256()
    certificate = builder.sign(signer, digest)
    if above is None:
        # a server sends what is above it, but for the root
        above = (
            [issuer.certificate, *issuer.above]
            if issuer and issuer.certificate.issuer != issuer.certificate.subject
            else []
        )
    return Issued(certificate, key, above)


def signed_with_sha1(issued: Issued, issuer: Issued) -> Issued:
    """The same certificate, signed anew by an RSA key with SHA-1, which ``cryptography`` itself refuses to do."""
    sha256, sha1 = bytes.fromhex("06092a864886f70d01010b"), bytes.fromhex("06092a864886f70d010105")
    tbs = issued.certificate.tbs_certificate_bytes.replace(sha256, sha1)
    numbers = issuer.key.private_numbers()
    modulus = numbers.public_numbers.n
    size = (modulus.bit_length() + 7) // 8
    # EMSA-PKCS1-v1_5: RFC 8017 section 9.2
    info = bytes.fromhex("3021300906052b0e03021a05000414") + hashlib.sha1(tbs).digest()
    padded = b"\0\1" + b"\xff" * (size - len(info) - 3) + b"\0" + info
    signature = pow(int.from_bytes(padded, "big"), numbers.d, modulus).to_bytes(size, "big")
    algorithm = _der(0x30, sha1 + b"\5\0")
    der = _der(0x30, tbs + algorithm + _der(0x03, b"\0" + signature))
    return Issued(x509.load_der_x509_certificate(der), issued.key, issued.above)


def _der(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 128:
        return bytes([tag, length]) + content
    size = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + length.to_bytes(size, "big") + content


def root(common_name: str = "Test Root", **options: Any) -> Issued:
    return issue(common_name, ca=True, **{"not_after": 900 * DAY, **options})


def intermediate(common_name: str, issuer: Issued, **options: Any) -> Issued:
    return issue(common_name, issuer, ca=True, **{"not_after": 400 * DAY, **options})


def crl(issuer: Issued, *revoked: Issued, next_update: datetime.timedelta = 7 * DAY) -> bytes:
    """A revocation list in PEM form."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(now() - 8 * DAY)
        .next_update(now() + next_update)
    )
    for item in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(item.certificate.serial_number)
        builder = builder.add_revoked_certificate(entry.revocation_date(now() - DAY).build())
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _usage(ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )
