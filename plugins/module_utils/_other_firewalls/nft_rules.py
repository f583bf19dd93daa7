# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""A table as nft lists it in JSON, libnftables-json(5), read for one question: does a new TCP connection get in?

What is not known here makes a match unclear, never false.
"""

from __future__ import annotations

import socket
from typing import Any, Iterable, Iterator, Mapping

from .walk import ACCEPT, CONTINUE, DROP, RETURN, UNCLEAR, Addresses, Chain, Chains, Match, Packet, Rule, is_from, negated

__all__ = ["has_foreign", "read"]

_FLAGS = {"fin": 1, "syn": 2, "rst": 4, "psh": 8, "ack": 16, "urg": 32, "ecn": 64, "cwr": 128}
_SYN = _FLAGS["syn"]
_OTHERS = ("udp", "udplite", "icmp", "icmpv6", "igmp", "sctp", "dccp", "ah", "esp", "comp", "arp", "vlan")
# statements that change nothing of where the packet goes
_SILENT = ("counter", "log", "comment", "notrack", "mangle", "last", "ct helper", "ct timeout", "secmark", "flow")
_VERDICTS = {"accept": ACCEPT, "drop": DROP, "reject": DROP, "return": RETURN, "continue": CONTINUE}
_LOOPBACK = {4: (127 << 24, (128 << 24) - 1), 6: (1, 1)}


def has_foreign(parts: Iterable[Mapping[str, Any]]) -> bool:
    """Whether there are expressions of xtables, which nft does not explain."""
    return any("xt" in statement for part in parts for statement in part.get("rule", {}).get("expr", ()) if isinstance(statement, dict))


def read(parts: Iterable[Mapping[str, Any]]) -> Chains:
    """The chains of one table."""
    everything = list(parts)
    chains: Chains = {}
    sets = {each["name"]: each.get("elem", []) for part in everything for kind, each in part.items() if kind in ("set", "map")}
    for part in everything:
        if "chain" in part:
            chains[part["chain"]["name"]] = Chain([], part["chain"].get("policy", "") and _VERDICTS.get(part["chain"]["policy"], DROP))
    for part in everything:
        if "rule" in part and part["rule"]["chain"] in chains:
            chains[part["rule"]["chain"]].rules.extend(_rules(part["rule"].get("expr", []), sets))
    return chains


def _rules(statements: Iterable[Any], sets: Mapping[str, Any]) -> Iterator[Rule]:
    matches: list[Match] = []
    for statement in statements:
        kind, value = _statement(statement)
        if kind == "match":
            matches.append(_match(value, sets))
        elif kind in _VERDICTS or kind in ("jump", "goto"):
            yield Rule(matches, *_action(kind, value))
            return
        elif kind == "vmap":
            yield from _of_map(matches, value, sets)
        elif kind not in _SILENT or (kind == "mangle" and "meta" not in str(value.get("key")) and "ct" not in str(value.get("key"))):
            unclear = kind in ("limit", "ct count", "quota", "meter", "set")  # these only match
            if not unclear:
                yield Rule(list(matches), UNCLEAR)
            matches.append(lambda _packet: None)


def _statement(statement: Any) -> tuple[str, Any]:
    return next(iter(statement.items())) if isinstance(statement, dict) and len(statement) == 1 else ("", None)


def _action(kind: str, value: Any) -> tuple[str, str]:
    if kind in ("jump", "goto"):
        return kind, str((value or {}).get("target", ""))
    return _VERDICTS.get(kind, UNCLEAR), ""


def _of_map(matches: list[Match], value: Mapping[str, Any], sets: Mapping[str, Any]) -> Iterator[Rule]:
    """One rule for each element: they exclude each other."""
    data = value["data"]
    entries = sets.get(data[1:], None) if isinstance(data, str) else data.get("set")
    if entries is None:
        yield Rule(list(matches), UNCLEAR)
        return
    for entry in entries:
        if not (isinstance(entry, list) and len(entry) == 2 and isinstance(entry[1], dict) and len(entry[1]) == 1):
            yield Rule(list(matches), UNCLEAR)
            continue
        ((kind, target),) = entry[1].items()
        yield Rule([*matches, _match({"op": "==", "left": value["key"], "right": entry[0]}, sets)], *_action(kind, target))


def _match(value: Mapping[str, Any], sets: Mapping[str, Any]) -> Match:
    left, op = value["left"], value["op"]
    elements = _elements(value["right"], sets)
    if elements is None or op not in ("==", "!=", "in") or not isinstance(left, dict) or len(left) != 1:
        return _of_other_protocol(left)
    ((kind, about),) = left.items()
    if kind == "payload" and isinstance(about, dict):
        found = _payload(about, elements, op)
    elif kind == "&":
        found = _flags(about, value["right"], op)
    else:
        found = _known(kind, about, elements)
    if op != "!=" or kind == "&":
        return found
    return _negated(found, about)


def _negated(match: Match, about: Any) -> Match:
    """What asks for a header that the packet has not is false, whatever is asked of it."""

    other = negated(match)
    return lambda packet: False if isinstance(about, dict) and not _has(about, packet) else other(packet)


def _has(payload: Mapping[str, Any], packet: Packet) -> bool:
    protocol = payload.get("protocol")
    return protocol not in _OTHERS and protocol != {4: "ip6", 6: "ip"}[packet.version]


def _of_other_protocol(left: Any) -> Match:
    payload = left.get("payload", {}) if isinstance(left, dict) else {}
    return lambda packet: None if not isinstance(payload, dict) or _has(payload, packet) else False


def _payload(about: Mapping[str, Any], elements: list[Any], op: str) -> Match:
    protocol, asked = about.get("protocol"), about.get("field")
    if protocol in ("ip", "ip6") and asked == "saddr":
        found = _addresses(elements)
        if found is not None:
            return is_from(found)
    if protocol in ("ip", "ip6") and asked == "daddr":
        found = _addresses(elements)
        if found and all(_LOOPBACK[version][0] <= first and last <= _LOOPBACK[version][1] for version, (first, last) in found):
            return lambda packet: False
    if (protocol, asked) in (("ip", "protocol"), ("ip6", "nexthdr")):
        return lambda packet: _has(about, packet) and _is_tcp(elements)
    if protocol in ("tcp", "th") and asked == "dport":
        return lambda packet: _has_port(packet.port, elements)
    if protocol == "tcp" and asked == "flags" and op != "!=":
        return _flags([about, 255], elements, op)
    return _of_other_protocol({"payload": about})


def _known(kind: str, about: Any, elements: list[Any]) -> Match:
    key = about.get("key") if isinstance(about, dict) else None
    if kind == "meta" and key == "l4proto":
        return lambda packet: _is_tcp(elements)
    if kind == "meta" and key == "nfproto":
        return lambda packet: bool({f"ipv{packet.version}", {4: 2, 6: 10}[packet.version]} & set(_plain(elements)))
    if kind == "meta" and key == "protocol":
        return lambda packet: {4: "ip", 6: "ip6"}[packet.version] in elements
    if kind == "meta" and key in ("iif", "iifname") and elements == ["lo"]:
        return lambda packet: False
    if kind == "meta" and key == "pkttype":
        return lambda packet: "host" in elements or "unicast" in elements
    if kind == "ct" and key == "state":
        return lambda packet: "new" in elements
    if kind == "fib" and isinstance(about, dict) and about.get("result") == "type" and about.get("flags") in ("daddr", ["daddr"]):
        return lambda packet: "local" in elements
    return lambda packet: None


def _plain(elements: Iterable[Any]) -> list[Any]:
    return [each for each in elements if isinstance(each, (str, int))]


def _is_tcp(elements: list[Any]) -> bool | None:
    if any(not isinstance(each, (str, int)) for each in elements):
        return None
    return "tcp" in elements or 6 in elements


def _has_port(port: int, elements: list[Any]) -> bool | None:
    unclear = False
    for each in elements:
        span = each.get("range") if isinstance(each, dict) else [each, each]
        if not isinstance(span, list) or not all(isinstance(end, int) for end in span):
            unclear = True
        elif span[0] <= port <= span[1]:
            return True
    return None if unclear else False


def _addresses(elements: list[Any]) -> list[Addresses] | None:
    """None where one of them is no address."""
    found: list[Addresses] = []
    try:
        for each in elements:
            if isinstance(each, str):
                version, first = _number_of(each)
                last = first
            elif "prefix" in each:
                version, first = _number_of(each["prefix"]["addr"])
                last = first | ((1 << ({4: 32, 6: 128}[version] - each["prefix"]["len"])) - 1)
            else:
                (version, first), (_version, last) = map(_number_of, each["range"])
            found.append(Addresses(version, (first, last)))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found


def _number_of(address: str) -> tuple[int, int]:
    """Its version, and itself.

    :raises OSError: it is none
    """
    version = 6 if ":" in address else 4
    return version, int.from_bytes(socket.inet_pton({4: socket.AF_INET, 6: socket.AF_INET6}[version], address), "big")


def _flags(sides: Any, right: Any, op: str) -> Match:
    """Of a SYN, which has no other flag."""
    if not isinstance(sides, list) or len(sides) != 2 or not isinstance(sides[0], dict):
        return lambda packet: None
    about = sides[0].get("payload", sides[0])
    mask, wanted = _number(sides[1]), _number(right)
    if about.get("protocol") != "tcp" or about.get("field") != "flags" or mask is None or wanted is None:
        return lambda packet: None
    found = bool(_SYN & mask & wanted) if op == "in" else (_SYN & mask == wanted) == (op == "==")
    return lambda packet: found


def _number(value: Any) -> int | None:
    """Flags by name, or several of them."""
    if isinstance(value, int):
        return value
    if isinstance(value, str):
        return _FLAGS.get(value)
    parts = value.get("|", value.get("set")) if isinstance(value, dict) else value
    if not isinstance(parts, list):
        return None
    total = 0
    for each in map(_number, parts):
        if each is None:
            return None
        total |= each
    return total


def _elements(right: Any, sets: Mapping[str, Any]) -> list[Any] | None:
    """What a match compares with, one by one; None where it is something else."""
    if isinstance(right, str) and right.startswith("@"):
        named = sets.get(right[1:])
        return None if named is None else _unpacked(named)
    if isinstance(right, dict) and "set" in right:
        return _unpacked(right["set"])
    return _unpacked(right if isinstance(right, list) else [right])


def _unpacked(elements: Any) -> list[Any] | None:
    if not isinstance(elements, list):
        return None
    found = [each["elem"]["val"] if isinstance(each, dict) and "elem" in each else each for each in elements]
    flat: list[Any] = []
    for each in found:
        if isinstance(each, list):  # of a map
            return None
        flat.append(each)
    return flat
