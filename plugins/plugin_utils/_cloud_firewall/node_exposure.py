# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the filters on the way mean for one interface of one node, in words."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._addresses import Addresses, addresses
from .._intervals import Intervals, port_set, port_texts
from .exposure import Stage, findings, reached_from

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["Exposure"]

_NAMED = 3  # so many nodes are named in a line; a cluster may have hundreds


@dataclass
class Exposure:
    """What was found at all interfaces looked at: who gets in that may not, and which peers do not get in."""

    ports: Intervals
    permitted: Addresses
    by_port: Sequence[tuple[Intervals, Addresses]] = ()
    found: list[dict[str, t.Any]] = field(default_factory=list)
    cut_off: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, ports: Iterable[object], permitted: Iterable[str], by_port: Mapping[str, Iterable[str]]) -> Exposure:
        """Return one in which nothing is found yet, of texts: ports, who may reach all of them, and who some."""
        return cls(port_set(ports), addresses(permitted), [(port_set([port]), addresses(networks)) for port, networks in by_port.items()])

    def look_at(self, host: str, interface: str, path: Sequence[Stage], peers: Mapping[str, str]) -> None:
        """Add what the path before an interface of the host lets through; `peers` are other nodes' names by address."""
        for finding in findings(path, self.ports, self.permitted, self.by_port):
            sources, ports = list(finding.sources), port_texts(finding.ports)
            line = f"{host} ({interface}): {', '.join(ports)} open to {', '.join(sources)} by {finding.rule}"
            self.found.append(
                {
                    "host": host,
                    "interface": interface,
                    "ports": ports,
                    "sources": sources,
                    "rule": finding.rule,
                    "line": line,
                }
            )
        for ports_text in port_texts(self.ports):
            first, last = port_set([ports_text]).spans[0]
            reached = reached_from(path, first) & reached_from(path, last)
            missing = [f"{peer} ({address})" for address, peer in peers.items() if addresses([address]) - reached]
            if missing:
                named = ", ".join(missing[:_NAMED]) + (f" and {len(missing) - _NAMED} more" if missing[_NAMED:] else "")
                self.cut_off.append(f"{host} ({interface}): {ports_text} not reached by {named}")

    def plain(self) -> dict[str, t.Any]:
        """Return it as plain data."""
        return {"findings": self.found, "cut_off": self.cut_off}
