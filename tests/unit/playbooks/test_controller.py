# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an inventory says of the nodes does not reach the controller: no sudo there, no connection, no Python of theirs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
OF_NODES = {
    "ansible_become": True,
    "ansible_become_exe": "/nonexistent/sudo",
    "ansible_connection": "ssh",
    "ansible_host": "127.0.0.1",
    "ansible_port": 1,
    "ansible_python_interpreter": "/nonexistent/python",
}


@pytest.mark.slow
def test_the_own_ca_is_made_by_the_user_who_runs_ansible(play: Any, tmp_path: Path) -> None:
    make = {
        "ansible.builtin.include_role": {"name": "tlsfront.elasticsearch.certificate", "tasks_from": "own_ca_begin"},
        "vars": {"certificate_own_ca_dir": f"{tmp_path}/ca"},
    }
    inventory = {"all": {"vars": OF_NODES, "hosts": {"es1": None, "localhost": None}}}
    run = play([{"hosts": "es1", "gather_facts": False, "tasks": [make]}], inventory)
    assert run.returncode == 0, run.stdout
    assert (tmp_path / "ca/ca.pem").is_file()


def delegated(tasks: Any) -> list[dict[str, Any]]:
    found = []
    for task in tasks if isinstance(tasks, list) else []:
        if isinstance(task, dict):
            found += [task] if task.get("delegate_to") == "localhost" else []
            for key in ("block", "rescue", "always", "tasks", "pre_tasks", "post_tasks"):
                found += delegated(task.get(key))
    return found


FILES = sorted(f for d in ("playbooks", "roles") for f in (ROOT / d).rglob("*.yml") if "delegate_to: localhost" in f.read_text("utf-8"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_each_task_on_the_controller_says_how_it_runs_there(file: Path) -> None:
    tasks = delegated(yaml.safe_load(file.read_text("utf-8")))
    assert tasks
    for task in tasks:
        # a keyword would not do: the variable of the same name counts more than it
        assert task["vars"]["ansible_become"] is False, task["name"]
        assert task["vars"]["ansible_connection"] == "local", task["name"]
        assert task["vars"]["ansible_python_interpreter"] == "{{ ansible_playbook_python }}", task["name"]
