# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What becomes of the first packet of a TCP connection in a chain of rules, as far as the rules are understood.

Each match is true, false, or None where it is not understood; then both are followed. What is left are all outcomes that there may be.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Callable, Dict, Iterable, NamedTuple, Optional

from .model import OPEN, PARTLY, SHUT, UNKNOWN, Network, within

__all__ = ["ACCEPT", "CONTINUE", "DROP", "RETURN", "UNCLEAR", "Chain", "Chains", "Match", "Packet", "Rule", "is_from", "verdict"]

ACCEPT, DROP, RETURN, CONTINUE = "accept", "drop", "return", "continue"
UNCLEAR = "unclear"
"""A target that is not understood: it may be any of them."""
_DEPTH = 32
_REPRESENTATIVES = 200


@dataclass
class Packet:
    """A SYN to a port of this host, from no loopback interface, of a client of a network."""

    port: int
    clients: Network
    point: ipaddress.IPv4Address | ipaddress.IPv6Address | None = None
    """Its address. Without it, one of which no rule speaks that is about a part of the clients only."""
    parts: set[Network] = field(default_factory=set)
    """The parts of the clients that rules have spoken of."""

    @property
    def version(self) -> int:
        return self.clients.version


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


def is_from(networks: Iterable[Network]) -> Match:
    """Whether the packet is from one of the networks."""
    given = list(networks)

    def match(packet: Packet) -> bool:
        own = [each for each in given if each.version == packet.version]
        if packet.point is not None:
            return any(packet.point in each for each in own)
        if any(within(packet.clients, each) for each in own):
            return True
        parts = {each for each in own if within(each, packet.clients)}
        packet.parts |= parts
        return _covers(parts, packet.clients)

    return match


def _covers(parts: Iterable[Network], whole: Network) -> bool:
    return whole in list(ipaddress.collapse_addresses(parts))  # type: ignore[type-var]


def verdict(chains: Chains, base: str, port: int, clients: Network) -> str:
    """OPEN, SHUT, UNKNOWN, or PARTLY where some of the clients certainly or perhaps get in and the rest does not."""
    general = Packet(port, clients)
    outcomes = _outcomes(chains, base, general)
    if outcomes == {ACCEPT}:
        return OPEN  # who is banned is meant to be
    if _covers(general.parts, clients) or ACCEPT in outcomes:
        return UNKNOWN
    if len(general.parts) > _REPRESENTATIVES:
        return UNKNOWN
    parts = (Packet(port, clients, part[0]) for part in general.parts)
    return PARTLY if any(ACCEPT in _outcomes(chains, base, each) for each in parts) else SHUT


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
