# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.filter.alerted_node import alerted_node

HOSTS: dict[str, dict[str, Any]] = {"es1": {"tlsfront_server_names": ["a.example.org"]}, "es2": {"tlsfront_server_names": ["b.example.org"]}}


def test_it_is_the_one_that_is_asked_at_the_url() -> None:
    assert alerted_node("https://b.example.org", ["es1", "es2"], HOSTS) == {"node": "es2", "problem": ""}


@pytest.mark.parametrize("endpoint", ["all", "es1", "https://A.example.org", "https://a.example.org\n", "", None, 7, ["https://a.example.org"], {}])
def test_whatever_else_an_alert_says_is_no_node(endpoint: Any) -> None:
    found = alerted_node(endpoint, ["es1", "es2"], HOSTS)
    assert found["node"] == "" and "No node of the inventory" in found["problem"]


@pytest.mark.parametrize("name", ["all", "ungrouped", "~es.*", "es:1", "!es1", "es1,es2", "@file", "-e", "es*", "es[1:9]", "es 1", "&es"])
def test_a_name_that_limit_would_take_for_more_than_one_host_is_refused(name: str) -> None:
    found = alerted_node("https://a.example.org", [name], {name: HOSTS["es1"]})
    assert found["node"] == "" and "--limit" in found["problem"]


def test_a_name_that_a_group_has_too_is_refused() -> None:
    assert "--limit" in alerted_node("https://a.example.org", ["es1"], HOSTS, {"es1": ["es1", "es2"]})["problem"]


def test_two_that_are_asked_at_the_same_url_are_told() -> None:
    found = alerted_node("https://a.example.org", ["es1", "es2"], {"es1": HOSTS["es1"], "es2": HOSTS["es1"]})
    assert found["node"] == "" and found["problem"].startswith("es1, es2 are all asked")


def test_options_that_cannot_be_meant_are_a_problem_and_no_crash() -> None:
    assert "tlsfront_https_port" in alerted_node("https://a", ["es1"], {"es1": {"tlsfront_https_port": "x"}})["problem"]
