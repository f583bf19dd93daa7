# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The reasons: every answer that ``https_check`` can give, with its cause and its cure.

The codes are a stable interface. ``docs/reasons.md`` is made from this table.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """One possible verdict: what broke, in one line, and what to do about it."""

    code: str
    cause: str
    cure: str


_TABLE = (
    Reason("ok", "Every check that was asked for has passed.", "Nothing to do."),
    # The text that was given
    Reason(
        "invalid_url",
        "The endpoint is not a usable https address.",
        "Write it as https://host[:port][/path], without user name, query or fragment.",
    ),
    Reason(
        "plaintext_url",
        "The endpoint asks for http, which is neither encrypted nor verified.",
        "Write https:// and the port that serves TLS.",
    ),
    # The way there
    Reason(
        "dns_failure",
        "The name could not be resolved to an address.",
        "Correct the name or its DNS records, or give the address with connect_to.",
    ),
    Reason(
        "connection_refused",
        "The host answers, but nothing listens on that port.",
        "Start the service, or correct the port.",
    ),
    Reason(
        "connection_timeout",
        "No connection, or no finished TLS handshake, within the time allowed.",
        "Look for a firewall that drops packets, or a service that hangs; raise timeout if it is only slow.",
    ),
    Reason(
        "connection_reset",
        "The connection was opened and then closed by the other side.",
        "Read the log of the server, and of any load balancer or firewall in between.",
    ),
    Reason(
        "unreachable",
        "The network has no way to that address, or it cannot be told from here whether its ports are closed.",
        "Look at routes and firewalls; without IPv6 here, a name with an AAAA record cannot pass all_addresses. Ask about "
        "ports from a host that the address answers.",
    ),
    # TLS
    Reason(
        "plaintext_service",
        "The port answers, but does not speak TLS.",
        "Turn TLS on there, or use the port that has it.",
    ),
    Reason(
        "tls_version_too_old",
        "The server offers only TLS versions older than min_tls_version.",
        "Enable TLS 1.2 or 1.3 on the server.",
    ),
    Reason(
        "tls_handshake_failure",
        "The TLS handshake failed for another reason than the certificate.",
        "Compare cipher suites and curves of both sides.",
    ),
    Reason(
        "client_certificate_required",
        "The server wants a client certificate, and none was given.",
        "Give client_cert and client_key.",
    ),
    Reason(
        "client_certificate_rejected",
        "The server does not accept the client certificate.",
        "Use a certificate that is in date and signed by a CA that the server trusts.",
    ),
    # The certificate
    Reason("certificate_expired", "A certificate of the chain has expired.", "Renew it and reload the server."),
    Reason(
        "certificate_not_yet_valid",
        "A certificate of the chain is not valid yet.",
        "Compare the clocks of this host and of the issuer.",
    ),
    Reason(
        "hostname_mismatch",
        "The certificate is for other names than the one asked for, or the server refuses that name.",
        "Use a name that is served (or server_name), or serve this one, with it in the subjectAltName.",
    ),
    Reason(
        "self_signed_certificate",
        "The certificate is signed by itself, and is not among the trusted ones.",
        "Give the server a certificate of a CA, or put this one into ca_path.",
    ),
    Reason(
        "untrusted_issuer",
        "The chain ends at a CA that is not trusted here.",
        "Put the root certificate of that CA into ca_path, or issue the certificate from a trusted CA.",
    ),
    Reason(
        "missing_intermediate",
        "The server does not send the intermediate certificate that links its own to a trusted CA.",
        "Serve the full chain: certificate first, then each intermediate.",
    ),
    Reason("certificate_revoked", "A certificate of the chain has been revoked.", "Issue a new one with a new key."),
    Reason(
        "wrong_purpose",
        "The certificate is not meant for a server.",
        "Issue one with extended key usage serverAuth that is not a CA certificate.",
    ),
    Reason(
        "weak_key",
        "A key of the chain is too short.",
        "Use RSA of 2048 bits or more, an elliptic curve of 256 bits or more, or Ed25519.",
    ),
    Reason(
        "weak_signature",
        "A certificate of the chain is signed with a broken hash.",
        "Sign it anew with SHA-256 or better.",
    ),
    Reason(
        "name_constraint_violation",
        "A CA of the chain is not allowed to issue for this name.",
        "Issue the certificate from a CA whose name constraints permit it.",
    ),
    Reason(
        "invalid_chain",
        "The chain breaks a rule that is neither date, name, trust nor purpose.",
        "Issue the named certificate anew; the message says which rule it breaks.",
    ),
    Reason(
        "pin_mismatch",
        "The chain verifies, but none of its certificates has a pinned fingerprint.",
        "Expected after a renewal: update fingerprints. Otherwise find out who issued this certificate.",
    ),
    Reason(
        "certificate_expires_soon",
        "Fewer days are left than min_days_valid asks for.",
        "Renew the certificate and reload the server; look at why it was not renewed by itself.",
    ),
    # HTTP
    Reason(
        "http_redirect",
        "The server answers with a redirect, which is never followed.",
        "Check the address that it points to, if that is https; otherwise fix the proxy's configuration.",
    ),
    Reason(
        "http_unauthorized",
        "TLS is verified, but the request was not authenticated.",
        "Give api_key, bearer_token, or url_username and url_password that are valid there.",
    ),
    Reason(
        "http_forbidden",
        "TLS is verified, but the request is not allowed.",
        "Give the user the cluster privilege monitor, or admit this host's address in the access list of the front.",
    ),
    Reason("http_not_found", "TLS is verified, but nothing is at this path.", "Correct the path of the endpoint."),
    Reason(
        "bad_gateway",
        "A proxy answers, but opens no way to what is behind it, or gets no answer from there.",
        "Look whether Elasticsearch runs, which address the proxy sends requests to, and whom the proxy lets through.",
    ),
    Reason("http_error", "The server answers with an unexpected status.", "Read the log of the server."),
    Reason(
        "response_timeout",
        "The TLS handshake passed, but no whole answer came within the time allowed.",
        "Look at the load of the server; raise timeout if it is only slow.",
    ),
    Reason(
        "response_too_large",
        "The answer is larger than any of Elasticsearch's to this question.",
        "Look at what really answers there.",
    ),
    Reason(
        "malformed_response",
        "What came back is not a whole, valid HTTP answer.",
        "Look at what really answers there; a proxy in between may be broken.",
    ),
    # What is behind it
    Reason(
        "not_elasticsearch",
        "A valid answer, but not that of Elasticsearch or OpenSearch, or of Kibana or OpenSearch Dashboards where these are asked for.",
        "Correct host, port and path; the message shows what answered.",
    ),
    Reason(
        "cluster_mismatch",
        "It is another cluster than the one expected.",
        "Look at where name, load balancer and front lead to, and at whether the node has joined its cluster.",
    ),
    Reason(
        "cluster_unhealthy",
        "The cluster's health is worse than min_status, or is not known.",
        "Look at _cluster/health and the log of the elected master; retry_for waits while a cluster starts.",
    ),
    Reason(
        "version_mismatch",
        "The product, or its version, is not the one asked for.",
        "Upgrade, or correct the expectation.",
    ),
    Reason(
        "port_open",
        "A port that must be closed answers from this host.",
        "Close it in the host's firewall and in the cloud's.",
    ),
)

REASONS = {reason.code: reason for reason in _TABLE}


@dataclass(frozen=True)
class Verdict:
    """The one answer for an endpoint, or for one of its addresses.

    :param reason: a key of ``REASONS``
    :param message: what was found and what was wanted, in one line
    :param hint: what to do; by default the cure of the reason
    """

    reason: str
    message: str
    hint: str = ""

    def __post_init__(self) -> None:
        cure = REASONS[self.reason].cure
        object.__setattr__(self, "hint", self.hint or cure)

    @property
    def ok(self) -> bool:
        return self.reason == "ok"


OK = Verdict("ok", "Verified.")
NOT_TRIED = Verdict("unreachable", "It was not tried.")


class CheckFailed(Exception):
    """A step has ended the check: the first thing that broke on the way to an endpoint. Its parameters are those of the verdict."""

    def __init__(self, reason: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.verdict = Verdict(reason, message, hint)


class InvalidOption(ValueError):
    """An option is wrong; the text names it, its place and what is wanted, and never its value."""
