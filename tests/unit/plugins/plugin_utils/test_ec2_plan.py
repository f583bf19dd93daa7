# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.ec2_plan import (
    group_description,
    plan_absent,
    plan_present,
)
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.plan import Policy

POLICY = Policy("tf", ("443",), ("9200", "9300"), ("192.0.2.0/24", "2001:db8::/32"), ("198.51.100.7/32",))
ETH0 = {"network_interface_id": "eni-1", "groups": [{"group_id": "sg-1"}], "attachment": {"instance_id": "i-1"}}


def permission(port, ranges=(), ranges6=(), groups=(), protocol="tcp"):
    return {
        "ip_protocol": protocol,
        "from_port": port,
        "to_port": port,
        "ip_ranges": [{"cidr_ip": cidr, "description": said} for cidr, said in ranges],
        "ipv6_ranges": [{"cidr_ipv6": cidr, "description": said} for cidr, said in ranges6],
        "user_id_group_pairs": [{"group_id": group_id, "description": said} for group_id, said in groups],
    }


def ours(*more):
    member, direct = [("sg-0", "tlsfront member")], [("198.51.100.7/32", "tlsfront direct client")]
    permissions = [
        permission(443, [("192.0.2.0/24", "tlsfront client")], [("2001:db8::/32", "tlsfront client")]),
        permission(9200, direct, groups=member),
        permission(9300, direct, groups=member),
    ]
    return {
        "group_id": "sg-0",
        "description": group_description("tf"),
        "tags": {},
        "ip_permissions": [*permissions, *more],
    }


def test_who_may_use_one_port_gets_a_rule_for_it_alone():
    policy = Policy.of({**vars(POLICY), "direct_clients_by_port": {"9300": ["203.0.113.0/24", "2001:db8:1::/64"]}})
    added = lines(plan_present(policy, "vpc-1", ours(), [attached("sg-0")], {}))
    assert len(added) == 2 and all("9300" in line and "9200" not in line for line in added)
    assert "203.0.113.0/24" in added[0] and "2001:db8:1::/64" in added[1]


def attached(*group_ids):
    return {**ETH0, "groups": [{"group_id": group_id} for group_id in group_ids]}


def lines(plan, phase=None):
    return [step["line"] for step in plan.steps if phase in (None, step["phase"])]


def test_a_group_that_is_not_there_is_made_with_all_rules_and_then_attached():
    plan = plan_present(POLICY, "vpc-1", None, [ETH0], {})
    assert lines(plan) == [
        "+ security group tf of vpc-1",
        "+ security group tf of vpc-1: allow tcp 443 from 192.0.2.0/24 (tlsfront client)",
        "+ security group tf of vpc-1: allow tcp 443 from 2001:db8::/32 (tlsfront client)",
        "+ security group tf of vpc-1: allow tcp 9200 from 198.51.100.7/32 (tlsfront direct client)",
        "+ security group tf of vpc-1: allow tcp 9200 from tf (tlsfront member)",
        "+ security group tf of vpc-1: allow tcp 9300 from 198.51.100.7/32 (tlsfront direct client)",
        "+ security group tf of vpc-1: allow tcp 9300 from tf (tlsfront member)",
        "+ eni-1 of i-1: security group tf of vpc-1",
    ]
    assert {step["phase"] for step in plan.steps} == {"open"}
    assert plan.before == []
    assert plan.steps[0]["rules"][-1] == {
        "proto": "tcp",
        "from_port": 9300,
        "to_port": 9300,
        "group_name": ["tf"],
        "rule_desc": "tlsfront member",
    }


def test_what_is_as_it_should_be_needs_no_step():
    plan = plan_present(POLICY, "vpc-1", ours(), [attached("sg-1", "sg-0")], {})
    assert plan.steps == []
    assert sorted(plan.before) == sorted(plan.after)


def test_attaching_keeps_the_groups_that_are_attached():
    (step,) = plan_present(POLICY, "vpc-1", ours(), [attached("sg-1", "sg-2")], {}).steps
    assert step["groups"] == ["sg-1", "sg-2", "sg-0"]


def test_a_rule_that_somebody_took_away_comes_back():
    damaged = ours()
    damaged["ip_permissions"] = damaged["ip_permissions"][1:]
    plan = plan_present(POLICY, "vpc-1", damaged, [attached("sg-0")], {})
    assert [line[:2] for line in lines(plan, "open")] == ["+ ", "+ "]
    assert all(step["purge"] is False for step in plan.steps)


def test_a_rule_of_ours_that_the_policy_no_longer_has_goes_in_the_closing_part():
    stale = permission(443, [("203.0.113.0/24", "tlsfront client")])
    plan = plan_present(POLICY, "vpc-1", ours(stale), [attached("sg-0")], {})
    assert lines(plan, "open") == []
    assert lines(plan, "close") == ["- security group tf of vpc-1: allow tcp 443 from 203.0.113.0/24 (tlsfront client)"]
    assert plan.steps[0]["purge"] is True


def test_a_rule_that_others_put_into_the_group_is_told_and_stays_even_where_ours_go():
    foreign = [
        permission(9243, [("203.0.113.9/32", "office")]),
        permission(None, groups=[("sg-7", "")], protocol="-1"),
    ]
    stale = permission(443, [("203.0.113.0/24", "tlsfront client")])
    plan = plan_present(POLICY, "vpc-1", ours(stale, *foreign), [attached("sg-0")], {})
    assert plan.left == [
        "security group tf of vpc-1: allow all from sg-7",
        "security group tf of vpc-1: allow tcp 9243 from 203.0.113.9/32 (office)",
    ]
    kept = plan.steps[0]["rules"]
    assert {"proto": "all", "group_id": ["sg-7"]} in kept
    assert {
        "proto": "tcp",
        "cidr_ip": ["203.0.113.9/32"],
        "from_port": 9243,
        "to_port": 9243,
        "rule_desc": "office",
    } in kept
    assert not any("203.0.113.0/24" in rule.get("cidr_ip", []) for rule in kept)


def test_a_rule_of_others_that_is_what_the_policy_wants_becomes_ours():
    taken = ours()
    taken["ip_permissions"][0]["ip_ranges"][0]["description"] = "by hand"
    (step,) = plan_present(POLICY, "vpc-1", taken, [attached("sg-0")], {}).steps
    assert step["line"].startswith("~ ")


def test_a_missing_tag_is_set_and_other_tags_are_nobodys_business():
    tagged = {**ours(), "tags": {"team": "search"}}
    assert lines(plan_present(POLICY, "vpc-1", tagged, [attached("sg-0")], {"cost": "7"})) == [
        "+ security group tf of vpc-1: tag cost=7"
    ]


def test_nobody_as_client_leaves_the_members_only():
    plan = plan_present(Policy("tf", ("443",), ("9300",)), "vpc-1", None, [], {})
    assert lines(plan)[1:] == ["+ security group tf of vpc-1: allow tcp 9300 from tf (tlsfront member)"]


def test_removal_detaches_ours_only_and_then_deletes_it():
    plan = plan_absent(POLICY, "vpc-1", ours(), [attached("sg-1", "sg-0"), attached("sg-2")])
    assert [step["do"] for step in plan.steps] == ["detach", "delete"]
    assert plan.steps[0]["groups"] == ["sg-1"]


def test_removal_keeps_the_group_for_nodes_that_the_run_leaves_out():
    others = replace(POLICY, others=("es2", "es3"))
    plan = plan_absent(others, "vpc-1", ours(), [attached("sg-1", "sg-0")])
    assert [step["do"] for step in plan.steps] == ["detach"]
    assert plan.left == ["security group tf of vpc-1, for es2 and es3"]
    assert set(plan.after) == set(plan.before) - {plan.before[0]}


LEFT_OUT = replace(POLICY, others=("es2", "es3"))


def spanned(first, last, ranges=(), groups=()):
    return {**permission(first, ranges, groups=groups), "to_port": last}


MEMBER = [("sg-0", "tlsfront member")]


def test_what_nodes_that_the_run_leaves_out_need_of_their_ports_stays():
    live = ours(permission(9201, [("198.51.100.7/32", "tlsfront direct client")], groups=MEMBER))
    plan = plan_present(LEFT_OUT, "vpc-1", live, [attached("sg-0")], {})
    assert plan.steps == []
    assert plan.left == [
        "security group tf of vpc-1: allow tcp 9201 from 198.51.100.7/32 (tlsfront direct client), for es2 and es3",
        "security group tf of vpc-1: allow tcp 9201 from sg-0 (tlsfront member), for es2 and es3",
    ]
    assert sorted(plan.before) == sorted(plan.after)
    # and once all nodes are in the run
    plan = plan_present(POLICY, "vpc-1", live, [attached("sg-0")], {})
    assert [line.split(" (")[0] for line in lines(plan, "close")] == [
        "- security group tf of vpc-1: allow tcp 9201 from 198.51.100.7/32",
        "- security group tf of vpc-1: allow tcp 9201 from sg-0",
    ]
    assert plan.left == []


def test_a_rule_for_more_ports_that_stays_is_not_made_again_for_fewer():
    live = {**ours(), "ip_permissions": [*ours()["ip_permissions"][:1], spanned(9200, 9201, groups=MEMBER), spanned(9300, 9301, groups=MEMBER)]}
    plan = plan_present(replace(LEFT_OUT, direct_clients=()), "vpc-1", live, [attached("sg-0")], {})
    assert plan.steps == []
    assert len(plan.left) == 2 and "9200-9201" in plan.left[0] and "9300-9301" in plan.left[1]


def test_a_rule_within_one_that_is_wanted_need_not_stay():
    policy = replace(LEFT_OUT, closed_ports=("9200-9201", "9300"))
    plan = plan_present(policy, "vpc-1", ours(), [attached("sg-0")], {})
    assert [line.split(": ")[1] for line in lines(plan, "open")] == [
        "allow tcp 9200-9201 from 198.51.100.7/32 (tlsfront direct client)",
        "allow tcp 9200-9201 from sg-0 (tlsfront member)",
    ]
    assert len(lines(plan, "close")) == 2 and plan.left == []


@pytest.mark.parametrize("protocol", ["udp", "-1"])
def test_what_is_none_of_our_ports_does_not_stay_for_anyone(protocol):
    plan = plan_present(LEFT_OUT, "vpc-1", ours(permission(9201, groups=MEMBER, protocol=protocol)), [attached("sg-0")], {})
    assert [step["phase"] for step in plan.steps] == ["close"] and plan.left == []


def test_a_client_that_may_no_longer_goes_whomever_the_run_leaves_out():
    gone = [
        permission(443, [("203.0.113.0/24", "tlsfront client"), ("198.51.100.7/32", "tlsfront client")]),
        permission(9201, [("203.0.113.0/24", "tlsfront direct client")]),
        permission(9300, [("203.0.113.0/24", "tlsfront direct client")]),
    ]
    plan = plan_present(LEFT_OUT, "vpc-1", ours(*gone, permission(9201, groups=MEMBER)), [attached("sg-0")], {})
    assert [line.split(": ")[1] for line in lines(plan)] == [
        "allow tcp 443 from 198.51.100.7/32 (tlsfront client)",
        "allow tcp 443 from 203.0.113.0/24 (tlsfront client)",
        "allow tcp 9201 from 203.0.113.0/24 (tlsfront direct client)",
        "allow tcp 9300 from 203.0.113.0/24 (tlsfront direct client)",
    ]
    kept = {"proto": "tcp", "from_port": 9201, "to_port": 9201, "group_id": ["sg-0"], "rule_desc": "tlsfront member"}
    assert all(step["phase"] == "close" and kept in step["rules"] for step in plan.steps)


def test_removal_of_what_is_not_there_needs_no_step():
    assert plan_absent(POLICY, "vpc-1", None, [ETH0]).steps == []


def test_removal_refuses_to_leave_an_interface_without_a_group():
    with pytest.raises(ValueError, match="eni-1 of i-1 would be left without a security group"):
        plan_absent(POLICY, "vpc-1", ours(), [attached("sg-0")])


def networks(count, family=4):
    return tuple(f"10.{n // 256}.{n % 256}.0/24" if family == 4 else f"2001:db8:{n:x}::/48" for n in range(count))


@pytest.mark.parametrize(
    ("clients", "direct", "remarks"),
    [
        (networks(58), (), []),  # and a rule for each of two closed ports, whose source is the group itself
        (networks(58) + networks(58, 6), (), []),
        (networks(59), (), ["61 inbound rules for IPv4"]),
        (networks(3), networks(40), ["85 inbound rules for IPv4"]),
        (networks(80) + networks(59, 6), (), ["82 inbound rules for IPv4", "61 inbound rules for IPv6"]),
    ],
)
def test_more_rules_than_the_default_quota_are_remarked_on_with_what_to_do(clients, direct, remarks):
    plan = plan_present(Policy("tf", ("443",), ("9200", "9300"), clients, direct), "vpc-1", None, [ETH0], {})
    assert len(plan.remarks) == len(remarks)
    for said, told in zip(remarks, plan.remarks):
        assert f"security group tf of vpc-1 would have {said}, and EC2 takes 60 unless" in told
        assert "Put networks of tlsfront_clients" in told and "L-0EA8095F" in told
    assert [f"WARNING: {remark}" for remark in plan.remarks] == [line for line in plan.told() if line.startswith("WARNING")]


def test_rules_of_others_and_those_that_go_later_count_too():
    foreign = [permission(9243, [(network, "office") for network in networks(30)])]
    stale = [permission(443, [(network, "tlsfront client") for network in networks(27)])]
    # 5 of ours, and one that is missing yet
    asked = Policy("tf", ("443",), ("9200", "9300"), (*POLICY.clients, "203.0.113.0/24"), POLICY.direct_clients)
    (told,) = plan_present(asked, "vpc-1", ours(*stale, *foreign), [attached("sg-0")], {}).remarks
    assert "63 inbound rules for IPv4" in told


@pytest.mark.parametrize(("others", "remarks"), [(4, []), (5, ["eni-1 of i-1 would have 6 security groups, and EC2 takes 5 unless"])])
def test_a_group_too_many_on_an_interface_is_remarked_on(others, remarks):
    plan = plan_present(POLICY, "vpc-1", ours(), [attached(*(f"sg-1{n}" for n in range(others)))], {})
    assert len(plan.remarks) == len(remarks)
    assert all(said in told for said, told in zip(remarks, plan.remarks))
    assert all("Detach a group" in told and "L-2AFB9258" in told for told in plan.remarks)


def test_what_is_there_already_is_not_remarked_on():
    many = [f"sg-1{n}" for n in range(9)]
    assert plan_present(POLICY, "vpc-1", ours(), [attached("sg-0", *many)], {}).remarks == []


def test_what_no_quota_lets_is_refused():
    with pytest.raises(ValueError, match=r"1003 inbound rules for IPv4, and no quota of EC2 is above 1000[.] Nothing was changed"):
        plan_present(Policy("tf", ("443",), ("9200", "9300"), networks(1001)), "vpc-1", None, [], {})
    with pytest.raises(ValueError, match="17 security groups, and no quota of EC2 is above 16"):
        plan_present(POLICY, "vpc-1", ours(), [attached(*(f"sg-1{n}" for n in range(16)))], {})
