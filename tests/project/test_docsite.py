# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the documentation site is made of: tests/docsite/sources.py."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

TOP = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def sources() -> Any:
    specification = importlib.util.spec_from_file_location("sources", TOP / "tests/docsite/sources.py")
    assert specification and specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_every_guide_has_a_place_and_the_first_ones_stand_first(sources: Any) -> None:
    places = sources.guides()
    assert sorted(places) == sorted(f"docs/{file.stem}" for file in (TOP / "docs").glob("*.md"))
    assert places.index("docs/observe") < places.index("docs/clients") < places.index("docs/balancers")


def test_the_page_has_the_playbooks_that_users_are_told_of_and_site_first(sources: Any) -> None:
    pages = [TOP / "README.md", *TOP.glob("docs/*.md"), *TOP.glob("roles/*/README.md")]
    named = {name for page in pages for name in re.findall(r"\btlsfront\.elasticsearch\.(\w+)", page.read_text("utf-8"))}
    playbooks = {file.stem for file in (TOP / "playbooks").glob("*.yml")}
    shown = re.findall(r"^\.\. _playbook-(\w+):$", sources.playbooks_page(), re.MULTILINE)
    assert set(shown) == named & playbooks and shown[0] == "site"


def test_a_playbooks_first_lines_become_prose_commands_and_variables(sources: Any) -> None:
    lines = ["Moves *.log", "of tlsfront.elasticsearch.site, docs/nodes.md.", "  ansible-playbook one \\", "  -e two", "Takes:", "  a_b  what", "       it is"]
    assert list(sources.paragraphs(lines, {"a_b": {}})) == [
        "Moves \\ ``*.log``\\  of \\ ``tlsfront.elasticsearch.site``\\ , :doc:`/docs/nodes`.",
        ".. code-block:: console\n\n   ansible-playbook one \\\n   -e two",
        "Takes:",
        "- :confval:`a_b`: what it is",
    ]
