# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Answers of all generations of Elasticsearch, and of OpenSearch."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.cluster import (
    Cluster,
    Expected,
    read_health,
    read_root,
    require_expected,
    version_key,
)
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.reasons import CheckFailed
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._secrets import excerpt
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.answers import RECORDED

TAGLINE = "You Know, for Search"
ANSWERS: dict[str, tuple[dict[str, Any], str, str, str | None]] = {
    "Elasticsearch 1.0": (
        {"status": 200, "name": "n", "version": {"number": "1.0.3", "build_snapshot": False}, "tagline": TAGLINE},
        "elasticsearch",
        "1.0.3",
        None,
    ),
    "Elasticsearch 2.4": (
        {"name": "n", "cluster_name": "c", "cluster_uuid": "u", "version": {"number": "2.4.6"}, "tagline": TAGLINE},
        "elasticsearch",
        "2.4.6",
        "u",
    ),
    "Elasticsearch 9 without a tagline": (
        {"version": {"number": "9.5.3"}, "cluster_uuid": "u"},
        "elasticsearch",
        "9.5.3",
        "u",
    ),
    "a node that has not joined": (
        {"cluster_uuid": "_na_", "version": {"number": "7.17.29"}, "tagline": TAGLINE},
        "elasticsearch",
        "7.17.29",
        None,
    ),
    "OpenSearch 1": (
        {
            "cluster_uuid": "u",
            "version": {"distribution": "opensearch", "number": "1.3.20"},
            "tagline": "The OpenSearch Project: https://opensearch.org/",
        },
        "opensearch",
        "1.3.20",
        "u",
    ),
    "OpenSearch that calls itself 7.10.2": (
        {"version": {"number": "7.10.2"}, "tagline": "The OpenSearch Project: https://opensearch.org/"},
        "opensearch",
        "7.10.2",
        None,
    ),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_the_product_is_recognized(kind: str) -> None:
    body, distribution, version, uuid = ANSWERS[kind]
    headers = {"x-elastic-product": "Elasticsearch"} if "without a tagline" in kind else {}
    cluster = read_root(200, headers, json.dumps(body).encode(), False)
    assert (cluster.distribution, cluster.version, cluster.uuid) == (distribution, version, uuid)


@pytest.mark.parametrize("kind", RECORDED)
def test_what_real_servers_have_answered_is_recognized(kind: str) -> None:
    headers, body = RECORDED[kind]
    cluster = read_root(200, headers, json.dumps(body).encode(), False)
    assert f"{cluster.distribution} {cluster.version}" == kind.lower()
    assert (cluster.name, cluster.node, cluster.uuid) == ("lab", "es1", body["cluster_uuid"])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"You Know, for Search"',
        b"{}",
        b'{"version": "8.1.0", "tagline": "You Know, for Search"}',
        b'{"version": {"number": 8}, "tagline": "You Know, for Search"}',
        b'{"version": {"number": "next"}, "tagline": "You Know, for Search"}',
        b'{"version": {"number": "8.1.0\\nok"}, "tagline": "You Know, for Search"}',
        b'{"version": {"number": "8.1.0"}, "tagline": "You Know, for Everything"}',
        b'{"version": {"number": "8.1.0"}}',
        b"\xff\xfe{}",
        b"[" * 100000,
    ],
)
def test_what_is_not_the_answer_of_a_node_is_not_taken_for_one(body: bytes) -> None:
    with pytest.raises(CheckFailed) as problem:
        read_root(200, {"content-type": "text/plain"}, body, False)
    assert problem.value.verdict.reason == "not_elasticsearch"


@pytest.mark.parametrize(
    ("status", "headers", "reason"),
    [
        (301, {"location": "https://x/"}, "http_redirect"),
        (304, {}, "http_redirect"),
        (400, {}, "http_error"),
        (401, {}, "http_unauthorized"),
        (403, {}, "http_forbidden"),
        (404, {}, "http_not_found"),
        (407, {}, "bad_gateway"),
        (410, {}, "http_not_found"),
        (429, {}, "http_error"),
        (500, {}, "http_error"),
        (502, {}, "bad_gateway"),
        (503, {}, "bad_gateway"),
        (504, {}, "bad_gateway"),
        (503, {"x-elastic-product": "Elasticsearch"}, "http_error"),
        (204, {}, "http_error"),
        (999, {}, "http_error"),
    ],
)
def test_every_status_has_its_reason_whatever_the_body(status: int, headers: dict[str, str], reason: str) -> None:
    of_a_node = json.dumps({"version": {"number": "8.1.0"}, "tagline": TAGLINE}).encode()
    for body in (b"", of_a_node) if status != 503 else (b"",):  # a node without a master answers 503 itself
        with pytest.raises(CheckFailed) as problem:
            read_root(status, headers, body, False)
        assert problem.value.verdict.reason == reason
        assert str(status) in problem.value.verdict.message


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (503, {"error": "master_not_discovered_exception"}, "cluster_unhealthy"),
        (200, {"status": "purple"}, "malformed_response"),
        (403, {"error": "security_exception"}, "http_forbidden"),
        (404, {}, "http_not_found"),
    ],
)
def test_health_that_is_not_told(status: int, body: dict[str, Any], reason: str) -> None:
    with pytest.raises(CheckFailed) as problem:
        read_health(status, {}, json.dumps(body).encode(), False)
    assert problem.value.verdict.reason == reason


@pytest.mark.parametrize(
    ("found", "wanted", "passes"), [("green", "green", 1), ("green", "yellow", 1), ("red", "yellow", 0)]
)
def test_health_is_compared(found: str, wanted: str, passes: int) -> None:
    cluster = Cluster("lab", "u", "elasticsearch", "8.1.0", status=found)
    if passes:
        require_expected(cluster, Expected(min_status=wanted))
    else:
        with pytest.raises(CheckFailed):
            require_expected(cluster, Expected(min_status=wanted))


def test_versions_are_compared_as_numbers() -> None:
    assert version_key("8.9.0") < version_key("8.11")
    assert version_key("8.11") == version_key("8.11.0")
    assert version_key("9.0.0-rc1") == version_key("9")
    with pytest.raises(ValueError):
        version_key("latest")


def test_names_of_a_hostile_node_are_shown_on_one_line() -> None:
    body = {"cluster_name": "a\n\x1b[2Jb", "name": "c" * 9999, "version": {"number": "8.1.0"}, "tagline": TAGLINE}
    cluster = read_root(200, {}, json.dumps(body).encode(), False)
    assert cluster.name is not None and cluster.name.isprintable()
    assert cluster.node is not None and len(cluster.node) < 300


def test_an_excerpt_is_one_short_printable_line() -> None:
    text = excerpt(b"a\x1b[31m\r\n\0b \xff" + b"c" * 500)
    assert text.isprintable()
    assert len(text) <= 83
