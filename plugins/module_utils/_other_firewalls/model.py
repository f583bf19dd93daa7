# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is asked of every firewall alike: whether a new TCP connection of a client to a port gets in."""

from __future__ import annotations

import ipaddress
import shlex
from typing import Any, Iterable, NamedTuple, Union

__all__ = ["ANY", "DENIED", "OPEN", "PARTLY", "SHUT", "UNKNOWN", "Answer", "Network", "Opening", "families", "in_words", "network", "text", "within"]

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

ANY = ("0.0.0.0/0", "::/0")
OPEN = "open"
SHUT = "shut"
"""By default, and not because somebody has said so of this port."""
PARTLY = "partly"
"""The administrator has let some of these clients in, and not the others."""
DENIED = "denied"
"""By a rule of the administrator."""
UNKNOWN = "unknown"


class Answer(NamedTuple):
    """Of one firewall, to one client at one port."""

    verdict: str
    why: str = ""
    unless: tuple[str, ...] = ()
    """The rules that come before and keep some out by what is not known here."""


class Opening(NamedTuple):
    """One rule that was added to a firewall of others. It is what is written down of it, too."""

    firewall: str
    port: int
    network: str
    """As ipaddress writes it; empty for everybody of both families at once, which only firewalld can say."""
    zone: str = ""
    permanent: bool = False


def network(value: Any) -> Network:
    """A network, or the one of a single address.

    :raises ValueError: it is none
    """
    return ipaddress.ip_network(value)


def within(inner: Network, outer: Network) -> bool:
    return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]


def families(networks: Iterable[Network]) -> list[Network]:
    """The networks without what is in others of them, IPv4 first."""
    given = list(networks)
    found: list[Network] = []
    for version in (4, 6):
        found += ipaddress.collapse_addresses(each for each in given if each.version == version)  # type: ignore[type-var]
    return found


def text(command: Iterable[str]) -> str:
    """A command as one would type it."""
    return " ".join(map(shlex.quote, command))


def in_words(clients: Network) -> str:
    return {ANY[0]: "all of IPv4", ANY[1]: "all of IPv6"}.get(str(clients), str(clients))
