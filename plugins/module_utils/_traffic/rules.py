# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The table that observes: what it counts, and how what was remembered comes back into it.

It has a base chain before all that could drop a packet, and one behind all that could change it, and no verdict but "accept". The sets are filled by the
packets themselves: nft(8), "set statement", https://netfilter.org/projects/nftables/manpage.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, Iterator

from .._commands import Failed
from .._nftables.commands import gone
from .._port_spans import span
from .record import Source

__all__ = ["FAMILY", "NAME", "SETS", "Wanted", "ruleset", "wanted"]

FAMILY, NAME = "inet", "tlsfront_observe"
SETS = ("first", "last", "answered")
"""Each is there for IPv4 (``first4``) and for IPv6 (``first6``)."""
_TYPES = {"4": "ipv4_addr", "6": "ipv6_addr"}
_DAY = 24 * 3600


@dataclass(frozen=True)
class Wanted:
    """What is to be observed."""

    ports: tuple[str, ...]
    """Ports, and ranges of them (``9200-9299``)."""
    keep: int
    """Seconds for which a source is remembered after its last packet."""
    size: int
    """How many sources each set holds."""


def wanted(ports: Iterable[object], keep_days: int, size: int) -> Wanted:
    """What these options mean.

    :raises Failed: with a sentence for the user
    """
    found = list(map(str, ports))
    try:
        list(map(span, found))
    except ValueError as error:
        raise Failed(f"ports: {error}. Nothing was changed.") from None
    if not found:
        raise Failed("ports is empty: name what is to be observed. Nothing was changed.")
    if not 1 <= keep_days <= 365:
        raise Failed(f"keep_days is {keep_days}. Give 1 to 365. Nothing was changed.")
    if not 16 <= size <= 1_000_000:
        raise Failed(f"size is {size}. Give 16 to 1000000. Nothing was changed.")
    return Wanted(tuple(dict.fromkeys(found)), keep_days * _DAY, size)


def ruleset(what: Wanted, sources: Iterable[Source], lost: int, tries_lost: int, own: int, token: str, now: int) -> str:
    """The table with all that was remembered, in place of the one that is there. nft applies it as one transaction.

    :param token: letters and digits, of which a counter gets its name: so a table is known again, whatever else is in it
    """
    remembered = list(sources)
    sets = "".join(_set(f"{name}{version}", version, what, list(_elements(name, version, remembered, what.keep, now))) for name in SETS for version in _TYPES)
    ports = ", ".join(what.ports)
    return f"""{gone(FAMILY, NAME)}
table {FAMILY} {NAME} {{
    counter loaded_{token} {{
    }}

    counter lost {{
        packets {lost} bytes 0
    }}

    counter tries_lost {{
        packets {tries_lost} bytes 0
    }}

    counter own {{
        packets {own} bytes 0
    }}

{sets}
    # Before the rules that close the ports (-300), so that who still tries is seen, and before destination NAT (-100), so that a port
    # published by a container engine still bears the number and the address that was asked for. Every packet counts, for a
    # connection may have been open for days.
    chain prerouting {{
        type filter hook prerouting priority -310; policy accept;
        tcp dport {{ {ports} }} goto asked
    }}

    # What finds its set full goes on to the next rule: so the last counter has each packet whose source is not remembered. Anybody can fill
    # these sets by forged SYNs. A connection that was open before has no SYN: its first time is that of the first save. To look that up for
    # each packet would cost as much as all the rest (tests/bench/traffic_observer.py).
    chain asked {{
        iif "lo" counter name own return
        tcp flags & (syn | ack) == syn add @first4 {{ ip saddr . ip daddr . tcp dport }}
        tcp flags & (syn | ack) == syn add @first6 {{ ip6 saddr . ip6 daddr . tcp dport }}
        update @last4 {{ ip saddr . ip daddr . tcp dport counter }} return
        update @last6 {{ ip6 saddr . ip6 daddr . tcp dport counter }} return
        counter name tries_lost
    }}

    # Behind source NAT (100), where an answer bears the address and the port again that were asked. Data (with PSH) and FIN are only sent on a
    # connection whose handshake is complete, so that a forged sender never comes in here. A mere acknowledgement may be sent before: two forged
    # SYNs with different numbers are answered with one (RFC 9293, section 3.10.7.4).
    chain postrouting {{
        type filter hook postrouting priority 310; policy accept;
        tcp sport {{ {ports} }} tcp flags & (fin | psh) != 0 goto answered
    }}

    chain answered {{
        oif "lo" return
        update @answered4 {{ ip daddr . ip saddr . tcp sport }} return
        update @answered6 {{ ip6 daddr . ip6 saddr . tcp sport }} return
        counter name lost
    }}
}}
"""


def _set(name: str, version: str, what: Wanted, elements: list[str]) -> str:
    type_ = _TYPES[version]
    listed = ",\n            ".join(elements)
    counter = "        counter\n" if name.startswith("last") else ""  # without it here, nft 0.9.8 crashes where an element has one
    return f"""    set {name} {{
        type {type_} . {type_} . inet_service
        flags dynamic,timeout
        timeout {what.keep}s
        size {what.size}
{counter}{f"        elements = {{ {listed} }}{chr(10)}" if elements else ""}    }}

"""


def _elements(name: str, version: str, sources: Iterable[Source], keep: int, now: int) -> Iterator[str]:
    """What was remembered, with the time that is left of it."""
    for source in sources:
        at = getattr(source, name)
        left = 0 if at is None else keep - max(0, now - at)
        if left > 0 and (":" in source.address) == (version == "6"):
            counter = f" counter packets {source.packets} bytes 0" if name == "last" else ""
            yield f"{source.address} . {source.to} . {source.port}{counter} timeout {keep}s expires {left}s"
