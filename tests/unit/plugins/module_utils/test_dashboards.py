# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Kibana and OpenSearch Dashboards, where the product asked for is these: over verified https all the same, by what they say of their status."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.answers import RECORDED
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.lab import Lab, run, verdict
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.module_runs import module
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.servers import answering, response

# after the sources of Kibana 8 and 7, and of OpenSearch Dashboards
REDACTED = {"status": {"overall": {"level": "available"}}}
KIBANA_8 = {"name": "kibana", "version": {"number": "8.11.0"}, "status": {"overall": {"level": "degraded", "summary": "..."}, "core": {}, "plugins": {}}}
COLOURED = {"name": "dashboards", "version": {"number": "2.11.0"}, "status": {"overall": {"state": "green", "title": "Green"}, "statuses": []}}
LOADING = {"status": {"overall": {"level": "unavailable"}}}


def asked(lab: Lab, *responses: bytes, requests: list[bytes] | None = None, **options: Any) -> dict[str, Any]:
    with lab.serving(handler=answering(*responses, requests=requests)) as server:
        return verdict({"url": server.url, "product": "dashboards", **options}, ca_path=lab.ca_path)


@pytest.mark.parametrize("body", [REDACTED, KIBANA_8, COLOURED], ids=["Kibana, without a login", "Kibana 8", "OpenSearch Dashboards"])
def test_one_that_serves_is_verified(lab: Lab, body: dict[str, Any]) -> None:
    requests: list[bytes] = []
    found = asked(lab, response(body), requests=requests)
    assert (found["verified"], found["reason"], found["tls_verified"], found["cluster"]) == (True, "ok", True, None)
    assert [request.split()[1] for request in requests] == [b"/api/status"]


@pytest.mark.parametrize(
    ("answer", "reason", "says"),
    [
        (response(LOADING, 503), "cluster_unhealthy", "answers 503, and that it is unavailable"),
        (response({"status": {"overall": {"state": "red"}}}), "cluster_unhealthy", "that it is red"),
        (response(REDACTED, 503), "cluster_unhealthy", "answers 503, and that it is available"),
        (response(b"Kibana server is not ready yet", 503), "bad_gateway", "not ready yet"),
        (response(b"", 401), "http_unauthorized", "GET /api/status answers 401"),
        (response(b"", 302, {"location": "http://kibana/login"}), "http_redirect", "without encryption"),
        (response(b"", 404), "http_not_found", "/api/status"),
        (response(b"<h1>It works!</h1>"), "not_elasticsearch", "It works"),
        (response({"status": "green"}), "not_elasticsearch", "green"),
        (response({"status": {"overall": {"level": "great"}}}), "not_elasticsearch", "great"),
        (response(RECORDED["Elasticsearch 9.5.3"][1]), "not_elasticsearch", "cluster_uuid"),
    ],
)
def test_what_does_not_serve_or_is_something_else_is_not_verified(lab: Lab, answer: bytes, reason: str, says: str) -> None:
    found = asked(lab, answer)
    assert (found["verified"], found["reason"], found["tls_verified"]) == (False, reason, True), found
    assert says in found["message"]


def test_its_certificate_is_verified_as_that_of_any_other(lab: Lab) -> None:
    requests: list[bytes] = []
    with lab.serving(handler=answering(response(REDACTED), requests=requests)) as server:
        endpoint = {"url": server.url, "product": "dashboards"}
        other = lab.other_root.write_certificate(lab.directory)
        assert verdict(endpoint, ca_path=other)["reason"] == "untrusted_issuer"
        assert verdict({**endpoint, "server_name": "elsewhere.example"}, ca_path=lab.ca_path)["reason"] == "hostname_mismatch"
    assert requests == [], "nothing is asked of what is not verified"


def test_a_version_that_is_asked_for_must_be_said(lab: Lab) -> None:
    assert asked(lab, response(KIBANA_8), min_version="8.11")["verified"]
    assert asked(lab, response(KIBANA_8), min_version="8.12")["reason"] == "version_mismatch"
    assert "says no version" in asked(lab, response(REDACTED), min_version="8")["message"]


def test_an_elasticsearch_is_still_asked_for_itself(lab: Lab) -> None:
    with lab.serving(handler=answering(response(REDACTED))) as server:
        assert verdict(server.url, ca_path=lab.ca_path)["reason"] == "not_elasticsearch"


@pytest.mark.parametrize("option", [{"min_status": "green"}, {"cluster_name": "lab"}, {"cluster_uuid": "x"}], ids=str)
def test_nothing_of_a_cluster_is_asked_there_and_left_out_without_a_word(option: dict[str, str]) -> None:
    (name,) = option
    asked_for = {"product": "dashboards", **option}
    for given in ({"endpoints": [{"url": "https://kibana", **asked_for}]}, {"endpoints": ["https://kibana"], **asked_for}):
        result, _log = module(**given)
        assert f"{name}: is asked of a cluster, and Kibana and OpenSearch Dashboards are none" in result["msg"]


def test_an_endpoint_of_another_cluster_can_be_one_of_those_that_are_asked(lab: Lab) -> None:
    def node(uuid: str) -> Any:
        headers, body = RECORDED["Elasticsearch 9.5.3"]
        return answering(response({**body, "cluster_uuid": uuid}, headers=headers))

    with contextlib.ExitStack() as servers:
        handlers = [*map(node, ("one", "one", "two")), answering(response(REDACTED))]
        one, again, two, dashboards = (servers.enter_context(lab.serving(handler=handler)).url for handler in handlers)
        others: list[Any] = [one, again, {"url": dashboards, "product": "dashboards"}]
        apart = run(*others, {"url": two, "same_cluster": False}, ca_path=lab.ca_path, same_cluster=True)
        together = run(*others, two, ca_path=lab.ca_path, same_cluster=True)
    assert [each["reason"] for each in apart["endpoints"]] == ["ok"] * 4
    assert [each["reason"] for each in together["endpoints"]] == ["ok", "ok", "ok", "cluster_mismatch"]
