# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The program as the role installs it: its tree of files, and no Ansible."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._continuous_plan import program_files
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.fixtures import lab
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.lab import Lab

__all__ = ["lab"]

if sys.version_info < (3, 9):  # which the role refuses
    collect_ignore_glob = ["test_*"]
TOP = Path(__file__).resolve().parents[3]
SUPPORT = TOP / "tests/unit/support"
# as `python -I run.py`, where no import finds Ansible
WITHOUT_ANSIBLE = "import runpy, sys; sys.modules['ansible'] = None; del sys.argv[0]; runpy.run_path(sys.argv[0], run_name='__main__')"


class Program:
    """Installed below a directory, with its settings."""

    def __init__(self, directory: Path, tree: Path, ca: str) -> None:
        self.directory, self.tree = directory, tree
        self.state = directory / "state"
        self.state.mkdir(mode=0o755)
        self.settings = directory / "settings.json"
        self.metrics = self.state / "textfile/tlsfront_https_check.prom"
        self.page, self.result = self.state / "report.html", self.state / "result.json"
        self.given: dict[str, Any] = {
            "probe": "bastion",
            "cluster": "elasticsearch",
            "user": pwd.getpwuid(os.geteuid()).pw_name,
            "state_dir": str(self.state),
            "max_age": 600,
            "logs_in": False,
            "check": {"ca_content": Path(ca).read_text("ascii"), "same_cluster": True},
        }

    def asks(self, *endpoints: Any, **options: Any) -> Program:
        self.given["check"] = {**self.given["check"], **options, "endpoints": list(endpoints)}
        self.write()
        return self

    def write(self) -> None:
        self.settings.write_text(json.dumps(self.given))

    def login(self, **credentials: str) -> None:
        self.given["logs_in"] = True
        (self.directory / "login.json").write_text(json.dumps(credentials))
        self.write()

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-I", "-c", WITHOUT_ANSIBLE, str(self.tree / "run.py"), "--settings", str(self.settings), *arguments]

    def run(self, *arguments: str, **environment: str) -> tuple[int, str]:
        """Its status and its one line."""
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True, check=False, env={**os.environ, **environment}, timeout=90)
        assert done.stderr == ""
        assert done.stdout.endswith("\n") and done.stdout.count("\n") == 1 and done.stdout.isascii() and done.stdout[:-1].isprintable(), done.stdout
        return done.returncode, done.stdout[:-1]


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the role writes, and nothing else."""
    place = tmp_path_factory.mktemp("program")
    files = {**program_files(), "run.py": (TOP / "roles/continuous_check/files/run.py").read_text("utf-8")}
    for name, text in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)
    return place


@pytest.fixture
def program(tmp_path: Path, tree: Path, lab: Lab) -> Program:
    return Program(tmp_path, tree, lab.ca_path)


@pytest.fixture
def public_program(tree: Path, lab: Lab) -> Iterator[Program]:
    """Where others than root may read it, too: directories of pytest are root's alone."""
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        place.chmod(0o755)
        shutil.copytree(tree, place / "program")
        (place / "program").chmod(0o755)
        (place / "host").mkdir(mode=0o755)
        yield Program(place / "host", place / "program", lab.ca_path)
