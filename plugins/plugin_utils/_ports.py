# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a report says of the ports that must be closed."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["port_states", "ports_text"]


def port_states(tried: Sequence[str], opened: Sequence[int]) -> dict[str, bool]:
    """Return whether each port is open: those `opened`, then those `tried`.

    `tried` holds ports (`9200`) and ranges (`9200-9299`); a range is open if any port in it is.
    """
    return {
        **{str(port): True for port in opened},
        **{ports: any(_holds(ports, port) for port in opened) for ports in tried},
    }


def ports_text(tried: Sequence[str], opened: Sequence[int], unknown: Sequence[str] = ()) -> str:
    """Return `9200, 9300 closed`, or of the ports that are open `9200 OPEN`; of others `9200 unknown`; nothing where nothing was asked."""
    known = f"{', '.join(map(str, opened))} OPEN" if opened else f"{', '.join(tried)} closed" if tried else ""
    return "; ".join(filter(None, [known, f"{', '.join(unknown)} unknown" if unknown else ""]))


def _holds(ports: str, port: int) -> bool:
    first, _dash, last = ports.partition("-")
    return int(first) <= port <= int(last or first)
