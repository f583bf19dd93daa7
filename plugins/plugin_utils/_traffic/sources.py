# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""All that is known of who uses the ports of a cluster's nodes, put together."""

from __future__ import annotations

import contextlib
import functools
import socket
import typing as t
from dataclasses import dataclass

from ansible.errors import AnsibleError
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.cloud import CloudError
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._text import one_line
from jinja2.exceptions import UndefinedError

from . import cloud_names, dns_names
from .cut_off import accepted, decision
from .names import Names, inventory, name_to_resolve
from .observation import observation
from .policy import in_force, wanted
from .rows import Node, rows

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Asked", "sources"]

_MOST = 1000
"""Names and addresses that the DNS is asked for; of further ones, it is asked for none."""


@dataclass(frozen=True)
class Asked:
    """What the report is to be of."""

    nodes: Sequence[str]
    """Those that have been asked."""
    group: Sequence[str]
    """All nodes of the cluster."""
    clients: Sequence[str]
    probes: Sequence[str]
    registered: Sequence[str]
    """The variables in which each node has what node_info has returned, the newest first."""
    answers: Mapping[str, t.Any]
    """The same of nodes that others have asked for."""
    days: int
    cut_off: t.Any
    dns_seconds: float
    """For which the DNS is asked; 0 for not at all."""


def sources(asked: Asked, hostvars: Mapping[str, t.Any], groups: Mapping[str, Sequence[str]], call: cloud_names.Call) -> dict[str, t.Any]:
    """Return the report: C(rows), C(nodes), what speaks against closing the ports (C(refuse)), and C(notes).

    :raises ValueError: an option cannot be meant, with a sentence
    """
    accepts = accepted(asked.cut_off, groups["all"])
    notes: list[str] = []
    resolver = _Resolver(asked.dns_seconds, notes)
    by_address = inventory(hostvars, groups["all"], resolver.addresses([name_to_resolve(hostvars, host) for host in groups["all"]]))
    nodes = [_node(name, asked, hostvars, by_address) for name in asked.nodes]
    here = _own_addresses(hostvars, asked.nodes) if "localhost" in asked.probes else set()
    named = functools.partial(Names, hostvars, by_address, asked.group, asked.clients, asked.probes, here=here)
    seen = [source for node in nodes for source in node.observation.sources]
    # those first that are no forged ones: there is an end to how many names are asked for
    addresses = list(dict.fromkeys(source.address for source in sorted(seen, key=lambda source: source.answered is None)))
    places = _places(hostvars, asked.nodes, notes)
    cloud = _of_clouds(places, _unnamed(addresses, named(), "unknown", "inventory host"), call, notes)
    named = functools.partial(named, cloud=cloud, on_google=any(place.provider == "gce" for place in places))
    dns = resolver.names(_unnamed(addresses, named(), "unknown"))
    found = rows(nodes, named(dns=dns).of, asked.days, accepts)
    told = decision(nodes, found, asked.days, accepts)
    return {
        "rows": [row.as_dict() for row in found],
        "nodes": [_about(node) for node in nodes],
        "refuse": told["refuse"],
        "unknown": told["unknown"],
        "notes": [*told["notes"], *notes],
    }


def _node(name: str, asked: Asked, hostvars: Mapping[str, t.Any], by_address: Mapping[str, Sequence[str]]) -> Node:
    answers = [asked.answers.get(name), *(hostvars[name].get(variable) for variable in asked.registered)]
    told = {part: next((answer[part] for answer in answers if answer and part in answer), None) for part in ("observation", "nftables")}
    own = frozenset(address for address, hosts in by_address.items() if name in hosts)
    elsewhere = frozenset(by_address) - own
    return Node(name, observation(told["observation"]), wanted(name, hostvars, asked.group), in_force(told["nftables"]), own, elsewhere)


def _about(node: Node) -> dict[str, t.Any]:
    seen = node.observation
    return {
        "name": node.name,
        "observed": seen.is_there,
        "problem": seen.problem or ("nobody is observed there now" if seen.is_stopped else ""),
        "seconds": seen.length,
        "lost": seen.lost,
        "policy_problem": one_line(node.wanted.problem),
    }


def _own_addresses(hostvars: Mapping[str, t.Any], nodes: Sequence[str]) -> set[str]:
    """The addresses by which this host reaches nodes. Nothing is sent: to connect a datagram socket chooses a route (connect(2))."""
    found = set()
    for address in inventory(hostvars, nodes):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, 9))
            found.add(str(probe.getsockname()[0]))
    return found


def _unnamed(addresses: Sequence[str], names: Names, *kinds: str) -> list[str]:
    return [address for address in addresses if names.of(address, "").kind in kinds]


def _places(hostvars: Mapping[str, t.Any], nodes: Sequence[str], notes: list[str]) -> list[cloud_names.Place]:
    try:
        return cloud_names.places(hostvars, nodes)
    except (AnsibleError, UndefinedError) as error:
        notes.append(f"The cloud could not be asked for names: {one_line(error)[:300]}")
        return []


def _of_clouds(places: Sequence[cloud_names.Place], addresses: Sequence[str], call: cloud_names.Call, notes: list[str]) -> cloud_names.Named:
    found: cloud_names.Named = {}
    for place in places:
        try:
            found.update(cloud_names.names(place, addresses, call))
        except CloudError as error:
            where = " ".join(filter(None, (place.provider.upper(), *place.where)))
            notes.append(f"{where} could not be asked for names: {one_line(error)[:300]}.")
    return found


class _Resolver:
    """Asks the DNS, for so many seconds each time, and notes what it has not answered."""

    def __init__(self, seconds: float, notes: list[str]) -> None:
        self._seconds, self._notes = seconds, notes

    def addresses(self, of: Sequence[str]) -> dict[str, list[str]]:
        found, missing = dns_names.addresses(self._some(of), self._seconds)
        self._note(missing, "addresses of {} hosts of the inventory")
        return found

    def names(self, of: Sequence[str]) -> dict[str, str]:
        found, missing = dns_names.names(self._some(of), self._seconds)
        self._note(missing, "names of {} addresses")
        return found

    def _some(self, texts: Sequence[str]) -> list[str]:
        return [text for text in dict.fromkeys(texts) if text][:_MOST] if self._seconds else []

    def _note(self, missing: int, of: str) -> None:
        if missing:
            self._notes.append(f"The DNS has not answered with the {of.format(missing)} within {self._seconds:g} seconds.")
