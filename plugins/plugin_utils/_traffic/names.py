# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who is at an address: by the inventory, by the cloud, by what a cloud's documentation says, or by DNS, in this order."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
import typing as t
from dataclasses import dataclass

from ansible.errors import AnsibleError
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._host_firewall.container_networks import container_networks
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._host_firewall.host_addresses import with_addresses
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._text import one_line
from jinja2.exceptions import UndefinedError

if t.TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

__all__ = ["BEHIND", "Named", "Names", "inventory", "name_of_host", "name_to_resolve"]

BEHIND = ("load balancer", "NAT gateway", "NAT instance", "shared address")
"""Kinds behind which others are, who are not seen."""
_GOOGLE = ("130.211.0.0/22", "35.191.0.0/16")
"""From where Google's load balancers connect, and their health checks: https://cloud.google.com/load-balancing/docs/firewall-rules"""
_HOST_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*")


@dataclass(frozen=True)
class Named:
    """Who is at an address, and what that is."""

    name: str = ""
    kind: str = "unknown"
    hosts: tuple[str, ...] = ()
    """Hosts of the inventory at the address."""
    is_probe: bool = False
    """Whether the proof asks from there whether ports are closed."""


def name_of_host(text: object) -> str:
    """Return the text as the name of a host; an empty text where it is none. Whoever owns an address may give it any name in the DNS."""
    name = str(text).rstrip(".").lower()
    return name if _HOST_NAME.fullmatch(name) else ""


def inventory(hostvars: Mapping[str, t.Any], hosts: Iterable[str], dns: Mapping[str, Iterable[str]] | None = None) -> dict[str, list[str]]:
    """Return the hosts at each address that the inventory tells, or the facts of a host, or the DNS of its name in the inventory."""
    found: dict[str, list[str]] = {}
    for host in hosts:
        resolved = [_address(text) for text in (dns or {}).get(name_to_resolve(hostvars, host), ())]
        for address in dict.fromkeys([*_addresses_of(hostvars, host), *filter(None, resolved)]):
            found.setdefault(address, []).append(host)
    return found


def name_to_resolve(hostvars: Mapping[str, t.Any], host: str) -> str:
    """Return the name by which the inventory tells where a host is of which there are no facts; an empty text where it tells an address."""
    said = hostvars[host]
    try:
        text = str(said.get("ansible_host") or host)
    except (AnsibleError, UndefinedError):
        return ""
    return "" if host == "localhost" or with_addresses(said.get("ansible_facts") or {}) or _address(text) else name_of_host(text)


class Names:
    """All that is known of addresses."""

    def __init__(
        self,
        hostvars: Mapping[str, t.Any],
        by_address: Mapping[str, Collection[str]],
        nodes: Collection[str],
        clients: Collection[str] = (),
        probes: Collection[str] = (),
        cloud: Mapping[str, tuple[str, str]] | None = None,
        dns: Mapping[str, str] | None = None,
        on_google: bool = False,
        here: Collection[str] = (),
    ) -> None:
        """`by_address` is what `inventory` has returned.

        `cloud` and `dns` have what they tell of an address: kind and name, and name; `here` are those of the controller, where it is a probe host.
        """
        self._by_address = by_address
        self._kinds = (("node", nodes), ("client host", clients), ("probe host", probes))
        self._cloud, self._dns, self._on_google = cloud or {}, dns or {}, on_google
        self._here, self._probes = here, set(probes)
        self._containers = {node: container_networks(hostvars[node].get("ansible_facts") or {}) for node in nodes if node in hostvars}

    def of(self, address: str, node: str) -> Named:
        """Return who is at the address as the node sees it."""
        found = self._of(address, node)
        return dataclasses.replace(found, is_probe=not self._probes.isdisjoint(found.hosts))

    def _of(self, address: str, node: str) -> Named:
        # machines of others may have the same addresses
        if _in(address, self._containers.get(node, ())):
            return Named(f"container on {node}", "container")
        hosts = tuple(self._by_address.get(address, ()))
        kind, name = self._cloud.get(address, ("", ""))
        if kind in BEHIND:
            return Named(one_line(name), kind, hosts)
        if node in hosts:
            return Named(node, "this node", hosts)
        if len(hosts) > 1:
            return Named(", ".join(hosts), "shared address", hosts)
        if hosts:
            return Named(hosts[0], next((kind for kind, its in self._kinds if hosts[0] in its), "inventory host"), hosts)
        if address in self._here:
            return Named("localhost", "probe host", ("localhost",))
        if kind:
            return Named(one_line(name), kind)
        if self._on_google and _in(address, _GOOGLE):
            return Named("Google's load balancers and health checks", "load balancer")
        dns = name_of_host(self._dns.get(address, ""))
        return Named(dns, "DNS name") if dns else Named()


def _addresses_of(hostvars: Mapping[str, t.Any], host: str) -> list[str]:
    said = hostvars[host]
    facts = said.get("ansible_facts") or {}
    identity = said.get("tlsfront_identity") or {}
    found: list[t.Any] = [host, *facts.get("all_ipv4_addresses", []), *facts.get("all_ipv6_addresses", []), *identity.get("addresses", [])]
    for variable in ("ansible_host", "tlsfront_addresses"):
        try:
            value = said.get(variable) or []
            found += [value] if isinstance(value, str) else list(value)
        except (AnsibleError, UndefinedError, TypeError):
            continue  # it rests on what is not known
    return [text for text in map(_address, found) if text]


def _address(text: t.Any) -> str:
    try:
        one = ipaddress.ip_address(str(text).partition("%")[0])
    except ValueError:
        return ""
    return "" if one.is_loopback or one.is_link_local else str(one)


def _in(address: str, networks: Iterable[str]) -> bool:
    one = ipaddress.ip_address(address)
    return any(one in ipaddress.ip_network(network) for network in networks)
