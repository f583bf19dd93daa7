# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""One run of a playbook over many hosts of this machine, each of which is one case; and a network with a node whose kernel filters."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ansible.plugins.loader import init_plugin_loader

if TYPE_CHECKING:
    from firewall_network import Network

# before anything of the collection is imported: Ansible finds no collection's filters once something else has
init_plugin_loader()
# what tests of roles share with those of modules
SUPPORT = Path(__file__).resolve().parents[1] / "support"
sys.path[:0] = [str(SUPPORT)]
# how a private key begins, as it is and as slurp would tell it
KEYS = ("PRIVATE KEY-----", "LS0tLS1CRUdJTiBQUklWQVRF")


class Run:
    """What came of each host."""

    def __init__(self, told: Any) -> None:
        self._told = told

    def outcomes(self, host: str) -> list[Any]:
        return [task["hosts"][host] for play in self._told["plays"] for task in play["tasks"] if host in task["hosts"]]

    def count(self, host: str, what: str) -> int:
        """How many tasks of the host are counted as `changed`, `failures` and so on."""
        return int(self._told["stats"][host][what])

    def failure(self, host: str) -> Any:
        """The one that stopped a host that was to be stopped before any change."""
        outcomes = self.outcomes(host)
        failed = [outcome for outcome in outcomes if outcome.get("failed")]
        assert len(failed) == 1 and failed[0] is outcomes[-1], "it stops at the first failure"
        assert self.count(host, "changed") == 0
        return failed[0]


@pytest.fixture(scope="session")
def play(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Run]:
    """play(PLAYBOOK, HOSTS, ARGUMENT..., children=GROUPS, secrets=TEXTS): HOSTS are variables by host, in the order in which they come.

    A run with secrets tells all that it can, and neither in that nor on any command line is one of them, or a private key.
    """

    def run(
        playbook: Path, hosts: dict[str, Any], *arguments: str, children: dict[str, Any] | None = None, secrets: Sequence[str] = ()
    ) -> Run:
        local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
        inventory = tmp_path_factory.mktemp("play") / "inventory.yml"
        inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": local, "children": children or {}}}, sort_keys=False))
        command = ["ansible-playbook", "-i", str(inventory), str(playbook), *arguments]
        if secrets:
            told = inventory.with_name("secrets.json")
            told.write_text(json.dumps(list(secrets)))
            command = [sys.executable, str(SUPPORT / "command_lines.py"), str(told), *command, "-vvv", "--diff"]
        done = subprocess.run(
            command,
            env=os.environ | {"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json", "ANSIBLE_FORKS": "4"},
            capture_output=True,
            text=True,
            check=False,
        )
        if secrets:
            assert done.returncode != 99, done.stderr
            assert [one for one in (*secrets, *KEYS) if one in done.stdout + done.stderr] == [], "a secret is in the output"
        return Run(json.loads(done.stdout[("\n" + done.stdout).index("\n{\n") :]))

    return run


@pytest.fixture(scope="session")
def built_network() -> Iterator[Network]:
    from firewall_network import Network  # found since the path has it

    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    missing = [tool for tool in ("ip", "nft") if not shutil.which(tool)]
    if missing:
        pytest.skip(f"not installed: {' and '.join(missing)}")
    network = Network()
    yield network
    network.close()


@pytest.fixture
def network(built_network: Network) -> Iterator[Network]:
    yield built_network
    built_network.hang_up()
    built_network.nft("".join(f"table inet {name}\ndelete table inet {name}\n" for name in ("tlsfront", "tlsfront_observe")))
