# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who uses the ports, as a table in plain text."""

from __future__ import annotations

import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._table import laid_out

if t.TYPE_CHECKING:
    from .merged import Report

__all__ = ["table"]

_HEADINGS = ("SOURCE", "NAME", "WHAT", "PORTS", "NODES", "LAST SEEN", "AFTERWARDS")
_SHRINKABLE = {0: 15, 1: 12, 3: 9, 4: 8}


def table(report: Report, width: int = 120) -> str:
    """Return one aligned line for each source, what to do of each that somebody has to look at, what else is to be said, and the summary.

    No line ends in a space, so that YAML can show the text as a block.
    """
    rows = [_HEADINGS, *(tuple(source.shown.values()) for source in report.sources)] if report.sources else []
    said = dict.fromkeys(_remark(source.shown, source.do) for source in report.sources if source.level != "verified")
    remarks = [*said, *(f"UNKNOWN {line}" for line in report.unknown), *(f"NOTE {line}" for line in report.notes)]
    return laid_out(rows, _SHRINKABLE, remarks, report.summary, width)


def _remark(shown: dict[str, str], do: str) -> str:
    name = f" ({shown['name']})" if shown["name"] != "-" else ""
    return f"{shown['afterwards'].upper()} {shown['address']}{name}: {do}"
