# Copyright (c) the tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks of a host's own containers, as the filter C(tlsfront.elasticsearch.container_networks)."""

from __future__ import annotations

DOCUMENTATION = r"""
name: container_networks
author: The tlsfront.elasticsearch authors
version_added: 0.1.0
short_description: List the networks behind the bridges of container engines
description:
  - Reads a host's facts and returns the IPv4 and IPv6 networks of the bridges to which only containers are attached.
  - A bridge is told by what the kernel says of it, not by its name, for Docker and Podman let users name theirs. It counts if each of its ports is one end
    of a virtual cable (V(veth) and more), or if it has no port yet.
  - Any other bridge is left out, because machines of the neighbourhood may be behind it. So are those of virtual machines (V(virbr0)) and that of the
    default route.
options:
  _input:
    description: The variable C(ansible_facts) of the host.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show for example ['172.17.0.0/16']
  ansible.builtin.debug:
    msg: "{{ ansible_facts | tlsfront.elasticsearch.container_networks }}"
"""

RETURN = r"""
_value:
  description: The networks, sorted by the bridges' names.
  type: list
  elements: str
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any, Callable

# The host's ends of virtual cables. Docker, Podman, LXC and CNI all call them that, whatever the name of the bridge.
_CABLE = re.compile(r"veth.*")
# of libvirt: without a port while no machine runs
_VIRTUAL_MACHINES = re.compile(r"virbr[0-9]+(-nic)?")


def _fact(facts: Mapping[str, Any], interface: str) -> Mapping[str, Any]:
    """setup names the fact of an interface with underscores: br-0123 has br_0123."""
    found = facts.get(re.sub(r"[-:]", "_", interface), {})
    return found if isinstance(found, Mapping) else {}


def _has_only_containers(name: str, bridge: Mapping[str, Any], default: set[object]) -> bool:
    if bridge.get("type") != "bridge" or name in default or _VIRTUAL_MACHINES.fullmatch(name):
        return False
    return all(_CABLE.fullmatch(str(port)) for port in bridge.get("interfaces", []))


def _interface_networks(interface: Mapping[str, Any]) -> Iterator[str]:
    v4 = [interface.get("ipv4", {}), *interface.get("ipv4_secondaries", [])]
    for address in [*v4, *interface.get("ipv6", [])]:
        if "address" in address and "prefix" in address:
            network = ipaddress.ip_network(f"{address['address']}/{address['prefix']}", strict=False)
            if not network.is_link_local:
                yield str(network)


def container_networks(facts: Mapping[str, Any]) -> list[str]:
    """The networks of bridges with nothing but containers in a host's facts; see DOCUMENTATION."""
    default = {facts.get(f"default_ipv{version}", {}).get("interface") for version in (4, 6)}
    known = ((name, _fact(facts, name)) for name in sorted(facts.get("interfaces", [])))
    bridges = [interface for name, interface in known if _has_only_containers(name, interface, default)]
    return list(dict.fromkeys(network for interface in bridges for network in _interface_networks(interface)))


class FilterModule:
    """Ansible looks for this class."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"container_networks": container_networks}
