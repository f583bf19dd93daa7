# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._addresses import addresses
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.exposure import findings
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.gce_path import path_of
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._intervals import Intervals

CLOSED = Intervals.of([(9200, 9200), (9300, 9300)])
PROJECTS = "https://www.googleapis.com/compute/v1/projects"


def firewall(name, action="allowed", ports=("9200",), protocol="tcp", **fields):
    config = {"IPProtocol": protocol, **({"ports": list(ports)} if ports else {})}
    link = f"{PROJECTS}/shop/global/firewalls/{name}"
    return {"name": name, "selfLink": link, "direction": "INGRESS", "priority": 1000, action: [config], **fields}


def policy(*rules, kind="HIERARCHY"):
    return {"type": kind, "name": "1234", "shortName": "guard", "rules": list(rules)}


def policy_rule(action, priority=10, ports=("9200",), match=None, **fields):
    layers = [{"ipProtocol": "tcp", "ports": list(ports)}]
    return {
        "action": action,
        "priority": priority,
        "direction": "INGRESS",
        **fields,
        "match": {"layer4Configs": layers, **(match or {})},
    }


def opened(firewalls=(), policies=(), members=None, policies_first=False):
    effective = {"firewalls": list(firewalls), "firewallPolicys": list(policies)}
    path = path_of(effective, members or {}, "default", policies_first)
    return [(f.rule, f.ports.spans, f.sources) for f in findings(path, CLOSED, addresses(["10.0.0.0/24"]))]


def names(*args, **kwargs):
    return [rule.split(",")[0] for rule, *_rest in opened(*args, **kwargs)]


ANY = {"sourceRanges": ["0.0.0.0/0"]}


def test_without_rules_nothing_is_open():
    assert opened() == []


def test_the_finding_names_the_rule_its_project_its_priority_and_its_description():
    assert opened([firewall("es-open", description="for now", **ANY)]) == [
        ("firewall rule es-open of project shop, priority 1000 ('for now')", ((9200, 9200),), ("0.0.0.0/0",))
    ]


@pytest.mark.parametrize(
    ("rule", "ports"),
    [
        (firewall("a", ports=("9000-9999",), **ANY), ((9200, 9200), (9300, 9300))),
        (firewall("a", ports=(), **ANY), ((9200, 9200), (9300, 9300))),
        (firewall("a", ports=(), protocol="all", **ANY), ((9200, 9200), (9300, 9300))),
        (firewall("a", ports=("80", "9300"), protocol="6", **ANY), ((9300, 9300),)),
    ],
)
def test_what_means_tcp_opens_its_ports(rule, ports):
    assert opened([rule])[0][1] == ports


@pytest.mark.parametrize(
    "rule",
    [
        firewall("a", protocol="udp", **ANY),
        firewall("a", ports=("443",), **ANY),
        firewall("a", disabled=True, **ANY),
        firewall("a", direction="EGRESS", **ANY),
        firewall("a", sourceRanges=["10.0.0.7"]),
    ],
)
def test_rules_that_open_nothing_to_others_are_no_finding(rule):
    assert opened([rule]) == []


def test_a_lower_number_goes_first_and_of_equal_ones_the_denial():
    deny = firewall("no", "denied", priority=500, sourceRanges=["0.0.0.0/0"])
    assert names([firewall("late", priority=501, **ANY), deny]) == []
    assert names([firewall("same", priority=500, **ANY), deny]) == []
    assert names([firewall("early", priority=499, **ANY), deny]) == ["firewall rule early of project shop"]


def test_a_rule_without_sources_is_for_everybody():
    assert opened([firewall("a")])[0][2] == ("0.0.0.0/0", "::/0")


def test_a_denial_for_some_destinations_only_protects_from_nothing():
    deny = firewall("no", "denied", priority=1, sourceRanges=["0.0.0.0/0"], destinationRanges=["10.0.0.9"])
    assert names([deny, firewall("wide", **ANY)]) == ["firewall rule wide of project shop"]


def test_a_tag_or_account_is_a_finding_unless_its_instances_are_known():
    by_tag = firewall("tag", sourceTags=["kibana"])
    assert opened([by_tag])[0][2] == ("instances with the tag kibana",)
    assert opened([by_tag], members={"kibana": addresses(["10.0.0.3"])}) == []
    assert opened([firewall("account", sourceServiceAccounts=["a@shop"])])[0][2] == (
        "instances with the service account a@shop",
    )


def test_a_hierarchical_policy_decides_before_the_rules_of_the_network():
    allow = policy(policy_rule("allow", match={"srcIpRanges": ["0.0.0.0/0"]}, description="scanner"))
    deny = firewall("no", "denied", priority=0, sourceRanges=["0.0.0.0/0", "::/0"])
    assert opened([deny], [allow])[0][0] == "hierarchical firewall policy guard, rule of priority 10 ('scanner')"
    assert names([firewall("wide", **ANY)], [policy(policy_rule("deny"))]) == []


def test_goto_next_leaves_it_to_the_rules_of_the_network():
    on = policy(policy_rule("goto_next", 1, match={"srcIpRanges": ["192.0.2.0/24"]}), policy_rule("deny", 2))
    rules = [firewall("a", sourceRanges=["192.0.2.7"]), firewall("b", sourceRanges=["198.51.100.7"])]
    assert names(rules, [on]) == ["firewall rule a of project shop"]


def test_a_network_policy_comes_behind_the_rules_unless_the_network_says_otherwise():
    network = policy(policy_rule("deny"), kind="NETWORK")
    wide = firewall("wide", **ANY)
    assert names([wide], [network]) == ["firewall rule wide of project shop"]
    assert names([wide], [network], policies_first=True) == []


def test_an_allowing_network_policy_is_found_behind_the_rules():
    network = policy(policy_rule("allow", match={"srcIpRanges": ["0.0.0.0/0"]}), kind="NETWORK")
    assert names([], [network]) == ["network firewall policy guard"]


@pytest.mark.parametrize(
    "match",
    [
        {"srcRegionCodes": ["DE"]},
        {"srcThreatIntelligences": ["iplist-tor-exit-nodes"]},
        {"srcFqdns": ["kibana.example"]},
        {"srcAddressGroups": ["groups/office"]},
        {"srcSecureTags": [{"name": "tagValues/1", "state": "EFFECTIVE"}]},
    ],
)
def test_what_google_or_others_keep_is_a_finding(match):
    assert names([], [policy(policy_rule("allow", match=match))]) == ["hierarchical firewall policy guard"]


def test_a_denial_that_asks_for_more_than_source_and_port_protects_from_nothing():
    deny = policy(policy_rule("deny", match={"srcIpRanges": ["0.0.0.0/0"], "srcNetworkContext": "INTERNET"}))
    assert names([firewall("wide", **ANY)], [deny]) == ["firewall rule wide of project shop"]


@pytest.mark.parametrize(
    "fields",
    [
        {"disabled": True},
        {"direction": "EGRESS"},
        {"targetType": "INTERNAL_MANAGED_LB"},
        {"targetResources": [f"{PROJECTS}/shop/global/networks/elsewhere"]},
    ],
)
def test_a_policys_rule_for_something_else_is_no_finding(fields):
    rule = {**policy_rule("allow", match={"srcIpRanges": ["0.0.0.0/0"]}), **fields}
    assert opened([], [policy(rule)]) == []


def test_a_policys_rule_for_this_network_is_one():
    rule = policy_rule("allow", targetResources=[f"{PROJECTS}/shop/global/networks/default"])
    assert names([], [policy(rule)]) == ["hierarchical firewall policy guard"]
