# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The private packages of module_utils and plugin_utils: relative imports, and none in a circle."""
from __future__ import annotations

import ast
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
FILTERS = sorted((TOP / "plugins/filter").glob("*.py"))
PACKAGES = sorted(path.parent for kind in ("module_utils", "plugin_utils") for path in (TOP / "plugins" / kind).glob("_*/__init__.py"))


def imports(file: Path) -> set[str]:
    """The files of its own package that a file imports, lazily too."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            found |= {node.module.split(".")[0]} if node.module else {alias.name for alias in node.names}
    return found


def test_there_is_something_to_look_at() -> None:
    assert PACKAGES and FILTERS


@pytest.mark.parametrize("file", FILTERS, ids=lambda file: file.stem)
def test_a_filter_that_is_not_used_costs_nothing(file: Path) -> None:
    """For one filter, ansible-core loads the files of all, in the process of each task of each host (Jinja2Loader in ansible/plugins/loader.py)."""
    at_once = [node.module or "" for node in ast.parse(file.read_text("utf-8")).body if isinstance(node, ast.ImportFrom)]
    assert not [module for module in at_once if "_utils" in module], f"{file}: import it in the function that needs it"


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_imports_within_a_package_are_relative(package: Path) -> None:
    for file in package.glob("*.py"):
        assert f"plugins.{package.parent.name}.{package.name}" not in file.read_text("utf-8"), file


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_no_import_leads_back_to_where_it_began(package: Path) -> None:
    left = {file.stem: imports(file) for file in package.glob("*.py")}
    while left:
        free = {name for name, needed in left.items() if not needed & set(left)}
        assert free, f"these import one another: {left}"
        left = {name: needed for name, needed in left.items() if name not in free}
