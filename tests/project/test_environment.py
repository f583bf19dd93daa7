# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The tests' commands on a machine that has nothing yet: what is missing is installed, and said in words where it cannot be."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
TOOLS = ["bash", "chmod", "date", "env", "id", "ln", "touch", "cat"]


class Machine:
    """A directory of commands, and nothing else on the path: apt-get there writes down what it is told, and "installs" this Python."""

    def __init__(self, place: Path) -> None:
        self.commands, self.told, self.home = place / "bin", place / "told", place
        self.commands.mkdir()
        self.told.touch()
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found
            (self.commands / tool).symlink_to(found)

    def has(self, name: str, script: str) -> None:
        path = self.commands / name
        path.write_text(f"#!/bin/bash\n{script}\n")
        path.chmod(0o755)

    def has_apt(self, update: int = 0) -> None:
        real = Path(sys.executable).resolve()
        install = f'case "$*" in *" python3 "*) ln -s {real} "{self.commands}/python3" ;; esac'
        self.has("apt-get", f'echo "apt-get $*" >>"{self.told}"; case $1 in update) exit {update} ;; esac; {install}')

    def call(self, function: str, **environment: str) -> subprocess.CompletedProcess[str]:
        text = (TOP / "tests/environment.sh").read_text("utf-8").replace("/usr/bin/", f"{self.home}/usr/bin/")
        functions = "\n".join(re.findall(r"^\w+\(\) \{.*?^\}$|^say\(\).*$", text, re.MULTILINE | re.DOTALL))
        return subprocess.run(
            ["/bin/bash", "-c", f"set -euo pipefail\n{functions}\n{function}"],
            env={"PATH": str(self.commands), "HOME": str(self.home), **environment},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def as_user(machine: Machine) -> None:
    (machine.commands / "id").unlink()
    machine.has("id", "echo 1000")


@pytest.mark.parametrize("update", [0, 100], ids=["good lists", "a list that cannot be had"])
def test_python_is_installed_where_there_is_none(machine: Machine, update: int) -> None:
    machine.has_apt(update)
    done = machine.call("find_python")
    assert (done.returncode, done.stdout) == (0, f"{machine.commands}/python3\n"), done.stderr
    assert re.search(r"^apt-get install .* python3 python3-venv$", machine.told.read_text(), re.MULTILINE)


def test_it_is_installed_by_sudo_for_a_user(machine: Machine) -> None:
    machine.has_apt()
    as_user(machine)
    machine.has("sudo", f'echo "sudo $*" >>"{machine.told}"; shift; exec "$@"')
    assert machine.call("find_python").returncode == 0
    assert "sudo -- env DEBIAN_FRONTEND=noninteractive apt-get install" in machine.told.read_text()


def test_nothing_is_installed_where_it_is_there(machine: Machine) -> None:
    machine.has_apt()
    (machine.commands / "python3").symlink_to(Path(sys.executable).resolve())
    assert machine.call("find_python").returncode == 0
    assert machine.told.read_text() == ""


def test_the_systems_python_goes_before_a_newer_one_unless_the_newest_is_asked_for(machine: Machine) -> None:
    (machine.home / "usr/bin").mkdir(parents=True)
    systems, newer, own = machine.home / "usr/bin/python3.11", machine.commands / "python3.13", machine.home / "own"
    for python in (systems, newer, own):
        python.symlink_to(Path(sys.executable).resolve())
    taken = [machine.call("find_python", TLSFRONT_PYTHON=asked).stdout.strip() for asked in ("", "newest", str(own))]
    assert taken == [str(systems), str(newer), str(own)]


def test_a_python_that_is_asked_for_and_is_none_is_said(machine: Machine) -> None:
    machine.has_apt()
    done = machine.call("find_python", TLSFRONT_PYTHON="/nonexistent/python3")
    assert done.returncode == 1 and "TLSFRONT_PYTHON is no Python from 3.11 to 3.14" in done.stderr
    assert machine.told.read_text() == ""


@pytest.mark.parametrize(("apt", "said"), [(False, "no apt-get"), (True, "this needs root, or sudo")])
def test_what_cannot_be_installed_is_said(machine: Machine, apt: bool, said: str) -> None:
    if apt:
        machine.has_apt()
        as_user(machine)
    done = machine.call("find_python")
    assert done.returncode == 1 and done.stdout == ""
    assert said in done.stderr and "no Python from 3.11 to 3.14" in done.stderr


def test_a_python_that_is_too_old_is_not_taken(machine: Machine) -> None:
    machine.has_apt()
    machine.has("python3", "exit 1")
    done = machine.call("find_python")
    assert done.returncode == 1 and "no Python from 3.11 to 3.14" in done.stderr


@pytest.mark.parametrize(("option", "survives"), [("-c", False), ("-ic", True)], ids=["script", "a person's shell"])
def test_a_command_that_fails_ends_a_script_and_no_persons_shell(option: str, survives: bool) -> None:
    said = f'. {TOP}/tests/environment.sh; false; echo "$MOLECULE_EPHEMERAL_DIRECTORY $(command -v molecule)"'
    environment = {**os.environ, "LAB_NET": "99"}
    done = subprocess.run(["/bin/bash", "--norc", option, said], env=environment, capture_output=True, text=True, check=False)
    molecule = shutil.which("molecule")
    assert done.stdout == (f"{TOP}/.ansible/tmp/molecule-99 {molecule}\n" if survives else ""), done.stderr
