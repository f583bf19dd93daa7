# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What has been seen, on the disk: with times of the clock, since the kernel knows only how much is left of an element."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from .. import _files

__all__ = ["Damaged", "Gap", "Record", "Source", "read", "write"]

_GAPS = 100
_LATEST = 1 << 40


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
    return Record(
        ports=tuple(str(port) for port in told["ports"]),
        keep=_number(told["keep"]),
        size=_number(told["size"]),
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
    """What may be written into a table, for that is where it goes."""
    return Source(
        str(ipaddress.ip_address(str(address))),
        str(ipaddress.ip_address(str(to))),
        _number(port, 65535),
        _number(first),
        _number(last),
        _number(packets, 1 << 63),
        None if answered is None else _number(answered),
    )


def _number(value: Any, most: int = _LATEST) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise ValueError(f"{value!r} is no number from 0 to {most}")
    return value
