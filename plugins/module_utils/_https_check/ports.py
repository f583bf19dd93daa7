# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Ports as options give them, as results show them, and what one answers from here."""

from __future__ import annotations

import errno
import re
import socket
from typing import Any, Iterable, NamedTuple

from .addresses import Address
from .reasons import InvalidOption

_MOST = 1024
# A closed port that drops packets costs this long: the first SYN, and its repetition after one second (RFC 6298).
_CLOSED_AFTER = 3.0
# How long an open port is listened to, for how it behaves, seconds.
_LISTENED = 1.0
# A SYN that is answered by a reset is ECONNREFUSED; a reset of a connection that was accepted is one of these.
_ENDED = (errno.ECONNRESET, errno.EPIPE)
# What a firewall answers, and a router for a host that is not there: alone it says nothing.
_NOT_THERE = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ETIMEDOUT)


class PortAnswer(NamedTuple):
    """What a port that must be closed has shown.

    ``open`` and ``ended`` (accepted, then closed without a byte) are answers; ``refused`` is one too, and says closed;
    ``silent`` is none; ``error`` is one of this host.
    """

    kind: str
    text: str = ""


def read_ports(items: Iterable[Any], option: str = "closed_ports") -> tuple[int, ...]:
    """Ports and ranges of ports, in order, each once.

    :param option: what gives them
    :raises InvalidOption: one is neither
    """
    ports: dict[int, None] = {}
    for number, item in enumerate(items):
        found = re.fullmatch(r"\s*([0-9]{1,5})\s*(?:-\s*([0-9]{1,5})\s*)?", str(item))
        first = int(found.group(1)) if found else 0
        last = int(found.group(2) or first) if found else 0
        if not 1 <= first <= last <= 65535:
            raise InvalidOption(f"{option}[{number}]: neither a port from 1 to 65535 nor a range like 9200-9299")
        ports.update(dict.fromkeys(range(first, last + 1)))
        if len(ports) > _MOST:
            raise InvalidOption(f"{option}: more than {_MOST} ports")
    return tuple(ports)


def port_ranges(ports: Iterable[int]) -> list[str]:
    """Ports as ``closed_ports`` takes them: each by itself, or with its neighbours as a range."""
    ranges: list[list[int]] = []
    for port in sorted(ports):
        if ranges and port == ranges[-1][1] + 1:
            ranges[-1][1] = port
        else:
            ranges.append([port, port])
    return [str(first) if first == last else f"{first}-{last}" for first, last in ranges]


def ask_port(address: Address, port: int, timeout: float) -> PortAnswer:
    """What comes of connecting to another port of an address."""
    family, place = address
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.settimeout(min(timeout, _CLOSED_AFTER))
        try:
            sock.connect((place[0], port, *tuple(place[2:])))
        except socket.timeout:
            return PortAnswer("silent")
        except OSError as error:
            if error.errno == errno.ECONNREFUSED:
                return PortAnswer("refused")
            if error.errno in _ENDED:
                return PortAnswer("ended")
            if error.errno in _NOT_THERE:
                return PortAnswer("silent")
            return PortAnswer("error", error.strerror or str(error))
        sock.settimeout(min(timeout, _LISTENED))
        try:
            ended = sock.recv(1) == b""
        except socket.timeout:
            ended = False
        except OSError:
            ended = True
        return PortAnswer("ended" if ended else "open")
