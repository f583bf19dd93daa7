# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who a node is by its facts, and whether what a metadata service told of it is what an instance can have."""

from __future__ import annotations

import ipaddress
import re
import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _names

__all__ = ["from_facts", "problems"]

# They go into names of servers, certificates and configuration files, and into requests to the cloud.
_IDENTIFIERS = {
    "instance_id": re.compile(r"i-[0-9a-f]+"),
    "instance": re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?"),  # RFC 1035, section 2.3.1
    "project": re.compile(r"([a-z0-9.-]+:)?[a-z0-9-]+"),
    "region": re.compile(r"[a-z0-9-]+"),
    "zone": re.compile(r"[a-z0-9-]+"),
}
_LISTS = ("names", "addresses", "private_addresses", "public_addresses")


def from_facts(host: str, facts: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the identity of a host in no cloud: its name in the inventory, and its addresses.

    Raises ValueError where a fact is no address; facts come from the host, and a zone (RFC 4007, section 11) may be any text.
    """
    found: dict[str, None] = {}  # a dict keeps the order
    for text in [*facts.get("all_ipv4_addresses", ()), *facts.get("all_ipv6_addresses", ())]:
        try:
            address = ipaddress.ip_address("%" if "%" in str(text) else str(text))
        except ValueError:
            raise ValueError(f"a fact of {host} is no address: {str(text)[:80]!r}.") from None
        if not address.is_loopback and not (address.version == 6 and address.is_link_local):
            found[str(address)] = None
    addresses = list(found)
    return {"cloud": "none", "names": [host], "addresses": addresses, "private_addresses": list(addresses), "public_addresses": []}


def problems(identity: t.Mapping[str, t.Any]) -> list[str]:
    """Return a sentence for each value of an identity from metadata that no instance has."""
    found = [f"The {key} are no list." for key in _LISTS if not isinstance(identity.get(key), list)]
    if found:
        return found
    found = _names.problems(identity["names"], [*identity["addresses"], *identity["private_addresses"], *identity["public_addresses"]])
    for key, pattern in _IDENTIFIERS.items():
        if key in identity and not (isinstance(identity[key], str) and pattern.fullmatch(identity[key])):
            found.append(f"The {key} {str(identity[key])[:80]!r} is none.")
    return list(dict.fromkeys(found))
