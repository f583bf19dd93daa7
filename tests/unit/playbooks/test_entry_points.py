# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Each part of a role that a playbook includes by name holds its arguments against the role's specification."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
COLLECTION = "tlsfront.elasticsearch"


def parts() -> list[tuple[str, str]]:
    """Each pair of a role and a part that a playbook includes, in their order."""
    found: dict[tuple[str, str], None] = {}

    def walk(tasks: list[dict[str, Any]]) -> None:
        for task in tasks:
            walk(task.get("block", []))
            include = task.get("ansible.builtin.include_role") or task.get("ansible.builtin.import_role")
            if include and "tasks_from" in include:
                name, part, loop = include["name"].split(".")[-1], include["tasks_from"], task.get("loop", [])
                roles = loop if "{{" in name else [name]
                found.update(dict.fromkeys((role, each) for role in roles for each in (loop if "{{" in part else [part])))

    for playbook in sorted((ROOT / "playbooks").rglob("*.yml")):
        for item in yaml.safe_load(playbook.read_text("utf-8")) or []:
            if isinstance(item, dict):
                walk(item.get("tasks", []) + item.get("post_tasks", []) if "hosts" in item else [item])
    return list(found)


def test_a_wrong_choice_is_refused_by_each_part_before_its_first_task(play) -> None:
    assert {("cloud_firewall", "open"), ("https_front", "preflight"), ("client_trust", "preflight")} <= set(parts())
    tasks = [
        {
            "block": [
                {
                    "ansible.builtin.include_role": {"name": f"{COLLECTION}.{role}", "tasks_from": part},
                    "vars": {f"{role}_state": "perhaps"},
                }
            ],
            "rescue": [{"ansible.builtin.debug": {"msg": f"REFUSED {role} {part} {{{{ ansible_failed_result.msg }}}}"}}],
        }
        for role, part in parts()
    ]
    # nothing can run there, so a refusal is none of a task
    hosts = {"all": {"hosts": {"es1": {"ansible_host": "127.0.0.1", "ansible_port": 1}}}}
    run = play([{"hosts": "all", "gather_facts": False, "tasks": tasks}], hosts)
    refused = [(role, part) for role, part in parts() if f"REFUSED {role} {part} Validation of arguments failed" in run.stdout]
    assert refused == parts(), run.stdout
