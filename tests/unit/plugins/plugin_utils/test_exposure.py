# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._addresses import addresses
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.exposure import (
    ALL_PORTS,
    Rule,
    Source,
    Stage,
    findings,
    reached_from,
)
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._intervals import Intervals

CLOSED = Intervals.of([(9200, 9200), (9300, 9300)])
MEMBERS = addresses(["10.0.0.0/24"])
WORLD = ("0.0.0.0/0", "::/0")


def rule(name, verdict, sources, ports=ALL_PORTS, certain=True):
    known = tuple(Source(s, None if s.startswith("?") else addresses([s])) for s in sources)
    return Rule(name, verdict, ports, known, certain)


def opened(*stages):
    return [(f.rule, f.ports.spans, f.sources) for f in findings(stages, CLOSED, MEMBERS)]


def test_without_rules_nothing_is_open():
    assert opened(Stage(())) == []


def test_a_rule_that_lets_the_world_in_is_named_with_ports_and_sources():
    assert opened(Stage((rule("wide", "allow", WORLD),))) == [("wide", ((9200, 9200), (9300, 9300)), WORLD)]


def test_only_the_sources_that_are_not_permitted_are_told():
    assert opened(Stage((rule("mixed", "allow", ["10.0.0.7", "10.0.1.7"]),)))[0][2] == ("10.0.1.7",)


@pytest.mark.parametrize("sources", [["10.0.0.0/24"], ["10.0.0.7"], []])
def test_permitted_sources_are_no_finding(sources):
    assert opened(Stage((rule("peers", "allow", sources),))) == []


def test_ports_next_to_the_closed_ones_are_nobodys_business():
    around = Intervals.of([(1, 9199), (9201, 9299), (9301, 65535)])
    assert opened(Stage((rule("others", "allow", WORLD, around),))) == []


def test_a_rule_is_told_with_just_the_closed_ports_that_it_opens():
    closed = Intervals.of([(9200, 9299)])
    stage = Stage((rule("part", "allow", WORLD, Intervals.of([(9250, 9400)])),))
    assert [f.ports.spans for f in findings([stage], closed, MEMBERS)] == [((9250, 9299),)]


def test_who_may_use_one_port_is_a_finding_at_every_other():
    stage, some = Stage((rule("remote", "allow", ["198.51.100.0/24"]),)), addresses(["198.51.100.0/24"])
    (found,) = findings([stage], CLOSED, MEMBERS, [(Intervals.of([(9300, 9300)]), some)])
    assert found.ports.spans == ((9200, 9200),)
    assert findings([stage], CLOSED, MEMBERS, [(Intervals.of([(9200, 9300)]), some)]) == []
    closed = Intervals.of([(9200, 9299)])
    (found,) = findings([stage], closed, MEMBERS, [(Intervals.of([(9250, 9260)]), some)])
    assert found.ports.spans == ((9200, 9249), (9261, 9299))


def test_the_first_rule_that_matches_decides():
    deny, allow = rule("no", "deny", WORLD), rule("wide", "allow", WORLD)
    assert opened(Stage((deny, allow))) == []
    assert [name for name, *_rest in opened(Stage((allow, deny)))] == ["wide"]


def test_a_denial_of_one_family_leaves_the_other_open():
    stage = Stage((rule("no IPv4", "deny", ["0.0.0.0/0"]), rule("wide", "allow", WORLD)))
    assert [sources for *_rest, sources in opened(stage)] == [("::/0",)]


def test_a_rule_hidden_behind_another_that_allows_the_same_is_told_too():
    stage = Stage((rule("one", "allow", WORLD), rule("two", "allow", ["198.51.100.0/24"])))
    assert [name for name, *_rest in opened(stage)] == ["one", "two"]


def test_a_source_that_cannot_be_known_is_a_finding_unless_all_is_denied_before():
    unknown = rule("list", "allow", ["?prefix list"])
    assert [name for name, *_rest in opened(Stage((unknown,)))] == ["list"]
    assert opened(Stage((rule("no", "deny", WORLD), unknown))) == []


def test_an_uncertain_denial_protects_from_nothing_and_an_uncertain_allowance_counts():
    maybe = rule("maybe", "deny", WORLD, certain=False)
    wide = rule("wide", "allow", WORLD, certain=False)
    assert [name for name, *_rest in opened(Stage((maybe, wide)))] == ["wide"]


def test_each_stage_has_to_let_a_packet_through():
    acl = Stage((rule("office", "next", ["192.0.2.0/24"]),))
    groups = Stage((rule("all of 192", "allow", ["192.0.0.0/8"]), rule("198", "allow", ["198.51.100.0/24"])))
    assert [name for name, *_rest in opened(acl, groups)] == ["all of 192"]


def test_what_a_rule_hands_on_skips_the_rest_of_its_stage():
    policy = Stage((rule("on", "next", ["192.0.2.0/24"]), rule("no", "deny", WORLD)), "next")
    network = Stage((rule("wide", "allow", ["192.0.2.1"]), rule("far", "allow", ["198.51.100.1"])))
    assert [name for name, *_rest in opened(policy, network)] == ["wide"]


def test_what_an_upper_stage_allows_no_lower_one_denies():
    assert [n for n, *_rest in opened(Stage((rule("up", "allow", WORLD),), "next"), Stage((rule("no", "deny", WORLD),)))] == [
        "up"
    ]


def test_reached_from_counts_only_what_is_certain():
    stage = Stage((rule("a", "allow", ["10.0.0.1"]), rule("b", "allow", ["10.0.0.2", "?tag"], certain=False)))
    assert reached_from([stage], 9300).texts() == ["10.0.0.1"]


def test_reached_from_ends_at_a_denial():
    stage = Stage((rule("no", "deny", ["10.0.0.1"], certain=False), rule("a", "allow", ["10.0.0.0/31"])))
    assert reached_from([stage], 9300).texts() == ["10.0.0.0"]


def test_reached_from_passes_all_stages():
    acl = Stage((rule("in", "next", ["10.0.0.0/30"]),))
    groups = Stage((rule("a", "allow", ["10.0.0.2/31"], Intervals(((9300, 9300),))),))
    assert reached_from([acl, groups], 9300).texts() == ["10.0.0.2/31"]
    assert not reached_from([acl, groups], 9200)
