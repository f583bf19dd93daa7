# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs playbooks with ansible-playbook, as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def play(tmp_path: Path) -> Run:
    """Runs a playbook (a name of the collection's, or the plays themselves) on an inventory, and returns the process."""

    def run(playbook: Any, inventory: Any, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        hosts = tmp_path / "inventory.yml"
        hosts.write_text(inventory if isinstance(inventory, str) else yaml.safe_dump(inventory))
        if not isinstance(playbook, str):
            (tmp_path / "play.yml").write_text(yaml.safe_dump(playbook))
            playbook = str(tmp_path / "play.yml")
        return subprocess.run(
            [str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(hosts), playbook, *arguments],
            env={**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORCE_COLOR": "0", "ANSIBLE_LOCALHOST_WARNING": "0", **environment},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    return run
