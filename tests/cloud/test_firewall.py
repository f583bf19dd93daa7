# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the module cloud_firewall does to the emulated clouds, by the clouds' own modules: killed anywhere, and beside what others do."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.cloud import CloudError
from clouds import ANYHOW, POLICY, WIDER, Amazon, Google, Place, is_gone, is_whole
from compute import PROJECT


def assert_nobody_is_shut_out(place: Place) -> None:
    """What denies is never there without what lets in, and no interface loses the groups of others."""
    for found in place.names().values():
        if place.can_deny and any("deny" in name for name in found):
            assert {f"{POLICY.name}-net-{kind}" for kind in ("https-v4", "https-v6", "members")} <= found
        assert place.can_deny or "legacy" in found


def test_it_is_put_there_once_and_taken_off(place: Place) -> None:
    first = place.run()
    assert first.steps and is_whole(place)
    assert first.exposure == {"findings": [], "cut_off": []}
    writes = place.writes()
    again = place.run()
    assert not again.steps and again.before == again.after == first.after
    assert place.writes() == writes
    assert place.run(state="absent", **ANYHOW).steps and is_gone(place)


def test_wherever_a_run_or_a_removal_is_killed_nobody_is_shut_out_and_the_next_one_finishes(place: Place) -> None:
    points = place.changing_calls()
    removal_points = place.changing_calls(state="absent", **ANYHOW)
    for number in range(max(len(points), len(removal_points))):
        if number < len(points):
            place.killed(points[number])
            assert_nobody_is_shut_out(place)
        assert place.run().exposure == {"findings": [], "cut_off": []}
        assert is_whole(place)
        if number < len(removal_points):
            place.killed(removal_points[number], state="absent", **ANYHOW)
            assert_nobody_is_shut_out(place)
        place.run(state="absent", **ANYHOW)
        assert is_gone(place)


def test_check_mode_tells_the_same_steps_and_changes_nothing(place: Place) -> None:
    writes = place.writes()
    told = place.run(check_mode=True)
    assert place.writes() == writes
    assert told.is_only_planned == place.can_deny
    assert [line.split(":")[0] for line in told.steps] and place.run().steps[0] == told.steps[0]


def test_the_parts_together_are_the_whole(place: Place) -> None:
    planned = place.run("plan")
    assert planned.plan and not planned.steps
    place.run("open")
    assert place.run("close").exposure == {"findings": [], "cut_off": []}
    assert is_whole(place)
    if place.can_deny:
        place.run("close", "absent", **ANYHOW)
        assert not any("deny" in name for name in place.names()["es1"])
    place.run("open", "absent", **ANYHOW)
    assert is_gone(place)


def test_what_others_let_in_is_told_by_node(place: Place) -> None:
    place.run()
    place.open_to_all()
    for part in ("exposure", "close"):
        exposure = place.run(part).exposure
        assert exposure and {finding["host"] for finding in exposure["findings"]} == {"es1", "es2"}
        assert all(finding["ports"] == ["9200"] and "0.0.0.0/0" in finding["sources"] for finding in exposure["findings"])


def test_what_somebody_changed_is_put_right_and_what_others_added_stays(place: Place) -> None:
    place.run()
    ours = place.ours()
    place.tamper()
    others = place.others()
    assert place.ours() != ours
    assert place.run().exposure == {"findings": [], "cut_off": []}
    assert place.ours() == ours
    assert place.others() == others


def test_a_client_that_the_policy_no_longer_has_is_not_let_in_any_more(place: Place) -> None:
    place.run()
    ours = place.ours()
    place.run(policy=WIDER)
    assert place.ports_of("198.51.100.0/24") == {"443"}
    place.run()
    assert place.ours() == ours


def test_wherever_a_run_is_killed_that_takes_a_client_out_of_a_rule_the_next_one_finishes(google: Google) -> None:
    google.run(policy=WIDER)
    points = google.changing_calls()
    ours = google.ours()
    for at in points:
        google.run(policy=WIDER)
        google.killed(at)
        assert_nobody_is_shut_out(google)
        google.run()
        assert google.ours() == ours
    assert google.ports_of("198.51.100.0/24") == set()


def test_who_may_use_one_closed_port_is_let_in_to_that_one_as_long_as_the_policy_says_so(place: Place) -> None:
    of_one = dataclasses.replace(POLICY, direct_clients_by_port={"9300": ("198.51.100.7/32", "2001:db8:7::/64")})
    place.run()
    without = place.ours()
    assert place.run(policy=of_one).exposure == {"findings": [], "cut_off": []}
    assert place.ports_of("198.51.100.7/32") == place.ports_of("2001:db8:7::/64") == {"9300"}
    writes = place.writes()
    assert not place.run(policy=of_one).steps and place.writes() == writes
    place.run()
    assert place.ours() == without


def test_a_removal_that_cuts_the_nodes_off_from_each_other_is_refused(place: Place) -> None:
    place.run()
    writes = place.writes()
    for part in ("plan", "open", "all"):
        with pytest.raises(CloudError, match=r"9300 not reached by(?s:.*)Nothing was changed\.\n.*cloud_firewall_leave_members_cut_off"):
            place.run(part, "absent", leave_closed_ports_open=True)
    # of the whole removal on a cloud that can deny, what denies goes first, as that was allowed
    assert place.writes() == writes + (2 if place.can_deny else 0)


def test_a_node_that_the_others_would_no_longer_reach_is_not_taken_away_alone(amazon: Amazon) -> None:
    amazon.run()
    writes, alone, limited = amazon.writes(), amazon.only("es1"), dataclasses.replace(POLICY, others=("es2",))
    with pytest.raises(CloudError, match=r"9300 not reached by i-[0-9a-f]+ (?s:.*)Nothing was changed\.\n.*cloud_firewall_leave_members_cut_off"):
        alone.run("open", "absent", limited)
    assert amazon.writes() == writes
    assert alone.run("open", "absent", limited, leave_members_cut_off=True).steps


def test_a_removal_that_opens_the_closed_ports_is_refused_unless_it_is_meant(google: Google) -> None:
    google.allow("net-allow-internal", "0-65535", 65534, "10.0.0.0/8", "Allow internal traffic on the network")
    google.run()
    writes, others = google.writes(), google.others()
    rule = f"by firewall rule net-allow-internal of project {PROJECT}, priority 65534 ('Allow internal traffic on the network')"
    says = rf"9200, 9300 open to 10\.0\.0\.0/8 {re.escape(rule)}(?s:.*)Nothing was changed\.(?s:.*)set cloud_firewall_leave_closed_ports_open to true"
    for part in ("plan", "close", "all"):
        with pytest.raises(CloudError, match=says):
            google.run(part, "absent")
    assert google.writes() == writes
    google.run(state="absent", leave_closed_ports_open=True)
    assert is_gone(google) and google.others() == others


def test_what_the_organization_lets_in_is_told_with_its_policy_and_rule(google: Google) -> None:
    google.run()
    writes = google.writes()
    scanners = {"priority": 10, "action": "allow", "description": "scanners"}
    scanners["match"] = {"srcIpRanges": ["198.51.100.0/24"], "layer4Configs": [{"ipProtocol": "tcp", "ports": ["9000-9999"]}]}
    last = {"priority": 2147483647, "action": "goto_next", "match": {"srcIpRanges": ["0.0.0.0/0"], "layer4Configs": [{"ipProtocol": "all"}]}}
    rules = [{"kind": "compute#firewallPolicyRule", "direction": "INGRESS", **rule} for rule in (scanners, last)]
    google.steer("policies", [{"name": "734591", "shortName": "company-wide", "type": "HIERARCHY", "priority": 1, "rules": rules}])
    exposure = google.run("exposure").exposure
    assert exposure and len(exposure["findings"]) == 2
    told = "9200, 9300 open to 198.51.100.0/24 by hierarchical firewall policy company-wide, rule of priority 10 ('scanners')"
    assert all(told in finding["line"] for finding in exposure["findings"])
    assert google.writes() == writes


PLAYS = """
- hosts: all
  gather_facts: false
  roles:
    - role: tlsfront.elasticsearch.cloud_firewall
"""


LEAVING = ("cloud_firewall_leave_closed_ports_open", "cloud_firewall_leave_members_cut_off")


def test_the_role_does_it_for_all_nodes_by_one_of_them(place: Place, tmp_path: Path) -> None:
    (tmp_path / "play.yml").write_text(PLAYS)
    hosts = {name: dict(place.variables) | place.of_node[name] for name in ("es1", "es2")}
    local = {"ansible_host": "192.0.2.1", "cloud_firewall_name": POLICY.name, "tlsfront_clients": list(POLICY.clients)}
    (tmp_path / "hosts.json").write_text(json.dumps({"elasticsearch": {"hosts": hosts, "vars": local}}))

    def run(callback: str, *arguments: str) -> str:
        command = ["ansible-playbook", "-i", str(tmp_path / "hosts.json"), str(tmp_path / "play.yml"), *arguments]
        how = {"ANSIBLE_STDOUT_CALLBACK": callback, "ANSIBLE_CALLBACK_RESULT_FORMAT": "json"}
        done = subprocess.run(command, env={**os.environ, **how}, capture_output=True, text=True, check=False)
        assert "{" in done.stdout, done.stdout + done.stderr
        assert "emulated-secret" not in done.stdout + done.stderr
        return done.stdout

    def play(*arguments: str) -> Any:
        told = run("ansible.posix.json", *arguments)
        return json.loads(told[told.index("{\n") :])

    def outcomes(told: Any, host: str) -> list[Any]:
        return [task["hosts"][host] for each in told["plays"] for task in each["tasks"] if host in task["hosts"]]

    writes = place.writes()
    # as a person sees it
    shown = run("ansible.builtin.default", "--check", "--diff")
    assert place.writes() == writes
    assert re.findall(r"^(es\d) .* changed=(\d+) .* failed=(\d+) ", shown, re.MULTILINE) == [("es1", "1", "0"), ("es2", "0", "0")], shown
    planned_task = shown.split("Plan the changes in the cloud]")[1]
    plan = json.loads(planned_task[planned_task.index("{") : planned_task.index("\n}") + 2])
    assert plan["before"] == [] and plan["plan"], shown
    for told in POLICY.clients:
        assert any(told in line for line in plan["after"]), shown
    done = play("-vvv")
    assert [(done["stats"][host]["changed"], done["stats"][host]["failures"]) for host in ("es1", "es2")] == [(1, 0), (0, 0)], outcomes(done, "es1")
    assert is_whole(place)
    place.open_to_all()
    again = play("--diff", "-e", "cloud_firewall_fail_on_exposure=true")
    planned = next(outcome for outcome in outcomes(again, "es1") if "plan" in outcome)
    assert planned["before"] == planned["after"]
    for told in POLICY.clients:
        assert any(told in line for line in planned["before"])
    for host in ("es1", "es2"):
        assert again["stats"][host]["changed"] == 0
        assert "9200 open to 0.0.0.0/0 by" in outcomes(again, host)[-1]["msg"] and outcomes(again, host)[-1]["failed"]
    # one of them goes, and what the other needs stays
    limited = play("--limit", "es1", *(f"--extra-vars={option}=true" for option in LEAVING), "-e", "cloud_firewall_state=absent")
    assert limited["stats"]["es1"]["failures"] == 0, outcomes(limited, "es1")[-1]["msg"]
    attached = [POLICY.name in found for found in place.names().values()]
    assert is_whole(place) if place.can_deny else sorted(attached) == [False, True]
    if not place.can_deny:
        return
    # what stops the module itself
    writes = place.writes()
    refused = play("-e", "cloud_firewall_state=absent")
    assert refused["stats"]["es1"]["failures"] == 1
    said = outcomes(refused, "es1")[-1]["msg"]
    assert "Nothing was changed." in said and "set cloud_firewall_leave_closed_ports_open to true" in said
    assert place.writes() == writes
