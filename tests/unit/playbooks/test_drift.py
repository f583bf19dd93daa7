# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Drift is told from failure by the exit status, by real runs of ansible-playbook."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.slow
PROGRAM = Path(__file__).parents[3] / "extensions/drift/tlsfront-drift"
INVENTORY = {"all": {"hosts": {name: {"ansible_connection": "local", "ansible_python_interpreter": sys.executable} for name in ("a", "b")}}}
FILE = {"name": "Keep the file", "ansible.builtin.copy": {"content": "as it is to be\n", "dest": "{{ place }}/file-{{ inventory_hostname }}"}}


def drift(place: Path, tasks: Any, *arguments: str, hosts: str = "all", inventory: Any = None) -> subprocess.CompletedProcess[str]:
    """A run on two hosts."""
    (place / "inventory.yml").write_text(yaml.safe_dump(INVENTORY if inventory is None else inventory))
    (place / "play.yml").write_text(tasks if isinstance(tasks, str) else yaml.safe_dump([{"hosts": hosts, "gather_facts": False, "tasks": tasks}]))
    bin_dir = Path(sys.executable).parent
    return subprocess.run(
        [sys.executable, str(PROGRAM), "--playbook", str(place / "play.yml"), "--lock", str(place / "lock"), "-i", str(place / "inventory.yml"),
         "-e", f"place={place}", *arguments],
        env={**os.environ, "PATH": f"{bin_dir}:{os.environ['PATH']}", "ANSIBLE_NOCOLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_drift_is_told_and_nothing_is_changed(tmp_path: Path) -> None:
    done = drift(tmp_path, [FILE])
    assert (done.returncode, done.stdout) == (5, "DRIFT: a: Keep the file; b: Keep the file\n"), done.stderr
    assert not (tmp_path / "file-a").exists()


def test_healed_is_what_had_drifted_and_then_nothing_has(tmp_path: Path) -> None:
    done = drift(tmp_path, [FILE], "--heal")
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == "AS IT IS TO BE: nothing to change on a, b", done.stderr
    assert (tmp_path / "file-a").exists()
    again = drift(tmp_path, [FILE], "--heal")
    assert again.stdout == "AS IT IS TO BE: nothing to change on a, b\n"


def test_arguments_of_ansible_playbook_go_through(tmp_path: Path) -> None:
    done = drift(tmp_path, [FILE], "--limit", "b")
    assert done.stdout == "DRIFT: b: Keep the file\n", done.stderr


def test_a_host_that_fails_is_no_drift(tmp_path: Path) -> None:
    done = drift(tmp_path, [FILE, {"name": "Fail", "ansible.builtin.fail": {}, "when": "inventory_hostname == 'b'"}], "--heal")
    assert done.returncode == 2 and done.stdout == "FAILED: the run failed on b (status 2)\n"
    assert not (tmp_path / "file-a").exists(), "nothing is healed where it is not known what has drifted"


def test_a_host_that_is_out_of_reach_is_no_drift(tmp_path: Path) -> None:
    away = {"all": {"hosts": {"a": INVENTORY["all"]["hosts"]["a"], "b": {"ansible_connection": "local", "ansible_python_interpreter": "/nonexistent"}}}}
    done = drift(tmp_path, [FILE], inventory=away)
    assert done.returncode == 2 and "on b" in done.stdout


def test_a_failure_that_is_rescued_is_none(tmp_path: Path) -> None:
    done = drift(tmp_path, [{"block": [{"ansible.builtin.fail": {}}], "rescue": [{"ansible.builtin.debug": {}}]}])
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("hosts", ["nobody", "all"])
def test_where_no_host_was_looked_at_nothing_is_known(tmp_path: Path, hosts: str) -> None:
    done = drift(tmp_path, [FILE], hosts=hosts, inventory={"all": {"hosts": {}}})
    assert done.returncode == 3 and done.stdout.startswith("NOTHING IS KNOWN"), done.stdout


def test_a_playbook_that_cannot_be_read_is_a_failure(tmp_path: Path) -> None:
    done = drift(tmp_path, "- hosts: all\n  tasks: [")
    assert done.returncode == 2 and "did not come to its end" in done.stdout


def test_two_at_a_time_are_one(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = drift(tmp_path, [FILE])
    assert done.returncode == 4 and not (tmp_path / "file-a").exists()


def test_a_task_with_any_name_is_one_line(tmp_path: Path) -> None:
    done = drift(tmp_path, [{**FILE, "name": "Keep\n\x1b[31mthe file"}])
    assert done.returncode == 5 and len(done.stdout.splitlines()) == 1 and "\x1b" not in done.stdout


def test_a_locale_without_the_letters_of_a_task_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    done = drift(tmp_path, [{**FILE, "name": "Größe"}], "--limit", "a")
    assert (done.returncode, done.stdout) == (5, "DRIFT: a: Gr\\xf6\\xdfe\n"), done.stderr


def test_where_the_program_is_ended_no_other_begins_beside_the_run_that_goes_on(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    wait = [{"ansible.builtin.shell": f"echo >> {begun}; while [ ! -e {tmp_path}/go ]; do sleep 0.1; done", "check_mode": False, "changed_when": False}]
    (tmp_path / "first.yml").write_text(yaml.safe_dump([{"hosts": "a", "gather_facts": False, "tasks": wait}]))
    (tmp_path / "inventory.yml").write_text(yaml.safe_dump(INVENTORY))
    first = subprocess.Popen(
        [sys.executable, str(PROGRAM), "--playbook", str(tmp_path / "first.yml"), "--lock", str(tmp_path / "lock"), "-i", str(tmp_path / "inventory.yml")],
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 60
        while not begun.exists() and time.monotonic() < until:
            time.sleep(0.1)
        first.terminate()
        assert first.wait(timeout=10) != 5
        assert drift(tmp_path, [FILE]).returncode == 4
    finally:
        (tmp_path / "go").touch()
    until = time.monotonic() + 60
    while (done := drift(tmp_path, [FILE])).returncode == 4 and time.monotonic() < until:
        time.sleep(0.3)
    assert done.returncode == 5, "once that run has ended, the next one begins"
