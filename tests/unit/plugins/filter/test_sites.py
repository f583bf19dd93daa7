# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What several roles must agree on of the further sites of a front: names, ports, and what is closed behind them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.filter.sites import sites
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.policy import found_ports

SITES: list[dict[str, Any]] = [
    {"server_names": ["second"], "upstreams": ["127.0.0.1:9201", "[::1]:9202", "10.0.0.8:9203"], "upstream_name": "inner"},
    {"port": "9243", "upstreams": ["10.0.0.7:9204", "es1:9205", "elsewhere:9206"]},
    {"server_names": ["kibana", "es1"], "kind": "dashboards", "upstreams": ["localhost:5601"]},
]
FACTS = {"all_ipv4_addresses": ["10.0.0.7"], "all_ipv6_addresses": ["2001:db8::7"]}


def test_names_and_ports_are_those_of_the_front_and_of_its_sites() -> None:
    assert sites(SITES, "names", ["es1"]) == ["es1", "second", "kibana"]
    assert sites(SITES, "verified", ["es1"]) == ["es1", "inner", "second", "kibana"]
    assert sites(SITES, "ports", [443]) == [443, 9243]
    assert sites(SITES, "ports", ["9243"]) == ["9243"]
    assert sites([], "names", ["es1"]) == ["es1"] and sites([], "ports", [443]) == [443]


def test_in_the_cloud_the_sites_of_all_nodes_count() -> None:
    hostvars = {"es1": {"tlsfront_sites": SITES}, "es2": {"tlsfront_sites": [{"port": 9244, "upstreams": ["127.0.0.1:9201"]}]}, "es3": {}}
    assert sites(SITES, "ports", [443], nodes=["es1", "es2", "es3"], hostvars=hostvars) == [443, 9243, 9244]


def test_what_is_behind_a_site_on_the_node_itself_is_closed_and_nothing_else() -> None:
    given: dict[str, Any] = {"left_open": [443], "facts": FACTS, "host": "es1"}
    assert sites(SITES, "closed", [9200, 9300], **given) == [5601, 9200, 9201, 9202, 9204, 9205, 9300]
    # a front that is itself found in Elasticsearch's range stays open, and so does what is said to
    assert sites(SITES, "closed", [9200, 9243], left_open=[443, "9201-9205"], facts=FACTS, host="es1") == [5601, 9200]
    assert sites([], "closed", [443, 9200], left_open=["443"]) == [9200]
    mapped = [f"[::ffff:{FACTS['all_ipv4_addresses'][0]}]:9207", "[::ffff:127.0.0.1]:9208", "[::ffff:192.0.2.77]:9209"]
    assert sites([{"port": 9243, "upstreams": mapped}], "closed", [], left_open=[443], facts=FACTS, host="es1") == [9207, 9208]


def test_the_cloud_by_itself_closes_it_too() -> None:
    assert found_ports([{"tlsfront_sites": SITES, "ansible_facts": FACTS, "inventory_hostname": "es1"}]) == [5601, 9201, 9202, 9204, 9205]
    assert found_ports([{"tlsfront_sites": SITES, "tlsfront_found_ports": [9200]}, {}]) == [9200], "what was looked for on the node counts"


@pytest.mark.parametrize("wrong", ["second", {"a": 1}, ["second"], [{"upstreams": "127.0.0.1:9201"}], [{"port": True, "upstreams": []}]])
def test_nothing_is_left_out_because_it_cannot_be_read(wrong: Any) -> None:
    for what in ("names", "ports", "closed"):
        with pytest.raises(AnsibleFilterError, match="tlsfront_sites"):
            sites(wrong, what, [])


def test_an_unknown_word_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="none of names"):
        sites([], "everything", [])
