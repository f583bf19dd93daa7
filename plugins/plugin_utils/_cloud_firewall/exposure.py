# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who reaches a port through all the packet filters on the way, whatever cloud they belong to.

A path is a sequence of stages, as a packet meets them: a network ACL, then security groups; or the firewall policies
of an organization, then the rules of a network. A stage is a sequence of rules, of which the first that matches
decides, and a verdict for packets that none matches.

Where the answer depends on something that cannot be known from here, the worse answer is given: such an allowing rule
counts, such a denying rule does not.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._addresses import ANYWHERE, NOWHERE, Addresses
from .._intervals import Intervals

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["ALL_PORTS", "Finding", "Rule", "Source", "Stage", "findings", "reached_from"]

ALL_PORTS = Intervals(((0, 65535),))


@dataclass(frozen=True)
class Source:
    """One source of a rule: its text, and its addresses, or None where they cannot be known."""

    text: str
    addresses: Addresses | None


@dataclass(frozen=True)
class Rule:
    """A rule about incoming TCP packets.

    `name` is what a person finds the rule by, and whose it is. `verdict` is `allow`, `deny`, or `next`: the next stage
    decides. A rule that is not `certain` also depends on something else than source and port.
    """

    name: str
    verdict: str
    ports: Intervals
    sources: tuple[Source, ...]
    certain: bool = True


@dataclass(frozen=True)
class Stage:
    """Rules in the order in which they are tried, and the verdict where none matches."""

    rules: tuple[Rule, ...]
    otherwise: str = "deny"


@dataclass(frozen=True)
class Finding:
    """A rule that opens `ports` to `sources`, which are texts of the rule."""

    rule: str
    ports: Intervals
    sources: tuple[str, ...]


def findings(
    path: Sequence[Stage], ports: Intervals, permitted: Addresses, by_port: Sequence[tuple[Intervals, Addresses]] = ()
) -> list[Finding]:
    """Return each rule that opens one of the `ports` to anyone who is not `permitted`, in the order of the path.

    by_port  who else is, at some of the ports
    """
    opened: dict[tuple[str, tuple[str, ...]], Intervals] = {}
    for segment in _segments(path, ports, [its for its, _who in by_port]):
        here = permitted
        for its, who in by_port:
            here |= who if segment[0] in its else NOWHERE
        for rule, sources in _opened(path, segment[0], here):
            opened[rule, sources] = opened.get((rule, sources), Intervals()) | Intervals((segment,))
    return [Finding(rule, found, sources) for (rule, sources), found in opened.items()]


def reached_from(path: Sequence[Stage], port: int) -> Addresses:
    """Return the addresses that certainly reach the port: here only a rule that is certain counts as allowing."""
    allowed, undecided = NOWHERE, ANYWHERE
    for stage in path:
        passed = NOWHERE
        for rule in stage.rules:
            matched = _known(rule) & undecided if port in rule.ports else NOWHERE
            if rule.verdict == "allow" and rule.certain:
                allowed |= matched
            elif rule.verdict == "next" and rule.certain:
                passed |= matched
            elif rule.verdict != "deny":
                continue
            undecided -= matched
        undecided = passed | undecided if stage.otherwise == "next" else passed
    return allowed


def _segments(path: Sequence[Stage], ports: Intervals, others: Iterable[Intervals]) -> list[tuple[int, int]]:
    """Cut the ports where a rule or one of the others begins or ends, so that all ports of a segment meet the same rules."""
    every = [*(rule.ports for stage in path for rule in stage.rules), *others]
    edges = {edge for each in every for a, b in each.spans for edge in (a, b + 1)}
    segments = []
    for first, last in ports.spans:
        cuts = [first, *sorted(edge for edge in edges if first < edge <= last), last + 1]
        segments += [(a, b - 1) for a, b in zip(cuts, cuts[1:])]
    return segments


def _opened(path: Sequence[Stage], port: int, permitted: Addresses) -> list[tuple[str, tuple[str, ...]]]:
    """Return the rules that let others than the permitted in, each with those of its sources that do.

    An allowing rule does not hide a later one that allows the same, which opens the port as soon as the first is gone.
    """
    found = []
    undecided = ANYWHERE
    for stage in path:
        passed = NOWHERE
        for rule in stage.rules:
            if port not in rule.ports:
                continue
            if rule.verdict == "allow":
                sources = tuple(s.text for s in rule.sources if _lets_in(s, undecided, permitted))
                if sources:
                    found.append((rule.name, sources))
                continue
            matched = _known(rule) & undecided
            if rule.verdict == "next":
                passed |= matched
            if rule.certain:
                undecided -= matched
        undecided = passed | undecided if stage.otherwise == "next" else passed
    return found


def _lets_in(source: Source, undecided: Addresses, permitted: Addresses) -> bool:
    if source.addresses is None:
        return bool(undecided)
    return bool((source.addresses & undecided) - permitted)


def _known(rule: Rule) -> Addresses:
    known = NOWHERE
    for source in rule.sources:
        known |= source.addresses or NOWHERE
    return known
