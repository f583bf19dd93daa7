# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the playbook discover says of the rules of a cloud, asked by the cloud's own modules of the emulated ones."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._intervals import port_set
from clouds import REGION, ZONE, Amazon, Place
from compute import PROJECT

TASKS = Path(__file__).parents[2] / "playbooks/tasks/let_in.yml"
PLAYS = f"""
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.set_fact:
        __tlsfront_discovered: "{{{{ {{'services': found}} }}}}"
    - ansible.builtin.import_tasks: {TASKS}
    - ansible.builtin.copy:
        content: "{{{{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all | map('extract', hostvars, '__tlsfront_let_in'))) | to_json }}}}"
        dest: "{{{{ told }}}}"
        mode: "0600"
      delegate_to: localhost
      run_once: true
      vars:
        ansible_connection: local
"""


def told(place: Place, directory: Path, **more: Any) -> dict[str, Any]:
    """What is noted of each host: Elasticsearch is on both, Kibana on the second."""
    (directory / "play.yml").write_text(PLAYS)
    hosts: dict[str, dict[str, Any]] = {}
    for name, ports in (("es1", [9200]), ("es2", [9200, 5601])):
        of_node = place.of_node[name]
        is_ec2 = isinstance(place, Amazon)
        identity = {"cloud": "ec2", "region": REGION, "instance_id": of_node["cloud_firewall_ec2_instance_id"]} if is_ec2 else {"cloud": "gce"}
        if not is_ec2:
            identity.update(project=PROJECT, zone=ZONE, instance=name)
        identity["private_addresses"] = []
        found = [{"port": port, "open_to": "everybody"} for port in ports] + [{"port": 22, "open_to": "itself"}]
        of_host = {"tlsfront_identity": identity, "found": found, "ansible_host": "192.0.2.1", "told": str(directory / "told.json")}
        hosts[name] = {**place.variables, **of_host, **more}
    (directory / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts}}))
    command = ["ansible-playbook", "-i", str(directory / "hosts.json"), str(directory / "play.yml")]
    done = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "emulated-secret" not in done.stdout + done.stderr
    noted: dict[str, Any] = json.loads((directory / "told.json").read_text())
    return noted


def test_what_the_rules_let_in_is_told_by_host_and_port_and_nothing_is_changed(place: Place, tmp_path: Path) -> None:
    writes = place.writes()
    closed = told(place, tmp_path)
    assert [its["state"] for its in closed.values()] == ["looked", "looked"]
    assert not any(9200 in port_set(its["ports"]) for its in closed.values()), closed
    place.open_to_all()
    writes = place.writes()
    opened = told(place, tmp_path)
    for host, its in opened.items():
        assert its["state"] == "looked" and f"{host} (" in its["text"] and "9200" in its["text"] and "0.0.0.0/0" in its["text"], opened
        assert 9200 in port_set(its["ports"]), opened
    assert place.writes() == writes


def test_a_cloud_that_cannot_be_asked_is_not_known(place: Place, tmp_path: Path) -> None:
    nobody = {"access_key": "nobody", "secret_key": "emulated", "endpoint_url": "http://127.0.0.1:1"}
    of_google = {"auth_kind": "serviceaccount", "service_account_file": str(tmp_path / "missing.json")}
    noted = told(place, tmp_path, cloud_firewall_ec2_connection=nobody, cloud_firewall_gce_connection=of_google)
    assert [its["state"] for its in noted.values()] == ["unknown", "unknown"], noted
    assert all(its["text"] for its in noted.values())
