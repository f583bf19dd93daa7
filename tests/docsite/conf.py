# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sphinx's configuration of the documentation site: tests/docsite/build."""

from __future__ import annotations

import sys
from pathlib import Path

import yaml
from pygments.lexers import BashLexer

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
galaxy = yaml.safe_load((HERE / "../../galaxy.yml").read_text("utf-8"))

project = f"{galaxy['namespace']}.{galaxy['name']}"
release = galaxy["version"]
author = ", ".join(galaxy["authors"])
extensions = ["myst_parser", "sphinx.ext.graphviz", "sphinx_antsibull_ext", "links", "inline_diagrams"]
nitpicky = True
smartquotes = False  # --limit is no dash and a limit
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 4  # as GitHub gives them
graphviz_output_format = "svg"
antsibull_ext_color_scheme = "none"  # site.css has them, for the theme's light and dark

html_theme = "furo"
html_title = f"{project} {release}"
html_static_path = [str(HERE / "static")]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_domain_indices = False


def setup(app):
    app.add_lexer("crontab", BashLexer)  # Pygments has none of its own
