# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Programs of the node: found wherever the system has them, run with fixed arguments and in a language that can be read."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Any, Callable, Sequence

__all__ = ["Failed", "Run", "ask", "by", "find", "run"]

Run = Callable[[Sequence[str]], "tuple[int, str, str]"]
"""What Ansible has run: the status, what was printed, and what was said of errors."""
_DIRECTORIES = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")


class Failed(Exception):
    """The sentence is for the user."""


def find(name: str, *more: str) -> str:
    """Where it is; empty where it is not. A login by sudo may have fewer directories in PATH than the services of the node.

    :param more: directories in which it may be besides
    """
    return shutil.which(name, path=os.pathsep.join([*filter(None, [os.environ.get("PATH")]), *_DIRECTORIES, *more])) or ""


def ask(*command: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """What came of it, whether it succeeded or not.

    :raises OSError: the program is not there
    """
    # a unit test drives this without Ansible
    return subprocess.run(  # pylint: disable=ansible-bad-function
        command, input=text, capture_output=True, text=True, errors="replace", check=False, env={**os.environ, "LC_ALL": "C"}
    )


def run(*command: str, text: str = "") -> str:
    """What it printed.

    :raises Failed: it did not succeed
    """
    done = ask(*command, text=text)
    if done.returncode:
        raise Failed(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def by(module: Any) -> Run:
    """Runs as Ansible does it, which the module's log has. A program that is not there raises OSError."""

    def started(command: Sequence[str]) -> tuple[int, str, str]:
        done: tuple[int, str, str] = module.run_command(list(command), handle_exceptions=False)
        return done

    return started
