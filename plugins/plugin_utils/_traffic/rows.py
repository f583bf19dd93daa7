# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What becomes of each source when the ports are closed, and what to do about it."""

from __future__ import annotations

import typing as t
from dataclasses import asdict, dataclass

from .names import BEHIND, Named

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .observation import Observation, Source
    from .policy import Rules

__all__ = ["DAY", "STATES", "Node", "Row", "rows"]

DAY = 86400
_SETTLED = 10
"""Seconds after the node's last answer in which the other end's last packets of a connection come that was closed in order."""

STATES = {
    "cut off": "has used a port within the days that count, and would get in no more",
    "unknown": "whom the rules would let in is not known",
    "accepted": "would be cut off, which tlsfront_cut_off says is meant",
    "left": "was a node that the rules in force let in, and is none any more: whether one of the cluster would be cut off, the role host_firewall sees itself",
    "earlier": "would get in no more, and has not used a port for longer",
    "unproven": "has only sent what may be forged, and would not get in",
    "probe": "gets in no more, and is a probe host, from where the proof asks whether ports are closed",
    "knocks": "the rules in force keep it out, and it has tried since",
    "gone": "the rules in force keep it out, and it has not tried since",
    "passes": "only passes through the node, to another host, which its rules do not stop",
    "let in": "gets in afterwards, too",
}
"""The states of a source, those first that somebody has to look at."""


@dataclass(frozen=True)
class Node:
    """A node, what it has seen, and its rules."""

    name: str
    observation: Observation
    wanted: Rules
    in_force: Rules
    own: frozenset[str] = frozenset()
    """Its addresses, as far as they are known."""
    elsewhere: frozenset[str] = frozenset()
    """Those of other hosts."""

    def open_until(self) -> int | None:
        """Return the age of the last answer to anybody whom the rules in force keep out: they were loaded after it. None where there was none."""
        ages = (each.answered for each in self.observation.sources if self.in_force.let_in(each.address, each.to, each.port) is False)
        return min((age for age in ages if age is not None), default=None)

    def passes(self, source: Source) -> bool:
        """Return whether a source only passes through. An address of which nothing is known may be the node's own, by a route of the type local."""
        if not self.own or source.to in self.own or self.wanted.is_container(source.to):
            return False
        return source.to in self.elsewhere or self.wanted.is_container(source.address)


@dataclass(frozen=True)
class Row:
    """A source at one address and port of one node. Ages are seconds by the node's clock."""

    node: str
    address: str
    to: str
    port: int
    name: str
    kind: str
    hosts: list[str]
    first: int
    last: int
    packets: int
    answered: int | None
    let_in: bool | None
    """Whether the policy would let it in afterwards."""
    closed: bool
    """Whether the rules in force keep it out already."""
    state: str
    do: str

    def as_dict(self) -> dict[str, t.Any]:
        """Return it for JSON."""
        return asdict(self)


def rows(nodes: Iterable[Node], named: Callable[[str, str], Named], days: int, accepts: Callable[[str, Iterable[str]], bool] = lambda *_: False) -> list[Row]:
    """Return a row for each source that any of the nodes has seen, those first that would be cut off, and of these who was there last.

    named    tells who is at an address, as a node sees it
    accepts  tells whether an address, at which hosts of the inventory are, may be cut off
    """
    order = list(STATES)
    found = []
    for node in nodes:
        open_until = node.open_until()  # once: anybody can send SYNs in the name of many thousands
        found += [_row(node, source, named(source.address, node.name), days, accepts, open_until) for source in node.observation.sources]
    return sorted(found, key=lambda row: (order.index(row.state), row.last, row.node, row.address, row.to, row.port))


def _row(node: Node, source: Source, named: Named, days: int, accepts: Callable[[str, Iterable[str]], bool], open_until: int | None) -> Row:
    let_in = node.wanted.let_in(source.address, source.to, source.port)
    # what cannot be seen of the rules in force closes nothing
    closed = node.in_force.let_in(source.address, source.to, source.port) is False
    state = "passes" if node.passes(source) else _state(source, let_in, closed, days, open_until)
    if (named.is_probe and state in ("unproven", "knocks")) or (named.kind == "probe host" and state in ("cut off", "earlier")):
        state = "probe"
    if state == "cut off" and accepts(source.address, named.hosts):
        state = "accepted"
    if state == "cut off" and node.in_force.is_peer(source.address):
        state = "left"
    return Row(
        node=node.name,
        address=source.address,
        to=source.to,
        port=source.port,
        name=named.name,
        kind=named.kind,
        hosts=list(named.hosts),
        first=source.first,
        last=source.last,
        packets=source.packets,
        answered=source.answered,
        let_in=True if state == "passes" else let_in,
        closed=closed and state != "passes",
        state=state,
        do=_do(state, source, named),
    )


def _state(source: Source, let_in: bool | None, closed: bool, days: int, open_until: int | None) -> str:
    if let_in:
        return "let in"
    if closed:
        answered = open_until if source.answered is None else source.answered
        return "knocks" if answered is None or answered - source.last > _SETTLED else "gone"
    if let_in is None:
        return "unknown"
    if source.answered is None:
        return "unproven"
    return "cut off" if source.answered <= days * DAY else "earlier"


def _do(state: str, source: Source, named: Named) -> str:
    """What to do, in a sentence."""
    if state in ("let in", "passes"):
        return "Nothing."
    if state == "unknown":
        return "Correct what keeps the policy of the node from being known."
    if state == "unproven":
        return "Nothing, unless it is a client of yours: SYNs only, which may be forged."
    if state == "gone":
        return "Nothing: it has stopped."
    if state == "probe":
        return "Nothing, where only the proof asks from there."
    if state == "accepted":
        return "Nothing: tlsfront_cut_off names it."
    if state == "left":
        return "Nothing, where it has left the cluster: none of its nodes would be cut off."
    if named.kind in BEHIND:
        return f"Look behind it: others use it to get here, who are not seen. {_move(state, source)}"
    if state == "knocks" and named.kind != "client host":
        return "It knocks in vain: have it use https, or stop it."
    if named.kind == "client host":
        return "Move it over with the playbook cutover, and restart what still holds the old setting."
    if named.kind in ("node", "this node"):
        return "It is a node of the inventory: see host_firewall_peers, which lacks this address."
    if named.kind == "container":
        return "A container of this node goes to its host's address: have it use https."
    return _move(state, source)


def _move(state: str, source: Source) -> str:
    if state == "knocks":
        return "They knock in vain: have them use https, or stop them."
    return f"Move it over to https, or add {source.address} to tlsfront_direct_clients."
