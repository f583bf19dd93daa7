# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""ansible-lint, which asks Ansible for the syntax of all playbooks at once where it is right, and of each where it is not.

By itself it starts ansible-playbook for each of a hundred, which is most of the time that it takes. Arguments are those of ansible-lint.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

from ansiblelint import __main__ as command_line
from ansiblelint.runner import Runner

one_by_one = Runner._map_syntax_check_workers


def all_at_once(self: Runner, worker: Callable[[Any], Any], files: list[Any]) -> list[Any]:
    """What ansible-lint asks of each file; of playbooks only where something is wrong with one of them."""
    playbooks = [str(each.path) for each in files if each.kind == "playbook"]
    command = ["ansible-playbook", "--syntax-check", "--inventory=localhost,", *playbooks]
    if playbooks and subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0:
        files = [each for each in files if each.kind != "playbook"]
    return one_by_one(self, worker, files)


Runner._map_syntax_check_workers = all_at_once
sys.exit(command_line.main(sys.argv))
