# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a plan for nodes cannot be made for is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.gce_plan import plan_all
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.plan import Policy

POLICY = Policy("tlsfront-es", ("443",), ("9200",), ("192.0.2.0/24",))
NODE = {"name": "es1", "tags": ["es"], "service_accounts": [], "interfaces": [{"network": "net"}]}


@pytest.mark.parametrize("priority", [1, 65534])
def test_a_priority_that_leaves_room_for_the_denial_is_taken(priority: int) -> None:
    plan = plan_all(POLICY, [NODE], [], {"tags": ["es"]}, priority, "present")
    assert {step["rule"]["priority"] for step in plan.steps} == {priority, priority + 1}


@pytest.mark.parametrize("priority", [-1, 0, 65535])
def test_a_priority_that_cannot_be_set_is_refused_by_name(priority: int) -> None:
    with pytest.raises(ValueError, match=r"must be from 1 to 65534\..*Nothing was changed\..*cloud_firewall_gce_priority"):
        plan_all(POLICY, [NODE], [], {"tags": ["es"]}, priority, "present")


def test_nodes_without_the_tag_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="es1 has none of the tags web"):
        plan_all(POLICY, [NODE], [], {"tags": ["web"]}, 100, "present")


def test_rules_for_everybody_are_refused() -> None:
    with pytest.raises(ValueError, match="every instance of the network"):
        plan_all(POLICY, [NODE], [], {}, 100, "present")


LONG = "production-network-europe-west1"
BY_PORT = Policy("tlsfront-elasticsearch", ("443",), ("9200", "9300"), ("192.0.2.0/24",), direct_clients_by_port={"9300": ("198.51.100.7/32",)})


def in_network(*networks: str) -> dict[str, object]:
    return {**NODE, "interfaces": [{"network": network} for network in networks]}


def test_a_name_that_compute_engine_does_not_take_is_refused_before_anything_is_made() -> None:
    with pytest.raises(ValueError, match="name") as refused:
        plan_all(BY_PORT, [in_network("default", LONG)], [], {"tags": ["es"]}, 100, "present")
    said = str(refused.value)
    assert f"tlsfront-elasticsearch-{LONG}-direct-v4-9300 would have 69 characters, and Compute Engine takes names of at most 63" in said
    assert "Nothing was changed. Set cloud_firewall_name to one of at most 16 characters." in said
    shorter = replace(BY_PORT, name="tlsfront-elastic")
    names = [step["name"] for step in plan_all(shorter, [in_network("default", LONG)], [], {"tags": ["es"]}, 100, "present").steps]
    assert max(map(len, names)) == 63 and f"tlsfront-elastic-{LONG}-direct-v4-9300" in names, "names that fit stay as they are"
    without = replace(BY_PORT, direct_clients_by_port={})
    assert plan_all(without, [in_network(LONG)], [], {"tags": ["es"]}, 100, "present").steps, "the longest that is wanted counts"
    assert plan_all(BY_PORT, [in_network(LONG)], [], {"tags": ["es"]}, 100, "absent").steps == [], "what cannot be there is not in the way of a removal"


def test_rules_of_the_former_name_are_spoken_of_where_it_must_be_a_shorter_one() -> None:
    there = f"tlsfront-elasticsearch-{LONG}-members"
    live = [{"name": there, "description": "Kept by tlsfront.elasticsearch: members", "network": f"global/networks/{LONG}", "allowed": []}]
    with pytest.raises(ValueError, match=f"Those of the name that it has now stay then, and are for you to delete: {there}"):
        plan_all(BY_PORT, [in_network(LONG)], live, {"tags": ["es"]}, 100, "present")


def test_where_no_name_is_short_enough_the_network_is_named() -> None:
    network = "n" * 63
    with pytest.raises(ValueError, match=f"No cloud_firewall_name is short enough for the network {network}: use one with a shorter name"):
        plan_all(POLICY, [in_network(network)], [], {"tags": ["es"]}, 100, "present")
