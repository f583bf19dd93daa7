# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""A port, or a range of them, as options give it and nft writes it: ``9200``, ``9200-9299``."""

from __future__ import annotations

import re

__all__ = ["span"]

_SPAN = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?", re.ASCII)


def span(text: str) -> tuple[int, int]:
    """The first port and the last one.

    :raises ValueError: it is neither, with a sentence for the user that has no full stop
    """
    match = _SPAN.fullmatch(text)
    if not match or not 0 < int(match[1]) <= int(match[2] or match[1]) < 65536:
        raise ValueError(f"{text!r} is neither a port nor a range such as 9200-9299")
    return int(match[1]), int(match[2] or match[1])
