# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A search through all files of the project."""
from __future__ import annotations

import re
import subprocess
from collections.abc import Collection
from pathlib import Path

TOP = Path(__file__).parents[2]


def found(pattern: str, but: Collection[str]) -> list[str]:
    """Each place where the pattern matches, with what it is, in files that git has or would take.

    :param but: files that are left out
    """
    listing = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=TOP, check=True, capture_output=True, text=True)
    places = []
    for name in listing.stdout.splitlines():
        if name not in but and (TOP / name).is_file():
            text = (TOP / name).read_text("utf-8", "ignore")
            places += [f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {match.group()}" for match in re.finditer(pattern, text)]
    return places
