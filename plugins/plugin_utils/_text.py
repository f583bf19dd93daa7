# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Text from strangers (certificates, cluster names, error messages) made safe and measurable for a report."""

from __future__ import annotations

import unicodedata

__all__ = ["fit", "one_line", "pad", "width_of"]


def one_line(value: object) -> str:
    """Return the text of `value` on one line, with nothing in it that a reader cannot see.

    Runs of white space become one space. Whatever else is not printable (terminal escapes, bidirectional overrides,
    unpaired surrogates, characters that XML 1.0 forbids) is shown as its Python escape, so that a hostile certificate
    can neither steer a terminal nor hide. `None` gives an empty text.

    Source: CWE-150 (https://cwe.mitre.org/data/definitions/150.html), XML 1.0 section 2.2
    (https://www.w3.org/TR/xml/#charsets), Unicode TR 36 (https://www.unicode.org/reports/tr36/).
    """
    if value is None:
        return ""
    collapsed = " ".join(str(value).split())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in collapsed)


def width_of(text: str) -> int:
    """Return how many terminal columns `text` takes: wide characters take two, combining marks none.

    Source: Unicode Annex 11 (https://www.unicode.org/reports/tr11/).
    """
    return sum(_columns(c) for c in text)


def pad(text: str, width: int) -> str:
    """Return `text` followed by the spaces that make it `width` terminal columns wide."""
    return text + " " * (width - width_of(text))


def fit(text: str, width: int) -> str:
    """Return `text` in at most `width` (at least 1) terminal columns, with an ellipsis for the middle if it is longer.

    The middle goes, because what tells names and addresses apart stands at their two ends.
    """
    if width_of(text) <= width:
        return text
    tail = _take(text[::-1], (width - 1) // 2)[::-1]
    head = _take(text, width - 1 - width_of(tail))
    return f"{head}…{tail}"


def _take(text: str, width: int) -> str:
    """Return the longest beginning of `text` that takes at most `width` columns."""
    used = 0
    for position, character in enumerate(text):
        used += _columns(character)
        if used > width:
            return text[:position]
    return text


def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
