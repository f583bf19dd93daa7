# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What there is in the collection, by name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

TOP = Path(__file__).resolve().parents[2]


def _options(file: Path) -> dict[str, dict[str, Any]]:
    return yaml.safe_load(file.read_text("utf-8"))["argument_specs"]["main"]["options"]


def _about(file: Path) -> str:
    """What a filter does: its short description, in a file of Python or of YAML."""
    found = re.search(r"short_description: *[\"']?(.+?)[\"']?$", file.read_text("utf-8"), re.MULTILINE)
    return found[1] if found else ""


ROLES = sorted(path.name for path in (TOP / "roles").iterdir())
MODULES = sorted(path.stem for path in TOP.glob("plugins/modules/*.py"))
FILTERS = {path.stem: _about(path) for path in sorted(TOP.glob("plugins/filter/*")) if path.suffix in (".py", ".yml") and _about(path)}
PLAYBOOKS = sorted(path.stem for path in TOP.glob("playbooks/*.yml"))
# the others are parts of these
PUBLIC_PLAYBOOKS = [name for name in PLAYBOOKS if f" tlsfront.elasticsearch.{name}" in (TOP / f"playbooks/{name}.yml").read_text("utf-8").split("\n- ")[0]]
SCENARIOS = sorted(path.parent.name for path in TOP.glob("molecule/*/molecule.yml"))
REASONS = set(re.findall(r"^## `(\w+)`$", (TOP / "docs/reasons.md").read_text("utf-8"), re.MULTILINE))
EVERY_NAME = {*ROLES, *MODULES, *FILTERS, *PUBLIC_PLAYBOOKS, *(path.stem for path in TOP.glob("plugins/callback/*.py")), *REASONS}

OPTIONS: dict[str, dict[str, Any]] = {}
for _file in sorted(TOP.glob("roles/*/meta/argument_specs.yml")):
    OPTIONS.update(_options(_file))
OPTIONS.update(_options(TOP / "playbooks/meta/argument_specs.yml"))
# what a rulebook takes is told in its first lines
OPTIONS.update(
    {name: {"type": "raw"} for file in TOP.glob("extensions/eda/rulebooks/*.yml") for name in re.findall(r"^#   (tlsfront_\w+)", file.read_text("utf-8"), re.M)}
)
# facts of node_identity, for the inventory
OPTIONS["tlsfront_identity"] = {"type": "dict"}
