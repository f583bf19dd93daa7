# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The networks of a host's own containers, from its facts.

They are those of the bridges to which only containers are attached. Such a bridge is told by what the kernel says of it, not by its name, for Docker and
Podman let users name theirs: each of its ports is one end of a virtual cable, or it has no port yet. Any other bridge is left out, because machines of the
neighbourhood may be behind it. So are those of virtual machines and that of the default route.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t
from collections.abc import Iterator, Mapping

__all__ = ["container_networks"]

# The host's ends of virtual cables. Docker, Podman, LXC and CNI all call them that, whatever the name of the bridge.
_CABLE = re.compile(r"veth.*")
# of libvirt: without a port while no machine runs
_VIRTUAL_MACHINES = re.compile(r"virbr[0-9]+(-nic)?")


def container_networks(facts: Mapping[str, t.Any]) -> list[str]:
    """Return the networks, sorted by the bridges' names."""
    default = {facts.get(f"default_ipv{version}", {}).get("interface") for version in (4, 6)}
    known = ((name, _fact(facts, name)) for name in sorted(facts.get("interfaces", [])))
    bridges = [interface for name, interface in known if _has_only_containers(name, interface, default)]
    return list(dict.fromkeys(network for interface in bridges for network in _interface_networks(interface)))


def _fact(facts: Mapping[str, t.Any], interface: str) -> Mapping[str, t.Any]:
    """setup names the fact of an interface with underscores: br-0123 has br_0123."""
    found = facts.get(re.sub(r"[-:]", "_", interface), {})
    return found if isinstance(found, Mapping) else {}


def _has_only_containers(name: str, bridge: Mapping[str, t.Any], default: set[object]) -> bool:
    if bridge.get("type") != "bridge" or name in default or _VIRTUAL_MACHINES.fullmatch(name):
        return False
    return all(_CABLE.fullmatch(str(port)) for port in bridge.get("interfaces", []))


def _interface_networks(interface: Mapping[str, t.Any]) -> Iterator[str]:
    v4 = [interface.get("ipv4", {}), *interface.get("ipv4_secondaries", [])]
    for address in [*v4, *interface.get("ipv6", [])]:
        if "address" in address and "prefix" in address:
            network = ipaddress.ip_network(f"{address['address']}/{address['prefix']}", strict=False)
            if not network.is_link_local:
                yield str(network)
