# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a client is led that asks the cluster for its nodes ("sniffing"), and then connects to what it is told.

Each node publishes one address for clients, `http.publish_host` and `http.publish_port`; by default its own, with the port at which it listens:
https://www.elastic.co/docs/reference/elasticsearch/configuration-reference/networking-settings
"""

from __future__ import annotations

import re
import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

__all__ = ["led_past"]

# "192.0.2.7:9200", "[2001:db8::7]:9200", "es1.example.org/192.0.2.7:9200": clients take the name where there is one
_PUBLISHED = re.compile(r"(?:(?P<name>[A-Za-z0-9_.-]{1,253})/)?(?P<address>[0-9.]+|\[[0-9A-Fa-f:.]+\]):(?P<port>[0-9]{1,5})", re.ASCII)


def led_past(answers: Iterable[Mapping[str, t.Any]], closed: Collection[int]) -> list[str]:
    """Return where clients are led that is closed to them, as `host:port`, sorted. What cannot be read leads nobody anywhere.

    answers  what Elasticsearch has answered to `GET /_nodes/http`
    closed   the ports that are to be closed
    """
    found = set()
    for answer in answers:
        nodes = answer.get("nodes")
        for node in nodes.values() if isinstance(nodes, dict) else ():
            http = node.get("http") if isinstance(node, dict) else None
            told = _PUBLISHED.fullmatch(str(http.get("publish_address") if isinstance(http, dict) else ""))
            if told and int(told["port"]) in closed:
                found.add(f"{told['name'] or told['address']}:{told['port']}")
    return sorted(found)
