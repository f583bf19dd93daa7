# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The table in the kernel and its record on the disk: loaded, saved, healed, taken away.

Each step leaves both so that the next call goes on from there: the record is written before the table is replaced, and a table that somebody has flushed is
loaded again with what the record has. Nothing here opens or closes anything.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Iterator

from .. import _files
from .._commands import Failed, run
from .._nftables.commands import gone, list_table
from . import record as records
from .kernel import Seen, look, remembered
from .record import Damaged, Record
from .rules import FAMILY, NAME, Wanted, ruleset

__all__ = ["RECORDS", "Observer", "unseen"]

RECORDS = Path("/var/lib/tlsfront/observe")
"""Where the record is, unless told otherwise."""


def _now() -> int:
    return int(time.time())


class Observer:
    """One node's."""

    def __init__(self, nft: str, directory: Path, clock: Callable[[], int] = _now) -> None:
        self.nft = nft
        self.directory = directory
        self.clock = clock

    @property
    def path(self) -> Path:
        return self.directory / "record.json"

    @property
    def damaged(self) -> Path:
        """Where a record goes that could not be read."""
        return self.directory / "record.json.damaged"

    def observes(self, what: Wanted) -> bool:
        """Whether this is what the record is of, and the kernel's table is the one that was made of it."""
        with contextlib.suppress(Damaged, OSError, Failed):
            known, seen = records.read(self.path), look(self.nft)
            return known is not None and seen is not None and _is_of(known, what) and seen.is_of(known)
        return False

    def load(self, what: Wanted | None = None) -> bool:
        """Observes what is wanted, by default what the record is of, and goes on from what is known; whether something had to be changed.

        :raises Failed: there is nothing to observe, or nft refuses
        """
        with self._locked():
            known, seen = self._read(), look(self.nft)
            if what is None:
                if known is None:
                    raise Failed(f"{self.path} is not there: nothing is known that was to be observed. Run the playbook observe again.")
                what = Wanted(known.ports, known.keep, known.size)
            if known and seen and _is_of(known, what) and seen.is_of(known):
                self._write(replace(self._current(known, seen), digest=seen.digest))
                return False
            self._load(what, self._current(known, seen) if known else self._begun(what, seen))
            return True

    def remove(self) -> None:
        """Takes the table and the record away."""
        if not self.remains():
            return
        with self._locked():
            if self._is_in_kernel():
                run(self.nft, "--file", "-", text=gone(FAMILY, NAME))
            for path in (self.path, self.damaged):
                _files.remove(path)
            with contextlib.suppress(OSError):
                self.directory.rmdir()

    def remains(self) -> list[str]:
        """What is there of it."""
        found = [str(each) for path in (self.path, self.damaged) for each in (path, _files.beside(path)) if each.exists()]
        return [*found, *([f"table {FAMILY} {NAME} in the kernel"] if self._is_in_kernel() else [])]

    def told(self) -> dict[str, Any]:
        """What has been observed, by the clock of this node. Changes nothing."""
        try:
            known = records.read(self.path)
            if known is None:
                return unseen("")
            seen = look(self.nft)
        except (Damaged, Failed, OSError) as error:
            return unseen(str(error))
        now = self.clock()
        running = seen is not None and seen.is_of(known)
        # the table of another time, or of somebody else, has nothing that could be relied on
        current = self._current(known, seen) if running else replace(known, gaps=known.with_gap(now))
        return {
            "installed": True,
            "running": running,
            "problem": "",
            "since": current.since,
            "now": now,
            "gaps": [{"from": gap.begin, "to": gap.end} for gap in current.gaps],
            "ports": list(current.ports),
            "lost_at": current.lost_at,
            "tries_lost_at": current.tries_lost_at,
            "keep_seconds": current.keep,
            "size": current.size,
            "local_packets": current.own,
            "sources": [source._asdict() for source in current.sources],
        }

    def _is_in_kernel(self) -> bool:
        try:
            return bool(list_table(self.nft, FAMILY, NAME, "--terse"))
        except FileNotFoundError:  # nft
            return False

    def _read(self) -> Record | None:
        """One that cannot be read is kept aside, and what is seen begins anew."""
        try:
            return records.read(self.path)
        except Damaged:
            self.path.rename(self.damaged)
            return None

    def _write(self, record: Record) -> None:
        records.write(self.path, record)

    def _begun(self, what: Wanted, seen: Seen | None) -> Record:
        """The first record; of a table that is there without one, what it has is taken over."""
        now = self.clock()
        begun = Record(what.ports, what.keep, what.size, since=now, saved_at=now)
        return replace(begun, sources=remembered(seen, begun, now)) if seen else begun

    def _current(self, known: Record, seen: Seen | None) -> Record:
        """The record as it is now."""
        now = self.clock()
        if seen is None or not seen.is_of(known):
            return replace(known, gaps=known.with_gap(now), saved_at=now)

        def at(more: bool, before: int | None) -> int | None:
            moment = now if more else before
            return None if moment is None or moment < now - known.keep else moment

        return replace(
            known,
            saved_at=now,
            gaps=tuple(gap for gap in known.gaps if gap.end > now - known.keep),
            lost_at=at(seen.lost > known.lost, known.lost_at),
            lost=seen.lost,
            tries_lost_at=at(seen.tries_lost > known.tries_lost, known.tries_lost_at),
            tries_lost=seen.tries_lost,
            own=seen.own,
            sources=remembered(seen, known, now),
        )

    def _load(self, what: Wanted, current: Record) -> None:
        """Writes first what is known, then loads it, then notes what the kernel has made of it."""
        new = replace(current, ports=what.ports, keep=what.keep, size=what.size, token=secrets.token_hex(8), digest="")
        text = ruleset(what, new.sources, new.lost, new.tries_lost, new.own, new.token, self.clock())
        try:
            run(self.nft, "--check", "--file", "-", text=text)
        except Failed as error:
            raise Failed(f"nft refuses the table that observes, and nothing was changed: {error}") from None
        self._write(new)
        run(self.nft, "--file", "-", text=text)
        seen = look(self.nft)
        if seen and seen.token == new.token:
            self._write(replace(new, digest=seen.digest))

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        _files.make_directory(self.directory)
        self.directory.chmod(0o700)
        try:
            with _files.locked(self.directory):
                yield
        except _files.Locked as error:
            raise Failed(str(error)) from None


def _is_of(known: Record, what: Wanted) -> bool:
    return (known.ports, known.keep, known.size) == (what.ports, what.keep, what.size)


def unseen(problem: str) -> dict[str, Any]:
    """Nothing is observed, or why it cannot be told."""
    return {
        "installed": False,
        "running": False,
        "problem": problem,
        "since": None,
        "now": _now(),
        "gaps": [],
        "ports": [],
        "lost_at": None,
        "tries_lost_at": None,
        "keep_seconds": None,
        "size": None,
        "local_packets": 0,
        "sources": [],
    }
