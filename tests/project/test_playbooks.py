# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The order in which the shipped playbooks do things: nothing is closed before https is proved, and nothing goes that is still used."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import yaml

PLAYBOOKS = Path(__file__).parents[2] / "playbooks"


def steps(playbook: str) -> list[str]:
    """What a playbook's plays do, in order: imported playbooks, roles, and parts of roles as ROLE/PART."""
    found: list[str] = []
    for play in yaml.safe_load((PLAYBOOKS / playbook).read_text("utf-8")):
        if "ansible.builtin.import_playbook" in play:
            found.append(play["ansible.builtin.import_playbook"])
        found += [role["role"].split(".")[-1] for role in play.get("roles", [])]
        for task in [each for one in play.get("tasks", []) for each in one.get("block", [one])]:
            included = task.get("ansible.builtin.include_role") or task.get("ansible.builtin.import_role")
            if included:
                name, part = included["name"].split(".")[-1], included.get("tasks_from")
                found += [f"{name}/{p}" for p in (task.get("loop") or [part])] if part else [name]
    return found


def test_site_opens_https_proves_it_and_only_then_closes_the_host_and_then_the_cloud() -> None:
    assert steps("site.yml") == [
        "nodes.yml",
        "identity.yml",
        "peers.yml",
        "certificate/preflight",
        "host_firewall/preflight",
        "https_front/preflight",
        "cloud_firewall/preflight",
        "probes.yml",
        "cloud_firewall/open",
        "host_firewall/open",
        "join.yml",
        "certificate",
        "https_front",
        "prove.yml",
        "cutover.yml",
        "traffic_observer",
        "host_firewall",
        "cloud_firewall/close",
        "prove.yml",
        "summary.yml",
    ]


def test_observe_closes_nothing_and_opens_nothing() -> None:
    assert steps("observe.yml") == ["nodes.yml", "identity.yml", "peers.yml", "ports.yml", "traffic_observer", "summary.yml"]


def test_remove_goes_the_other_way_round_and_checks_first_that_the_cloud_may_be_left() -> None:
    assert steps("remove.yml") == [
        "nodes.yml",
        "identity.yml",
        "cloud_firewall/preflight",
        "cloud_firewall/close",
        "host_firewall",
        "traffic_observer",
        "continuous_probes.yml",
        "https_front",
        "certificate",
        "host_firewall/open",
        "cloud_firewall/open",
        "summary.yml",
    ]


def test_the_continuous_check_is_told_of_all_that_check_asks_and_touches_no_node() -> None:
    assert steps("continuous_check.yml") == ["nodes.yml", "identity.yml", "ports.yml", "continuous_probes.yml", "summary.yml"]
    assert steps("continuous_probes.yml") == ["continuous_check"]
    asked = [task["ansible.builtin.import_tasks"] for task in yaml.safe_load((PLAYBOOKS / "tasks/prove.yml").read_text("utf-8"))[:1]]
    lists = [task.get("ansible.builtin.import_tasks") for play in plays("continuous_check.yml") for task in play["tasks"]]
    assert asked == ["asked.yml"] and "tasks/asked.yml" in lists and "tasks/closed_ports.yml" in lists, "one list for both"


def test_check_proves_from_outside_and_from_the_clouds_rules_and_runs_no_role_that_changes() -> None:
    assert steps("check.yml") == ["nodes.yml", "identity.yml", "peers.yml", "ports.yml", "cloud_firewall/exposure", "prove.yml", "summary.yml"]


def plays(playbook: str) -> list[dict[str, Any]]:
    return [play for play in yaml.safe_load((PLAYBOOKS / playbook).read_text("utf-8")) if "hosts" in play]


def test_an_error_on_one_node_stops_all() -> None:
    for playbook in sorted(PLAYBOOKS.glob("*.yml")):
        for play in plays(playbook.name):
            assert play["any_errors_fatal"] is True, (playbook.name, play["name"])


def test_a_node_that_is_down_stops_what_changes_nodes_and_not_the_proof(tmp_path: Path) -> None:
    hosts = {name: {"ansible_host": "127.0.0.1", "ansible_port": 1} for name in ("down", "out")}
    # nothing is verified by it, because nobody answers
    variables = {"tlsfront_ca_path": __file__, "tlsfront_check_retry_for": 0}
    inventory = tmp_path / "inventory.yml"
    inventory.write_text(yaml.safe_dump({"elasticsearch": {"hosts": hosts, "vars": variables}}))
    told = {
        playbook: run(inventory, f"tlsfront.elasticsearch.{playbook}", "--limit", "elasticsearch:!out") for playbook in ("check", "site", "remove")
    }
    proves = {playbook: "TASK [Check the endpoints from each probe host]" in output for playbook, output in told.items()}
    assert proves == {"check": True, "site": False, "remove": False}
    for playbook in ("site", "remove"):
        says = " ".join(told[playbook].split())
        assert "Ansible cannot reach down, or not work there: " in says
        assert "Nothing was changed. To go on without, run it again with --limit 'elasticsearch:!out:!down'." in says


def test_options_that_cannot_be_meant_are_refused_by_name_before_any_node_is_asked(tmp_path: Path) -> None:
    inventory = tmp_path / "inventory.ini"
    inventory.write_text("[elasticsearch]\nes1 ansible_host=127.0.0.1 ansible_port=1 tlsfront_server_names=es1.example\n")
    for arguments, says in {
        ("-e", "tlsfront_addresses=127.0.0.1"): """tlsfront_addresses is the text "127.0.0.1", and must be a list""",
        ("-e", "tlsfront_probe_hosts=app1"): """-e '{"tlsfront_probe_hosts": ["app1"]}'""",
        ("-e", '{"tlsfront_report_formats": ["html", "pdf"]}'): """tlsfront_report_formats[1] is the text "pdf", and must be one of html, junit, prometheus""",
        ("-e", "tlsfront_close_when_clients_are_ready=perhaps"): "must be true or false",
        ("-e", '{"tlsfront_server_names": ["es1"], "tlsfront_cut_off": ["es9"]}'): "tlsfront_cut_off: 'es9' is not an IPv4 or IPv6 address or network",
        ("-e", '{"tlsfront_server_names": ["es1"], "tlsfront_observed_days": 0}'): "tlsfront_observed_days is 0: give a whole number from 1 to 365",
        ("-e", '{"tlsfront_server_names": ["es1"], "https_front_tls_profile": "old"}'): "https_front_tls_profile is the text \"old\", and must be one of",
        ("-e", '{"tlsfront_server_names": ["es1"], "https_front_redirect_port": "80 default_server"}'): "must be a whole number, in digits",
        (): """tlsfront_server_names is the text "es1.example", and must be a list""",
    }.items():
        output = run(inventory, "tlsfront.elasticsearch.site", *arguments)
        assert says in " ".join(output.split()) and "Nothing was changed." in output, output
        assert "Gather the names and addresses of every node" not in output


def run(inventory: Path, playbook: str, *arguments: str) -> str:
    done = subprocess.run(
        ["ansible-playbook", "-i", str(inventory), playbook, *arguments],
        env=os.environ | {"ANSIBLE_NOCOLOR": "true", "ANSIBLE_FORCE_COLOR": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode, "it can be no success"
    return done.stdout + done.stderr
