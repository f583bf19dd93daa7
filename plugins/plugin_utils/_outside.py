# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Addresses that lie in none of some networks."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible.errors import AnsibleFilterError

if t.TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["outside"]


def outside(addresses: Iterable[str], networks: Iterable[str]) -> list[str]:
    """Return the addresses in none of the networks, in the order given. Raises AnsibleFilterError when a text is no address or no network."""
    try:
        known = [ipaddress.ip_network(network) for network in networks]
        found = [ipaddress.ip_address(address) for address in addresses]
    except ValueError as error:
        raise AnsibleFilterError(f"outside: {error}.") from None
    return [str(address) for address in found if not any(address in network for network in known)]
