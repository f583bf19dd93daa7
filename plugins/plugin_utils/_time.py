# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Moments in time, as texts with an offset from UTC."""

from __future__ import annotations

import datetime
import re

__all__ = ["instant"]

_UTC = re.compile(r"(?<=[0-9])Z\Z")  # which Python before 3.11 does not read


def instant(text: object) -> datetime.datetime:
    """Return the moment that `text` (RFC 3339, such as `2026-01-31T12:00:00Z`) names.

    Raises `ValueError` for any other text, and for one without an offset, which names no moment.
    """
    try:
        moment = datetime.datetime.fromisoformat(_UTC.sub("+00:00", str(text)))
    except ValueError as error:
        raise ValueError(_wanted(text)) from error
    if moment.tzinfo is None:
        raise ValueError(_wanted(text))
    return moment


def _wanted(text: object) -> str:
    return f"{text!s} is not a time with its offset from UTC: write it like 2026-01-31T12:00:00Z."
