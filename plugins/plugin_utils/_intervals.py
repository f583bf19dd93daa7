# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sets of whole numbers as closed intervals: ports, and addresses of one family."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

if t.TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["NO_NUMBERS", "Intervals", "port_set", "port_texts"]


@dataclass(frozen=True)
class Intervals:
    """A set of whole numbers. Equal sets have equal `spans`: (first, last) pairs that ascend and do not touch."""

    spans: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, pairs: Iterable[tuple[int, int]]) -> Intervals:
        """Return the set of all numbers from `first` to `last` of any of the pairs, in any order."""
        spans: list[tuple[int, int]] = []
        for first, last in sorted(pairs):
            if spans and first <= spans[-1][1] + 1:
                spans[-1] = (spans[-1][0], max(last, spans[-1][1]))
            else:
                spans.append((first, last))
        return cls(tuple(spans))

    def __bool__(self) -> bool:
        return bool(self.spans)

    def __contains__(self, number: int) -> bool:
        return any(first <= number <= last for first, last in self.spans)

    def __or__(self, other: Intervals) -> Intervals:
        return self.of(self.spans + other.spans)

    def __and__(self, other: Intervals) -> Intervals:
        overlaps = ((max(a, c), min(b, d)) for a, b in self.spans for c, d in other.spans)
        return self.of((first, last) for first, last in overlaps if first <= last)

    def __sub__(self, other: Intervals) -> Intervals:
        left = list(self.spans)
        for first, last in other.spans:
            left = [
                (low, high)
                for a, b in left
                for low, high in ((a, min(b, first - 1)), (max(a, last + 1), b))
                if low <= high
            ]
        return self.of(left)


NO_NUMBERS = Intervals()


def port_set(ports: Iterable[object]) -> Intervals:
    """Return the set of ports given as numbers or as texts such as `9200-9299`. Raises `ValueError` for what is neither."""
    spans = [str(port).partition("-") for port in ports]
    return Intervals.of((int(first), int(last or first)) for first, _hyphen, last in spans)


def port_texts(ports: Intervals) -> list[str]:
    """Return the ports as texts such as `9200` and `9200-9299`, in ascending order."""
    return [str(first) if first == last else f"{first}-{last}" for first, last in ports.spans]
