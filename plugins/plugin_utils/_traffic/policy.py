# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whom the rules of a node let in: those that are to be loaded, and those that are in force."""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ansible.errors import AnsibleError, AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.filter.networks import networks
from ansible_collections.tlsfront.elasticsearch.plugins.filter.ports import ports
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._addresses import NOWHERE, Addresses, addresses
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._direct_clients import direct_clients
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._host_firewall.container_networks import container_networks
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._host_firewall.host_addresses import host_addresses
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._intervals import NO_NUMBERS, Intervals, port_set
from jinja2.exceptions import UndefinedError

__all__ = ["Rules", "in_force", "wanted"]

_AUTO = "auto"


@dataclass(frozen=True)
class Rules:
    """Whom rules of the role host_firewall let in to the ports that they close."""

    closed: Intervals = NO_NUMBERS
    everywhere: Addresses = NOWHERE
    by_port: tuple[tuple[Intervals, Addresses], ...] = ()
    containers: Addresses = NOWHERE
    """Those of the networks of containers talk to each other, and get in to no other address."""
    peers: Addresses = NOWHERE
    """Those of everywhere who get in as nodes of the cluster."""
    problem: str = ""
    """Why it is not known whom they let in."""

    def let_in(self, address: str, to: str, port: int) -> bool | None:
        """Return whether a source gets in to a port at an address; None where that is not known."""
        if self.problem:
            return None
        if port not in self.closed or _holds(self.everywhere, address):
            return True
        if any(port in ports_ and _holds(sources, address) for ports_, sources in self.by_port):
            return True
        return self.is_container(address) and self.is_container(to)

    def is_peer(self, address: str) -> bool:
        """Return whether an address gets in as that of a node."""
        return _holds(self.peers, address)

    def is_container(self, address: str) -> bool:
        """Return whether an address is in a network of the node's own containers."""
        return _holds(self.containers, address)


def wanted(node: str, hostvars: Mapping[str, t.Any], hosts: Collection[str]) -> Rules:
    """Return the rules that the playbook site would load on the node: as the role has decided, or else by what is known without it."""
    said = hostvars[node]
    decided = (said.get("__host_firewall_decided") or {}).get("policy")
    try:
        return _rules(decided or _decided(node, hostvars, hosts))
    except (AnsibleError, UndefinedError, KeyError, TypeError, ValueError) as error:
        return Rules(problem=str(error))


def in_force(nftables: t.Any) -> Rules:
    """Return the rules that the kernel has, as the module node_info tells them; none that close anything where there are none."""
    if not isinstance(nftables, Mapping) or nftables.get("problem"):
        return Rules(problem=str((nftables or {}).get("problem") or "the rules of the node were not looked at"))
    if nftables.get("closed_ports") is None:
        return Rules()
    try:
        by_port: dict[str, list[str]] = {}
        for each in nftables.get("let_in_by_port") or []:
            by_port.setdefault(str(each["port"]), []).append(str(each["network"]))
        policy = {"ports": nftables["closed_ports"], "peers": nftables.get("let_in") or [], "direct_clients": [], "direct_clients_by_port": by_port}
        return dataclasses.replace(_rules({**policy, "container_networks": []}), peers=addresses(nftables.get("peers") or []))
    except (AnsibleFilterError, KeyError, TypeError, ValueError):
        return Rules(problem="the rules of the node cannot be read")


def _rules(policy: Mapping[str, t.Any]) -> Rules:
    return Rules(
        closed=port_set(ports(policy["ports"])),
        everywhere=addresses([*policy["peers"], *policy["direct_clients"]]),
        by_port=tuple((port_set(ports([port])), addresses(its)) for port, its in policy["direct_clients_by_port"].items()),
        containers=addresses(policy["container_networks"]),
    )


def _decided(node: str, hostvars: Mapping[str, t.Any], hosts: Collection[str]) -> dict[str, t.Any]:
    """What the role host_firewall would decide, by the variables that its defaults rest on, for a run that closes nothing."""
    said = hostvars[node]
    facts = said.get("ansible_facts") or {}
    if said.get("host_firewall_state", "present") == "absent":
        return {"ports": [], "peers": [], "direct_clients": [], "direct_clients_by_port": {}, "container_networks": []}
    named = said.get("host_firewall_closed_ports", said.get("tlsfront_closed_ports", [9200, 9300]))
    found = said.get("tlsfront_found_ports") or []
    closed = [int(port) for port in ports([*named, *found], expand=True, name="tlsfront_closed_ports")]
    clients = said.get("host_firewall_direct_clients", said.get("tlsfront_direct_clients", []))
    elsewhere = {int(port) for other in hosts if other in hostvars for port in hostvars[other].get("tlsfront_found_ports") or []}
    direct = direct_clients(clients, closed, "tlsfront_direct_clients", elsewhere=elsewhere)
    containers = said.get("host_firewall_container_networks", [_AUTO])
    given = [network for network in containers if network != _AUTO]
    return {
        "ports": closed,
        "peers": networks(said.get("host_firewall_peers") or host_addresses(hosts, hostvars), name="host_firewall_peers"),
        "direct_clients": direct.everywhere,
        "direct_clients_by_port": direct.by_port,
        "container_networks": networks([*given, *(container_networks(facts) if _AUTO in containers else [])]),
    }


def _holds(known: Addresses, address: str) -> bool:
    one = ipaddress.ip_address(address)
    return int(one) in (known.v4 if one.version == 4 else known.v6)
