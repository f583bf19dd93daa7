# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether what was found on the nodes is one cluster: said before anything changes."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._host_firewall.agreement import disagreements, is_alone

HOSTS = ["es1", "es2"]


def node(**http: Any) -> dict[str, Any]:
    return {"elasticsearch": {"http": [{"port": 9200, "scheme": "https", "refused": 0, "cluster_uuid": "", **http}]}}


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"scheme": "http"}, "speaks http on port 9200 of es2, and https on port 9200 of es1"),
        ({"cluster_uuid": "B"}, "es2 and es1 are nodes of different clusters (B and A), and both are in the group search."),
        ({"refused": 401}, "of es2 answers 401 to the credentials of the check. Correct tlsfront_check_username"),
        ({"refused": 403}, "of es2 answers 403 to the credentials of the check. Give its user the privilege monitor."),
    ],
)
def test_a_node_that_is_unlike_the_first_is_said(other: dict[str, Any], says: str) -> None:
    nodes = {"es1": node(cluster_uuid="A"), "es2": node(**other)}
    (told,) = disagreements("es2", "search", HOSTS, nodes.get)
    assert says in told
    assert disagreements("es1", "search", HOSTS, nodes.get) == []


@pytest.mark.parametrize("uuid", ["", "_na_", "A"])
def test_what_is_not_known_is_no_other_cluster(uuid: str) -> None:
    assert disagreements("es2", "search", HOSTS, {"es1": node(cluster_uuid="A"), "es2": node(cluster_uuid=uuid)}.get) == []


@pytest.mark.parametrize("first", ["", "_na_"])
def test_two_clusters_are_seen_though_the_first_node_tells_of_none(first: str) -> None:
    nodes = {"es1": node(cluster_uuid=first), "es2": node(cluster_uuid="A"), "es3": node(cluster_uuid="B")}
    said = {host: disagreements(host, "search", nodes, nodes.get) for host in nodes}
    assert (said["es1"], said["es2"]) == ([], [])
    (told,) = said["es3"]
    assert "es3 and es2 are nodes of different clusters (B and A)" in told


def test_a_node_that_is_left_out_is_of_the_same_cluster_and_may_speak_otherwise() -> None:
    def said(**others: Any) -> list[str]:
        return disagreements("es2", "search", ["es1", "es2", "es3"], {"es2": node(cluster_uuid="A")}.get, left_out=others)

    assert said() == said(es1=node(cluster_uuid="A", scheme="http")) == said(es1=node(cluster_uuid="")) == said(es1={"elasticsearch": {"http": []}}) == []
    (told,) = said(es1=node(), es3=node(cluster_uuid="B"))
    assert told.startswith("es2 and es3 are nodes of different clusters (A and B), and both are in the group search.")


def test_a_node_without_elasticsearch_is_like_any_other() -> None:
    assert disagreements("es2", "search", HOSTS, {"es1": node(), "es2": {"elasticsearch": {"http": []}}}.get) == []
    assert disagreements("es2", "search", HOSTS, {"es1": {"failed": True}, "es2": node(scheme="http")}.get) == []


@pytest.mark.parametrize(
    ("uuid", "cluster", "alone"),
    [
        ("_na_", {"addresses": ["192.0.2.2"]}, True),
        ("4tH8", {}, False),
        ("", {}, True),
        ("", {"addresses": ["192.0.2.2"]}, False),
        ("", {"answers": [{"nodes": {"a": {}}}]}, True),
        ("", {"answers": [{"nodes": {"a": {}, "b": {}}}]}, False),
    ],
)
def test_who_is_in_no_cluster_is_told_by_what_it_says_or_by_who_is_with_it(uuid: str, cluster: dict[str, Any], alone: bool) -> None:
    its = {**node(cluster_uuid=uuid)["elasticsearch"], "ports": [9200, 9300], "cluster": cluster}
    assert is_alone({"elasticsearch": its}) is alone
