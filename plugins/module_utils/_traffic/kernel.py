# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the kernel has seen, as libnftables-json(5) gives it."""

from __future__ import annotations

import hashlib
import ipaddress
import json
from dataclasses import dataclass
from typing import Any, Iterable, Mapping

from .._commands import Failed
from .._nftables.commands import list_table
from .record import Record, Source
from .rules import FAMILY, NAME, SETS

__all__ = ["Seen", "look", "remembered"]

_LOADED = "loaded_"


@dataclass(frozen=True)
class Seen:
    """One look."""

    ages: Mapping[str, Mapping[Any, int]]
    """Of each of the sets, and of each source in it, how many seconds ago its element was made or renewed."""
    packets: Mapping[Any, int]
    lost: int
    tries_lost: int
    own: int
    token: str
    """That of the load which has made it."""
    digest: str
    """Of the table without what it counts."""

    def is_of(self, record: Record) -> bool:
        """Whether it is the table that the record is about, and nobody has changed it. A load that was killed has not noted yet what the kernel made of it."""
        return bool(self.token) and self.token == record.token and record.digest in ("", self.digest)


def look(nft: str) -> Seen | None:
    """What the table has; None where the kernel has no such table.

    :raises Failed: it cannot be seen
    :raises OSError: the program is not there
    """
    listed = list_table(nft, FAMILY, NAME, "-j")
    if not listed:
        return None
    try:
        return _seen(json.loads(listed)["nftables"])
    except (ValueError, TypeError, KeyError) as error:
        raise Failed(f"What {nft} lists of table {FAMILY} {NAME} cannot be read: {type(error).__name__}: {error}") from None


def remembered(seen: Seen, record: Record, now: int) -> tuple[Source, ...]:
    """All sources, with the earliest time that is known of each. Of those that are not in the kernel any more, the time is over."""
    before = {(source.address, source.to, source.port): source for source in record.sources}
    found = []
    for key in dict.fromkeys([*seen.ages["last"], *seen.ages["answered"]]):
        answered_ago, first_ago = seen.ages["answered"].get(key), seen.ages["first"].get(key)
        last = now - min(age for age in (seen.ages["last"].get(key), answered_ago) if age is not None)
        address, to, port = key
        known = before.get(key)
        begun = [last, *([now - first_ago] if first_ago is not None else []), *([known.first] if known else [])]
        found.append(Source(address, to, port, min(begun), last, seen.packets.get(key, 0), None if answered_ago is None else now - answered_ago))
    return tuple(found)


def _seen(parts: Iterable[Mapping[str, Any]]) -> Seen:
    sets = {part["set"]["name"]: part["set"] for part in parts if "set" in part}
    counters = {part["counter"]["name"]: part["counter"]["packets"] for part in parts if "counter" in part}
    ages: dict[str, dict[Any, int]] = {name: {} for name in SETS}
    packets: dict[Any, int] = {}
    for name in SETS:
        for version in "46":
            its = sets.get(f"{name}{version}", {})
            for element in its.get("elem", ()):
                about = element["elem"]
                key = _key(about["val"]["concat"])
                ages[name][key] = max(0, int(about.get("timeout", its["timeout"])) - int(about["expires"]))
                packets[key] = max(packets.get(key, 0), int(about.get("counter", {}).get("packets", 0)))
    token = next((name[len(_LOADED) :] for name in counters if name.startswith(_LOADED)), "")
    return Seen(ages, packets, int(counters.get("lost", 0)), int(counters.get("tries_lost", 0)), int(counters.get("own", 0)), token, _digest(parts))


def _key(concatenated: list[Any]) -> Any:
    address, to, port = concatenated
    return str(ipaddress.ip_address(address)), str(ipaddress.ip_address(to)), int(port)


def _digest(parts: Iterable[Mapping[str, Any]]) -> str:
    """The same for equal tables, whatever they have counted."""
    plain = []
    for part in parts:
        for kind, about in part.items():
            if kind != "metainfo":
                plain.append([kind, {name: value for name, value in about.items() if name not in ("handle", "elem", "packets", "bytes")}])
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
