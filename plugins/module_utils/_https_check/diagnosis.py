# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Exception to reason: what the network, OpenSSL and HTTP raise, in the words of ``reasons.py``."""

from __future__ import annotations

import errno
import http.client
import re
import socket
import ssl
from datetime import datetime, timezone
from typing import Iterator, NamedTuple, Sequence

from .certificate import Certificate, read_all
from .chain import require_sound, strict_findings
from .connection import HandshakeFailed, ProxyRefused, Route, open_tcp
from .diagnostic_handshake import Presented, look
from .endpoint import place_of
from .limits import MAX_BODY, Deadline, TooMuch
from .options import Target
from .peer import build_path
from .reasons import CheckFailed, Verdict

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


_UNREACHED = "Look at the proxy's log: it got no connection to the endpoint; is that up, and may the proxy reach it?"
_PROXY_HINTS = {
    0: "Look at the proxy's log, and whether it may open tunnels (CONNECT) to that host and port.",
    407: "The proxy, not Elasticsearch, wants a login, and https_check sends it none: let this host through without one.",
    502: _UNREACHED,
    503: _UNREACHED,
    504: _UNREACHED,
}
# How long to wait for a word of why a connection was cut off, seconds.
_ALERT_AFTER = 1.0


class Scene(NamedTuple):
    """What is known where something broke."""

    target: Target
    place: str  #: address and port, as a person reads it
    phase: str  #: connect, tls or http
    late: bool  #: the deadline has passed
    agreed: bool  #: on a cipher
    context: ssl.SSLContext
    seen: Presented
    chain: Sequence[Certificate]  #: as presented; empty if unknown

    @property
    def trusted(self) -> Sequence[Certificate]:
        return read_all(self.context.get_ca_certs(binary_form=True))

    @property
    def has_client_cert(self) -> bool:
        return self.target.trust.client_cert is not None

    @property
    def next_hop(self) -> str:
        """What the connection was being opened to."""
        return f"the proxy {place_of(*self.target.proxy)}" if self.target.proxy and self.phase == "connect" else self.place


def diagnose(
    error: Exception, target: Target, place: str, phase: str, route: Route, context: ssl.SSLContext, deadline: Deadline
) -> tuple[Verdict, list[Certificate]]:
    """The one reason for a failure, and the certificates that the other side has sent, if a second look was of use."""
    late = deadline.has_passed
    causes = list(chain_of(error))
    for cause in causes:
        if isinstance(cause, ProxyRefused) and not late:
            text = f"The proxy {place_of(*(target.proxy or ('', 0)))} opens no tunnel to {route.tunnel}: {cause}."
            return Verdict("bad_gateway", text, _PROXY_HINTS.get(cause.status, _PROXY_HINTS[0])), []
    seen = Presented()
    if not late and (phase == "tls" or (phase == "http" and was_cut_off(error))):
        seen = _look(target, phase, route, deadline)
    agreed = phase == "http" or any(isinstance(cause, HandshakeFailed) and cause.agreed for cause in causes)
    chain = read_all(seen.chain)
    return explain(error, Scene(target, place, phase, late, agreed, context, seen, chain)), chain


def _look(target: Target, phase: str, route: Route, deadline: Deadline) -> Presented:
    await_alert = phase == "http"
    try:
        sock = open_tcp(route, deadline)
    except (OSError, ProxyRefused):
        return Presented()
    return look(sock, target.name, deadline.within(_ALERT_AFTER) if await_alert else deadline, await_alert)


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


def explain(error: BaseException, scene: Scene) -> Verdict:
    """The one reason for a failure."""
    causes = list(chain_of(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _verification(cause, scene)
    if any(isinstance(cause, TooMuch) for cause in causes):
        return Verdict("response_too_large", f"More than {MAX_BODY} bytes came back; reading stopped.")
    if scene.late or any(isinstance(cause, socket.timeout) for cause in causes):
        return _late(scene)
    for cause in causes:
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, _ENDINGS):
            return _handshake(cause, scene)
    if scene.phase == "tls" and not scene.seen.is_tls:
        return _plaintext(scene)
    for cause in causes:
        if isinstance(cause, OSError):
            return _network(cause, scene)
    if any(isinstance(cause, http.client.RemoteDisconnected) for cause in causes):
        return _closed(scene)
    detail = " ".join(str(causes[-1]).split()) or type(causes[-1]).__name__
    return Verdict("malformed_response", f"The answer is not valid HTTP: {scene.target.secrets.excerpt(detail, 120)}")


def _late(scene: Scene) -> Verdict:
    if scene.phase == "http":
        return Verdict("response_timeout", f"TLS was verified, but no whole answer came within {scene.target.timeout:g} s.")
    what = (
        "No connection to %s" if scene.phase == "connect" else "%s accepts connections, but finished no TLS handshake"
    )
    return Verdict("connection_timeout", (what % scene.next_hop) + f" within {scene.target.timeout:g} s.")


def _closed(scene: Scene) -> Verdict:
    alert = _normal(scene.seen.alert)
    if "CERTIFICATE_REQUIRED" in alert or any(name in alert for name in _CLIENT_ALERTS):
        return _client_certificate(scene, alert)
    if scene.phase == "http":
        return Verdict("connection_reset", f"{scene.place} closed the connection instead of answering.")
    return Verdict("connection_reset", f"{scene.place} closed the connection during the TLS handshake.")


def _network(error: OSError, scene: Scene) -> Verdict:
    place = scene.next_hop
    if isinstance(error, _ENDINGS) or error.errno in _RESETS:
        return _closed(scene)
    if error.errno == errno.ECONNREFUSED:
        return Verdict("connection_refused", f"Nothing listens on {place}.")
    if error.errno == errno.ETIMEDOUT:
        return _late(scene)
    if scene.phase == "http":
        return _closed(scene)
    return Verdict("unreachable", f"{place}: {error.strerror or error}.")


def _plaintext(scene: Scene) -> Verdict:
    return Verdict(
        "plaintext_service",
        f"{scene.place} answers a TLS greeting with {_shown(scene)}; wanted is TLS.",
    )


def _normal(reason: str) -> str:
    """OpenSSL's name of an error; its versions, and Python's, differ in case and in what joins the words."""
    return re.sub("[^A-Z0-9]+", "_", reason.upper())


def _shown(scene: Scene) -> str:
    return f'"{scene.target.secrets.excerpt(scene.seen.first_bytes, 40)}"' if scene.seen.first_bytes else "something else"


def _handshake(error: ssl.SSLError, scene: Scene) -> Verdict:
    if not scene.seen.is_tls:
        return _plaintext(scene)
    reason = _normal(error.reason or "")
    if "ALERT_PROTOCOL_VERSION" in reason or "UNSUPPORTED_PROTOCOL" in reason or "VERSION_TOO_LOW" in reason:
        return Verdict(
            "tls_version_too_old",
            "{} offers {}; wanted is TLS {} or newer.".format(
                scene.place, scene.seen.version or "no TLS version in common", scene.target.trust.min_tls_version
            ),
        )
    if "UNRECOGNIZED_NAME" in reason:  # RFC 6066 section 3
        return Verdict("hostname_mismatch", f"{scene.place} refuses the name {scene.target.name}: it serves no such name.")
    if "CERTIFICATE_REQUIRED" in reason or (
        "ALERT_HANDSHAKE_FAILURE" in reason and scene.agreed and not scene.has_client_cert
    ):
        return _client_certificate(scene, reason)
    if any(alert in reason for alert in _CLIENT_ALERTS):
        return _client_certificate(scene, reason)
    if "ALERT_HANDSHAKE_FAILURE" in reason and scene.agreed:
        return _client_certificate(scene, reason)
    text = reason.lower().replace("_", " ") or str(error)
    if scene.phase == "http":
        return Verdict("connection_reset", f"TLS broke off while the answer was awaited: {text}.")
    if "EE_KEY_TOO_SMALL" in reason or "DH_KEY_TOO_SMALL" in reason:
        return Verdict("weak_key", f"OpenSSL refuses the server's key: {text}.")
    if "WRONG_SIGNATURE_TYPE" in reason and scene.chain:
        text += f" ({scene.chain[0].key_type} key of {scene.chain[0].key_bits} bits)"
    return Verdict("tls_handshake_failure", f"{scene.place}: {text}.")


def _client_certificate(scene: Scene, reason: str) -> Verdict:
    alert = reason.partition("ALERT_")[2].lower().replace("_", " ") or reason.lower()
    if scene.has_client_cert:
        return Verdict("client_certificate_rejected", f"{scene.place} refuses the client certificate: {alert}.")
    return Verdict("client_certificate_required", f"{scene.place} wants a client certificate ({alert}).")


# Verification

# What X509_V_FLAG_PARTIAL_CHAIN does; for Java https://docs.oracle.com/javase/8/docs/api/java/security/cert/TrustAnchor.html
_OTHERS = (
    "curl, Java and Python 3.13 take any certificate there as the end of a chain; Python before 3.13 and others with "
    "OpenSSL's own defaults refuse it, as here."
)


def _verification(error: ssl.SSLCertVerificationError, scene: Scene) -> Verdict:
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
        return Verdict(reason, f"{leaf.label} is signed by itself, and is not in {scene.target.trusted}.")
    if reason == "untrusted_issuer" and scene.chain:
        top = build_path(scene.chain, ())[-1]
        return Verdict(reason, f"The chain ends at {top.label}, which is not in {scene.target.trusted}.")
    if code in (3, 11, 12):
        return Verdict(
            "invalid_chain",
            f"Revocation cannot be told: {text}.",
            "crl_path or crl_content must hold a current revocation list of every CA in the chain, the root included.",
        )
    return _named(reason or "invalid_chain", scene) or Verdict(
        reason or "invalid_chain", f"{leaf.label if leaf is not None else scene.place}: {text}."
    )


def _named(reason: str, scene: Scene) -> Verdict | None:
    """The same verdict from our own rules, which name the certificate that breaks them; OpenSSL's text does not."""
    steps = build_path(scene.chain, scene.trusted)
    try:
        require_sound(steps)
    except CheckFailed as failed:
        return failed.verdict if failed.verdict.reason == reason else None
    findings = strict_findings(steps) if scene.target.trust.x509_strict else []
    return Verdict(reason, "; ".join(findings) + ".") if findings and reason == "invalid_chain" else None


def _name(scene: Scene) -> Verdict:
    if not scene.chain:
        return Verdict("hostname_mismatch", f"The certificate is not for {scene.target.name}.")
    leaf = scene.chain[0]
    names = list(leaf.dns_names + leaf.ip_addresses)
    shown = ", ".join(names[:10]) + (", and %s more" % (len(names) - 10) if len(names) > 10 else "")
    if not names:
        shown = "no name at all (%s is only its subject, which identifies no server: RFC 9525)" % (
            leaf.subject or "nothing"
        )
    found = f"The certificate is valid for {shown}, not for {scene.target.name}."
    label, _dot, parent = scene.target.name.lower().partition(".")
    if "_" in label and any(name.lower() == f"*.{parent}" for name in leaf.dns_names):
        # OpenSSL's wildcard_match(): https://github.com/openssl/openssl/blob/master/crypto/x509/v3_utl.c
        return Verdict(
            "hostname_mismatch",
            f"{found} A wildcard stands for letters, digits and hyphens only, not for an underscore.",
            "Use a name without an underscore (RFC 1123), or a certificate that has this very name.",
        )
    return Verdict("hostname_mismatch", found)


def _date(reason: str, scene: Scene) -> Verdict:
    now = datetime.now(timezone.utc)
    for certificate in build_path(scene.chain, scene.trusted):
        if reason == "certificate_expired" and certificate.not_after < now:
            days = -certificate.days_left(now)
            when = certificate.not_after.strftime("%Y-%m-%d %H:%M:%S UTC")
            return Verdict(reason, f"{certificate.label} expired on {when}, {days - 1 if days else 0} days ago.")
        if reason == "certificate_not_yet_valid" and certificate.not_before > now:
            when = certificate.not_before.strftime("%Y-%m-%d %H:%M:%S UTC")
            clock = now.strftime("%Y-%m-%d %H:%M:%S UTC")
            return Verdict(reason, f"{certificate.label} is valid from {when} on; the clock here says {clock}.")
    if reason == "certificate_expired":
        return Verdict(reason, f"A CA certificate that the server does not send has expired (look in {scene.target.trusted}).")
    return Verdict(reason, f"A CA certificate that the server does not send is not valid yet (look in {scene.target.trusted}).")


def _no_issuer(scene: Scene) -> Verdict:
    """No issuer was found: the server forgot an intermediate, or its CA is simply not trusted.

    Only a certificate itself can tell which; what it says is weighed here, and the message names the issuer either way.
    """
    if not scene.chain:
        return Verdict("untrusted_issuer", f"The issuer of the certificate is not in {scene.target.trusted}.")
    leaf = scene.chain[0]
    top = build_path(scene.chain, ())[-1]
    trusted = scene.trusted
    last = build_path(scene.chain, trusted)[-1]
    if not trusted:
        return Verdict(
            "untrusted_issuer",
            f"{scene.target.trusted} has no CA certificate in it; {leaf.label} is issued by {leaf.issuer}.",
            f"Put the root certificate above {leaf.label} into ca_path; the server's own is no end of a chain. {_OTHERS}",
        )
    if not last.self_issued and any(last.der == certificate.der for certificate in trusted):
        return Verdict(
            "untrusted_issuer",
            f"{scene.target.trusted} has the intermediate {last.label}, and not the root above it, {last.issuer}.",
            f"Put the root certificate {last.issuer} into ca_path. {_OTHERS}",
        )
    if top.self_issued:
        return Verdict("untrusted_issuer", f"The chain ends at {top.label}, which is not in {scene.target.trusted}.")
    if any(authority.parsed.subject == top.parsed.issuer for authority in trusted):
        return Verdict(
            "untrusted_issuer",
            f"{top.label} is issued by another CA of the name {top.issuer} than the one in {scene.target.trusted}.",
            "Compare the keys of both: the CA was probably made anew. Put the new one into ca_path.",
        )
    if top is leaf and _has_intermediate(leaf, trusted):
        return Verdict(
            "missing_intermediate",
            f"The server sends only {leaf.label}; its issuer {leaf.issuer} is neither sent nor in {scene.target.trusted}.",
        )
    return Verdict(
        "untrusted_issuer",
        f"{top.label} is issued by {top.issuer}, which is not in {scene.target.trusted}.",
        "Put the root certificate above it into ca_path; if that is there, the server does not send the whole chain.",
    )


def _has_intermediate(leaf: Certificate, trusted: Sequence[Certificate]) -> bool:
    """Whether the issuer of a leaf that came alone is itself issued by someone, by the signs that there are."""
    if any(issuer == authority.parsed.subject for issuer in leaf.authority_issuers for authority in trusted):
        return True  # it names the issuer of its issuer: RFC 5280 section 4.2.1.1
    if leaf.ca_issuers:
        return True  # an address to fetch the issuer from, which nobody needs for a root
    return any(authority.organizations & leaf.issuer_organizations for authority in trusted)
