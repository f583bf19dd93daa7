# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What was discovered, as a table in plain text."""

from __future__ import annotations

import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._table import laid_out

if t.TYPE_CHECKING:
    from .report import Report

__all__ = ["HEADINGS", "table"]

HEADINGS = ("HOST", "WHAT", "PORT", "SPEAKS", "LOGIN", "OPEN TO", "CLUSTER")
_SHRINKABLE = {0: 15, 5: 20, 6: 12}


def table(report: Report, width: int = 120) -> str:
    """Return one aligned line for each service, what is not known, which hosts are one cluster, and the summary."""
    rows = [HEADINGS, *(service.shown for service in report.services)] if report.services else []
    remarks = [f"UNKNOWN {line}" for line in report.unknown] + [f"NOTE {line}" for line in report.notes]
    groups = [f"{name}: {', '.join(hosts)}" for name, hosts in report.groups.items()]
    return laid_out(rows, _SHRINKABLE, [*remarks, *groups], report.summary, width)
