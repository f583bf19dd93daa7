# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a run may close the ports: whom that would cut off, what of it cannot be known, and who may be by tlsfront_cut_off."""

from __future__ import annotations

import ipaddress
import re
import typing as t
from dataclasses import dataclass

from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.filter.networks import networks
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._intervals import port_texts
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._numbers import whole
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._summary import and_join

from .rows import DAY
from .times import length

if t.TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from .rows import Node, Row

__all__ = ["Accepted", "accepted", "decision", "problems"]

_NAME = "tlsfront_cut_off"
_SHORT_GAP = 900
"""Seconds that a reboot may take, of which nothing is said."""


@dataclass(frozen=True)
class Accepted:
    """Who may be cut off."""

    everybody: bool = False
    networks: tuple[str, ...] = ()
    hosts: frozenset[str] = frozenset()

    def __call__(self, address: str, hosts: Iterable[str]) -> bool:
        """Return whether an address may be, at which these hosts of the inventory are: all of them."""
        if self.everybody:
            return True
        one, its = ipaddress.ip_address(address), set(hosts)
        return any(one in ipaddress.ip_network(network) for network in self.networks) or (bool(its) and its <= self.hosts)


def accepted(value: t.Any, inventory: Collection[str]) -> Accepted:
    """Return what `tlsfront_cut_off` means. Raises ValueError, with a sentence, for what can mean nobody."""
    items = [item for item in re.split(r"[\s,]+", value) if item] if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)) or not all(isinstance(item, str) for item in items):
        raise ValueError(f"{_NAME} is {value!r}: give refuse, accept, or a list of addresses, networks and names of the inventory.")
    words = [item for item in items if item in ("refuse", "accept")]
    if words and len(items) > 1:
        raise ValueError(f"{_NAME} has {words[0]} and more beside it: give that word alone, or name who may be cut off.")
    if words:
        return Accepted(everybody=words[0] == "accept")
    if not items:
        raise ValueError(f"{_NAME} is empty: give refuse, accept, or name who may be cut off.")
    hosts = frozenset(item for item in items if item in inventory)
    try:
        return Accepted(networks=tuple(networks([item for item in items if item not in hosts], name=_NAME)), hosts=hosts)
    except AnsibleFilterError as error:
        raise ValueError(f"{error} A name must be that of a host of the inventory.") from None


def problems(values: Mapping[str, t.Any], inventory: Collection[str]) -> list[str]:
    """Return a sentence for each option of this part that cannot be meant."""
    found = []
    if _NAME in values:
        try:
            accepted(values[_NAME], inventory)
        except ValueError as error:
            found.append(str(error))
    for name, least, most in (("tlsfront_observed_days", 1, 365), ("tlsfront_cutover_quiet", 0, 10080)):
        number = whole(values.get(name, least))
        if number is None or not least <= number <= most:
            found.append(f"{name} is {values[name]!r}: give a whole number from {least} to {most}.")
    return found


def decision(nodes: Sequence[Node], rows: Sequence[Row], days: int, accepts: Accepted) -> dict[str, list[str]]:
    """Return `refuse`, what speaks against closing the ports, `unknown`, what could not be seen, and `notes`, what else is to be said, in lines."""
    unknown: list[str] = []
    notes: list[str] = []
    for node in nodes:
        its, said = _of_node(node, days)
        unknown += its
        notes += said
    unseen = [node.name for node in nodes if not (node.observation.is_there or node.observation.problem)]
    if unseen:
        where = "" if len(unseen) == len(nodes) else f" on {and_join(unseen)}"
        notes.append(f"Nothing was observed{where}: run tlsfront.elasticsearch.observe, some days before the ports are closed.")
    refuse = _lines(row for row in rows if row.state == "cut off")
    if not accepts.everybody:
        # whoever asks who knocks at closed ports needs no policy
        refuse += unknown + [
            f"Whom the rules of {node.name} would let in is not known: {node.wanted.problem}"
            for node in nodes
            if node.wanted.problem and node.observation.sources
        ]
    return {"refuse": refuse, "unknown": unknown, "notes": notes}


def _lines(rows: Iterable[Row]) -> list[str]:
    """One for each source, in their order."""
    alike: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        alike.setdefault((row.address, row.name, row.kind, row.do), []).append(row)
    return [_line(its) for its in alike.values()]


def _line(rows: Sequence[Row]) -> str:
    row = rows[0]
    nodes = and_join(sorted({row.node for row in rows}))
    ports = and_join([str(port) for port in sorted({row.port for row in rows})])
    answered = min(row.last if row.answered is None else row.answered for row in rows)
    return f"{row.address} ({', '.join(filter(None, [row.name, row.kind]))}) used {ports} of {nodes}, last {length(answered)} ago. {row.do}"


def _of_node(node: Node, days: int) -> tuple[list[str], list[str]]:
    """What is unknown there, and what is to be said."""
    unknown: list[str] = []
    said: list[str] = []
    seen = node.observation
    if seen.problem:
        unknown.append(f"What was observed on {node.name} cannot be seen: {seen.problem}.")
    if not seen.is_there:
        return unknown, said
    if seen.is_stopped:
        # no reason to leave the ports open: the firewall's own rules may be gone with them
        said.append(f"Nobody is observed on {node.name} now, for the rules that do are not loaded: run tlsfront.elasticsearch.observe again.")
    if node.in_force.problem:
        said.append(f"The rules in force on {node.name} cannot be seen: {node.in_force.problem}.")
    if seen.lost is not None and seen.lost <= days * DAY:
        unknown.append(
            f"{node.name} saw more sources than it has place for, {length(seen.lost)} ago, so some are not known: set traffic_observer_size to more, "
            "and observe again."
        )
    if seen.tries_lost is not None and seen.tries_lost <= days * DAY:
        # no reason to leave the ports open, or anybody could keep them open for ever
        said.append(
            f"{node.name} had no place for all who tried, {length(seen.tries_lost)} ago: SYNs, which may be forged. "
            "Who has completed a handshake has a place apart, and is known."
        )
    if seen.length is not None and seen.length < days * DAY:
        said.append(f"{node.name} was observed for {length(seen.length)} only, not for {days} {'day' if days == 1 else 'days'}.")
    gaps = seen.gaps(days * DAY)
    if gaps > _SHORT_GAP:
        said.append(f"{node.name} was not observed for {length(gaps)} of that time.")
    unobserved = port_texts(node.wanted.closed - seen.ports)
    if unobserved:
        said.append(f"Nobody was observed at {', '.join(unobserved)} of {node.name}: run tlsfront.elasticsearch.observe again.")
    return unknown, said
