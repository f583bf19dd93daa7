# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Paths of Elasticsearch's API as patterns for every way in which a request can write them."""

from __future__ import annotations

import re

__all__ = ["pattern"]

_PART = "[^/?#]*"


def pattern(path: str) -> str:
    """Return a pattern for the path and all that is below it.

    "*" is any name, and none as well: where Elasticsearch takes an index from the path it takes it from the query, too (POST /_close?index=i), and
    for it a name between two slashes may be empty (POST //_close).
    """
    parts = path.strip("/").split("/")
    while parts and set(parts[-1]) <= {"*"}:
        parts.pop()
    written = "".join(f"(?:{_PART}/+)?" if part == "*" else re.escape(part).replace(r"\*", _PART) + "/+" for part in parts)
    # nginx before 1.21.1 passes on control characters, and what has one of them at its end reaches Elasticsearch (Netty) without it
    return rf"^/*{written.removesuffix('/+')}(?:[\x00-\x20/?#;]|$)"
