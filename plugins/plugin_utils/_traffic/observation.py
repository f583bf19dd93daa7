# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What one node has observed of its ports, as the module node_info tells it, with nothing in it that could not be meant.

It comes from another host. What is not an address, a port or a time is taken for an observation that could not be seen, and never for one of nothing.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._traffic.record import address_of
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._intervals import NO_NUMBERS, Intervals, port_set
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._text import one_line

__all__ = ["Observation", "Source", "observation"]

_LONGEST = 300
_MOST = 1_000_000
"""Sources of one node: more than the sets of the kernel hold by default, many times over."""


@dataclass(frozen=True)
class Source:
    """Who has sent packets to a port, with ages in seconds by the clock of the node."""

    address: str
    to: str
    port: int
    first: int
    last: int
    packets: int
    answered: int | None
    """Since the node has last sent it something on an established connection. None: it has only sent what may be forged."""


@dataclass(frozen=True)
class Observation:
    """Of one node."""

    is_there: bool = False
    """Whether anything is observed, or would be."""
    problem: str = ""
    """Why it could not be seen."""
    is_stopped: bool = False
    """Whether nothing is seen since, for its rules are not loaded: somebody has flushed all rules perhaps."""
    length: int | None = None
    """Seconds since it has begun."""
    unseen: Intervals = NO_NUMBERS
    """The ages, in seconds, at which nothing was observed."""
    ports: Intervals = NO_NUMBERS
    lost: int | None = None
    """Seconds since there was no place for one more source that has completed a handshake."""
    tries_lost: int | None = None
    """Seconds since there was none for one more that has only tried."""
    sources: tuple[Source, ...] = ()

    def gaps(self, seconds: int) -> int:
        """Return for how many of the last so many seconds nothing was observed, since it has begun."""
        asked = Intervals.of([(0, min(seconds, self.length or 0))])
        return sum(last - first for first, last in (self.unseen & asked).spans)


def observation(told: t.Any) -> Observation:
    """Return what `told` means: the value `observation` of node_info, or nothing where the node could not be asked."""
    if not isinstance(told, Mapping):
        return Observation(problem="it was not asked, or has not answered")
    if told.get("problem"):
        return Observation(problem=one_line(told["problem"])[:_LONGEST])
    if not told.get("installed"):
        return Observation()
    try:
        return _read(told)
    except (KeyError, TypeError, ValueError):
        return Observation(is_there=True, problem="its answer cannot be read")


def _read(told: Mapping[str, t.Any]) -> Observation:
    now, since = _number(told["now"]), told["since"]
    if len(told["sources"]) > _MOST:
        raise ValueError
    return Observation(
        is_there=True,
        is_stopped=told["running"] is not True,
        length=None if since is None else _age(now, since),
        unseen=Intervals.of((_age(now, gap["to"]), _age(now, gap["from"])) for gap in told["gaps"]),
        ports=port_set(told["ports"]),
        lost=None if told["lost_at"] is None else _age(now, told["lost_at"]),
        tries_lost=None if told["tries_lost_at"] is None else _age(now, told["tries_lost_at"]),
        sources=tuple(_source(now, each) for each in told["sources"]),
    )


def _source(now: int, told: Mapping[str, t.Any]) -> Source:
    port = _number(told["port"])
    if not 0 < port < 65536:
        raise ValueError
    return Source(
        address=str(address_of(told["address"])),
        to=str(address_of(told["to"])),
        port=port,
        first=_age(now, told["first"]),
        last=_age(now, told["last"]),
        packets=_number(told["packets"]),
        answered=None if told["answered"] is None else _age(now, told["answered"]),
    )


def _number(value: t.Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 2**53:
        raise ValueError
    return int(value)


def _age(now: int, moment: t.Any) -> int:
    # a clock that was set back since has seen the future: that is now
    return max(0, now - _number(moment))
