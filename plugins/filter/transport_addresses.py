# Copyright (c) the tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The addresses at which nodes of a cluster reach each other, as C(tlsfront.elasticsearch.transport_addresses)."""

from __future__ import annotations

DOCUMENTATION = r"""
name: transport_addresses
author: The tlsfront.elasticsearch authors
version_added: 0.1.0
short_description: List the addresses at which the nodes of a cluster reach each other
description:
  - Reads the answer of Elasticsearch or OpenSearch to C(GET /_nodes/transport).
  - Returns the transport address of each node.
  - Loopback addresses are left out. All spellings from Elasticsearch 1 (C(inet[/192.0.2.7:9300])) on are understood.
  - A node whose address cannot be read is an error and never a gap, because a list of peers that lacks one cuts it off.
options:
  _input:
    description:
      - The parsed answer of the nodes information interface,
        U(https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-nodes-info).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Ask the node
  ansible.builtin.uri:
    url: http://127.0.0.1:9200/_nodes/transport
  register: answer

- name: Show the addresses
  ansible.builtin.debug:
    msg: "{{ answer.json | tlsfront.elasticsearch.transport_addresses }}"
"""

RETURN = r"""
_value:
  description: IPv4 and IPv6 addresses without ports, sorted by the nodes' names, without duplicates.
  type: list
  elements: str
"""

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Callable

from ansible.errors import AnsibleFilterError

# "192.0.2.7:9300", "es1/192.0.2.7:9300", "[2001:db8::7]:9300", "inet[es1/192.0.2.7:9300]", "inet[/2001:db8::7:9300]"
_ADDRESS_AND_PORT = re.compile(r"(?:inet\[)?(?:[^/]*/)?\[?(?P<address>[0-9A-Fa-f:.]+)(?:%\w+)?\]?:[0-9]+\]?", re.ASCII)


# nodes in one process (Elasticsearch 1 and 2)
_LOCAL = re.compile(r"local\[[0-9]+\]", re.ASCII)


def _addresses(name: str, texts: Iterable[object]) -> Iterator[str]:
    """The addresses of one node, without loopback ones.

    Raises AnsibleFilterError when one cannot be read, or when there is none.
    """
    known = [text for text in texts if text is not None]
    for text in known:
        if isinstance(text, str) and _LOCAL.fullmatch(text):
            continue
        match = _ADDRESS_AND_PORT.fullmatch(text) if isinstance(text, str) else None
        try:
            address = ipaddress.ip_address(match["address"] if match else "")
        except ValueError:
            raise AnsibleFilterError(f"transport_addresses: the address of node {name!r} cannot be read: {str(text)[:80]!r}.") from None
        if not address.is_loopback:
            yield str(address)
    if not known:
        raise AnsibleFilterError(f"transport_addresses: the node {name!r} has no transport address.")


def transport_addresses(answer: Mapping[str, Any]) -> list[str]:
    """The transport addresses in an answer; see DOCUMENTATION.

    Raises AnsibleFilterError when the answer is not one of the nodes information interface.
    """
    nodes = answer.get("nodes") if isinstance(answer, Mapping) else None
    if not isinstance(nodes, Mapping) or not all(isinstance(node, Mapping) for node in nodes.values()):
        raise AnsibleFilterError("transport_addresses: this is no answer to GET /_nodes/transport, it has no nodes.")
    found: dict[str, None] = {}  # a dict keeps the order
    for node in sorted(nodes.values(), key=lambda node: str(node.get("name"))):
        transport = node.get("transport")
        published = transport.get("publish_address") if isinstance(transport, Mapping) else None
        found.update(dict.fromkeys(_addresses(str(node.get("name"))[:80], [node.get("transport_address"), published])))
    return list(found)


class FilterModule:
    """Ansible looks for this class."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"transport_addresses": transport_addresses}
