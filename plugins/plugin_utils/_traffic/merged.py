# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rows of a report, with each source once for all nodes that have seen it."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._summary import and_join
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._text import one_line

from .rows import STATES
from .times import length

if t.TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

__all__ = ["Merged", "Report", "report"]

_AFTERWARDS = {
    "cut off": "CUT OFF",
    "unknown": "UNKNOWN",
    "accepted": "cut off, accepted",
    "left": "cut off, was a node",
    "earlier": "cut off, unused",
    "unproven": "kept out, SYNs only",
    "probe": "kept out, probe host",
    "knocks": "kept out, KNOCKS",
    "gone": "kept out",
    "passes": "passes through",
    "let in": "let in",
}
"""What is said of a state."""
_LEVELS = {**dict.fromkeys(("cut off", "unknown"), "failed"), **dict.fromkeys(("accepted", "left", "earlier", "unproven", "probe", "knocks"), "warning")}
"""How much it matters; what is not here is well."""


@dataclass(frozen=True)
class Merged:
    """A source that all nodes are to treat alike."""

    address: str
    name: str
    kind: str
    state: str
    do: str
    nodes: tuple[str, ...]
    ports: tuple[int, ...]
    first: int
    last: int
    packets: int
    answered: int | None

    @property
    def shown(self) -> dict[str, str]:
        """Return what is shown of it."""
        return {
            "address": self.address,
            "name": self.name or "-",
            "kind": self.kind,
            "ports": ", ".join(map(str, self.ports)),
            "nodes": ", ".join(self.nodes),
            "last": f"{length(self.last)} ago",
            "afterwards": _AFTERWARDS[self.state],
        }

    @property
    def answered_at(self) -> str:
        """Return when a node has last sent it something on an established connection."""
        return "" if self.answered is None else f"{length(self.answered)} ago"

    @property
    def level(self) -> str:
        """Return `failed`, `warning` or `verified`, as a check has them."""
        return _LEVELS.get(self.state, "verified")


@dataclass(frozen=True)
class Report:
    """What is shown."""

    sources: list[Merged]
    nodes: list[str]
    unseen: list[str]
    """Nodes of which not all is known."""
    unknown: list[str]
    notes: list[str]
    knocks_only: bool = False

    def count(self, *states: str) -> int:
        """Return how many sources are in one of the states."""
        return sum(1 for source in self.sources if source.state in states)

    @property
    def summary(self) -> str:
        """Return all of it in one line."""
        knocks, nodes = self.count("knocks"), and_join(self.nodes) or "no node"
        if self.knocks_only and not self.nodes:
            return "It is not known who still knocks at closed ports: nothing was observed."
        of_others = f"; of {and_join(self.unseen)} it is not known" if self.unseen else ""
        if self.knocks_only:
            return f"{_sources(knocks)} still {_verb(knocks, 'knock')} at closed ports, seen by {nodes}{of_others}."
        cut_off = self.count("cut off")
        parts = [f"{_sources(cut_off)} would be cut off"]
        parts += [f"of {self.count('unknown')} it is not known"] if self.count("unknown") else []
        parts += [f"{knocks} {_verb(knocks, 'knock')} in vain"] if knocks else []
        addresses = len({source.address for source in self.sources})
        return f"{'; '.join(parts)}; {addresses} {'address' if addresses == 1 else 'addresses'} in all, seen by {nodes}{of_others}."


def report(told: t.Any, states: Collection[str] | None = None) -> Report:
    """Return what is shown of the result of traffic_sources_info, or of its rows in some states alone.

    Raises ValueError where it is no such result.
    """
    try:
        found = [row for row in told["rows"] if states is None or row["state"] in states]
        merged = _merged(found)
        nodes = [one_line(node["name"]) for node in told["nodes"] if node["observed"]]
        unseen = [one_line(node["name"]) for node in told["nodes"] if node["problem"] or not node["observed"]]
        knocks_only = set(states or ()) == {"knocks"}
        unknown = [*map(one_line, told["unknown"])]
        if not knocks_only:
            problems = [(one_line(node["name"]), one_line(node.get("policy_problem"))) for node in told["nodes"]]
            unknown += [f"Whom the rules of {name} would let in: {problem}" for name, problem in problems if problem]
        return Report(merged, nodes, unseen, unknown, [*map(one_line, told["notes"])], knocks_only)
    except (KeyError, TypeError, AttributeError):
        raise ValueError("this is no result of the module traffic_sources_info") from None


def _merged(rows: Sequence[Mapping[str, t.Any]]) -> list[Merged]:
    order = list(STATES)
    alike: dict[tuple[str, ...], list[Mapping[str, t.Any]]] = {}
    for row in rows:
        # a name that one node gives it alone, such as that of its container, is another source
        alike.setdefault(tuple(str(row[name]) for name in ("address", "name", "kind", "state", "do")), []).append(row)
    found = [_of(its) for its in alike.values()]
    return sorted(found, key=lambda source: (order.index(source.state), source.last, source.address))


def _of(its: Sequence[Mapping[str, t.Any]]) -> Merged:
    answered = [int(row["answered"]) for row in its if row["answered"] is not None]
    return Merged(
        address=one_line(its[0]["address"]),
        name=one_line(its[0]["name"]),
        kind=one_line(its[0]["kind"]),
        state=str(its[0]["state"]),
        do=one_line(its[0]["do"]),
        nodes=tuple(dict.fromkeys(one_line(name) for name in sorted(str(row["node"]) for row in its))),
        ports=tuple(sorted({int(row["port"]) for row in its})),
        first=max(int(row["first"]) for row in its),
        last=min(int(row["last"]) for row in its),
        packets=sum(int(row["packets"]) for row in its),
        answered=min(answered, default=None),
    )


def _sources(number: int) -> str:
    return f"{number or 'No'} {'source' if number == 1 else 'sources'}"


def _verb(number: int, verb: str) -> str:
    return f"{verb}s" if number == 1 else verb
