# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What must never pass, however well it looks."""

from __future__ import annotations

import json
import socket
import ssl
from pathlib import Path
from typing import Any

import elastic_transport._node._base as client_base
import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check import trust as _trust
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.connection import start_tls
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.limits import Deadline
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki, servers
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.lab import Lab, run, verdict
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.servers import (
    ROOT,
    answering,
    elasticsearch,
    response,
)


def at(server: servers.Server, name: str) -> dict[str, str]:
    """An endpoint of that name which leads to the server."""
    return {"url": f"https://{name}", "connect_to": f"{server.host}:{server.port}"}


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("*.example.org", "a.b.example.org"),
        ("*.example.org", "example.org"),
        ("*.example.org", "es.example.com"),
        ("e*.example.org", "es.example.org"),
        ("*", "localhost"),
        ("es.*.org", "es.example.org"),
        ("es.example.org.evil.com", "es.example.org"),
    ],
)
def test_a_wildcard_that_does_not_fit(lab: Lab, pattern: str, name: str) -> None:
    with lab.serving(pki.issue("es1", lab.root, names=[pattern])) as server:
        entry = verdict(at(server, name), ca_path=lab.ca_path)
    assert entry["reason"] == "hostname_mismatch"
    assert name in entry["message"]
    assert pattern in entry["message"]


def test_an_address_is_not_a_dns_name(lab: Lab) -> None:
    names = pki.x509.SubjectAlternativeName([pki.x509.DNSName("127.0.0.1")])
    with lab.serving(pki.issue("127.0.0.1", lab.root, names=None, extra=[names])) as server:
        assert verdict(server.url, ca_path=lab.ca_path)["reason"] == "hostname_mismatch"


def test_a_ca_of_the_system_where_ca_path_says_otherwise(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", lab.other_root.write_certificate(lab.directory))
    with lab.serving(pki.issue("es1", lab.other_root)) as server:
        assert verdict(server.url)["reason"] == "ok", "the system's store does not have it"
        assert verdict(server.url, ca_path=lab.ca_path)["reason"] == "untrusted_issuer"


def test_a_ca_of_certifi(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = lab.other_root.write_certificate(lab.directory)
    monkeypatch.setattr(client_base, "DEFAULT_CA_CERTS", bundle)
    with lab.serving(pki.issue("es1", lab.other_root)) as server:
        assert verdict(server.url, ca_path=lab.ca_path)["reason"] == "untrusted_issuer"
        assert verdict(server.url)["reason"] == "untrusted_issuer"


def test_a_certificate_that_stands_in_the_file_of_revocation_lists(lab: Lab) -> None:
    lists = pki.crl(lab.other_root) + lab.other_root.pem
    with lab.serving(pki.issue("es1", lab.other_root)) as server:
        entry = verdict(server.url, ca_path=lab.ca_path, crl_path=lab.file(lists))
    assert entry["reason"] == "untrusted_issuer"


def test_an_intermediate_alone_is_no_trust_anchor(lab: Lab) -> None:
    with lab.serving() as server:
        entry = verdict(server.url, ca_path=lab.intermediate.write_certificate(lab.directory))
    assert entry["reason"] == "untrusted_issuer"


def test_a_pin_takes_nothing_away_from_verification(lab: Lab) -> None:
    old = pki.issue("old", lab.root, not_before=-9 * pki.DAY, not_after=-pki.DAY)
    with lab.serving(old) as server:
        entry = verdict(server.url, ca_path=lab.ca_path, fingerprints=[old.fingerprint])
    assert entry["reason"] == "certificate_expired"


def test_a_redirect_is_not_followed_and_its_target_gets_no_credentials(lab: Lab) -> None:
    requests: list[bytes] = []
    with servers.listening(elasticsearch(requests=requests)) as plain:
        target = f"http://127.0.0.1:{plain.port}/"
        with lab.serving(handler=answering(response(b"", 302, {"Location": target}))) as server:
            entry = verdict(server.url, ca_path=lab.ca_path, url_username="elastic", url_password="secret")
        assert (entry["reason"], plain.accepted) == ("http_redirect", 0)
    assert requests == []


def test_a_page_of_a_proxy_with_status_200(lab: Lab) -> None:
    with lab.serving(handler=answering(response(b"<html>Please log in</html>"))) as server:
        assert verdict(server.url, ca_path=lab.ca_path)["reason"] == "not_elasticsearch"


def test_one_bad_address_of_a_name_among_good_ones(lab: Lab, names: Any) -> None:
    with lab.serving(pki.issue("es1", lab.root, names=["es.test"])) as good:
        names["es.test"] = ["127.0.0.1", "127.0.0.2"]
        entry = verdict(f"https://es.test:{good.port}", ca_path=lab.ca_path)
        assert entry["reason"] == "connection_refused"
        assert "127.0.0.2" in entry["message"]
        assert [address["verified"] for address in entry["addresses"]] == [True, False]
        assert verdict(f"https://es.test:{good.port}", ca_path=lab.ca_path, all_addresses=False)["verified"]


def test_another_cluster_behind_one_of_the_endpoints(lab: Lab) -> None:
    other = {**ROOT, "cluster_uuid": "another"}
    with lab.serving() as one, lab.serving() as two, lab.serving(handler=elasticsearch(other)) as three:
        result = run(one.url, two.url, three.url, ca_path=lab.ca_path, same_cluster=True)
    assert [entry["reason"] for entry in result["endpoints"]] == ["ok", "ok", "cluster_mismatch"]
    assert result["failed_endpoints"] == [three.url]


def test_a_node_that_has_no_cluster_yet_is_not_in_the_same_cluster(lab: Lab) -> None:
    alone = {**ROOT, "cluster_uuid": "_na_"}
    with lab.serving() as one, lab.serving(handler=elasticsearch(alone)) as two:
        result = run(one.url, two.url, ca_path=lab.ca_path, same_cluster=True)
    assert [entry["reason"] for entry in result["endpoints"]] == ["ok", "cluster_mismatch"]


def test_nodes_that_name_no_cluster_cannot_be_shown_to_be_of_one(lab: Lab) -> None:
    old = {"version": {"number": "1.7.6"}, "tagline": ROOT["tagline"]}
    with lab.serving(handler=elasticsearch(old)) as one, lab.serving(handler=elasticsearch(old)) as two:
        result = run(one.url, two.url, ca_path=lab.ca_path, same_cluster=True)
    assert [entry["reason"] for entry in result["endpoints"]] == ["cluster_mismatch"] * 2


def test_a_name_without_any_address(lab: Lab, names: Any) -> None:
    names["es.test"] = []
    assert verdict("https://es.test", ca_path=lab.ca_path)["verified"] is False


def test_nothing_of_http_is_sent_to_a_server_that_does_not_verify(lab: Lab) -> None:
    received: list[bytes] = []

    def handle(tls: Any) -> None:
        received.append(tls.recv(4096))

    with lab.serving(pki.issue("es1", lab.other_root), handler=handle) as server:
        entry = verdict(server.url, ca_path=lab.ca_path, url_username="elastic", url_password="secret")
        assert entry["reason"] == "untrusted_issuer"
        assert server.accepted == 2, "the second connection, to look at the certificate, was not made"
    assert b"".join(received) == b""


def test_what_is_asked_of_the_chain_is_asked_before_any_http(lab: Lab) -> None:
    requests: list[bytes] = []
    with lab.serving(handler=elasticsearch(requests=requests)) as server:
        for options in ({"fingerprints": ["ab" * 32]}, {"min_days_valid": 400}):
            entry = verdict(server.url, ca_path=lab.ca_path, api_key="secret", **options)
            assert not entry["tls_verified"]
    assert requests == []


def test_a_run_leaves_the_trust_as_it_was(lab: Lab) -> None:
    trust = _trust.Trust(ca_path=lab.ca_path, min_tls_version="1.3")
    context = _trust.make_context(trust)
    with lab.serving() as server:
        from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check import asked
        from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.check import check_all
        from ansible_collections.tlsfront.elasticsearch.plugins.modules import https_check

        params = {name: spec.get("default") for name, spec in asked.PER_ENDPOINT.items()}
        params.update(endpoints=[server.url], ca_path=lab.ca_path, min_tls_version="1.3")
        (report,) = check_all(https_check.read_targets(params), {trust: context})
    assert report.verdict.ok
    assert context.get_ca_certs(binary_form=True) == [lab.root.der]
    assert context.minimum_version == ssl.TLSVersion.TLSv1_3


def test_session_keys_are_not_written(lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    monkeypatch.setenv("SSLKEYLOGFILE", str(keys))
    with lab.serving() as server:
        assert verdict(server.url, ca_path=lab.ca_path)["verified"]
    assert not keys.exists()


def test_a_weakened_context_is_not_used() -> None:
    with pytest.raises(RuntimeError):
        _trust.require_verification(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))  # asks nothing of its peer


def test_no_handshake_is_begun_with_a_weakened_context() -> None:
    near, far = socket.socketpair()
    with near, far:
        with pytest.raises(RuntimeError):
            start_tls(near, ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), "localhost", Deadline(1))
        far.setblocking(False)
        with pytest.raises(BlockingIOError):
            far.recv(1)


def test_no_secret_is_in_the_result(lab: Lab) -> None:
    with lab.serving(handler=answering(response(b"", 401))) as server:
        secrets = {"url_username": "elastic", "url_password": "s3cret-word"}
        result = run(server.url, "https://elastic:s3cret-word@localhost", ca_path=lab.ca_path, **secrets)
    assert "s3cret-word" not in json.dumps(result)
