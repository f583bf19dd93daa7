# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A machine that cannot run containers is told so before anything is installed, and what it can run instead."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
TOOLS = ["bash", "cp", "dirname", "env", "grep", "mktemp", "readlink", "rm", "sed", "setsid", "timeout", "true"]
REFUSED = "This machine cannot run the lab's containers: "
# commands of a machine that can
GOOD = {"id": "echo 0", "unshare": "", "mkdir": "", "rmdir": "", "apt-get": 'echo "$*" >>"$TOLD"', "podman": "", "docker": "exit 1"}


def demo(place: Path, script: str, engine: str = "podman", **commands: str | None) -> subprocess.CompletedProcess[str]:
    """Runs a script on a machine that has these commands, and GOOD unless they are None."""
    (place / "bin").mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found
        (place / "bin" / tool).symlink_to(found)
    for name, text in {**GOOD, **{name.replace("_", "-"): text for name, text in commands.items()}}.items():
        if text is not None:
            (place / "bin" / name).write_text(f"#!/bin/bash\n{text}\n")
            (place / "bin" / name).chmod(0o755)
    given = {"PATH": str(place / "bin"), "HOME": str(place), "TMPDIR": str(place), "TOLD": str(place / "told"), "LAB_ENGINE": engine}
    return subprocess.run([TOP / script], env=given, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("engine", "commands", "said"),
    [
        ("podman", {"id": "echo 1000", "sudo": "exit 1"}, "podman needs root, or sudo without a password"),
        ("podman", {"id": "echo 1000", "sudo": None}, "podman needs root, or sudo without a password"),
        ("podman", {"podman": None, "apt_get": None}, "there is no podman, and no apt-get to install it with."),
        ("podman", {"unshare": "echo unshare failed: Operation not permitted >&2; exit 1"}, "namespaces are refused: unshare failed: Operation not permitted"),
        ("podman", {"podman": None, "mkdir": "echo Read-only file system >&2; exit 1"}, "cgroups are refused: Read-only file system"),
        ("podman", {"podman": "echo first; echo OCI permission denied >&2; exit 1"}, "a container does not start: OCI permission denied"),
        ("docker", {"docker": "echo Cannot connect >&2; exit 1"}, "docker does not answer: Cannot connect"),
    ],
    ids=["asks for a password", "no sudo", "no apt", "namespaces", "cgroups", "container", "docker"],
)
def test_the_demo_says_why_and_what_else_there_is(tmp_path: Path, engine: str, commands: dict[str, str | None], said: str) -> None:
    done = demo(tmp_path, "tests/demo", engine, **commands)
    assert done.returncode == 1 and done.stdout == ""
    first, last = done.stderr.splitlines()
    assert first.startswith(REFUSED + said) and "tests/demo --local" in last
    assert [each.name for each in tmp_path.iterdir()] == ["bin"], "nothing was installed or made"


def test_docker_is_named_where_it_answers(tmp_path: Path) -> None:
    done = demo(tmp_path, "tests/lab/trial", podman="exit 1", docker="")
    assert done.returncode == 1 and "LAB_ENGINE=docker" in done.stderr


@pytest.mark.parametrize(
    ("engine", "commands"),
    [
        ("podman", {}),
        ("podman", {"podman": None}),
        ("podman", {"id": "echo 1000", "sudo": 'shift; exec env "$@"'}),
        ("docker", {"docker": "", "id": "echo 1000", "sudo": None}),
        ("docker", {"docker": None}),
    ],
    ids=["podman", "podman, not installed yet", "sudo", "docker, of its group", "docker, not installed yet"],
)
def test_nothing_is_said_of_a_machine_that_can(tmp_path: Path, engine: str, commands: dict[str, str | None]) -> None:
    done = demo(tmp_path, "tests/lab/trial", engine, **commands)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [each.name for each in tmp_path.iterdir()] == ["bin"], "nothing was installed or left"
