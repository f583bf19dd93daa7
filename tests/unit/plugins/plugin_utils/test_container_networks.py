# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._host_firewall.container_networks import container_networks


def facts(name: str, ports: list[str], **more: Any) -> dict[str, Any]:
    return {
        "interfaces": ["lo", "eth0", *ports, name],
        "eth0": {"type": "ether", "ipv4": {"address": "192.0.2.7", "prefix": "24"}},
        "default_ipv4": {"interface": "eth0"},
        "default_ipv6": {},
        name.replace("-", "_"): {
            "type": "bridge",
            "interfaces": ports,
            "ipv4": {"address": "172.17.0.1", "prefix": "16"},
            "ipv4_secondaries": [{"address": "10.5.0.1", "prefix": "24"}],
            "ipv6": [{"address": "fe80::1", "prefix": "64"}, {"address": "fd00:17::1", "prefix": "64"}],
        },
        **more,
    }


# as Docker and Podman name them, and as users do (com.docker.network.bridge.name, podman network create --interface-name)
@pytest.mark.parametrize("name", ["docker0", "br-0123456789ab", "podman0", "cni-podman0", "search", "br-lan", "lxcbr0"])
@pytest.mark.parametrize("ports", [[], ["veth3e50a1f"], ["veth0", "veth1"]])
def test_that_networks_of_bridges_with_containers_are_listed_whatever_their_name(name: str, ports: list[str]) -> None:
    assert container_networks(facts(name, ports)) == ["172.17.0.0/16", "10.5.0.0/24", "fd00:17::/64"]


@pytest.mark.parametrize(
    "ports",
    [["eth1"], ["enp3s0"], ["bond0"], ["eth0.100"], ["vxlan7"], ["vnet0"], ["tap0"], ["veth0", "eth1"]],
)
def test_that_machines_behind_other_bridges_are_left_alone(ports: list[str]) -> None:
    assert container_networks(facts("docker0", ports)) == []


@pytest.mark.parametrize("name", ["virbr0", "virbr12"])
def test_that_networks_of_virtual_machines_are_left_alone_while_none_runs(name: str) -> None:
    assert container_networks(facts(name, [])) == []


@pytest.mark.parametrize("family", ["default_ipv4", "default_ipv6"])
def test_that_the_bridge_of_the_default_route_is_left_alone(family: str) -> None:
    assert container_networks(facts("br0", ["veth0"], **{family: {"interface": "br0"}})) == []


def test_that_an_interface_which_is_no_bridge_is_no_network() -> None:
    assert container_networks({"interfaces": ["docker0"], "docker0": {"type": "ether", "ipv4": {"address": "10.0.0.1", "prefix": "24"}}}) == []


def test_that_a_bridge_without_addresses_is_no_network() -> None:
    assert container_networks({"interfaces": ["docker0"], "docker0": {"type": "bridge", "interfaces": []}}) == []


def test_that_no_facts_are_no_networks() -> None:
    assert container_networks({}) == []


@pytest.fixture
def namespace() -> Iterator[str]:
    if os.geteuid() != 0 or not shutil.which("ip"):
        pytest.skip("network namespaces need root and ip")
    name = f"tlsfront-{os.getpid()}-bridges"
    subprocess.run(["ip", "netns", "add", name], check=True, capture_output=True)
    yield name
    subprocess.run(["ip", "netns", "delete", name], check=True, capture_output=True)


def test_that_real_bridges_are_told_by_what_the_kernel_says_of_them(namespace: str) -> None:
    for command in (
        # of containers, named by a user
        "link add es-net type bridge",
        "link add veth11 type veth peer name other11",
        "link set veth11 master es-net up",
        "address add 172.30.0.1/24 dev es-net",
        "link set es-net up",
        # of the neighbourhood
        "link add br-lan type bridge",
        "link add eth1 type veth peer name lan1",
        "link set eth1 master br-lan up",
        "address add 10.30.0.1/24 dev br-lan",
        "link set br-lan up",
    ):
        subprocess.run(["ip", "-n", namespace, *command.split()], check=True)
    ansible = [sys.executable, "-m", "ansible", "adhoc", "localhost", "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}", "-m", "setup"]
    done = subprocess.run(
        ["ip", "netns", "exec", namespace, *ansible, "-a", "gather_subset=!all,network"], capture_output=True, text=True, check=True
    )
    gathered = json.loads(done.stdout.partition("=>")[2])["ansible_facts"]
    assert container_networks({key.replace("ansible_", "", 1): value for key, value in gathered.items()}) == ["172.30.0.0/24"]
