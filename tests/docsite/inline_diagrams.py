# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Puts the SVG of sphinx.ext.graphviz into the page itself, where the theme's colours reach it: light and dark."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.ext import graphviz


def visit(translator: Any, node: graphviz.graphviz) -> None:
    _name, file = graphviz.render_dot(translator, node["code"], node["options"], "svg", filename=node.get("filename"))
    text = Path(file).read_text("utf-8")
    svg = text[text.index("<svg") :]
    # an id is one of the whole page; nothing refers to these
    svg = re.sub(r' id="[^"]*"|<title>.*?</title>', "", svg)
    label = html.escape(node["alt"])
    translator.body.append(f'<div class="diagram" tabindex="0" role="img" aria-label="{label}">{svg}</div>')
    raise nodes.SkipNode


def setup(app: Any) -> dict[str, bool]:
    app.add_node(graphviz.graphviz, override=True, html=(visit, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
