# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The table `filter` as iptables-save(8) prints it, read for one question: does a new TCP connection get in?

nft does not explain what iptables-nft wrote, nor does it see what iptables-legacy did.
"""

from __future__ import annotations

import re
import shlex
from typing import Callable

from .model import network
from .walk import ACCEPT, CONTINUE, DROP, RETURN, UNCLEAR, Chain, Chains, Match, Rule, addresses, is_from, negated

__all__ = ["read"]

_TARGETS = {"ACCEPT": ACCEPT, "DROP": DROP, "REJECT": DROP, "RETURN": RETURN}
_SILENT = ("LOG", "NFLOG", "ULOG", "AUDIT", "TRACE", "MARK", "CONNMARK", "SET", "CT", "NOTRACK")
_FLAGS = ("FIN", "SYN", "RST", "ACK", "PSH", "URG")


def read(saved: str) -> Chains:
    """The chains of the table."""
    chains: Chains = {}
    lines = saved.splitlines()
    for line in lines:
        match = re.match(r":(\S+) (\S+)", line)
        if match:
            chains[match[1]] = Chain([], _TARGETS.get(match[2], ""))
    for line in lines:
        if line.startswith("-A "):
            name, *words = shlex.split(line)[1:]
            if name in chains:
                chains[name].rules.append(_rule(words, chains))
    return chains


def _rule(words: list[str], chains: Chains) -> Rule:
    matches: list[Match] = []
    rest = list(words)
    while rest:
        is_not = rest[0] == "!"
        option, *rest = rest[1:] if is_not else rest
        if option in ("-j", "-g"):
            target = rest[0] if rest else ""
            if target in chains:
                return Rule(matches, "jump" if option == "-j" else "goto", target)
            return Rule(matches, _TARGETS.get(target, CONTINUE if target in _SILENT else UNCLEAR))
        if option in ("-m", "--match") and rest:
            rest = rest[1:]
            continue
        count = 2 if option == "--tcp-flags" else 1
        if option not in _OPTIONS or len(rest) < count:
            matches.append(lambda _packet: None)
            while rest and not rest[0].startswith("-") and rest[0] != "!":
                rest = rest[1:]
            continue
        given, rest = rest[:count], rest[count:]
        match = _OPTIONS[option](given)
        matches.append(negated(match) if is_not else match)
    return Rule(matches, CONTINUE)


def _always(found: bool | None) -> Match:
    return lambda packet: found


def _source(given: list[str]) -> Match:
    try:
        return is_from([addresses(network(each)) for each in given[0].split(",")])
    except ValueError:
        return _always(None)


def _destination(given: list[str]) -> Match:
    return _always(False if re.match(r"127\.|::1(/128)?\Z", given[0]) else None)


def _port(given: list[str]) -> Match:
    spans = [re.fullmatch(r"([0-9]+)(?::([0-9]+))?", each) for each in given[0].split(",")]
    if not all(spans):
        return _always(None)
    return lambda packet: any(int(span[1]) <= packet.port <= int(span[2] or span[1]) for span in spans if span)


def _tcp_flags(given: list[str]) -> Match:
    mask, wanted = ({"NONE": "", "ALL": ",".join(_FLAGS)}.get(each, each).split(",") for each in given)
    return _always({"SYN"} & set(mask) == {each for each in wanted if each})


_OPTIONS: dict[str, Callable[[list[str]], Match]] = {
    "-s": _source,
    "-d": _destination,
    "-p": lambda given: _always(given[0] in ("tcp", "6", "all")),
    "-i": lambda given: _always(False if given[0] == "lo" else None),
    "--dport": _port,
    "--dports": _port,
    "--ctstate": lambda given: _always("NEW" in given[0].split(",") or (None if re.search("DNAT|SNAT", given[0]) else False)),
    "--state": lambda given: _always("NEW" in given[0].split(",")),
    "--tcp-flags": _tcp_flags,
    "--comment": lambda given: _always(True),
    "--dst-type": lambda given: _always("LOCAL" in given[0].split(",")),
    "--icmp-type": lambda given: _always(False),
    "--icmpv6-type": lambda given: _always(False),
    "--rt-type": lambda given: _always(False),  # a header that no client has to send
}
