# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sets of IPv4 and IPv6 addresses."""

from __future__ import annotations

import ipaddress
import typing as t
from dataclasses import dataclass

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._intervals import NO_NUMBERS, Intervals

if t.TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ANYWHERE", "NOWHERE", "Addresses", "addresses"]


@dataclass(frozen=True)
class Addresses:
    """A set of addresses of both families."""

    v4: Intervals = NO_NUMBERS
    v6: Intervals = NO_NUMBERS

    def __bool__(self) -> bool:
        return bool(self.v4 or self.v6)

    def __or__(self, other: Addresses) -> Addresses:
        return Addresses(self.v4 | other.v4, self.v6 | other.v6)

    def __and__(self, other: Addresses) -> Addresses:
        return Addresses(self.v4 & other.v4, self.v6 & other.v6)

    def __sub__(self, other: Addresses) -> Addresses:
        return Addresses(self.v4 - other.v4, self.v6 - other.v6)

    def texts(self) -> list[str]:
        """Return the set as the fewest networks, single addresses without a prefix length."""
        found: list[str] = []
        for spans, kind in ((self.v4.spans, ipaddress.IPv4Address), (self.v6.spans, ipaddress.IPv6Address)):
            for first, last in spans:
                for network in ipaddress.summarize_address_range(kind(first), kind(last)):
                    found.append(str(network if network.num_addresses > 1 else network.network_address))
        return found


def addresses(texts: Iterable[str]) -> Addresses:
    """Return the set that addresses and networks in CIDR notation (RFC 4632, RFC 4291) mean together.

    Raises ValueError for a text that is neither. Host bits are ignored, as the clouds' interfaces ignore them.
    """
    spans: dict[int, list[tuple[int, int]]] = {4: [], 6: []}
    for text in texts:
        network = ipaddress.ip_network(text, strict=False)
        spans[network.version].append((int(network.network_address), int(network.broadcast_address)))
    return Addresses(Intervals.of(spans[4]), Intervals.of(spans[6]))


NOWHERE = Addresses()
ANYWHERE = addresses(["0.0.0.0/0", "::/0"])
