# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What holds for every role: its argument specification is the single source of its documentation."""
from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

TOP = Path(__file__).parents[2]
ROLES = sorted(path.name for path in (TOP / "roles").iterdir())


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def options(role: str) -> dict[str, Any]:
    return load(TOP / "roles" / role / "meta/argument_specs.yml")["argument_specs"]["main"]["options"]


@pytest.mark.parametrize("role", ROLES)
def test_each_default_is_in_the_specification_with_the_same_value(role: str) -> None:
    specified = {name: option["default"] for name, option in options(role).items() if "default" in option}
    assert load(TOP / "roles" / role / "defaults/main.yml") == specified


@pytest.mark.parametrize("role", ROLES)
def test_each_part_takes_all_options_of_the_role(role: str) -> None:
    for part, specified in load(TOP / "roles" / role / "meta/argument_specs.yml")["argument_specs"].items():
        assert (TOP / "roles" / role / "tasks" / f"{part}.yml").is_file()
        assert specified["options"] == options(role), part


@pytest.mark.parametrize("role", ROLES)
def test_each_option_has_the_roles_prefix_and_a_description_and_a_type(role: str) -> None:
    for name, option in options(role).items():
        assert name.startswith(role + "_"), name
        assert option.get("description"), name
        assert option.get("type"), name
        assert option["type"] != "list" or option.get("elements"), name


@pytest.mark.parametrize("role", ROLES)
def test_no_option_refuses_what_is_encrypted_by_itself(role: str) -> None:
    """An option with no_log may refuse a !vault value ("Unknown parameter type", in ansible-core 2.18); the values are not told without it, either."""
    assert "no_log" not in re.sub(r"#.*", "", (TOP / "roles" / role / "meta/argument_specs.yml").read_text("utf-8"))


@pytest.mark.parametrize("role", ROLES)
def test_only_options_and_private_variables_of_the_role_are_used_in_it(role: str) -> None:
    known = set(options(role))
    for file in sorted((TOP / "roles" / role).rglob("*")):
        if file.suffix not in {".yml", ".j2"} or file.parent.name == "meta":
            continue
        used = set(re.findall(rf"(?<![\w.]){role}_\w+(?<!_)\b", file.read_text("utf-8")))
        assert used <= known, (file, used - known)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_reads_no_private_variable_of_another(role: str) -> None:
    for file in sorted((TOP / "roles" / role).rglob("*")):
        if file.suffix in {".yml", ".j2"}:
            others = {other for other in ROLES if other != role and re.search(rf"\b__{other}_", file.read_text("utf-8"))}
            assert not others, file


@pytest.mark.parametrize("role", ROLES)
def test_a_role_stays_small(role: str) -> None:
    for file in sorted((TOP / "roles" / role / "tasks").glob("*.yml")):
        assert len(load(file)) <= 15, file


@pytest.mark.parametrize("role", ROLES)
def test_no_task_ignores_its_errors(role: str) -> None:
    for file in sorted((TOP / "roles" / role).rglob("*.yml")):
        assert "ignore_errors" not in file.read_text("utf-8"), file


def tasks(value: Any) -> Any:
    """All tasks of a file, those in blocks and plays as well."""
    for task in value or []:
        yield task
        for inner in ("block", "rescue", "always", "tasks", "pre_tasks", "post_tasks", "handlers"):
            yield from tasks(task.get(inner))


def test_no_command_line_is_built_from_a_variable() -> None:
    """A value reaches a program as one of its arguments, whatever is in it: never through a shell, and never through a line that is split."""
    places = {"tasks", "handlers", "playbooks"}
    files = [file for place in ("roles", "playbooks") for file in sorted((TOP / place).rglob("*.yml")) if file.parent.name in places]
    assert files
    for file in files:
        for task in tasks(load(file)):
            used = {name.rpartition(".")[2] for name in task}
            assert not used & {"shell", "script", "raw", "expect"}, (file, task["name"])
            for name, given in task.items():
                if name.rpartition(".")[2] == "command":
                    assert isinstance(given, dict) and "argv" in given and "cmd" not in given, (file, task["name"])
