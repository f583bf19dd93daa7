# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is to be done to a cloud's firewall, so that nothing is cut off: first what opens, later what closes."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

__all__ = ["CLOSE", "OPEN", "Plan", "Policy"]

OPEN, CLOSE = "open", "close"


@dataclass(frozen=True)
class Policy:
    """Who may connect where. Ports are texts such as `9200` or `9200-9299`, clients are networks in CIDR notation.

    `others` are nodes of the cluster that this run leaves out, and that go on needing what they share with the nodes of this run. Which ports of theirs are
    closed is not known: Elasticsearch may have been found at more of them in a run before.
    """

    name: str
    open_ports: tuple[str, ...] = ()
    closed_ports: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    direct_clients: tuple[str, ...] = ()
    direct_clients_by_port: t.Mapping[str, t.Sequence[str]] = field(default_factory=dict)
    others: tuple[str, ...] = ()

    @classmethod
    def of(cls, value: t.Mapping[str, t.Any]) -> Policy:
        """Return the policy that a mapping with the same keys holds."""
        lists = {key: tuple(map(str, value.get(key) or ())) for key in ("open_ports", "closed_ports", "clients", "direct_clients", "others")}
        by_port = {str(port): tuple(map(str, its)) for port, its in (value.get("direct_clients_by_port") or {}).items()}
        return cls(str(value["name"]), **lists, direct_clients_by_port=by_port)


@dataclass
class Plan:
    """Steps by phase, and what they make of the firewall.

    `before` and `after` describe what is ours, a line for each thing; `left` describes what others put there, or
    need, which is left alone; `remarks` are sentences about what the cloud may refuse. What a step has beside `phase` and `line` is for whoever carries it out.
    """

    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    steps: list[dict[str, t.Any]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def add(self, phase: str, line: str, **details: t.Any) -> None:
        """Append a step."""
        self.steps.append({"phase": phase, "line": line, **details})

    def __iadd__(self, other: Plan) -> Plan:
        for mine, others in ((self.before, other.before), (self.after, other.after), (self.left, other.left)):
            mine += others
        self.steps += other.steps
        self.remarks += other.remarks
        return self

    def of(self, phase: str) -> list[dict[str, t.Any]]:
        """Return the steps of one phase."""
        return [step for step in self.steps if step["phase"] == phase]

    def told(self) -> list[str]:
        """Return what a person is told of the plan, a line for each thing."""
        lines = [step["line"] for step in self.steps]
        lines += [f"left as it is: {line}" for line in self.left]
        lines += [f"WARNING: {remark}" for remark in self.remarks]
        return lines or ["nothing to do"]
