# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a report says of the ports that must be closed."""

from __future__ import annotations

import dataclasses
import typing as t

__all__ = ["Ports"]


@dataclasses.dataclass(frozen=True)
class Ports:
    """The ports of one address that must be closed, as one host saw them: ports (`9200`) and ranges (`9200-9299`)."""

    open: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    """Those that gave no answer where nothing vouches for it that anybody was there to give one: not proved."""

    @property
    def proved(self) -> bool:
        """Whether all of them are known to be closed."""
        return not self.open and not self.unknown

    def __str__(self) -> str:
        """Return `9200, 9300 closed`, or what is wrong, `9200 OPEN; 9300 unknown`; nothing where nothing was asked."""
        said = [_listed(self.open, "OPEN"), _listed(self.unknown, "unknown")]
        if not self.open:
            said.append(_listed(self.closed, "closed"))
        return "; ".join(filter(None, said))

    def states(self) -> t.Iterator[tuple[str, t.Literal["open", "closed", "unknown"]]]:
        """Yield each port or range with its state."""
        for ports in self.open:
            yield ports, "open"
        for ports in self.closed:
            yield ports, "closed"
        for ports in self.unknown:
            yield ports, "unknown"


def _listed(ports: t.Sequence[str], state: str) -> str:
    return f"{', '.join(ports)} {state}" if ports else ""
