# Copyright (c) the tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks of a host's own containers, as the filter C(tlsfront.elasticsearch.container_networks)."""

from __future__ import annotations

DOCUMENTATION = r"""
name: container_networks
author: The tlsfront.elasticsearch authors
version_added: 0.1.0
short_description: List the networks behind the bridges of Docker and Podman
description:
  - Reads a host's facts and returns the IPv4 and IPv6 networks of the bridges that Docker and Podman made on it,
    which are known by their names, V(docker0), V(br-) and twelve hexadecimal digits, V(podman0) and the like.
  - Any other bridge is left out, because machines of the neighbourhood may be behind it.
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

_BRIDGE = re.compile(r"docker0|br-[0-9a-f]{12}|(?:cni-)?podman[0-9]+")


def _interface_networks(interface: Mapping[str, Any]) -> Iterator[str]:
    v4 = [interface.get("ipv4", {}), *interface.get("ipv4_secondaries", [])]
    for address in [*v4, *interface.get("ipv6", [])]:
        if "address" in address and "prefix" in address:
            network = ipaddress.ip_network(f"{address['address']}/{address['prefix']}", strict=False)
            if not network.is_link_local:
                yield str(network)


def container_networks(facts: Mapping[str, Any]) -> list[str]:
    """The networks of the bridges of Docker and Podman in a host's facts; see DOCUMENTATION."""
    bridges = sorted(name for name in facts.get("interfaces", []) if _BRIDGE.fullmatch(name))
    # setup names the fact of an interface with underscores: br-0123 has br_0123
    interfaces = (facts.get(re.sub(r"[-:]", "_", name), {}) for name in bridges)
    return list(dict.fromkeys(network for interface in interfaces for network in _interface_networks(interface)))


class FilterModule:
    """Ansible looks for this class."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"container_networks": container_networks}
