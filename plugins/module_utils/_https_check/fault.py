# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Where in this code something went wrong, without a word of what: that may have a value in it."""

from __future__ import annotations

import traceback
from pathlib import Path

__all__ = ["where"]


def where(error: BaseException) -> str:
    steps = traceback.extract_tb(error.__traceback__)[-3:]
    return type(error).__name__ + " at " + ", ".join(f"{Path(step.filename).name}:{step.lineno}" for step in steps)
