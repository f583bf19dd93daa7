# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A page of the documentation with a table that a scenario makes."""
from __future__ import annotations

from pathlib import Path


def keep(page: Path, begin: str, end: str, table: str) -> list[str]:
    """Write the table between its two marks. Where another one was there, return a sentence that says so."""
    before = page.read_text("utf-8")
    head, _begin, rest = before.partition(begin)
    after = f"{head}{begin}\n{table}\n{end}{rest.partition(end)[2]}"
    if after == before:
        return []
    page.write_text(after, "utf-8")
    return [f"{page.name} had another table: it has been rewritten; look at the difference and commit it"]
