# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is asked of a chain that OpenSSL has verified, before any byte of HTTP is sent."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Sequence

from . import certificate as _certificate
from . import ocsp as _stapled
from .certificate import Certificate
from .chain import require_sound, strict_findings
from .options import Check
from .reasons import Problem
from .result import AddressReport
from .transport import ProxyRefused, Route, open_tcp

_STAPLE_AFTER = 2.0  # seconds to wait for a server that does not answer a ClientHello of TLS 1.2


def inspect(check: Check, address: AddressReport, route: Route, chain: Sequence[bytes]) -> None:
    """Notes the certificates and the warnings that they deserve.

    :raises Problem: the first thing that the chain fails
    """
    now = datetime.now(timezone.utc)
    try:
        certificates = [_certificate.read(der) for der in chain]
    except ValueError as error:
        raise Problem("invalid_chain", f"A certificate of the chain cannot be read: {error}.") from error
    address.certificates = certificates
    require_sound(certificates)
    _require_strict(check, certificates, address)
    _require_not_revoked(certificates[0], address, route)
    _require_pin(check, certificates)
    _require_days(check, certificates, address, now)


def _require_strict(check: Check, certificates: Sequence[Certificate], address: AddressReport) -> None:
    """Here too, because what OpenSSL itself refuses when it is strict has grown from 1.1.1 to 3."""
    findings = strict_findings(certificates)
    if findings and check.trust.x509_strict:
        raise Problem("invalid_chain", "; ".join(findings) + ".")
    if findings:
        address.warnings.append(f"Python 3.13 and newer refuse this chain by default (RFC 5280): {'; '.join(findings)}")


def _require_pin(check: Check, certificates: Sequence[Certificate]) -> None:
    if check.fingerprints and not any(certificate.fingerprint in check.fingerprints for certificate in certificates):
        leaf = certificates[0]
        raise Problem("pin_mismatch", f"{leaf.label} has {leaf.fingerprint}, which is none of the fingerprints.")


def _require_days(check: Check, certificates: Sequence[Certificate], address: AddressReport, now: datetime) -> None:
    first = min(certificates, key=lambda certificate: certificate.not_after)
    days = first.days_left(now)
    text = f"{first.label} has {days} days left, until {first.not_after:%Y-%m-%d}"
    if days < check.min_days_valid:
        raise Problem("certificate_expires_soon", f"{text}; wanted {check.min_days_valid}.")
    if days < check.warn_days_valid:
        address.warnings.append(text + ".")


def _require_not_revoked(leaf: Certificate, address: AddressReport, route: Route) -> None:
    """Only where the certificate says that there is a responder whose answer could be stapled."""
    if not leaf.ocsp_responders and not leaf.must_staple:
        return
    try:
        sock = open_tcp(route)
    except (OSError, ProxyRefused):
        return
    sock.settimeout(min(route.left / 2, _STAPLE_AFTER))
    stapled = _stapled.ask(sock, route.name)
    try:
        if stapled.response is not None and _stapled.revoked(stapled.response, leaf.serial):
            raise Problem("certificate_revoked", f"{leaf.label} is revoked, by the stapled OCSP answer.")
    except ValueError:
        address.warnings.append(f"The stapled OCSP answer for {leaf.label} cannot be read.")
    if leaf.must_staple and stapled.response is None:
        why = "none is sent" if stapled.answered else "with TLS 1.3 alone it cannot be looked at"
        address.warnings.append(f"{leaf.label} demands a stapled OCSP answer (RFC 7633), and {why}.")
