# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is closed and what is proved to be closed on nodes where Elasticsearch has taken other ports than expected."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

LISTENERS = Path(__file__).parents[3] / "unit/support/listeners.py"
ADDRESS = "10.76.0.1"
# a site of the front for the second node, and one for Kibana, at addresses of the host by its facts
SITES = [
    {"port": 8443, "upstreams": ["127.0.0.1:9201"]},
    {"server_names": ["kibana"], "kind": "dashboards", "upstreams": ["192.0.2.1:5601", f"{ADDRESS}:5601"]},
]
PEERS = {"host_firewall_peers": ["192.0.2.0/24"]}


class Namespace:
    """A network namespace in which two nodes run, the second one at the next free ports."""

    def __init__(self) -> None:
        self.name = f"tlsfront-{os.getpid()}-found"
        subprocess.run(["ip", "netns", "add", self.name], check=True, capture_output=True)
        for command in ("link set lo up", f"address add {ADDRESS}/32 dev lo"):
            subprocess.run(["ip", "-n", self.name, *command.split()], check=True)
        self.nodes = [self._start(number) for number in (0, 1)]

    def _start(self, number: int) -> subprocess.Popen[str]:
        listen = f"{ADDRESS}:{9200 + number}:elasticsearch {ADDRESS}:{9300 + number}:transport"
        process = subprocess.Popen(
            [*self.inside("java"), sys.executable, str(LISTENERS), "org.elasticsearch.bootstrap.Elasticsearch"],
            env=os.environ | {"LISTEN": listen},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout and process.stdout.readline() == "ready\n"
        return process

    def inside(self, name: str) -> list[str]:
        return ["ip", "netns", "exec", self.name, "bash", "-c", 'exec -a "$0" "$@"', name]

    def close(self) -> None:
        for process in self.nodes:
            process.communicate(timeout=10)
        subprocess.run(["ip", "netns", "delete", self.name], check=False, capture_output=True)


@pytest.fixture(scope="module")
def namespace() -> Iterator[Namespace]:
    if os.geteuid() != 0 or not shutil.which("ip") or not shutil.which("nft"):
        pytest.skip("needs root, ip and nft")
    made = Namespace()
    yield made
    made.close()


@pytest.fixture(scope="module")
def results(play: Any, namespace: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Any:
    python = tmp_path_factory.mktemp("python") / "python"
    python.write_text(f'#!/bin/sh\nexec ip netns exec {namespace.name} {sys.executable} "$@"\n')
    python.chmod(0o755)
    empty = python.with_name("empty")
    empty.write_text(f'#!/bin/sh\nexec unshare --net --pid --fork --mount-proc {sys.executable} "$@"\n')
    empty.chmod(0o755)
    cases = {
        "found": {},
        "left_open": {"host_firewall_ports_left_open": ["9201", "9301"]},
        "https_of_its_own": {"tlsfront_closed_ports": [9300], "tlsfront_https_port": "9201"},
        "sites": {"tlsfront_sites": SITES},
        "site_that_is_found": {"tlsfront_sites": [{"port": 9201, "upstreams": ["127.0.0.1:9200"]}], "tlsfront_closed_ports": [9300]},
        "fresh": {"ansible_python_interpreter": str(empty)},
        "accepted": {
            "ansible_python_interpreter": str(empty),
            "host_firewall_cluster_url": "http://127.0.0.1:9200",
            "host_firewall_accept_unknown_cluster": True,
        },
    }
    hosts = {name: PEERS | {"ansible_python_interpreter": str(python)} | variables for name, variables in cases.items()}
    return play(Path(__file__).with_name("preflight.yml"), hosts, "--check", "--diff")


def closed(results: Any, host: str) -> list[str]:
    """The ports that the rules would close."""
    assert results.count(host, "failures") == 0, results.outcomes(host)[-1]
    diffs = [diff for outcome in results.outcomes(host) for diff in outcome.get("diff") or [] if isinstance(diff, dict)]
    rules = "".join(str(diff.get("after", "")) for diff in diffs)
    return [line.split()[2] for line in rules.splitlines() if line.split()[:2] == ["tcp", "dport"]]


@pytest.mark.parametrize(
    ("host", "ports"),
    [
        ("found", ["9200-9201", "9300-9301"]),
        ("left_open", ["9200", "9300"]),
        ("https_of_its_own", ["9200", "9300-9301"]),
        ("sites", ["5601", "9200-9201", "9300-9301"]),
        ("site_that_is_found", ["9200", "9300-9301"]),
        ("fresh", ["9200", "9300"]),
        ("accepted", ["9200", "9300"]),
    ],
)
def test_that_ports_of_elasticsearch_are_closed_whether_they_were_named_or_not(results: Any, host: str, ports: list[str]) -> None:
    assert closed(results, host) == ports


@pytest.mark.parametrize(
    ("host", "ports"),
    [
        ("found", [9200, 9201, 9300, 9301]),
        ("left_open", [9200, 9300]),
        ("https_of_its_own", [9200, 9300, 9301]),
        ("sites", [5601, 9200, 9201, 9300, 9301]),
        ("fresh", []),
    ],
)
def test_that_the_cloud_is_told_of_them(results: Any, host: str, ports: list[int]) -> None:
    told = [outcome["ansible_facts"] for outcome in results.outcomes(host) if "tlsfront_found_ports" in outcome.get("ansible_facts", {})]
    assert [facts["tlsfront_found_ports"] for facts in told] == [ports]


@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("found", "Elasticsearch listens at 9201, 9301, too"),
        ("sites", "Elasticsearch listens at 9201, 9301, too"),
        ("fresh", "Nobody would be cut off: no Elasticsearch listens on this host."),
        ("accepted", "Not known whether a node would be cut off: http://127.0.0.1:9200 answers"),
    ],
)
def test_that_it_says_what_it_has_seen(results: Any, host: str, says: str) -> None:
    assert says in json.dumps(results.outcomes(host))


def test_that_check_mode_shows_the_rules_and_the_units(results: Any) -> None:
    (diffs,) = (outcome["diff"] for outcome in results.outcomes("fresh") if outcome.get("diff"))
    assert results.count("fresh", "changed") == 1
    assert [diff["after_header"] for diff in diffs] == [
        "/etc/tlsfront/firewall.nft",
        "/etc/systemd/system/tlsfront-firewall.service",
        "/etc/systemd/system/tlsfront-firewall-revert.service",
        "/etc/systemd/system/tlsfront-firewall-revert.timer",
        "/etc/systemd/system/nftables.service.d/00-tlsfront-firewall.conf",
        "/etc/systemd/system/nftables.service.d/zz-tlsfront-firewall.conf",
    ]
    assert all(diff["before"] == "" and diff["after"].endswith("\n") for diff in diffs)


def test_that_it_does_with_few_tasks(results: Any) -> None:
    """Each costs every node a connection or the controller a moment: the role's are 7, two are of the test, and facts are set by one more."""
    done = [outcome for outcome in results.outcomes("fresh") if not outcome.get("skipped")]
    assert len(done) <= 10, done


@pytest.mark.parametrize(
    ("variables", "says", "ports"),
    [
        ({}, "9200-9201, 9300-9301 OPEN", "9200, 9201, 9300, 9301"),
        ({"host_firewall_ports_left_open": [9201, 9301]}, "9200, 9300 OPEN", "9200, 9300"),
        ({"tlsfront_sites": SITES}, "https://es1:8443", "5601, 9200, 9201, 9300, 9301"),
    ],
)
def test_that_the_proof_asks_for_the_ports_that_were_found(namespace: Namespace, tmp_path: Path, variables: dict[str, Any], says: str, ports: str) -> None:
    node = {
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "ansible_become": False,
        "tlsfront_addresses": [ADDRESS],
        "tlsfront_ca_path": "",
        "tlsfront_check_retry_for": 0,
    }
    inventory = tmp_path / "inventory.yml"
    inventory.write_text(yaml.safe_dump({"elasticsearch": {"hosts": {"es1": node | variables}}}))
    done = subprocess.run(
        [*namespace.inside("ansible"), "ansible-playbook", "-i", str(inventory), "tlsfront.elasticsearch.check", "-v"],
        env=os.environ | {"ANSIBLE_NOCOLOR": "true", "ANSIBLE_FORCE_COLOR": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = " ".join(done.stdout.split())
    assert "TASK [Check the endpoints from each probe host]" in said, done.stdout
    assert says in said, done.stdout
    # for the cloud's part of the proof
    assert f'"tlsfront_found_ports": [{ports}]' in said, done.stdout
