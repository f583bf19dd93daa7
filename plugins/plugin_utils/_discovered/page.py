# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What was discovered, as one self-contained page of HTML, in the style of that of https_check."""

from __future__ import annotations

import collections
import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._page import rendered
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._text import one_line

if t.TYPE_CHECKING:
    import datetime

    from .report import Report

__all__ = ["page"]


def page(report: Report, generated_at: datetime.datetime, title: str) -> str:
    """Return the page, as made at `generated_at`, under the heading `title`."""
    levels = collections.Counter(service.level for service in report.services)
    verdict = "failed" if levels["failed"] else "warning" if levels["warning"] or report.unknown else "verified"
    return rendered("discovered.html.j2", title=one_line(title), report=report, levels=levels, verdict=verdict, generated_at=generated_at)
