# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks as a table in plain text."""

from __future__ import annotations

import textwrap
import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._summary import summary
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._text import fit, pad, width_of

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._checks import Check

__all__ = ["columns", "laid_out", "table"]

_LEAST_WIDTH = 40
_GAP = "  "
_HEADINGS = ("NODE", "ADDRESS", "HTTPS", "TLS", "DAYS", "CLUSTER", "PORTS", "FROM")
# Columns that give way when the table is too wide, with what they keep. The verdict and the ports never do.
_SHRINKABLE = {0: 12, 1: 15, 5: 12, 7: 8}
_UUID_LENGTH = 8


def columns(width: object) -> int:
    """Return `width`, a number or the text of one. Raises `ValueError` if it is neither, or less than 40."""
    text = str(width)
    if not text.isdecimal() or int(text) < _LEAST_WIDTH:
        raise ValueError(f"width must be a whole number of at least {_LEAST_WIDTH} columns, not {width!r}.")
    return int(text)


def table(checks: Sequence[Check], width: int = 120) -> str:
    """Return one aligned line for each check, one paragraph for each failure and each warning, and the summary.

    Names and addresses are shortened in the middle to keep lines within `width` columns; what cannot be shortened makes
    lines longer. No line ends in a space, so that YAML can show the text as a block.
    """
    # addresses of one endpoint share its warnings
    remarks = dict.fromkeys(remark for check in checks for remark in _remarks(check))
    return laid_out([_HEADINGS, *map(_cells, checks)], _SHRINKABLE, remarks, summary(checks), width)


def laid_out(rows: Sequence[tuple[str, ...]], shrinkable: Mapping[int, int], remarks: Iterable[str], summary: str, width: int) -> str:
    """Return an aligned line for each row, a paragraph for each remark and one for the summary, with an empty line between the three.

    shrinkable  the columns that give way where a line is too wide, with what they keep
    """
    paragraphs = [line for remark in remarks for line in _wrapped(remark, width)]
    parts = [_lines(rows, shrinkable, width) if rows else [], paragraphs, _wrapped(summary, width)]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _lines(rows: Sequence[tuple[str, ...]], shrinkable: Mapping[int, int], width: int) -> list[str]:
    """Return a line for each row, whose cells stand below each other."""
    widths = _widths(rows, shrinkable, width)
    return [_GAP.join(pad(fit(cell, wide), wide) for cell, wide in zip(row, widths, strict=True)).rstrip() for row in rows]


def _wrapped(text: str, width: int) -> list[str]:
    """Return the lines of a paragraph."""
    return textwrap.wrap(text, width, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)


def _cells(check: Check) -> tuple[str, ...]:
    uuid = check.cluster.get("uuid")
    cluster = " ".join(filter(None, [check.cluster.get("name"), f"({uuid[:_UUID_LENGTH]})" if uuid else ""]))
    return (
        check.node or "-",
        check.address or "-",
        "verified" if check.verified else check.reason,
        check.tls.get("version", "-"),
        "-" if check.days_left is None else str(check.days_left),
        cluster or "-",
        str(check.ports) or "-",
        check.probe,
    )


def _widths(rows: Sequence[tuple[str, ...]], shrinkable: Mapping[int, int], width: int) -> list[int]:
    """Return the columns' widths; what has the most to spare gives way first, until the line fits or nothing is left."""
    widths = [max(map(width_of, column)) for column in zip(*rows, strict=True)]
    while sum(widths) + len(_GAP) * (len(widths) - 1) > width:
        wide = max(shrinkable, key=lambda column: widths[column] - shrinkable[column])
        if widths[wide] <= shrinkable[wide]:
            break
        widths[wide] -= 1
    return widths


def _remarks(check: Check) -> list[str]:
    """Return what is to be said of a check besides its line; of a tolerated address its endpoint's warnings tell."""
    remarks = [f"WARNING {check.node} from {check.probe}: {warning}" for warning in check.warnings]
    if check.state != "failed":
        return remarks
    where = " ".join(filter(None, [check.node, check.address, f"from {check.probe}"]))
    tls = " (TLS itself is verified)" if check.tls_verified else ""
    cure = f" → {check.hint}" if check.hint else ""
    return [f"FAILED {where}: {check.reason}{tls}: {check.message}{cure}", *remarks]
