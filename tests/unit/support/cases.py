# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""One table for tests and documentation: for each reason, what provokes it for real.

A case yields the endpoint to check and the options that differ from the defaults. Its docstring stands in
``docs/reasons.md``. ``says`` lists what the message must name, ``hint`` what the hint must.
"""

from __future__ import annotations

import contextlib
import gzip
import ssl
import warnings
from typing import Any, Callable, Iterator, NamedTuple, Tuple

from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki, servers
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.lab import Lab
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.servers import (
    ROOT,
    answering,
    elasticsearch,
    response,
)
from cryptography import x509

Scene = Iterator[Tuple[Any, dict]]  # type: ignore[type-arg]


class Case(NamedTuple):
    reason: str
    name: str
    text: str
    says: tuple[str, ...]
    hint: str  #: what its hint must name
    scene: Callable[[Lab], Any]


CASES: list[Case] = []

#: what needs more than a server; test_resolve.py has it
ELSEWHERE = {"dns_failure": ["A name that does not exist, or a resolver without an answer."]}


def case(reason: str, *says: str, hint: str = "") -> Callable[[Callable[[Lab], Scene]], None]:
    def add(function: Callable[[Lab], Scene]) -> None:
        text = " ".join((function.__doc__ or "").split())
        CASES.append(Case(reason, function.__name__, text, says, hint, contextlib.contextmanager(function)))

    return add


def versions(name: str) -> tuple[ssl.TLSVersion, ssl.TLSVersion]:
    version = getattr(ssl.TLSVersion, name)
    return version, version


@case("ok")
def a_good_node(lab: Lab) -> Scene:
    """A node of Elasticsearch with a chain of leaf and intermediate below a trusted root."""
    with lab.serving() as server:
        yield server.url, {"ca_path": lab.ca_path, "min_status": "green", "closed_ports": [servers.closed_port()]}


# The text


@case("invalid_url", "user name")
def a_user_name_in_the_url(lab: Lab) -> Scene:
    """A user name and password in the URL."""
    yield "https://elastic:changeme@localhost:9200", {}


@case("invalid_url", "ftp")
def another_scheme(lab: Lab) -> Scene:
    """A scheme that is neither http nor https."""
    yield "ftp://localhost", {}


@case("plaintext_url", "http://localhost:9200")
def an_http_url(lab: Lab) -> Scene:
    """A URL that begins with http://."""
    yield "http://localhost:9200", {}


# The way there


@case("connection_refused", "127.0.0.1:")
def nothing_listens(lab: Lab) -> Scene:
    """A port on which nothing listens."""
    yield f"https://127.0.0.1:{servers.closed_port()}", {"ca_path": lab.ca_path}


@case("connection_timeout", "No connection", "1 s")
def packets_are_dropped(lab: Lab) -> Scene:
    """A port that drops packets."""
    with servers.black_hole() as port:
        yield f"https://127.0.0.1:{port}", {"ca_path": lab.ca_path, "timeout": 1}


@case("connection_timeout", "handshake", "1 s")
def silence_after_accept(lab: Lab) -> Scene:
    """A service that accepts the connection and then says nothing."""
    with servers.listening(servers.silent) as server:
        yield server.url, {"ca_path": lab.ca_path, "timeout": 1}


@case("connection_reset", "127.0.0.1:")
def reset_at_once(lab: Lab) -> Scene:
    """A service that resets the connection before TLS."""
    with servers.listening(servers.resetting) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("connection_reset", "instead of answering")
def closed_instead_of_an_answer(lab: Lab) -> Scene:
    """A server that closes the connection after the request."""
    with lab.serving(handler=servers.read_request) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("unreachable", "255.255.255.255")
def no_route(lab: Lab) -> Scene:
    """An address that the network cannot lead to."""
    yield {"url": "https://localhost", "connect_to": "255.255.255.255"}, {"ca_path": lab.ca_path}


# TLS


@case("plaintext_service", "HTTP/1.1 400")
def http_on_the_port(lab: Lab) -> Scene:
    """Elasticsearch without TLS."""
    with servers.listening(_plain_http) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("plaintext_service", "SSH-2.0")
def another_service(lab: Lab) -> Scene:
    """A service that greets first, such as SSH."""
    with servers.listening(_banner) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("tls_version_too_old", "TLSv1.1", "1.2")
def only_tls_1_1(lab: Lab) -> Scene:
    """A server that speaks TLS 1.1 at most."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        serving = lab.serving(versions=versions("TLSv1_1"))
        with serving as server:
            yield server.url, {"ca_path": lab.ca_path}


@case("tls_version_too_old", "TLSv1.2", "1.3")
def tls_1_2_where_1_3_is_wanted(lab: Lab) -> Scene:
    """A server that speaks TLS 1.2 at most, where min_tls_version is 1.3."""
    with lab.serving(versions=versions("TLSv1_2")) as server:
        yield server.url, {"ca_path": lab.ca_path, "min_tls_version": "1.3"}


@case("tls_handshake_failure", "handshake failure")
def no_common_cipher(lab: Lab) -> Scene:
    """A server whose only cipher suite has no forward secrecy."""
    issued = pki.issue("es1", lab.root, key=pki.rsa_key())
    with lab.serving(issued, versions=versions("TLSv1_2"), ciphers="AES128-SHA") as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("client_certificate_required", "client certificate")
def no_client_certificate_tls_1_2(lab: Lab) -> Scene:
    """A server that wants a client certificate, over TLS 1.2."""
    with lab.serving(client_ca=lab.ca_path, versions=versions("TLSv1_2")) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("client_certificate_required", "client certificate")
def no_client_certificate_tls_1_3(lab: Lab) -> Scene:
    """A server that wants a client certificate, over TLS 1.3."""
    with lab.serving(client_ca=lab.ca_path, versions=versions("TLSv1_3")) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("client_certificate_required", "no client certificate was sent")
def no_client_certificate_at_nginx(lab: Lab) -> Scene:
    """nginx with ssl_verify_client, which refuses after the handshake."""
    page = b"<html><head><title>400 No required SSL certificate was sent</title></head></html>"
    with lab.serving(handler=answering(response(page, 400))) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("client_certificate_rejected", "unknown ca")
def client_certificate_of_another_ca_tls_1_2(lab: Lab) -> Scene:
    """A client certificate of a CA that the server does not trust, over TLS 1.2."""
    with _mutual(lab, "TLSv1_2", pki.issue("client", lab.other_root, purposes=[pki.CLIENT])) as found:
        yield found


@case("client_certificate_rejected", "refuses the client certificate")
def client_certificate_of_another_ca_tls_1_3(lab: Lab) -> Scene:
    """A client certificate of a CA that the server does not trust, over TLS 1.3."""
    with _mutual(lab, "TLSv1_3", pki.issue("client", lab.other_root, purposes=[pki.CLIENT])) as found:
        yield found


@case("client_certificate_rejected", "refuses the client certificate")
def expired_client_certificate(lab: Lab) -> Scene:
    """A client certificate that has expired."""
    client = pki.issue("client", lab.root, purposes=[pki.CLIENT], not_before=-3 * pki.DAY, not_after=-pki.DAY)
    with _mutual(lab, "TLSv1_3", client) as found:
        yield found


@case("client_certificate_rejected", "does not verify")
def client_certificate_rejected_by_nginx(lab: Lab) -> Scene:
    """nginx with ssl_verify_client and a certificate of another CA."""
    page = b"<html><head><title>400 The SSL certificate error</title></head></html>"
    with lab.serving(handler=answering(response(page, 400))) as server:
        yield server.url, {"ca_path": lab.ca_path, "client_cert": lab.client_pem}


# The certificate


@case("certificate_expired", "CN=old", "1 days ago")
def expired(lab: Lab) -> Scene:
    """A certificate that expired yesterday."""
    with lab.serving(pki.issue("old", lab.intermediate, not_before=-9 * pki.DAY, not_after=-1.5 * pki.DAY)) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("certificate_expired", "CN=Old Intermediate")
def expired_intermediate(lab: Lab) -> Scene:
    """A good certificate below an intermediate that has expired."""
    old = pki.intermediate("Old Intermediate", lab.root, not_before=-9 * pki.DAY, not_after=-pki.DAY)
    with lab.serving(pki.issue("es1", old)) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("certificate_not_yet_valid", "CN=early", "clock")
def not_yet_valid(lab: Lab) -> Scene:
    """A certificate that becomes valid tomorrow."""
    with lab.serving(pki.issue("early", lab.intermediate, not_before=pki.DAY)) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("hostname_mismatch", "127.0.0.1", "es9.example.org")
def another_name(lab: Lab) -> Scene:
    """A certificate for another name."""
    with lab.serving(pki.issue("es9", lab.intermediate, names=["es9.example.org"])) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("hostname_mismatch", "localhost", "no name at all", "CN=localhost")
def common_name_only(lab: Lab) -> Scene:
    """A certificate that has the name as its common name alone."""
    with lab.serving(pki.issue("localhost", lab.intermediate, names=None)) as server:
        yield f"https://localhost:{server.port}", {"ca_path": lab.ca_path}


@case("hostname_mismatch", "es_1.example.org", "*.example.org", "not for an underscore", hint="underscore")
def an_underscore_under_a_wildcard(lab: Lab) -> Scene:
    """A name with an underscore, for which a wildcard does not stand."""
    with lab.serving(pki.issue("es1", lab.intermediate, names=["*.example.org"])) as server:
        yield {"url": "https://es_1.example.org", "connect_to": f"127.0.0.1:{server.port}"}, {"ca_path": lab.ca_path}


@case("hostname_mismatch", "refuses the name localhost")
def name_unknown_to_the_front(lab: Lab) -> Scene:
    """A front that refuses server names that it does not know."""
    context = servers.server_context(lab.good.write(lab.directory))
    context.sni_callback = lambda *_args: ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    with servers.listening(servers.over_tls(context, elasticsearch())) as server:
        yield f"https://localhost:{server.port}", {"ca_path": lab.ca_path}


@case("self_signed_certificate", "CN=es1", "ca_path")
def self_signed(lab: Lab) -> Scene:
    """A self-signed certificate."""
    with lab.serving(pki.issue("es1")) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("untrusted_issuer", "Other Root", "ca_path")
def another_ca(lab: Lab) -> Scene:
    """A certificate of a CA that is not in ca_path."""
    with lab.serving(pki.issue("es1", lab.other_root)) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("untrusted_issuer", "Other Root", "ca_path")
def another_ca_with_its_root(lab: Lab) -> Scene:
    """A certificate of a CA that is not in ca_path, sent with its root."""
    with lab.serving(pki.issue("es1", lab.other_root, above=[lab.other_root.certificate])) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("untrusted_issuer", "another CA of the name", "Test Root")
def ca_made_anew(lab: Lab) -> Scene:
    """A certificate of a CA that was made anew under the same name."""
    again = pki.root("Test Root", organization="Test")
    with lab.serving(pki.issue("es1", again)) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("untrusted_issuer", "the intermediate CN=Test Intermediate", "not the root above it, CN=Test Root", hint="CN=Test Root")
def only_the_intermediate_is_trusted(lab: Lab) -> Scene:
    """A ca_path that has the intermediate alone, which curl, Java and Python 3.13 take for the end of the chain."""
    with lab.serving() as server:
        yield server.url, {"ca_path": lab.intermediate.write_certificate(lab.directory)}


@case("untrusted_issuer", "has no CA certificate in it", "CN=Test Intermediate", hint="root certificate above CN=es1")
def only_the_leaf_is_trusted(lab: Lab) -> Scene:
    """A ca_path that has the server's own certificate, which is not signed by itself."""
    with lab.serving() as server:
        yield server.url, {"ca_path": lab.file(lab.good.pem)}


@case("missing_intermediate", "Test Intermediate")
def only_the_leaf(lab: Lab) -> Scene:
    """A server that sends its certificate without the intermediate."""
    with lab.serving(above=False) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("missing_intermediate", "Issuing CA")
def only_the_leaf_of_a_public_ca(lab: Lab) -> Scene:
    """The same, where the certificate says where its issuer's can be fetched."""
    issuing = pki.intermediate("Issuing CA", lab.other_root)
    description = x509.AccessDescription(
        x509.AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier("http://ca.example/issuing.der")
    )
    leaf = pki.issue("es1", issuing, extra=[x509.AuthorityInformationAccess([description])])
    with lab.serving(leaf, above=False) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("certificate_revoked", "CN=es1")
def revoked(lab: Lab) -> Scene:
    """A certificate that stands in the revocation list of crl_path."""
    lists = pki.crl(lab.root) + pki.crl(lab.intermediate, lab.good)
    with lab.serving() as server:
        yield server.url, {"ca_path": lab.ca_path, "crl_path": lab.file(lists)}


@case("certificate_revoked")
def revoked_intermediate(lab: Lab) -> Scene:
    """A certificate whose issuer is in the revocation list."""
    lists = pki.crl(lab.root, lab.intermediate) + pki.crl(lab.intermediate)
    with lab.serving() as server:
        yield server.url, {"ca_path": lab.ca_path, "crl_path": lab.file(lists)}


@case("wrong_purpose", "CN=client")
def a_client_certificate(lab: Lab) -> Scene:
    """A certificate for clients only."""
    with lab.serving(pki.issue("client", lab.intermediate, purposes=[pki.CLIENT])) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("wrong_purpose", "CA certificate CN=es1")
def a_ca_certificate(lab: Lab) -> Scene:
    """A CA certificate that a server shows as its own."""
    names = x509.SubjectAlternativeName([pki.alternative("127.0.0.1")])
    with lab.serving(pki.intermediate("es1", lab.root, extra=[names])) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("weak_key", "CN=es1")
def a_short_key(lab: Lab) -> Scene:
    """An RSA key of 1024 bits."""
    with lab.serving(pki.issue("es1", lab.intermediate, key=pki.rsa_key(1024))) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("weak_key", "CN=Weak Root", "1024", "2048")
def a_short_key_of_the_root(lab: Lab) -> Scene:
    """A root with an RSA key of 1024 bits."""
    weak = pki.root("Weak Root", key=pki.rsa_key(1024))
    with lab.serving(pki.issue("es1", weak)) as server:
        yield server.url, {"ca_path": weak.write_certificate(lab.directory)}


@case("weak_signature", "CN=es1", "sha1WithRSAEncryption")
def signed_with_sha1(lab: Lab) -> Scene:
    """A certificate that is signed with SHA-1."""
    rsa_root = pki.root("RSA Root", key=pki.rsa_key())
    with lab.serving(pki.signed_with_sha1(pki.issue("es1", rsa_root), rsa_root)) as server:
        yield server.url, {"ca_path": rsa_root.write_certificate(lab.directory)}


@case("name_constraint_violation", "CN=es1")
def a_name_that_the_ca_may_not_issue_for(lab: Lab) -> Scene:
    """A CA that may issue for example.org only."""
    only = x509.NameConstraints([x509.DNSName("example.org")], None)
    bound = pki.intermediate("Bound CA", lab.root, constraints=only)
    with lab.serving(pki.issue("es1", bound, names=["localhost"])) as server:
        yield f"https://localhost:{server.port}", {"ca_path": lab.ca_path}


@case("name_constraint_violation", "secret.example.org", "*.example.org")
def a_wildcard_over_an_excluded_name(lab: Lab) -> Scene:
    """A wildcard that also stands for a name that the CA must not issue for."""
    without = x509.NameConstraints(None, [x509.DNSName("secret.example.org")])
    bound = pki.intermediate("Bound CA", lab.root, constraints=without)
    with lab.serving(pki.issue("es1", bound, names=["*.example.org"])) as server:
        endpoint = {"url": "https://secret.example.org", "connect_to": f"127.0.0.1:{server.port}"}
        yield endpoint, {"ca_path": lab.ca_path}


@case("invalid_chain", "CN=es1")
def an_issuer_that_is_no_ca(lab: Lab) -> Scene:
    """A certificate that is signed by one that is not a CA's."""
    with lab.serving(pki.issue("es1", pki.issue("no CA", lab.root))) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("invalid_chain", "path length")
def a_chain_too_long(lab: Lab) -> Scene:
    """A CA below one that may have none below it."""
    last = pki.intermediate("Last CA", lab.root, path_length=0)
    with lab.serving(pki.issue("es1", pki.intermediate("One Too Many", last))) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("invalid_chain", "keyUsage")
def not_strict(lab: Lab) -> Scene:
    """A CA without keyUsage, where x509_strict is true."""
    loose = pki.root("Loose Root", key_usage=False)
    with lab.serving(pki.issue("es1", loose)) as server:
        yield server.url, {"ca_path": loose.write_certificate(lab.directory), "x509_strict": True}


@case("invalid_chain", "Revocation")
def no_revocation_list(lab: Lab) -> Scene:
    """A crl_path without the list of one CA of the chain."""
    with lab.serving() as server:
        yield server.url, {"ca_path": lab.ca_path, "crl_path": lab.file(pki.crl(lab.root))}


@case("invalid_chain", "Revocation", "expired")
def old_revocation_list(lab: Lab) -> Scene:
    """A revocation list that is out of date."""
    lists = pki.crl(lab.root) + pki.crl(lab.intermediate, next_update=-pki.DAY)
    with lab.serving() as server:
        yield server.url, {"ca_path": lab.ca_path, "crl_path": lab.file(lists)}


@case("pin_mismatch", "CN=es1")
def another_fingerprint(lab: Lab) -> Scene:
    """A certificate that verifies and is not the pinned one."""
    with lab.serving() as server:
        yield server.url, {"ca_path": lab.ca_path, "fingerprints": ["00" * 32]}


@case("certificate_expires_soon", "CN=es1", "9 days", "14")
def expires_soon(lab: Lab) -> Scene:
    """A certificate with fewer days left than min_days_valid."""
    with lab.serving(pki.issue("es1", lab.intermediate, not_after=9.5 * pki.DAY)) as server:
        yield server.url, {"ca_path": lab.ca_path, "min_days_valid": 14}


# HTTP


@case("http_redirect", "301", "http://localhost/", "without encryption")
def redirect_to_http(lab: Lab) -> Scene:
    """A redirect from https to http."""
    with lab.serving(handler=answering(response(b"", 301, {"Location": "http://localhost/"}))) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("http_unauthorized", "401", "none were given")
def no_credentials(lab: Lab) -> Scene:
    """A secured cluster, asked without credentials."""
    body = {"error": {"type": "security_exception"}, "status": 401}
    headers = {"X-elastic-product": "Elasticsearch", "WWW-Authenticate": "ApiKey"}
    with lab.serving(handler=answering(response(body, 401, headers))) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("http_unauthorized", "401", "not valid")
def wrong_credentials(lab: Lab) -> Scene:
    """A secured cluster, asked with a wrong password."""
    with lab.serving(handler=answering(response({}, 401))) as server:
        yield server.url, {"ca_path": lab.ca_path, "url_username": "elastic", "url_password": "not the password"}


@case("http_forbidden", "403")
def forbidden(lab: Lab) -> Scene:
    """A front whose access list does not have this host."""
    with lab.serving(handler=answering(response(b"<h1>403 Forbidden</h1>", 403))) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("http_forbidden", "403", "Amazon Web Services", hint="SigV4")
def an_unsigned_request(lab: Lab) -> Scene:
    """A domain of Amazon OpenSearch Service that wants signed requests."""
    body = {"Message": "User: anonymous is not authorized to perform: es:ESHttpGet because no policy allows the action"}
    with lab.serving(handler=answering(response(body, 403, {"x-amzn-RequestId": "3b1c9f6e"}))) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("http_forbidden", "Amazon OpenSearch Serverless", hint="SigV4")
def an_unsigned_request_to_opensearch_serverless(lab: Lab) -> Scene:
    """A collection of Amazon OpenSearch Serverless, asked without a signature."""
    body = {"status": 403, "error": {"reason": "403 Forbidden", "type": "Forbidden"}}
    with lab.serving(handler=answering(response(body, 403, {"x-aoss-response-hint": "X01:gw-helper-deny"}))) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("http_not_found", "404", "Amazon OpenSearch Serverless", hint="no answer at /")
def opensearch_serverless(lab: Lab) -> Scene:
    """A collection of Amazon OpenSearch Serverless, which has no root."""
    with lab.serving(handler=answering(response(b"", 404, {"Server": "aoss-amazon"}))) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("http_not_found", "410", "Elastic Cloud Serverless", hint="min_status")
def elastic_serverless(lab: Lab) -> Scene:
    """A project of Elastic Cloud Serverless, which has no cluster health, where min_status asks for it."""
    root = {**ROOT, "version": {"number": "8.11.0", "build_flavor": "serverless"}}
    text = "Request for uri [/_cluster/health] with method [GET] exists but is not available when running in serverless mode"
    gone = {"error": {"type": "api_not_available_exception", "reason": text}, "status": 410}
    with lab.serving(handler=answering(response(root), response(gone, 410))) as server:
        yield server.url, {"ca_path": lab.ca_path, "min_status": "yellow"}


@case("http_not_found", "404", "Elastic Cloud", hint="deployment")
def unknown_to_elastic_cloud(lab: Lab) -> Scene:
    """A deployment that Elastic Cloud does not know."""
    body = {"ok": False, "message": "Unknown resource."}
    with lab.serving(handler=answering(response(body, 404, {"X-Cloud-Request-Id": "pBVH2pYWQrq"}))) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("http_not_found", "404")
def not_found(lab: Lab) -> Scene:
    """A path that leads to nothing."""
    with lab.serving(handler=answering(response(b"", 404))) as server:
        yield server.url + "/search", {"ca_path": lab.ca_path}


@case("bad_gateway", "502")
def nothing_behind_the_front(lab: Lab) -> Scene:
    """A front that cannot reach Elasticsearch."""
    with lab.serving(handler=answering(response(b"<h1>502 Bad Gateway</h1>", 502))) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("connection_refused", "the proxy 127.0.0.1:")
def no_proxy(lab: Lab) -> Scene:
    """A proxy that does not listen."""
    yield "https://es.example.org", {"ca_path": lab.ca_path, "proxy": f"127.0.0.1:{servers.closed_port()}"}


@case("certificate_expired", "CN=Old Root")
def expired_root(lab: Lab) -> Scene:
    """A root in ca_path that has expired."""
    old = pki.root("Old Root", not_before=-9 * pki.DAY, not_after=-pki.DAY)
    with lab.serving(pki.issue("es1", old)) as server:
        yield server.url, {"ca_path": old.write_certificate(lab.directory)}


@case("bad_gateway", "proxy", "403")
def proxy_refuses(lab: Lab) -> Scene:
    """A proxy that does not open the tunnel."""
    with servers.listening(answering(response(b"", 403, reason="Forbidden"))) as proxy:
        yield "https://es.example.org", {"ca_path": lab.ca_path, "proxy": f"127.0.0.1:{proxy.port}"}


@case("bad_gateway", "The proxy 127.0.0.1:", "407", hint="not Elasticsearch, wants a login")
def proxy_wants_a_login(lab: Lab) -> Scene:
    """A proxy that wants a login of its own."""
    with servers.listening(answering(response(b"", 407, reason="Proxy Authentication Required"))) as proxy:
        yield "https://es.example.org", {"ca_path": lab.ca_path, "proxy": f"127.0.0.1:{proxy.port}"}


@case("bad_gateway", "The proxy 127.0.0.1:", "503", hint="got no connection to the endpoint")
def proxy_does_not_get_there(lab: Lab) -> Scene:
    """A proxy that gets no connection to the endpoint."""
    with servers.listening(answering(response(b"", 503, reason="Service Unavailable"))) as proxy:
        yield "https://es.example.org", {"ca_path": lab.ca_path, "proxy": f"127.0.0.1:{proxy.port}"}


@case("bad_gateway", "407", "a proxy in front", hint="without a login")
def a_proxy_in_front_wants_a_login(lab: Lab) -> Scene:
    """A proxy between the front and Elasticsearch that wants a login."""
    with lab.serving(handler=answering(response(b"", 407))) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("http_error", "500")
def internal_error(lab: Lab) -> Scene:
    """A server that answers 500."""
    with lab.serving(handler=answering(response({"error": "boom"}, 500))) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("response_timeout", "1 s")
def silence_after_the_request(lab: Lab) -> Scene:
    """A server that never answers."""
    with lab.serving(handler=servers.silent) as server:
        yield server.url, {"ca_path": lab.ca_path, "timeout": 1}


@case("response_timeout", "1 s")
def slow_drip(lab: Lab) -> Scene:
    """A server that sends its answer one byte at a time."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
    with lab.serving(handler=servers.dripping(head, b" ")) as server:
        yield server.url, {"ca_path": lab.ca_path, "timeout": 1}


@case("response_too_large", "1048576")
def endless_body(lab: Lab) -> Scene:
    """An answer without end."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
    with lab.serving(handler=servers.dripping(head, b" " * 16384, 0)) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("response_too_large", "1048576")
def gzip_bomb(lab: Lab) -> Scene:
    """A small compressed answer that would be 20 MiB."""
    body = gzip.compress(b" " * (20 << 20))
    with lab.serving(handler=answering(response(body, headers={"Content-Encoding": "gzip"}))) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("malformed_response")
def not_http(lab: Lab) -> Scene:
    """Something else than HTTP inside of TLS."""
    with lab.serving(handler=answering(b"220 mail.example.org ESMTP\r\n")) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("malformed_response", "JSON")
def broken_json(lab: Lab) -> Scene:
    """A body that is not the JSON that it says it is."""
    answer = response(b'{"name": "es1"', headers={"Content-Type": "application/json"})
    with lab.serving(handler=answering(answer)) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("malformed_response")
def cut_short(lab: Lab) -> Scene:
    """A body that is shorter than its Content-Length."""

    def handle(connection: Any) -> None:
        servers.read_request(connection)
        connection.sendall(response(ROOT, headers={"Content-Length": "4000"}))

    with lab.serving(handler=handle) as server:
        yield server.url, {"ca_path": lab.ca_path}


# What is behind it


@case("not_elasticsearch", "text/html", "It works")
def a_web_page(lab: Lab) -> Scene:
    """The default page of a web server, or the login page of a proxy."""
    with lab.serving(handler=answering(response(b"<h1>It works!</h1>"))) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("not_elasticsearch", "application/json")
def another_json_service(lab: Lab) -> Scene:
    """Another service that answers with JSON, and even has a version."""
    with lab.serving(handler=answering(response({"version": {"number": "1.2.3"}, "name": "x"}))) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("cluster_mismatch", "lab", "production")
def another_cluster_name(lab: Lab) -> Scene:
    """A cluster of another name."""
    with lab.serving() as server:
        yield server.url, {"ca_path": lab.ca_path, "cluster_name": "production"}


@case("cluster_mismatch", str(ROOT["cluster_uuid"]), "AAAA")
def another_cluster_uuid(lab: Lab) -> Scene:
    """A cluster of another uuid."""
    with lab.serving() as server:
        yield server.url, {"ca_path": lab.ca_path, "cluster_uuid": "AAAA"}


@case("cluster_unhealthy", "yellow", "green")
def yellow_where_green_is_wanted(lab: Lab) -> Scene:
    """A yellow cluster, where green is wanted."""
    with lab.serving(handler=elasticsearch(health={"status": "yellow"})) as server:
        yield server.url, {"ca_path": lab.ca_path, "min_status": "green"}


@case("cluster_unhealthy", "503", "master")
def no_master(lab: Lab) -> Scene:
    """A node without an elected master."""
    with lab.serving(handler=answering(response({**ROOT, "cluster_uuid": "_na_"}, 503))) as server:
        yield server.url, {"ca_path": lab.ca_path}


@case("cluster_unhealthy", "1 s", "master")
def health_hangs(lab: Lab) -> Scene:
    """A node whose health question hangs, as without a master."""

    def handle(connection: Any) -> None:
        servers.read_request(connection)
        connection.sendall(response(ROOT))
        servers.silent(connection)

    with lab.serving(handler=handle) as server:
        yield server.url, {"ca_path": lab.ca_path, "min_status": "yellow", "timeout": 1}


@case("version_mismatch", "8.19.3", "9.0")
def an_old_version(lab: Lab) -> Scene:
    """An older version than min_version."""
    with lab.serving() as server:
        yield server.url, {"ca_path": lab.ca_path, "min_version": "9.0"}


@case("version_mismatch", "elasticsearch", "opensearch")
def another_product(lab: Lab) -> Scene:
    """Elasticsearch where OpenSearch is wanted."""
    with lab.serving() as server:
        yield server.url, {"ca_path": lab.ca_path, "product": "opensearch"}


@case("port_open", "127.0.0.1 port")
def an_open_port(lab: Lab) -> Scene:
    """A good endpoint whose plain port answers too."""
    with lab.serving() as server, servers.listening(servers.silent) as plain:
        yield server.url, {"ca_path": lab.ca_path, "closed_ports": [plain.port]}


@case("port_open", "closed at once", hint="transparent proxy")
def a_transparent_proxy(lab: Lab) -> Scene:
    """A port that accepts and closes at once, as a transparent proxy in between does for any port."""
    with lab.serving() as server, servers.listening(lambda connection: None) as between:
        yield server.url, {"ca_path": lab.ca_path, "closed_ports": [between.port]}


def _plain_http(connection: Any) -> None:
    connection.recv(65536)
    connection.sendall(response(b"This is not an HTTP request", 400, reason="Bad Request"))


def _banner(connection: Any) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH_9.2p1\r\n")
    servers.silent(connection)


@contextlib.contextmanager
def _mutual(lab: Lab, version: str, client: pki.Issued) -> Any:
    with lab.serving(client_ca=lab.ca_path, versions=versions(version)) as server:
        yield server.url, {"ca_path": lab.ca_path, "client_cert": client.write(lab.directory)}
