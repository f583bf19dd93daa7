# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Exception to reason: what the network, OpenSSL and HTTP raise, in the words of ``reasons.py``."""

from __future__ import annotations

import errno
import http.client
import re
import socket
import ssl
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Callable, Iterator, Sequence

from .._secrets import Secrets
from .certificate import Certificate
from .chain import require_sound, strict_findings
from .limits import MAX_BODY, TooMuch
from .peer import build_path
from .reasons import Problem

_ENDINGS = (ssl.SSLEOFError, ssl.SSLZeroReturnError)
_RESETS = (errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE, errno.ESHUTDOWN, errno.ENOTCONN)

# X509_V_ERR_*: https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/
_NO_ISSUER = (2, 20, 21)
_VERIFY = {
    9: "certificate_not_yet_valid",
    10: "certificate_expired",
    18: "self_signed_certificate",
    19: "untrusted_issuer",
    23: "certificate_revoked",
    26: "wrong_purpose",
    27: "untrusted_issuer",
    28: "wrong_purpose",
    47: "name_constraint_violation",
    48: "name_constraint_violation",
    49: "name_constraint_violation",
    50: "name_constraint_violation",
    51: "name_constraint_violation",
    52: "name_constraint_violation",
    53: "name_constraint_violation",
    62: "hostname_mismatch",
    64: "hostname_mismatch",
    66: "weak_key",
    67: "weak_key",
    68: "weak_signature",
}
# Alerts by which a server says what it thinks of a client certificate: RFC 8446 section 6.2
_CLIENT_ALERTS = (
    "ALERT_BAD_CERTIFICATE",
    "ALERT_UNSUPPORTED_CERTIFICATE",
    "ALERT_CERTIFICATE_REVOKED",
    "ALERT_CERTIFICATE_EXPIRED",
    "ALERT_CERTIFICATE_UNKNOWN",
    "ALERT_UNKNOWN_CA",
    "ALERT_DECRYPT_ERROR",
    "ALERT_ACCESS_DENIED",
)


@dataclass
class Scene:
    """What is known where something broke."""

    place: str  #: address and port, as a person reads it
    name: str  #: the name that was to be verified
    phase: str  #: connect, tls or http
    timeout: float
    late: bool  #: the deadline has passed
    server_hello: bool
    client_cert: bool
    min_tls_version: str
    trust: str  #: what is trusted, as a person reads it
    trusted: Callable[[], Sequence[Certificate]]
    chain: Sequence[Certificate]  #: as presented; empty if unknown
    version: str | None  #: TLS version that the other side would speak
    first_bytes: bytes
    is_tls: bool
    strict: bool  #: x509_strict
    alert: str  #: what ended a second look, if there was one
    secrets: Secrets
    proxy: str | None = None

    @property
    def next_hop(self) -> str:
        """What the connection was being opened to."""
        return f"the proxy {self.proxy}" if self.proxy and self.phase == "connect" else self.place


def chain_of(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and everything that it was raised from or carries as its reason, outermost first."""
    seen: list[BaseException] = []
    pending = [error]
    while pending:
        current = pending.pop(0)
        if current is None or any(current is old for old in seen):
            continue
        seen.append(current)
        yield current
        pending.append(current.__cause__)
        pending.extend(item for item in current.args if isinstance(item, BaseException))


def was_cut_off(error: BaseException) -> bool:
    """Whether the other side has ended the connection without a word."""
    for cause in chain_of(error):
        if isinstance(cause, (*_ENDINGS, http.client.RemoteDisconnected)):
            return True
        if isinstance(cause, OSError) and cause.errno in _RESETS:
            return True
    return False


def explain(error: BaseException, scene: Scene) -> Problem:
    """The one reason for a failure."""
    causes = list(chain_of(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _verification(cause, scene)
    if any(isinstance(cause, TooMuch) for cause in causes):
        return Problem("response_too_large", f"More than {MAX_BODY} bytes came back; reading stopped.")
    if scene.late or any(isinstance(cause, socket.timeout) for cause in causes):
        return _late(scene)
    for cause in causes:
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, _ENDINGS):
            return _handshake(cause, scene)
    if scene.phase == "tls" and not scene.is_tls:
        return _plaintext(scene)
    for cause in causes:
        if isinstance(cause, OSError):
            return _network(cause, scene)
    if any(isinstance(cause, http.client.RemoteDisconnected) for cause in causes):
        return _closed(scene)
    detail = " ".join(str(causes[-1]).split()) or type(causes[-1]).__name__
    return Problem("malformed_response", f"The answer is not valid HTTP: {scene.secrets.excerpt(detail, 120)}")


def _late(scene: Scene) -> Problem:
    if scene.phase == "http":
        return Problem("response_timeout", f"TLS was verified, but no whole answer came within {scene.timeout:g} s.")
    what = (
        "No connection to %s" if scene.phase == "connect" else "%s accepts connections, but finished no TLS handshake"
    )
    return Problem("connection_timeout", (what % scene.next_hop) + f" within {scene.timeout:g} s.")


def _closed(scene: Scene) -> Problem:
    alert = _normal(scene.alert)
    if "CERTIFICATE_REQUIRED" in alert or any(name in alert for name in _CLIENT_ALERTS):
        return _client_certificate(scene, alert)
    if scene.phase == "http":
        return Problem("connection_reset", f"{scene.place} closed the connection instead of answering.")
    return Problem("connection_reset", f"{scene.place} closed the connection during the TLS handshake.")


def _network(error: OSError, scene: Scene) -> Problem:
    place = scene.next_hop
    if isinstance(error, _ENDINGS) or error.errno in _RESETS:
        return _closed(scene)
    if error.errno == errno.ECONNREFUSED:
        return Problem("connection_refused", f"Nothing listens on {place}.")
    if error.errno == errno.ETIMEDOUT:
        return _late(scene)
    if scene.phase == "http":
        return _closed(scene)
    return Problem("unreachable", f"{place}: {error.strerror or error}.")


def _plaintext(scene: Scene) -> Problem:
    return Problem(
        "plaintext_service",
        f"{scene.place} answers a TLS greeting with {_shown(scene)}; wanted is TLS.",
    )


def _normal(reason: str) -> str:
    """OpenSSL's name of an error; its versions, and Python's, differ in case and in what joins the words."""
    return re.sub("[^A-Z0-9]+", "_", reason.upper())


def _shown(scene: Scene) -> str:
    return f'"{scene.secrets.excerpt(scene.first_bytes, 40)}"' if scene.first_bytes else "something else"


def _handshake(error: ssl.SSLError, scene: Scene) -> Problem:
    if not scene.is_tls:
        return _plaintext(scene)
    reason = _normal(error.reason or "")
    if "ALERT_PROTOCOL_VERSION" in reason or "UNSUPPORTED_PROTOCOL" in reason or "VERSION_TOO_LOW" in reason:
        return Problem(
            "tls_version_too_old",
            "{} offers {}; wanted is TLS {} or newer.".format(
                scene.place, scene.version or "no TLS version in common", scene.min_tls_version
            ),
        )
    if "UNRECOGNIZED_NAME" in reason:  # RFC 6066 section 3
        return Problem("hostname_mismatch", f"{scene.place} refuses the name {scene.name}: it serves no such name.")
    if "CERTIFICATE_REQUIRED" in reason or (
        "ALERT_HANDSHAKE_FAILURE" in reason and scene.server_hello and not scene.client_cert
    ):
        return _client_certificate(scene, reason)
    if any(alert in reason for alert in _CLIENT_ALERTS):
        return _client_certificate(scene, reason)
    if "ALERT_HANDSHAKE_FAILURE" in reason and scene.server_hello:
        return _client_certificate(scene, reason)
    text = reason.lower().replace("_", " ") or str(error)
    if scene.phase == "http":
        return Problem("connection_reset", f"TLS broke off while the answer was awaited: {text}.")
    if "EE_KEY_TOO_SMALL" in reason or "DH_KEY_TOO_SMALL" in reason:
        return Problem("weak_key", f"OpenSSL refuses the server's key: {text}.")
    if "WRONG_SIGNATURE_TYPE" in reason and scene.chain:
        text += f" ({scene.chain[0].key_type} key of {scene.chain[0].key_bits} bits)"
    return Problem("tls_handshake_failure", f"{scene.place}: {text}.")


def _client_certificate(scene: Scene, reason: str) -> Problem:
    alert = reason.partition("ALERT_")[2].lower().replace("_", " ") or reason.lower()
    if scene.client_cert:
        return Problem("client_certificate_rejected", f"{scene.place} refuses the client certificate: {alert}.")
    return Problem("client_certificate_required", f"{scene.place} wants a client certificate ({alert}).")


# Verification

# What X509_V_FLAG_PARTIAL_CHAIN does; for Java https://docs.oracle.com/javase/8/docs/api/java/security/cert/TrustAnchor.html
_OTHERS = (
    "curl, Java and Python 3.13 take any certificate there as the end of a chain; Python before 3.13 and others with "
    "OpenSSL's own defaults refuse it, as here."
)


def _verification(error: ssl.SSLCertVerificationError, scene: Scene) -> Problem:
    code = error.verify_code
    text = error.verify_message or str(error)
    if code in _NO_ISSUER:
        return _no_issuer(scene)
    reason = _VERIFY.get(code)
    if reason is None and "hostname" in str(error).lower():
        reason = "hostname_mismatch"
    if reason == "hostname_mismatch":
        return _name(scene)
    if reason in ("certificate_expired", "certificate_not_yet_valid"):
        return _date(reason, scene)
    leaf = scene.chain[0] if scene.chain else None
    if reason == "self_signed_certificate" and leaf is not None:
        return Problem(reason, f"{leaf.label} is signed by itself, and is not in {scene.trust}.")
    if reason == "untrusted_issuer" and scene.chain:
        top = build_path(scene.chain, ())[-1]
        return Problem(reason, f"The chain ends at {top.label}, which is not in {scene.trust}.")
    if code in (3, 11, 12):
        return Problem(
            "invalid_chain",
            f"Revocation cannot be told: {text}.",
            "crl_path must hold a current revocation list of every CA in the chain, the root included.",
        )
    return _named(reason or "invalid_chain", scene) or Problem(
        reason or "invalid_chain", f"{leaf.label if leaf is not None else scene.place}: {text}."
    )


def _named(reason: str, scene: Scene) -> Problem | None:
    """The same verdict from our own rules, which name the certificate that breaks them; OpenSSL's text does not."""
    steps = build_path(scene.chain, scene.trusted())
    try:
        require_sound(steps)
    except Problem as problem:
        return problem if problem.reason == reason else None
    findings = strict_findings(steps) if scene.strict else []
    return Problem(reason, "; ".join(findings) + ".") if findings and reason == "invalid_chain" else None


def _name(scene: Scene) -> Problem:
    if not scene.chain:
        return Problem("hostname_mismatch", f"The certificate is not for {scene.name}.")
    leaf = scene.chain[0]
    names = list(leaf.dns_names + leaf.ip_addresses)
    shown = ", ".join(names[:10]) + (", and %s more" % (len(names) - 10) if len(names) > 10 else "")
    if not names:
        shown = "no name at all (%s is only its subject, which identifies no server: RFC 9525)" % (
            leaf.subject or "nothing"
        )
    found = f"Asked for is {scene.name}; the certificate is for {shown}."
    label, _dot, parent = scene.name.lower().partition(".")
    if "_" in label and any(name.lower() == f"*.{parent}" for name in leaf.dns_names):
        # OpenSSL's wildcard_match(): https://github.com/openssl/openssl/blob/master/crypto/x509/v3_utl.c
        return Problem(
            "hostname_mismatch",
            f"{found} A wildcard stands for letters, digits and hyphens only, not for an underscore.",
            "Use a name without an underscore (RFC 1123), or a certificate that has this very name.",
        )
    return Problem("hostname_mismatch", found)


def _date(reason: str, scene: Scene) -> Problem:
    now = datetime.now(timezone.utc)
    for certificate in build_path(scene.chain, scene.trusted()):
        if reason == "certificate_expired" and certificate.not_after < now:
            days = -certificate.days_left(now)
            when = certificate.not_after.strftime("%Y-%m-%d %H:%M:%S UTC")
            return Problem(reason, f"{certificate.label} expired on {when}, {days - 1 if days else 0} days ago.")
        if reason == "certificate_not_yet_valid" and certificate.not_before > now:
            when = certificate.not_before.strftime("%Y-%m-%d %H:%M:%S UTC")
            clock = now.strftime("%Y-%m-%d %H:%M:%S UTC")
            return Problem(reason, f"{certificate.label} is valid from {when} on; the clock here says {clock}.")
    if reason == "certificate_expired":
        return Problem(reason, f"A CA certificate that the server does not send has expired (look in {scene.trust}).")
    return Problem(reason, f"A CA certificate that the server does not send is not valid yet (look in {scene.trust}).")


def _no_issuer(scene: Scene) -> Problem:
    """No issuer was found: the server forgot an intermediate, or its CA is simply not trusted.

    Only a certificate itself can tell which; what it says is weighed here, and the message names the issuer either way.
    """
    if not scene.chain:
        return Problem("untrusted_issuer", f"The issuer of the certificate is not in {scene.trust}.")
    leaf = scene.chain[0]
    top = build_path(scene.chain, ())[-1]
    trusted = scene.trusted()
    last = build_path(scene.chain, trusted)[-1]
    if not trusted:
        return Problem(
            "untrusted_issuer",
            f"{scene.trust} has no CA certificate in it; {leaf.label} is issued by {leaf.issuer}.",
            f"Put the root certificate above {leaf.label} into ca_path; the server's own is no end of a chain. {_OTHERS}",
        )
    if not last.self_issued and any(last.der == certificate.der for certificate in trusted):
        return Problem(
            "untrusted_issuer",
            f"{scene.trust} has the intermediate {last.label}, and not the root above it, {last.issuer}.",
            f"Put the root certificate {last.issuer} into ca_path. {_OTHERS}",
        )
    if top.self_issued:
        return Problem("untrusted_issuer", f"The chain ends at {top.label}, which is not in {scene.trust}.")
    if any(authority.subject_der == top.issuer_der for authority in trusted):
        return Problem(
            "untrusted_issuer",
            f"{top.label} is issued by another CA of the name {top.issuer} than the one in {scene.trust}.",
            "Compare the keys of both: the CA was probably made anew. Put the new one into ca_path.",
        )
    if top is leaf and _has_intermediate(leaf, trusted):
        return Problem(
            "missing_intermediate",
            f"The server sends only {leaf.label}; its issuer {leaf.issuer} is neither sent nor in {scene.trust}.",
        )
    return Problem(
        "untrusted_issuer",
        f"{top.label} is issued by {top.issuer}, which is not in {scene.trust}.",
        "Put the root certificate above it into ca_path; if that is there, the server does not send the whole chain.",
    )


def _has_intermediate(leaf: Certificate, trusted: Sequence[Certificate]) -> bool:
    """Whether the issuer of a leaf that came alone is itself issued by someone, by the signs that there are."""
    subjects = {authority.subject_der for authority in trusted}
    if any(issuer in subjects for issuer in leaf.authority_issuer_ders):
        return True  # it names the issuer of its issuer: RFC 5280 section 4.2.1.1
    if leaf.ca_issuers:
        return True  # an address to fetch the issuer from, which nobody needs for a root
    organizations = {name for authority in trusted for name in authority.organizations}
    return any(name in organizations for name in leaf.issuer_organizations)
