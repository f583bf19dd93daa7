# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names of variables: facts win over whatever a task, a play or a role says, so none of them may have the name of a variable
(https://docs.ansible.com/projects/ansible/latest/playbook_guide/playbooks_variables.html#understanding-variable-precedence).
"""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

TOP = Path(__file__).parents[2]


def names(value: Any) -> Iterator[tuple[str, str]]:
    """The names that a file makes a fact or a variable, each after the word for it."""
    if isinstance(value, list):
        for item in value:
            yield from names(item)
    elif isinstance(value, dict):
        for key, content in value.items():
            if key == "register":
                yield "fact", content
            elif key in ("ansible.builtin.set_fact", "vars") and isinstance(content, dict):
                yield from (("variable" if key == "vars" else "fact", name) for name in content)
            yield from names(content)


def test_no_fact_has_the_name_of_a_variable() -> None:
    files = [*TOP.glob("playbooks/**/*.yml"), *TOP.glob("roles/*/tasks/*.yml"), *TOP.glob("roles/*/handlers/*.yml")]
    found = {pair for file in files for pair in names(yaml.safe_load(file.read_text("utf-8")))}
    facts = {name for kind, name in found if kind == "fact"}
    variables = {name for kind, name in found if kind == "variable"}
    for file in [*TOP.glob("roles/*/vars/*.yml"), *TOP.glob("roles/*/defaults/*.yml")]:
        variables |= set(yaml.safe_load(file.read_text("utf-8")) or ())
    assert facts and variables
    assert not facts & variables
