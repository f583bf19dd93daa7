# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import copy
from dataclasses import replace

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.gce_plan import plan_absent, plan_present
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.plan import Policy

POLICY = Policy("tf", ("443",), ("9200", "9300-9399"), ("192.0.2.0/24", "2001:db8::/32"), ("198.51.100.7/32",))
TAGS = {"tags": ["es"]}
NETWORK = "https://www.googleapis.com/compute/v1/projects/shop/global/networks/default"
FIELDS = {"source_ranges": "sourceRanges", "source_tags": "sourceTags", "target_tags": "targetTags"}


def plan(live=(), policy=POLICY, target=None):
    return plan_present(policy, "default", live, target or TAGS, 100)


def live(policy=POLICY):
    """The rules as they are after the plan was carried out, as compute v1 answers them."""
    rules = []
    for step in plan(policy=policy).steps:
        rule = {FIELDS.get(key, key): value for key, value in step["rule"].items()}
        for action in ("allowed", "denied"):
            if action in rule:
                rule[action] = [{"IPProtocol": c["ip_protocol"], "ports": c["ports"]} for c in rule[action]]
        rules.append(
            {**rule, "network": NETWORK, "id": "1", "kind": "compute#firewall", "logConfig": {"enable": False}}
        )
    return rules


def lines(found):
    return [f"{step['phase']} {step['do']} {step['line']}" for step in found.steps]


def test_all_rules_are_made_and_those_that_deny_come_last():
    assert lines(plan()) == [
        "open present + tf-default-https-v4: allow tcp 443 from 192.0.2.0/24 to es, priority 100",
        "open present + tf-default-https-v6: allow tcp 443 from 2001:db8::/32 to es, priority 100",
        "open present + tf-default-members: allow tcp 9200,9300-9399 from es to es, priority 100",
        "open present + tf-default-direct-v4: allow tcp 9200,9300-9399 from 198.51.100.7/32 to es, priority 100",
        "close present + tf-default-deny-v4: deny tcp 9200,9300-9399 from 0.0.0.0/0 to es, priority 101",
        "close present + tf-default-deny-v6: deny tcp 9200,9300-9399 from ::/0 to es, priority 101",
    ]


BY_PORT = replace(POLICY, direct_clients_by_port={"9200": ("203.0.113.0/24",), "9300-9305": ("203.0.113.0/24", "2001:db8:1::/64")})


def test_who_may_use_one_port_gets_a_rule_for_it_and_who_no_longer_may_loses_it():
    of_ports = [step for step in plan(policy=BY_PORT).steps if "direct" in step["name"]]
    assert [step["line"] for step in of_ports] == [
        "+ tf-default-direct-v4: allow tcp 9200,9300-9399 from 198.51.100.7/32 to es, priority 100",
        "+ tf-default-direct-v4-9200: allow tcp 9200 from 203.0.113.0/24 to es, priority 100",
        "+ tf-default-direct-v4-9300-9305: allow tcp 9300-9305 from 203.0.113.0/24 to es, priority 100",
        "+ tf-default-direct-v6-9300-9305: allow tcp 9300-9305 from 2001:db8:1::/64 to es, priority 100",
    ]
    assert plan(live(BY_PORT), BY_PORT).steps == []
    removed = [step["name"] for step in plan(live(BY_PORT)).steps]
    assert removed == ["tf-default-direct-v4-9200", "tf-default-direct-v4-9300-9305", "tf-default-direct-v6-9300-9305"]
    assert {step["phase"] for step in plan(live(BY_PORT)).steps} == {"close"}
    assert set(removed) <= {step["name"] for step in plan_absent(POLICY, "default", live(BY_PORT)).steps}


def test_what_is_as_it_should_be_needs_no_step():
    found = plan(live())
    assert found.steps == []
    assert found.before == found.after


def test_by_service_account_both_ends_are_accounts():
    members = next(s for s in plan(target={"service_accounts": ["es@shop"]}).steps if "members" in s["name"])
    assert members["rule"]["source_service_accounts"] == members["rule"]["target_service_accounts"] == ["es@shop"]
    assert "source_tags" not in members["rule"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("priority", 7),
        ("disabled", True),
        ("denied", [{"IPProtocol": "tcp", "ports": ["9200"]}]),
        ("targetTags", ["x"]),
    ],
)
def test_a_rule_that_somebody_changed_is_changed_back(field, value):
    drifted = live()
    next(rule for rule in drifted if rule["name"] == "tf-default-deny-v4")[field] = value
    (step,) = plan(drifted).steps
    assert (step["phase"], step["do"], step["name"]) == ("close", "present", "tf-default-deny-v4")


@pytest.mark.parametrize("change", [{"targetTags": None}, {"destinationRanges": ["10.0.0.1"]}])
def test_a_change_that_the_module_cannot_see_makes_the_rule_anew(change):
    drifted = live()
    next(rule for rule in drifted if rule["name"] == "tf-default-deny-v4").update(change)
    assert [step["do"] for step in plan(drifted).steps] == ["replace"]


def test_the_order_of_networks_is_no_change():
    wide = Policy("tf", ("443",), ("9200",), ("192.0.2.0/24", "198.51.100.0/24"))
    before = plan_present(wide, "default", [], TAGS, 100).steps[0]["rule"]
    shuffled = {
        "name": before["name"],
        "network": NETWORK,
        "description": before["description"],
        "direction": "INGRESS",
    }
    shuffled.update(priority=100, allowed=[{"IPProtocol": "tcp", "ports": ["443"]}], targetTags=["es"])
    shuffled["sourceRanges"] = before["source_ranges"][::-1]
    assert not any(
        step["name"] == before["name"] for step in plan_present(wide, "default", [shuffled], TAGS, 100).steps
    )


def test_a_rule_that_the_policy_no_longer_has_goes_in_the_closing_part():
    nobody = Policy("tf", POLICY.open_ports, POLICY.closed_ports, POLICY.clients)
    assert lines(plan(live(), nobody)) == [
        "close absent - tf-default-direct-v4: allow tcp 9200,9300-9399 from 198.51.100.7/32 to es, priority 100"
    ]


def test_rules_of_others_are_never_in_the_plan():
    others = [{"name": "default-allow-internal", "network": NETWORK}, {"name": "tf-other-members", "network": NETWORK}]
    assert plan([*live(), *others]).steps == []
    assert not any(
        step["name"].endswith(("internal", "other-members")) for step in plan_absent(POLICY, "default", others).steps
    )


@pytest.mark.parametrize("change", [{"description": "mine"}, {"network": NETWORK.replace("default", "other")}])
def test_a_rule_of_our_name_that_is_not_ours_is_refused(change):
    taken = copy.deepcopy(live())
    taken[0].update(change)
    for refused in (lambda: plan(taken), lambda: plan_absent(POLICY, "default", taken)):
        with pytest.raises(ValueError, match="tf-default-https-v4 is not one of this role"):
            refused()


def test_removal_takes_the_denials_away_in_the_closing_part_and_the_rest_in_the_opening_one():
    assert lines(plan_absent(POLICY, "default", live())) == [
        "open absent - tf-default-https-v4: allow tcp 443 from 192.0.2.0/24 to es, priority 100",
        "open absent - tf-default-https-v6: allow tcp 443 from 2001:db8::/32 to es, priority 100",
        "open absent - tf-default-members: allow tcp 9200,9300-9399 from es to es, priority 100",
        "open absent - tf-default-direct-v4: allow tcp 9200,9300-9399 from 198.51.100.7/32 to es, priority 100",
        "close absent - tf-default-deny-v4: deny tcp 9200,9300-9399 from 0.0.0.0/0 to es, priority 101",
        "close absent - tf-default-deny-v6: deny tcp 9200,9300-9399 from ::/0 to es, priority 101",
    ]


def test_removal_keeps_the_rules_for_nodes_that_the_run_leaves_out():
    plan = plan_absent(replace(POLICY, others=("es2",)), "default", live())
    assert plan.steps == [] and plan.before == plan.after != []
    assert plan.left[0] == "tf-default-https-v4, for es2"


MORE = replace(POLICY, closed_ports=("9200-9201", "9300-9399", "9500"))


def test_ports_that_nodes_need_which_the_run_leaves_out_stay():
    found = plan(live(MORE), replace(POLICY, others=("es2", "es3")))
    assert found.steps == [] and found.before == found.after
    assert found.left == [f"tf-default-{kind}: tcp 9201,9500, for es2 and es3" for kind in ("members", "direct-v4", "deny-v4", "deny-v6")]
    # and once all nodes are in the run
    assert {step["name"] for step in plan(live(MORE)).steps} == {step["name"] for step in plan().steps if "https" not in step["name"]}
    assert plan(live(MORE)).left == []


def test_ports_that_stay_are_in_one_rule_with_those_that_come():
    policy = replace(POLICY, closed_ports=("9200", "9300-9399", "9501"), others=("es3",))
    (members, *_direct, deny, _deny6) = plan(live(MORE), policy).steps
    assert members["line"] == "~ tf-default-members: allow tcp 9200-9201,9300-9399,9500-9501 from es to es, priority 100"
    assert deny["line"] == "~ tf-default-deny-v4: deny tcp 9200-9201,9300-9399,9500-9501 from 0.0.0.0/0 to es, priority 101"
    assert deny["rule"]["denied"] == [{"ip_protocol": "tcp", "ports": ["9200-9201", "9300-9399", "9500-9501"]}]


def test_clients_and_their_ports_go_whomever_the_run_leaves_out():
    former = replace(MORE, open_ports=("443", "8443"), clients=("192.0.2.0/24", "203.0.113.0/24"), direct_clients=("2001:db8:1::/64", "203.0.113.0/24"))
    former = replace(former, direct_clients_by_port={"9201": ("203.0.113.9/32",)})
    assert lines(plan(live(former), replace(POLICY, clients=POLICY.clients[:1], direct_clients=("2001:db8:1::/64",), others=("es3",)))) == [
        "close present ~ tf-default-https-v4: allow tcp 443 from 192.0.2.0/24 to es, priority 100",
        "close absent - tf-default-direct-v4: allow tcp 9200-9201,9300-9399,9500 from 203.0.113.0/24 to es, priority 100",
        "close absent - tf-default-direct-v4-9201: allow tcp 9201 from 203.0.113.9/32 to es, priority 100",
    ]


def test_whoever_is_let_in_no_longer_is_kept_out_last():
    former = replace(POLICY, direct_clients=("203.0.113.4/32", "203.0.113.5/32"))
    narrower = replace(POLICY, direct_clients=("203.0.113.4/32",), direct_clients_by_port={"9300": ("203.0.113.5/32",)})
    assert lines(plan(live(former), narrower)) == [
        "open present + tf-default-direct-v4-9300: allow tcp 9300 from 203.0.113.5/32 to es, priority 100",
        "close present ~ tf-default-direct-v4: allow tcp 9200,9300-9399 from 203.0.113.4/32 to es, priority 100",
    ]
    both = lines(plan(live(former), replace(POLICY, direct_clients=("203.0.113.5/32", "203.0.113.6/32"))))
    assert both == [
        "open present ~ tf-default-direct-v4: allow tcp 9200,9300-9399 from 203.0.113.5/32, 203.0.113.6/32, 203.0.113.4/32 to es, priority 100",
        "close present ~ tf-default-direct-v4: allow tcp 9200,9300-9399 from 203.0.113.5/32, 203.0.113.6/32 to es, priority 100",
    ]


def test_a_rule_that_is_switched_off_lets_nobody_in_for_the_time_of_a_change():
    off = live(replace(POLICY, direct_clients=("203.0.113.4/32", "203.0.113.5/32")))
    next(rule for rule in off if rule["name"] == "tf-default-direct-v4")["disabled"] = True
    assert lines(plan(off, replace(POLICY, direct_clients=("203.0.113.4/32",)))) == [
        "open present ~ tf-default-direct-v4: allow tcp 9200,9300-9399 from 203.0.113.4/32 to es, priority 100"
    ]


def test_what_is_denied_no_longer_goes_before_what_lets_members_in_there():
    assert [line.split(":")[0] for line in lines(plan(live(MORE), POLICY))] == [
        "close present ~ tf-default-deny-v4",
        "close present ~ tf-default-deny-v6",
        "close present ~ tf-default-members",
        "close present ~ tf-default-direct-v4",
    ]


@pytest.mark.parametrize("config", [{"IPProtocol": "all"}, {"IPProtocol": "tcp"}, {"IPProtocol": "udp", "ports": ["9201"]}])
def test_what_is_none_of_our_ports_does_not_stay_for_anyone(config):
    drifted = live()
    next(rule for rule in drifted if rule["name"] == "tf-default-members")["allowed"] = [config]
    found = plan(drifted, replace(POLICY, others=("es3",)))
    assert lines(found) == ["open present ~ tf-default-members: allow tcp 9200,9300-9399 from es to es, priority 100"]
    assert found.left == []
