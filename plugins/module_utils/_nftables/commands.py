# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Programs of the node, run with fixed arguments and in a language that can be read."""

from __future__ import annotations

import json
import os
import subprocess

__all__ = ["Failed", "ask", "elements", "kernel_problem", "run"]


class Failed(Exception):
    """The sentence is for the user."""


def ask(*command: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """What came of it, whether it succeeded or not.

    :raises OSError: the program is not there
    """
    # a unit test drives this without Ansible
    return subprocess.run(  # pylint: disable=ansible-bad-function
        command, input=text, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"}
    )


def run(*command: str, text: str = "") -> str:
    """What it printed.

    :raises Failed: it did not succeed
    """
    done = ask(*command, text=text)
    if done.returncode:
        raise Failed(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def elements(nft: str, family: str, table: str, *sets: str) -> list[str] | None:
    """The addresses in sets of a table that the kernel has, those of all together; None where it has no such table.

    Sets of single addresses, as libnftables-json(5) gives them.
    """
    found: list[str] = []
    for name in sets:
        done = ask(nft, "-j", "list", "set", family, table, name)
        if done.returncode:
            return None
        for part in json.loads(done.stdout)["nftables"]:
            found += [str(each) for each in part.get("set", {}).get("elem", ())]
    return found


def kernel_problem(nft: str) -> str:
    """Why nft, which is there, cannot be used; empty where it can."""
    done = ask(nft, "list", "tables")
    if not done.returncode:
        return ""
    return (
        f"nft cannot talk to this kernel: {done.stderr.strip()} No rule was changed. The role needs root (become), the capability CAP_NET_ADMIN, "
        "which containers must be given, and a kernel with nf_tables."
    )
