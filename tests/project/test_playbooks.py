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
        for task in play.get("tasks", []):
            included = task.get("ansible.builtin.include_role")
            if included:
                part, loop = included["tasks_from"], task.get("loop", [])
                name = included["name"].split(".")[-1]
                found += [f"{part}s of {', '.join(loop)}"] if "{{" in name else [f"{name}/{p}" for p in (loop or [part])]
    return found


def test_site_opens_https_proves_it_and_only_then_closes_the_host_and_then_the_cloud() -> None:
    assert steps("site.yml") == [
        "nodes.yml",
        "identity.yml",
        "preflights of certificate, https_front, host_firewall, cloud_firewall",
        "cloud_firewall/open",
        "certificate",
        "https_front",
        "prove.yml",
        "cutover.yml",
        "host_firewall",
        "cloud_firewall/close",
        "prove.yml",
    ]


def test_remove_goes_the_other_way_round_and_checks_first_that_the_cloud_may_be_left() -> None:
    assert steps("remove.yml") == [
        "nodes.yml",
        "identity.yml",
        "cloud_firewall/preflight",
        "cloud_firewall/close",
        "host_firewall",
        "https_front",
        "certificate",
        "cloud_firewall/open",
    ]


def test_check_proves_from_outside_and_from_the_clouds_rules_and_runs_no_role_that_changes() -> None:
    assert steps("check.yml") == ["nodes.yml", "identity.yml", "prove.yml", "cloud_firewall/exposure"]


def plays(playbook: str) -> list[dict[str, Any]]:
    return [play for play in yaml.safe_load((PLAYBOOKS / playbook).read_text("utf-8")) if "hosts" in play]


def test_an_error_on_one_node_stops_all() -> None:
    for playbook in ("site.yml", "remove.yml", "check.yml", "prove.yml"):
        for play in plays(playbook):
            assert play["any_errors_fatal"] is True, (playbook, play["name"])


def test_a_node_that_is_down_stops_what_changes_nodes_and_not_the_proof(tmp_path: Path) -> None:
    hosts = {"down": {"ansible_host": "127.0.0.1", "ansible_port": 1}}
    # nothing is verified by it, because nobody answers
    variables = {"tlsfront_ca_path": __file__, "tlsfront_check_retry_for": 0}
    inventory = tmp_path / "inventory.yml"
    inventory.write_text(yaml.safe_dump({"elasticsearch": {"hosts": hosts, "vars": variables}}))
    proved = {
        playbook: "TASK [The proof]" in run(inventory, playbook)
        for playbook in ("tlsfront.elasticsearch.check", "tlsfront.elasticsearch.site", "tlsfront.elasticsearch.remove")
    }
    assert proved == {"tlsfront.elasticsearch.check": True, "tlsfront.elasticsearch.site": False, "tlsfront.elasticsearch.remove": False}


def run(inventory: Path, playbook: str) -> str:
    done = subprocess.run(
        ["ansible-playbook", "-i", str(inventory), playbook],
        env=os.environ | {"ANSIBLE_NOCOLOR": "true", "ANSIBLE_FORCE_COLOR": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode, "it can be no success"
    return done.stdout
