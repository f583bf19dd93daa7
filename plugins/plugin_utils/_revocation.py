# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which certificates the own CA has issued to whom, and its lists of revoked ones (RFC 5280, section 5)."""

from __future__ import annotations

import datetime
import typing as t
import urllib.parse
from collections.abc import Iterable, Sequence
from pathlib import Path

from ansible_collections.tlsfront.elasticsearch.plugins.module_utils import _pem
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _x509

# Every controller has it, for ansible-core needs it; only the documentation is read without.
try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ed448, ed25519
except ImportError:
    pass

__all__ = [
    "LIST",
    "ends",
    "holds",
    "is_due",
    "is_of",
    "list_of",
    "lists",
    "loss",
    "mark",
    "pem",
    "record_path",
    "recorded",
    "renewed",
    "revokes",
    "serial",
    "written",
]

LIST = "crl.pem"
"""The file, in the own CA's directory, with the list of each CA of a chain."""
_MARK = "revoked"
"""Beside it, once there was one: without the list, nobody would know that something was revoked."""
_CLOCKS = datetime.timedelta(hours=1)  # for clients whose clocks are late


def record_path(directory: str, host: str, certificate: x509.Certificate) -> str:
    """Return the path, in the own CA's directory, of the record that the certificate was issued to the host of the inventory."""
    return f"{_records(directory, host)}/{serial(certificate)}.pem"


def recorded(directory: str, host: str) -> list[x509.Certificate]:
    """Return all that was issued to the host."""
    place = Path(_records(directory, host))
    files = sorted(place.glob("*.pem")) if place.is_dir() else []
    return [certificate for file in files for certificate in _x509.load_certificates(file.read_text("utf-8", "replace"))[:1]]


def written(directory: str) -> list[str]:
    """Return the hosts to which something was issued."""
    place = Path(directory) / "issued"
    return sorted(urllib.parse.unquote(each.name) for each in place.iterdir() if any(each.glob("*.pem"))) if place.is_dir() else []


def loss(directory: str) -> str:
    """Say, in a sentence, that the lists are not there although something was revoked; empty where that is not so."""
    file = Path(directory) / LIST
    if file.is_file() or not (Path(directory) / _MARK).exists():
        return ""
    return f"{file} is not there, and something was revoked before: restore it from a backup, for it says what."


def mark(directory: str) -> None:
    """Have `loss` know that there are lists."""
    (Path(directory) / _MARK).touch(0o644)


def _records(directory: str, host: str) -> str:
    # a name is any text: it becomes one name of a file
    name = urllib.parse.quote(host, safe="")
    return f"{directory}/issued/{name.replace('.', '%2E') if name.strip('.') == '' else name}"


def serial(certificate: x509.Certificate) -> str:
    """Return its serial number in hexadecimal digits."""
    return f"{certificate.serial_number:x}"


def lists(text: str) -> list[x509.CertificateRevocationList]:
    """Return the lists of a PEM text. Raises ValueError where one cannot be read."""
    return [x509.load_der_x509_crl(block.content) for block in _pem.blocks(text) if block.label == "X509 CRL"]


def is_of(found: x509.CertificateRevocationList, signer: x509.Certificate) -> bool:
    """Say whether the list is the signer's."""
    return found.issuer == signer.subject and found.is_signature_valid(signer.public_key())  # type: ignore[arg-type]


def list_of(found: Iterable[x509.CertificateRevocationList], signer: x509.Certificate) -> x509.CertificateRevocationList | None:
    """Return the signer's one among them."""
    return next((one for one in found if is_of(one, signer)), None)


def holds(found: x509.CertificateRevocationList, certificate: x509.Certificate) -> bool:
    """Say whether the list, which is its issuer's, has the certificate."""
    return found.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None


def revokes(text: str, signers: Iterable[x509.Certificate], certificate: x509.Certificate) -> bool:
    """Say whether a list of one of the signers in the text has a certificate that this signer has issued."""
    found = lists(text) if text else []
    return any(is_of(one, signer) and holds(one, certificate) for signer in signers if _x509.issued(signer, certificate) for one in found)


def ends(found: x509.CertificateRevocationList) -> datetime.datetime:
    """Return its nextUpdate, after which whoever wants a list refuses all certificates of its CA."""
    end: datetime.datetime = _x509.moment(found, "next_update")
    return end


def is_due(found: x509.CertificateRevocationList, now: datetime.datetime) -> bool:
    """Say whether half of its time is over."""
    begins: datetime.datetime = _x509.moment(found, "last_update")
    return now > begins + (ends(found) - begins) / 2


def renewed(
    before: x509.CertificateRevocationList | None,
    signer: x509.Certificate,
    key: t.Any,
    revoke: Sequence[x509.Certificate],
    until: datetime.datetime,
    now: datetime.datetime,
) -> x509.CertificateRevocationList:
    """Return the signer's next list: all that its last one has, and what is to be revoked now."""
    number = 1
    builder = x509.CertificateRevocationListBuilder().issuer_name(signer.subject).last_update(now - _CLOCKS).next_update(until)
    for entry in before or ():
        builder = builder.add_revoked_certificate(entry)
    for certificate in revoke:
        added = x509.RevokedCertificateBuilder().serial_number(certificate.serial_number).revocation_date(now)
        builder = builder.add_revoked_certificate(added.build())
    if before is not None:
        number += before.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    identifier = _x509.extension(signer, x509.SubjectKeyIdentifier)
    authority = (
        x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
        if identifier is not None
        else x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())  # type: ignore[arg-type]
    )
    # RFC 5280, sections 5.2.1 and 5.2.3
    builder = builder.add_extension(authority, critical=False).add_extension(x509.CRLNumber(number), critical=False)
    digest = None if isinstance(key, (ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey)) else hashes.SHA256()
    return builder.sign(key, digest)


def pem(found: Iterable[x509.CertificateRevocationList]) -> str:
    """Return lists as every program reads them."""
    return "".join(one.public_bytes(serialization.Encoding.PEM).decode() for one in found)
