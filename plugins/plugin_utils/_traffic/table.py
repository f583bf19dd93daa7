# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who uses the ports, as a table in plain text."""

from __future__ import annotations

import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._table import lines_of, wrapped

if t.TYPE_CHECKING:
    from .merged import Report

__all__ = ["table"]

_HEADINGS = ("SOURCE", "NAME", "WHAT", "PORTS", "NODES", "LAST SEEN", "AFTERWARDS")
_SHRINKABLE = {0: 15, 1: 12, 3: 9, 4: 8}


def table(report: Report, width: int = 120) -> str:
    """Return one aligned line for each source, what to do of each that somebody has to look at, what else is to be said, and the summary.

    No line ends in a space, so that YAML can show the text as a block.
    """
    rows = [tuple(source.shown.values()) for source in report.sources]
    lines = lines_of([_HEADINGS, *rows], _SHRINKABLE, width) if rows else []
    said = dict.fromkeys(_remark(source.shown, source.do) for source in report.sources if source.level != "verified")
    remarks = [*said, *(f"UNKNOWN {line}" for line in report.unknown), *(f"NOTE {line}" for line in report.notes)]
    paragraphs = [line for remark in remarks for line in wrapped(remark, width)]
    parts = [lines, paragraphs, wrapped(report.summary, width)]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _remark(shown: dict[str, str], do: str) -> str:
    name = f" ({shown['name']})" if shown["name"] != "-" else ""
    return f"{shown['afterwards'].upper()} {shown['address']}{name}: {do}"
