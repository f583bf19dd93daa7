# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lengths of time, as people say them."""

from __future__ import annotations

__all__ = ["length"]

_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))


def length(seconds: int) -> str:
    """Return `3 days`, `2 hours`, `1 minute`, rounded down."""
    for name, unit in _UNITS:
        if seconds >= unit:
            number = seconds // unit
            return f"{number} {name}" if number == 1 else f"{number} {name}s"
    return "0 seconds"
