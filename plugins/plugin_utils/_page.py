# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks as one self-contained page of HTML.

The page's parts stand in `report_page/`. Jinja's autoescape escapes every text that goes in; should one ever get past
it, the page's own content security policy (https://www.w3.org/TR/CSP3/) still allows no script and no style but the two
whose hashes it names, and no request at all.
"""

from __future__ import annotations

import base64
import collections
import hashlib
import pathlib
import typing as t

import jinja2
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._summary import and_join, probes_of, summary
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._text import one_line
from markupsafe import Markup

if t.TYPE_CHECKING:
    import datetime
    from collections.abc import Sequence

    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._checks import Check

__all__ = ["page", "rendered"]

_PARTS = pathlib.Path(__file__).parent / "report_page"


def page(checks: Sequence[Check], generated_at: datetime.datetime, title: str = "Verified https") -> str:
    """Return the page that shows all `checks`, as made at `generated_at`, under the heading `title`."""
    return rendered(
        "page.html.j2",
        title=one_line(title),
        summary=summary(checks),
        checks=checks,
        states=collections.Counter(check.state for check in checks),
        endpoints=len({check.url for check in checks if check.url}),
        days=[check.days_left for check in checks if check.days_left is not None],
        open_ports={(check.node, port) for check in checks for port in check.ports.open},
        unknown_ports={(check.node, port) for check in checks for port in check.ports.unknown},
        probes=and_join(probes_of(checks)),
        generated_at=generated_at,
    )


def rendered(template: str, **values: t.Any) -> str:
    """Return the page of a template of `report_page/`, with the style and the script that they share."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_PARTS, encoding="utf-8"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["one_line"] = one_line
    style, script = (_read(name) for name in ("page.css", "page.js"))
    hashes = {"style_hash": _hash(style), "script_hash": _hash(script)}
    return environment.get_template(template).render(**values, style=style, script=script, **hashes)


def _read(name: str) -> Markup:
    return Markup((_PARTS / name).read_text(encoding="utf-8"))


def _hash(source: str) -> str:
    """Return the `hash-source` of an inline element's text (CSP 3, section 2.3.1)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"
