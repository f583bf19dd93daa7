# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every address that hosts have, from their facts."""

from __future__ import annotations

import ipaddress
import typing as t
from collections.abc import Iterable, Mapping

from ansible.errors import AnsibleFilterError

__all__ = ["host_addresses", "with_addresses"]


def host_addresses(hosts: Iterable[str], hostvars: Mapping[str, t.Any]) -> list[str]:
    """Return all IPv4 and IPv6 addresses in the gathered facts of the hosts, host by host, without duplicates.

    Loopback addresses and IPv6 link-local ones are left out, because they say nothing about a host to another one. Of a host without facts, those in
    tlsfront_identity are taken, which the playbook site sets from the inventory for a node that cannot be reached.

    Raises AnsibleFilterError when there is no host, or when the addresses of one are not known: a list of peers that lacks one cuts it off.
    """
    names = list(hosts)
    if not names:
        raise AnsibleFilterError("There is no host: put the nodes into their group of the inventory.")
    addresses: dict[str, None] = {}  # a dict keeps the order
    without_facts = []
    for name in names:
        facts = hostvars[name].get("ansible_facts") or {}
        if with_addresses(facts):
            found = [*facts.get("all_ipv4_addresses", []), *facts.get("all_ipv6_addresses", [])]
        else:
            found = (hostvars[name].get("tlsfront_identity") or {}).get("addresses") or []
        useful = [str(address) for address in (_address(name, text) for text in found) if _useful(address)]
        addresses.update(dict.fromkeys(useful))
        if not useful:
            without_facts.append(name)
    if without_facts:
        raise AnsibleFilterError(
            f"The addresses of {', '.join(without_facts)} are not known, no facts were gathered: "
            "run the play on all hosts of the group at once and without --limit, or gather their facts before it, "
            "or keep facts in a fact cache."
        )
    return list(addresses)


def with_addresses(facts: Mapping[str, t.Any]) -> bool:
    """Return whether the addresses of a host were among the facts that were gathered of it."""
    return "all_ipv4_addresses" in facts or "all_ipv6_addresses" in facts


def _address(host: str, text: object) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The address in a fact. Facts come from other hosts, and a zone (RFC 4007, section 11) may be any text.

    Raises AnsibleFilterError when it is none.
    """
    try:
        if "%" in str(text):
            raise ValueError
        return ipaddress.ip_address(str(text))
    except ValueError:
        raise AnsibleFilterError(f"A fact of {host} is no address: {str(text)[:80]!r}.") from None


def _useful(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return not address.is_loopback and not (address.version == 6 and address.is_link_local)
