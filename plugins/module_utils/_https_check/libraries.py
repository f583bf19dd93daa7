# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The libraries that the check rests on, and which of them are missing or too old.

Of the official client, what is used is its transport, which came with 8.0.0; importing all of it would take half as long again.
"""

from __future__ import annotations

from typing import Iterator, NamedTuple

from .certificate import CRYPTOGRAPHY_ERROR, CRYPTOGRAPHY_VERSION
from .transport import TRANSPORT_ERROR, TRANSPORT_VERSION

__all__ = ["Unusable", "unusable"]


class Unusable(NamedTuple):
    """A package that is not there as it is needed."""

    package: str
    least: str
    found: str  #: its version, where that is too old; else empty
    error: str  #: why it cannot be imported; else empty


def unusable() -> Iterator[Unusable]:
    """Each of them."""
    for package, least, version, error in (
        ("elasticsearch", "8.0.0", TRANSPORT_VERSION, TRANSPORT_ERROR),
        ("cryptography", "43.0.0", CRYPTOGRAPHY_VERSION, CRYPTOGRAPHY_ERROR),
    ):
        found = version or _installed(package)
        if found and int(found.partition(".")[0]) < int(least.partition(".")[0]):
            yield Unusable(package, least, found, "")
        elif error is not None:
            yield Unusable(package, least, "", error)


def _installed(package: str) -> str:
    """Its version, if there is one that cannot be imported."""
    from importlib import metadata

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
