# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whole numbers, as people write them in variables and on the command line."""

from __future__ import annotations

import typing as t

__all__ = ["whole"]


def whole(value: t.Any) -> int | None:
    """The number that a number, or a text of ASCII digits, is; nothing else is one: int() takes 4_43 and digits of other scripts, too."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 19 else None
