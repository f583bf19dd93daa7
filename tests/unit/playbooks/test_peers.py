# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A node that --limit leaves out and that cannot be reached stays a peer of the others, or the run says what it needs to know of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

PARTS = [{"ansible.builtin.import_playbook": f"tlsfront.elasticsearch.{part}"} for part in ("nodes", "identity", "peers")]
OPTIONS = "{'closed_ports': [9200], 'ports_left_open': [], 'peers': [], 'direct_clients': [], 'container_networks': []}"
DECIDED = f"({OPTIONS} | tlsfront.elasticsearch.host_firewall_policy(hosts=groups['elasticsearch'], hostvars=hostvars))"
SHOWN = f"{{{{ {DECIDED}.policy.peers | join(' ') }}}}"
SHOW = {"hosts": "tlsfront_nodes", "gather_facts": False, "tasks": [{"ansible.builtin.debug": {"msg": f"PEERS {SHOWN} ."}}]}
HERE = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "tlsfront_cloud": "none"}


def run(play: Any, tmp_path: Path, dead: dict[str, Any], alive: dict[str, Any] | None = None, parts: list[dict[str, Any]] = PARTS) -> Any:
    ssh = tmp_path / "ssh"
    ssh.write_text("#!/bin/sh\nexit 255\n")  # what ssh says of a host that is not there: no packet leaves this machine
    ssh.chmod(0o755)
    hosts = {"es1": {"ansible_ssh_executable": str(ssh), **dead}, "es2": HERE | (alive or {})}
    return play([*parts, SHOW], {"elasticsearch": {"hosts": hosts}}, "--limit", "es2")


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ({"ansible_host": "192.0.2.9"}, ["192.0.2.9"]),
        ({"tlsfront_addresses": ["192.0.2.1", "2001:db8::1", "es1.example"]}, ["192.0.2.1", "2001:db8::1"]),
        ({"ansible_host": "192.0.2.9", "tlsfront_addresses": ["192.0.2.1"]}, ["192.0.2.9", "192.0.2.1"]),
        ({"ansible_host": "127.0.0.1", "tlsfront_addresses": ["192.0.2.1"]}, ["192.0.2.1"]),
        ({"tlsfront_addresses": ["192.0.2.1", "192.0.2.2\n", "2001:db8::1\n"]}, ["192.0.2.1"]),
    ],
    ids=["ansible_host", "tlsfront_addresses", "both", "a_tunnel", "a_newline"],
)
def test_its_addresses_are_those_of_the_inventory(play: Any, tmp_path: Path, said: dict[str, Any], known: list[str]) -> None:
    done = run(play, tmp_path, said)
    assert done.returncode == 0, done.stdout
    peers = next(line for line in done.stdout.splitlines() if "PEERS" in line).split()
    assert set(known) <= set(peers)
    assert f"The other nodes go on letting it in from {', '.join(known)}" in " ".join(done.stdout.split())


def test_one_on_which_ansible_cannot_work_is_left_out_as_one_that_it_cannot_reach(play: Any, tmp_path: Path) -> None:
    broken = {"ansible_connection": "local", "ansible_python_interpreter": "/nonexistent/python", "tlsfront_addresses": ["192.0.2.1"]}
    done = run(play, tmp_path, broken)
    assert done.returncode == 0, done.stdout
    said = "Ansible cannot reach es1, which --limit leaves out, or not work there. The other nodes go on letting it in from 192.0.2.1"
    assert said in " ".join(done.stdout.split())


@pytest.mark.parametrize("host", ["es1.example", "127.0.0.1"])
def test_without_any_one_line_says_which_option_takes_them(play: Any, tmp_path: Path, host: str) -> None:
    done = run(play, tmp_path, {"ansible_host": host})
    assert done.returncode != 0
    said = [line for line in done.stdout.splitlines() if line.startswith("fatal: ") and "UNREACHABLE" not in line]
    assert len(said) == 1
    assert "Ansible cannot reach es1, which --limit leaves out" in said[0]
    assert "Nothing was changed. Set tlsfront_addresses for es1 to the list of its addresses." in said[0]


def test_it_needs_none_where_the_peers_are_given(play: Any, tmp_path: Path) -> None:
    done = run(play, tmp_path, {"ansible_host": "es1.example"}, {"host_firewall_peers": ["192.0.2.0/24"]})
    assert "Ansible cannot reach es1" not in done.stdout, done.stdout


@pytest.mark.parametrize(("alive", "asks"), [({}, False), ({"instance_id": "i-0", "placement": {"region": "eu-west-1"}}, True)], ids=["host", "cloud"])
def test_a_proof_looks_for_the_peers_of_a_cloud_alone_and_goes_on_without(play: Any, tmp_path: Path, alive: dict[str, Any], asks: bool) -> None:
    parts = [{**part, "vars": {"__tlsfront_proof_only": True}} for part in PARTS]
    done = run(play, tmp_path, {"ansible_host": "es1.example"}, alive, parts)
    assert done.returncode == 0, done.stdout
    assert ("Gather facts of es1" in done.stdout) is asks


def test_each_node_has_facts_of_its_own(play: Any) -> None:
    """In ansible-core 2.21, hosts share all facts that are gathered after a set_fact with run_once was the first of them."""
    show = {"hosts": "tlsfront_nodes", "gather_facts": False, "tasks": [{"ansible.builtin.debug": {"msg": "IS {{ ansible_facts.python.executable }} ."}}]}
    # two names of one program tell them apart
    pythons = {str(Path(sys.executable).with_name(name)) for name in ("python", "python3")}
    nodes = {f"es{number}": HERE | {"ansible_python_interpreter": python} for number, python in enumerate(sorted(pythons))}
    done = play([*PARTS, show], {"elasticsearch": {"hosts": nodes}})
    assert done.returncode == 0, done.stdout
    assert {line.split()[2] for line in done.stdout.splitlines() if '"IS ' in line} == pythons
