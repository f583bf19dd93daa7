# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Rules on a chain that OpenSSL has verified: what it accepts and should not, what it will refuse when strict, what is asked besides."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Sequence

from .certificate import Certificate, read
from .options import Target
from .reasons import CheckFailed

# NIST SP 800-57 part 1, table 2: 112 bits of security
_LEAST_BITS = {"RSA": 2048, "DSA": 2048, "EC": 224}
_BROKEN_HASHES = ("md2", "md5", "sha1")


def read_chain(ders: Sequence[bytes]) -> list[Certificate]:
    """:raises CheckFailed: one of them cannot be read, and so cannot be judged"""
    try:
        return [read(der) for der in ders]
    except ValueError as error:
        raise CheckFailed("invalid_chain", f"A certificate of the chain cannot be read: {error}.") from error


def check_chain(chain: Sequence[Certificate], target: Target) -> list[str]:
    """The warnings that a chain deserves.

    :param chain: leaf first, trust anchor last
    :raises CheckFailed: the first rule that it breaks
    """
    require_sound(chain)
    findings = strict_findings(chain)
    # here too, because what OpenSSL itself refuses when it is strict has grown from 1.1.1 to 3
    if findings and target.trust.x509_strict:
        raise CheckFailed("invalid_chain", "; ".join(findings) + ".")
    return [f"Python 3.13 and newer refuse this chain by default (RFC 5280): {'; '.join(findings)}"] if findings else []


def check_expectations(chain: Sequence[Certificate], target: Target) -> list[str]:
    """Likewise for what the task asks of it: fingerprints and days."""
    leaf = chain[0]
    if target.fingerprints and not any(certificate.fingerprint in target.fingerprints for certificate in chain):
        raise CheckFailed("pin_mismatch", f"{leaf.label} has {leaf.fingerprint}, which is none of the fingerprints.")
    first = min(chain, key=lambda certificate: certificate.not_after)
    days = first.days_left(datetime.now(timezone.utc))
    if days >= max(target.min_days_valid, target.warn_days_valid):
        return []
    text = f"{first.label} has {days} days left, until {first.not_after:%Y-%m-%d}"
    if days < target.min_days_valid:
        raise CheckFailed("certificate_expires_soon", f"{text}; wanted {target.min_days_valid}.")
    return [text + "."]


def require_sound(chain: Sequence[Certificate]) -> None:
    """:raises CheckFailed: the first rule that the chain breaks"""
    if not chain:
        raise CheckFailed("invalid_chain", "The server has shown no certificate.")
    leaf, authorities = chain[0], chain[1:]
    if leaf.is_ca:
        raise CheckFailed(
            "wrong_purpose",
            f"The server shows the CA certificate {leaf.label} as its own: its key could issue any other.",
        )
    for certificate in chain:
        _require_strong_key(certificate)
    for certificate in chain:
        _require_strong_signature(certificate)
    for authority in authorities:
        _require_names_within(leaf, authority)


def _require_strong_key(certificate: Certificate) -> None:
    least = _LEAST_BITS.get(certificate.key_type, 0)
    if certificate.key_bits < least:
        raise CheckFailed(
            "weak_key",
            f"{certificate.label} has a key of {certificate.key_bits} bits ({certificate.key_type}); at least {least} are required.",
        )


def _require_strong_signature(certificate: Certificate) -> None:
    if certificate.self_issued:
        return  # a root is trusted for being in the store; its own signature proves nothing
    if any(broken in certificate.signature.lower().replace("-", "") for broken in _BROKEN_HASHES):
        raise CheckFailed("weak_signature", f"{certificate.label} is signed with {certificate.signature}.")


def _require_names_within(leaf: Certificate, authority: Certificate) -> None:
    """A wildcard can stand for a name that the CA must not issue for; OpenSSL compares only the text after the star.

    RFC 5280 section 4.2.1.10
    """
    for pattern in leaf.dns_names:
        star, _dot, parent = pattern.lower().partition(".")
        for excluded in authority.excluded_dns:
            if star == "*" and excluded.partition(".")[2] == parent and not excluded.startswith("."):
                raise CheckFailed(
                    "name_constraint_violation",
                    f"{authority.label} may not issue for {excluded}, and {pattern} stands for it too.",
                )


def strict_findings(chain: Sequence[Certificate]) -> list[str]:
    """What X509_V_FLAG_X509_STRICT, a default of Python 3.13 and newer, refuses in a chain that verifies without it.

    https://docs.openssl.org/3.0/man1/openssl-verification-options/#certificate-extensions
    """
    found = []
    for certificate in chain:
        for defect in _strict_defects(certificate, certificate is chain[-1]):
            found.append(f"{certificate.label}: {defect}")
    return found


def _strict_defects(certificate: Certificate, is_anchor: bool) -> list[str]:
    defects = []
    if certificate.is_ca:
        if certificate.signs_certificates is None:
            defects.append("a CA certificate without keyUsage")
        if not certificate.basic_constraints_critical:
            defects.append("basicConstraints of a CA certificate not marked critical")
        if certificate.subject_key_id is None:
            defects.append("a CA certificate without subjectKeyIdentifier")
    elif certificate.signs_certificates:
        defects.append("keyCertSign on a certificate that is not a CA's")
    if certificate.authority_key_id is None and not (is_anchor and certificate.self_issued):
        defects.append("no authorityKeyIdentifier")
    if not certificate.subject and certificate.san_critical is False:
        defects.append("an empty subject with a subjectAltName not marked critical")
    return defects
