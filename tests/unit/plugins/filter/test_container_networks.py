# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.filter.container_networks import container_networks


def facts(name: str) -> dict[str, object]:
    return {
        "interfaces": ["lo", "eth0", name],
        "eth0": {"ipv4": {"address": "192.0.2.7", "prefix": "24"}},
        name.replace("-", "_"): {
            "ipv4": {"address": "172.17.0.1", "prefix": "16"},
            "ipv4_secondaries": [{"address": "10.5.0.1", "prefix": "24"}],
            "ipv6": [{"address": "fe80::1", "prefix": "64"}, {"address": "fd00:17::1", "prefix": "64"}],
        },
    }


@pytest.mark.parametrize("name", ["docker0", "br-0123456789ab", "podman0", "podman12", "cni-podman0"])
def test_that_networks_of_container_engines_are_listed(name: str) -> None:
    assert container_networks(facts(name)) == ["172.17.0.0/16", "10.5.0.0/24", "fd00:17::/64"]


@pytest.mark.parametrize("name", ["br0", "virbr0", "cni0", "lxcbr0", "br-lan", "xdocker0"])
def test_that_machines_behind_other_bridges_are_left_alone(name: str) -> None:
    assert container_networks(facts(name)) == []


def test_that_a_bridge_without_addresses_is_no_network() -> None:
    assert container_networks({"interfaces": ["docker0"], "docker0": {"type": "bridge"}}) == []


def test_that_no_facts_are_no_networks() -> None:
    assert container_networks({}) == []
