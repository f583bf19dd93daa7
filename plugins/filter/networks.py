# Copyright (c) the tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts to canonical IP networks, as the filter C(tlsfront.elasticsearch.networks)."""

from __future__ import annotations

DOCUMENTATION = r"""
name: networks
author: The tlsfront.elasticsearch authors
version_added: 1.0.0
short_description: Check addresses and networks and write them in canonical form
description:
  - Turns a list of IP addresses and networks into the shortest sorted list without overlaps that means the same,
    or, without O(collapse), only sorts it.
  - An entry that cannot be meant fails with a message that names it and says what to write instead.
    Nothing is guessed and no name is looked up.
positional: _input, family
options:
  _input:
    description:
      - IPv4 and IPv6 addresses and networks in CIDR notation (RFC 4632, RFC 4291), in any order.
      - Names, networks with host bits set, netmasks, zones (V(fe80::1%eth0)) and IPv4-mapped IPv6 are refused.
    type: list
    elements: str
    required: true
  family:
    description: Return only the entries of this family. Entries of the other one are checked all the same.
    type: int
    choices: [4, 6]
  cidr:
    description: Write a single address as a network too (V(192.0.2.7/32)), as clouds want it.
    type: bool
    default: false
  collapse:
    description: Join neighbours, and leave out what another entry contains. Without it each entry is returned as it is, once.
    type: bool
    default: true
  name:
    description: What the list is called, for the error message, for example the variable's name.
    type: str
    default: networks
"""

EXAMPLES = r"""
- name: Show the IPv4 networks, [192.0.2.0/24, 198.51.100.7]
  ansible.builtin.debug:
    msg: "{{ ['198.51.100.7', '192.0.2.128/25', '192.0.2.0/25', '::1'] | tlsfront.elasticsearch.networks(4) }}"

- name: Fail and name the variable that holds the bad entry
  ansible.builtin.debug:
    msg: "{{ ['192.0.2.7/24'] | tlsfront.elasticsearch.networks(name='tlsfront_clients') }}"
"""

RETURN = r"""
_value:
  description: The networks, IPv4 before IPv6, each family in ascending order.
  type: list
  elements: str
"""

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any, Callable, Union

from ansible.errors import AnsibleFilterError

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

# RFC 4291, section 2.5.5.2. On the wire such a packet is IPv4, so a rule about it would never match.
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")


def _network(entry: object) -> Network:
    """The network that one entry means.

    Raises ValueError with a sentence that says what is wrong with the entry and what to write instead.
    """
    if not isinstance(entry, str):  # ip_network() would take the number 10 for 0.0.0.10
        raise ValueError(f"{entry!r} is not a text: write an address ('192.0.2.7') or a network ('192.0.2.0/24')")
    text = entry.strip()
    if "%" in text:
        raise ValueError(f"'{text}' has a zone, which means something on one machine only: write a global address")
    address, slash, prefix = text.partition("/")
    if slash and not (prefix.isascii() and prefix.isdigit()):
        raise ValueError(f"'{text}' has no prefix length after the slash: write for example 192.0.2.0/24")
    try:
        network = ipaddress.ip_network(text, strict=False)
        host = ipaddress.ip_address(address)
    except ValueError:
        raise ValueError(
            f"'{text}' is not an IPv4 or IPv6 address or network: names are not looked up, "
            "write for example 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32"
        ) from None
    if host != network.network_address:
        raise ValueError(f"'{text}' has host bits set: write {network} for the network or {host} for the one address")
    if isinstance(network, ipaddress.IPv6Network) and network.subnet_of(_MAPPED):
        raise ValueError(f"'{text}' is an IPv4 address written as IPv6: write it as IPv4")
    return network


def _text(network: Network, cidr: bool) -> str:
    return str(network) if cidr or network.num_addresses > 1 else str(network.network_address)


def networks(
    entries: Any, family: int | None = None, cidr: bool = False, collapse: bool = True, name: str = "networks"
) -> list[str]:
    """The canonical form of a list of addresses and networks; see DOCUMENTATION.

    Raises AnsibleFilterError for the first entry that is none.
    """
    if family not in (None, 4, 6):
        raise AnsibleFilterError(f"networks: the family is 4 or 6, not {family!r}")
    if isinstance(entries, (str, Mapping)) or not isinstance(entries, Iterable):
        raise AnsibleFilterError(f"{name}: expected a list of addresses and networks, not {entries!r}")
    try:
        found = [_network(entry) for entry in entries]
    except ValueError as error:
        raise AnsibleFilterError(f"{name}: {error}.") from None
    v4 = {n for n in found if isinstance(n, ipaddress.IPv4Network)} if family != 6 else set()
    v6 = {n for n in found if isinstance(n, ipaddress.IPv6Network)} if family != 4 else set()
    if collapse:
        canonical: list[Network] = [*ipaddress.collapse_addresses(v4), *ipaddress.collapse_addresses(v6)]
    else:
        canonical = [*sorted(v4), *sorted(v6)]
    return [_text(network, cidr) for network in canonical]


class FilterModule:
    """Ansible looks for this class."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"networks": networks}
