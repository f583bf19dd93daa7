# Copyright (c) the tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses that lie in none of some networks, as the filter C(tlsfront.elasticsearch.outside)."""

from __future__ import annotations

DOCUMENTATION = r"""
name: outside
author: The tlsfront.elasticsearch authors
version_added: 0.1.0
short_description: Keep the addresses that lie in none of the networks
description:
  - Returns those addresses of a list that are in none of the given networks.
positional: _input, networks
options:
  _input:
    description: IPv4 and IPv6 addresses.
    type: list
    elements: str
    required: true
  networks:
    description: Addresses and networks, as the filter P(tlsfront.elasticsearch.networks#filter) takes or returns them.
    type: list
    elements: str
    required: true
seealso:
  - plugin: tlsfront.elasticsearch.networks
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show ['198.51.100.7']
  ansible.builtin.debug:
    msg: "{{ ['192.0.2.7', '198.51.100.7'] | tlsfront.elasticsearch.outside(['192.0.2.0/24']) }}"
"""

RETURN = r"""
_value:
  description: The addresses that are in no network, in the order given.
  type: list
  elements: str
"""

import ipaddress
from collections.abc import Iterable
from typing import Any, Callable

from ansible.errors import AnsibleFilterError


def outside(addresses: Iterable[str], networks: Iterable[str]) -> list[str]:
    """The addresses in none of the networks; see DOCUMENTATION.

    Raises AnsibleFilterError when a text is no address or no network.
    """
    try:
        known = [ipaddress.ip_network(network) for network in networks]
        found = [ipaddress.ip_address(address) for address in addresses]
    except ValueError as error:
        raise AnsibleFilterError(f"outside: {error}.") from None
    return [str(address) for address in found if not any(address in network for network in known)]


class FilterModule:
    """Ansible looks for this class."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"outside": outside}
