# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The addresses at which nodes of a cluster reach each other, from the answer of Elasticsearch or OpenSearch to ``GET /_nodes/transport``.

All spellings from Elasticsearch 1 (``inet[/192.0.2.7:9300]``) on are understood. A node whose address cannot be read is an error and never a gap,
because a list of peers that lacks one cuts it off.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

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
    """The transport addresses in an answer, without ports and duplicates, sorted by the nodes' names. Loopback ones are left out.

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
