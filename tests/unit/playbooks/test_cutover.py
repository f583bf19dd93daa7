# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs the whole playbook on client hosts of this machine: ready is only one of whose files all were read, and say nothing of http."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.lab import Lab

pytestmark = pytest.mark.slow

# what each client host has in its files, and what of it is said; what else counts, the tests of the module plaintext_clients_info say
FILES: dict[str, dict[str, bytes]] = {
    "ready": {"a.env": b"ES=https://es1.example.org\n", "b.log": b"yesterday: http://es1.example.org:9200\n", "c.yml": b"# hosts: [es1:9200]\n"},
    "http": {"a.env": b"ES=http://elastic:s3cret@es1.example.org:9200/\n"},
    "another-cluster": {"x.env": b"ES=http://logs.example.net:9200\n"},
    "large": {"x.env": b"#" * (16 * 2**20 + 1)},
    "missing": {},
    "nothing-read": {"x.log": b"1", "a/node_modules/x.js": b"1"},
}
SAID = {
    "http": "/a.env:1: http://es1.example.org:9200.",
    "large": "/x.env: it has more than 16777216 bytes",
    "missing": "/missing: it is not there",
    "nothing-read": "no text file was read",
}


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The last task of each host."""
    place = tmp_path_factory.mktemp("cutover")
    (place / "certificates").mkdir()
    lab = Lab(place / "certificates")
    for host, files in FILES.items():
        for name, content in files.items():
            (place / host / name).parent.mkdir(parents=True, exist_ok=True)
            (place / host / name).write_bytes(content)
    with lab.serving() as server:
        inventory = {
            "elasticsearch": {"hosts": {"es1.example.org": {"ansible_host": "192.0.2.11"}}},
            "clients": {
                "hosts": {host: {"tlsfront_cutover_paths": [str(place / host)], "client_trust_dir": str(place / "trust" / host)} for host in FILES},
                "vars": {
                    "ansible_connection": "local",
                    "ansible_python_interpreter": "{{ ansible_playbook_python }}",
                    "client_trust_cas": [lab.ca_path],
                    "client_trust_urls": [server.url],
                    "tlsfront_cutover_other_hosts": ["logs.example.net"],
                    "tlsfront_cutover_quiet": 0,  # no node is there
                },
            },
        }
        (place / "inventory.yml").write_text(yaml.safe_dump(inventory))
        done = subprocess.run(
            [Path(sys.executable).with_name("ansible-playbook"), "-i", place / "inventory.yml", "tlsfront.elasticsearch.cutover"],
            env={**os.environ, "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 2, "some are not ready" + done.stdout + done.stderr
    assert "s3cret" not in done.stdout + done.stderr
    told = json.loads(done.stdout[done.stdout.index("{") :])
    tasks = [task["hosts"] for play in told["plays"] for task in play["tasks"]]
    return {host: [hosts[host] for hosts in tasks if host in hosts][-1] for host in FILES}


@pytest.mark.parametrize("host", FILES)
def test_a_host_is_ready_when_all_was_read_and_nothing_says_http(outcome: dict[str, Any], host: str) -> None:
    last = outcome[host]
    if host in ("ready", "another-cluster"):
        assert not last.get("failed") and f"{host} is ready" in last["msg"]
    else:
        assert last["failed"] and SAID[host] in last["msg"], last["msg"]


@pytest.mark.parametrize("exclude", [None, ["*.log"]])
def test_the_official_client_of_the_proof_is_no_client(tmp_path: Path, exclude: list[str] | None) -> None:
    for name in ("venv/lib/x.py", "venv/y.py", "a.env"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x" if name == "a.env" else "http://es1.example.org:9200")
    variables: dict[str, Any] = {
        "tlsfront_probe_venv": f"{tmp_path}/venv/",
        "tlsfront_cutover_paths": [str(tmp_path)],
        "client_trust_urls": ["https://es1.example.org"],
        **({"tlsfront_cutover_exclude": exclude} if exclude else {}),
    }
    tasks = [
        {"ansible.builtin.include_tasks": str(Path(__file__).parents[3] / "playbooks/tasks/plaintext.yml")},
        {"ansible.builtin.assert": {"that": ["tlsfront_plaintext == []", "tlsfront_plaintext_found.files_left_out == 2"]}},
    ]
    (tmp_path.with_suffix(".yml")).write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": tasks}]))
    command = [Path(sys.executable).with_name("ansible-playbook"), tmp_path.with_suffix(".yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
