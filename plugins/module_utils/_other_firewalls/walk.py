# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What becomes of the first packet of a TCP connection in a chain of rules, as far as the rules are understood.

Each match is true, false, or None where it is not understood; then both are followed. What is left are all outcomes that there may be.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Callable, Dict, Iterable, NamedTuple, Optional, Tuple

from .model import OPEN, PARTLY, SHUT, UNKNOWN, Network

__all__ = [
    "ACCEPT", "CONTINUE", "DROP", "RETURN", "UNCLEAR", "Addresses", "Chain", "Chains", "Match", "Packet", "Rule", "addresses", "is_from", "negated", "verdict",
]  # fmt: skip

ACCEPT, DROP, RETURN, CONTINUE = "accept", "drop", "return", "continue"
UNCLEAR = "unclear"
"""A target that is not understood: it may be any of them."""
_DEPTH = 32
_REPRESENTATIVES = 200


Span = Tuple[int, int]
"""The first and the last address as integers: a set may have fifty thousand of them."""


class Addresses(NamedTuple):
    """A network or a range."""

    version: int
    span: Span


def addresses(of: Network) -> Addresses:
    return Addresses(of.version, (int(of.network_address), int(of.broadcast_address)))


@dataclass
class Packet:
    """A SYN to a port of this host, from no loopback interface, of a client of a network."""

    port: int
    clients: Network
    point: int | None = None
    """Its address. Without it, one of which no rule speaks that is about a part of the clients only."""
    parts: set[Span] = field(default_factory=set)
    """The parts of the clients that rules have spoken of."""

    def __post_init__(self) -> None:
        self.version, self.span = addresses(self.clients)


Match = Callable[[Packet], Optional[bool]]


class Rule(NamedTuple):
    """Either one of the actions above, or `jump` or `goto` to a chain of the same table."""

    matches: list[Match]
    action: str
    chain: str = ""

    def matches_of(self, packet: Packet) -> bool | None:
        """All of them, or whether it cannot be told."""
        result: bool | None = True
        for match in self.matches:
            found = match(packet)
            if found is False:
                return False
            result = result if found else None
        return result


class Chain(NamedTuple):
    """Its policy is empty where it is no base chain."""

    rules: list[Rule]
    policy: str = ""


Chains = Dict[str, Chain]


def is_from(given: Iterable[Addresses]) -> Match:
    """Whether the packet is from one of them."""
    spans: dict[int, list[Span]] = {4: [], 6: []}
    for each in given:
        spans[each.version].append(each.span)
    merged = {version: _merged(each) for version, each in spans.items()}
    ends = {version: [last for _first, last in each] for version, each in merged.items()}

    def match(packet: Packet) -> bool:
        own = merged[packet.version]
        first, last = packet.span if packet.point is None else (packet.point, packet.point)
        begin = bisect_left(ends[packet.version], first)
        if begin < len(own) and own[begin][0] <= first and last <= own[begin][1]:
            return True
        if packet.point is None:
            for low, high in own[begin:]:
                if low > last:
                    break
                packet.parts.add((max(low, first), min(high, last)))
        return False

    return match


def negated(match: Match) -> Match:
    def found(packet: Packet) -> bool | None:
        told = match(packet)
        return None if told is None else not told

    return found


def _merged(spans: Iterable[Span]) -> list[Span]:
    """In order, and without any that touch each other."""
    found: list[Span] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def verdict(chains: Chains, base: str, port: int, clients: Network) -> str:
    """OPEN, SHUT, UNKNOWN, or PARTLY where some of the clients certainly or perhaps get in and the rest does not."""
    general = Packet(port, clients)
    outcomes = _outcomes(chains, base, general)
    is_covered = _merged(general.parts) == [general.span]
    if outcomes == {ACCEPT} and not is_covered:
        return OPEN  # who is banned is meant to be
    if (ACCEPT in outcomes and outcomes != {ACCEPT}) or len(general.parts) > _REPRESENTATIVES:
        return UNKNOWN
    parts = [_outcomes(chains, base, Packet(port, clients, first)) for first, _last in general.parts]
    if is_covered:  # the parts are all of it together, though not each with its own outcome
        return OPEN if all(each == {ACCEPT} for each in parts) and outcomes == {ACCEPT} else UNKNOWN
    return PARTLY if any(ACCEPT in each for each in parts) else SHUT


def _outcomes(chains: Chains, base: str, packet: Packet) -> frozenset[str]:
    found = _walk(chains, base, packet, 0)
    return frozenset(found - {RETURN}) | ({chains[base].policy} if RETURN in found else frozenset())


def _walk(chains: Chains, name: str, packet: Packet, depth: int) -> set[str]:
    """RETURN is among them where the packet may leave the chain by its end."""
    if depth > _DEPTH or name not in chains:
        return {ACCEPT, DROP, RETURN}
    outcomes: set[str] = set()
    for rule in chains[name].rules:
        matches = rule.matches_of(packet)
        if matches is False:
            continue
        result = _result(chains, rule, packet, depth)
        outcomes |= result - {CONTINUE}
        if matches and CONTINUE not in result:
            return outcomes
    return outcomes | {RETURN}


def _result(chains: Chains, rule: Rule, packet: Packet, depth: int) -> set[str]:
    if rule.action == UNCLEAR:
        return {ACCEPT, DROP, CONTINUE}
    if rule.action not in ("jump", "goto"):
        return {rule.action}
    inner = _walk(chains, rule.chain, packet, depth + 1)
    if rule.action == "jump" and RETURN in inner:
        return (inner - {RETURN}) | {CONTINUE}
    return inner
