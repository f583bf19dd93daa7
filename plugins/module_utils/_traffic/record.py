# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What has been seen, on the disk: with times of the clock, since the kernel knows only how much is left of an element."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from .. import _files
from .._port_spans import span

__all__ = ["Damaged", "Gap", "Record", "Source", "address_of", "read", "write"]

_GAPS = 100
_LATEST = 1 << 40
_DAY = 24 * 3600


class Damaged(Exception):
    """It cannot be read."""


class Source(NamedTuple):
    """Somebody who has sent packets to a port. Times are seconds since the epoch, by the clock of the node."""

    address: str
    to: str
    """The address asked for."""
    port: int
    first: int
    last: int
    packets: int
    answered: int | None
    """The last time that the node has sent it a segment of a connection; None where it never did."""


class Gap(NamedTuple):
    """A time in which nothing was observed."""

    begin: int
    end: int


@dataclass(frozen=True)
class Record:
    """What is on the disk."""

    ports: tuple[str, ...]
    keep: int
    size: int
    since: int
    saved_at: int
    gaps: tuple[Gap, ...] = ()
    lost_at: int | None = None
    """The last time at which there was no place for one more source that has completed a handshake."""
    lost: int = 0
    """Packets to such sources, as the kernel has counted them."""
    tries_lost_at: int | None = None
    """The last time at which there was no place for one more source of whatever kind: SYNs alone may be forged."""
    tries_lost: int = 0
    """Packets of such sources."""
    own: int = 0
    """Packets of the node itself."""
    token: str = ""
    """That of the table which was loaded last: its counter has it in its name."""
    digest: str = ""
    """Of that table as the kernel had it; empty until that is known."""
    sources: tuple[Source, ...] = field(default=())

    def with_gap(self, now: int) -> tuple[Gap, ...]:
        """The gaps, with the one that ends now."""
        kept = [gap for gap in self.gaps if gap.end > now - self.keep]
        if now > self.saved_at:
            kept.append(Gap(self.saved_at, now))
        return tuple(kept[-_GAPS:])


def read(path: Path) -> Record | None:
    """What is there; None where there is no such file.

    :raises Damaged: it is none that write() has written
    :raises OSError: it cannot be read
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        return _record(json.loads(text.decode("utf-8")))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Damaged(f"{path} cannot be read: {error}") from None


def write(path: Path, record: Record) -> None:
    """Only its owner may read it: it says who talks to whom."""
    _files.write(path, json.dumps(asdict(record), separators=(",", ":")) + "\n", 0o600)


def _record(told: Any) -> Record:
    """What may be written into a table, for that is where it goes: what the options could have asked for, and nothing else."""
    return Record(
        ports=tuple(_ports(port) for port in told["ports"]),
        keep=_number(told["keep"], 365 * _DAY, _DAY),
        size=_number(told["size"], 1_000_000, 16),
        since=_number(told["since"]),
        saved_at=_number(told["saved_at"]),
        gaps=tuple(Gap(_number(begin), _number(end)) for begin, end in told["gaps"]),
        lost_at=None if told["lost_at"] is None else _number(told["lost_at"]),
        lost=_number(told["lost"]),
        tries_lost_at=None if told["tries_lost_at"] is None else _number(told["tries_lost_at"]),
        tries_lost=_number(told["tries_lost"]),
        own=_number(told["own"]),
        token=str(told["token"]),
        digest=str(told["digest"]),
        sources=tuple(_source(*source) for source in told["sources"]),
    )


def _source(address: Any, to: Any, port: Any, first: Any, last: Any, packets: Any, answered: Any) -> Source:
    one, other = address_of(address), address_of(to)
    if one.version != other.version:
        raise ValueError(f"{one} does not ask for {other}")
    return Source(
        str(one),
        str(other),
        _number(port, 65535),
        _number(first),
        _number(last),
        _number(packets, 1 << 63),
        None if answered is None else _number(answered),
    )


def address_of(text: Any) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """That of a packet, which has no zone.

    :raises ValueError: it is none
    """
    if "%" in str(text):  # behind it, Python takes any text for a zone
        raise ValueError(f"{text!r} is no address of a packet")
    return ipaddress.ip_address(str(text))


def _ports(text: Any) -> str:
    span(str(text))
    return str(text)


def _number(value: Any, most: int = _LATEST, least: int = 0) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{value!r} is no number from {least} to {most}")
    return value
