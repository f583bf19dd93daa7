# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The role on this machine."""
from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any


def changes(variables: dict[str, Any], *arguments: str) -> int:
    """Runs the role, which must succeed; the number of its changes."""
    python = {"ansible_python_interpreter": sys.executable}
    command = ["ansible-playbook", "-i", "localhost,", "-c", "local", "-e", json.dumps(python | variables), *arguments]
    done = subprocess.run(
        [*command, str(Path(__file__).with_name("client.yml"))],
        env=dict(os.environ, ANSIBLE_FORCE_COLOR="false", ANSIBLE_NOCOLOR="true"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(r"changed=(\d+)", done.stdout)
    assert found, done.stdout
    return int(found.group(1))
