# Copyright (c) the tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The addresses of hosts from their facts, as the filter C(tlsfront.elasticsearch.host_addresses)."""

from __future__ import annotations

DOCUMENTATION = r"""
name: host_addresses
author: The tlsfront.elasticsearch authors
version_added: 0.1.0
short_description: List every address that hosts have, from their facts
description:
  - Returns all IPv4 and IPv6 addresses in the gathered facts of the hosts.
  - Loopback addresses and IPv6 link-local addresses are left out, because they say nothing about a host to another one.
  - Of a host without facts, the addresses in C(tlsfront_identity) are taken, which the playbook C(site) sets from the inventory for a node that cannot be
    reached. A host without either is an error and never a gap, because a list of peers that lacks one cuts it off.
positional: _input, hostvars
options:
  _input:
    description: Names of hosts of the inventory, for example a group.
    type: list
    elements: str
    required: true
  hostvars:
    description: The variable C(hostvars).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the addresses of a cluster
  ansible.builtin.debug:
    msg: "{{ groups['elasticsearch'] | tlsfront.elasticsearch.host_addresses(hostvars) }}"
"""

RETURN = r"""
_value:
  description: The addresses, host by host, without duplicates.
  type: list
  elements: str
"""

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any, Callable

from ansible.errors import AnsibleFilterError


def _address(host: str, text: object) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The address in a fact. Facts come from other hosts, and a zone (RFC 4007, section 11) may be any text.

    Raises AnsibleFilterError when it is none.
    """
    try:
        if "%" in str(text):
            raise ValueError
        return ipaddress.ip_address(str(text))
    except ValueError:
        raise AnsibleFilterError(f"host_addresses: a fact of {host} is no address: {str(text)[:80]!r}.") from None


def _useful(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return not address.is_loopback and not (address.version == 6 and address.is_link_local)


def host_addresses(hosts: Iterable[str], hostvars: Mapping[str, Any]) -> list[str]:
    """All addresses of the hosts; see DOCUMENTATION.

    Raises AnsibleFilterError when there is no host, or when the addresses of one are not known.
    """
    names = list(hosts)
    if not names:
        raise AnsibleFilterError("host_addresses: there is no host: put the nodes into their group of the inventory.")
    addresses: dict[str, None] = {}  # a dict keeps the order
    without_facts = []
    for name in names:
        facts = hostvars[name].get("ansible_facts") or {}
        if "all_ipv4_addresses" in facts or "all_ipv6_addresses" in facts:
            found = [*facts.get("all_ipv4_addresses", []), *facts.get("all_ipv6_addresses", [])]
        else:
            found = (hostvars[name].get("tlsfront_identity") or {}).get("addresses") or []
        useful = [str(address) for address in (_address(name, text) for text in found) if _useful(address)]
        addresses.update(dict.fromkeys(useful))
        if not useful:
            without_facts.append(name)
    if without_facts:
        raise AnsibleFilterError(
            f"host_addresses: the addresses of {', '.join(without_facts)} are not known, no facts were gathered: "
            "run the play on all hosts of the group at once and without --limit, or gather their facts before it, "
            "or keep facts in a fact cache."
        )
    return list(addresses)


class FilterModule:
    """Ansible looks for this class."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"host_addresses": host_addresses}
