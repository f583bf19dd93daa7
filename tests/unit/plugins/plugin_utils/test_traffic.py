# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is said of those who use the ports that are to be closed, and when a run refuses to close them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._traffic.cut_off import Accepted, accepted, decision, problems
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._traffic.names import Names, inventory, name_of_host
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._traffic.observation import observation
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._traffic.policy import Rules, in_force, wanted
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._traffic.rows import DAY, Node, Row, rows

NOW = 1_790_600_000
POLICY = {
    "ports": ["9200", "9300"],
    "peers": ["192.0.2.1", "192.0.2.2"],
    "direct_clients": ["198.51.100.0/24"],
    "direct_clients_by_port": {"9300": ["203.0.113.7"]},
    "container_networks": ["172.17.0.0/16"],
}
BRIDGE = {
    "interfaces": ["docker0"],
    "docker0": {"type": "bridge", "interfaces": [], "ipv4": {"address": "172.17.0.1", "prefix": "16"}},
    "all_ipv4_addresses": ["192.0.2.1"],
}
HOSTVARS: dict[str, dict[str, Any]] = {
    "es1": {"ansible_host": "192.0.2.1", "ansible_facts": BRIDGE, "__host_firewall_decided": {"policy": POLICY}},
    "es2": {"ansible_host": "192.0.2.2", "__host_firewall_decided": {"policy": POLICY}},
    "app1": {"ansible_host": "192.0.2.50"},
    "monitor": {"ansible_host": "192.0.2.60"},
    "proxied1": {"ansible_host": "192.0.2.70"},
    "proxied2": {"ansible_host": "192.0.2.70"},
}


def source(address: str, port: int = 9200, answered: int | None = 60, last: int = 60, to: str = "192.0.2.1") -> dict[str, Any]:
    """One, with ages in seconds."""
    return {
        "address": address,
        "to": to,
        "port": port,
        "first": NOW - 5 * DAY,
        "last": NOW - last,
        "packets": 12,
        "answered": None if answered is None else NOW - answered,
    }


def told(*sources: dict[str, Any], **more: Any) -> dict[str, Any]:
    known = {"installed": True, "running": True, "problem": "", "since": NOW - 30 * DAY, "now": NOW, "gaps": [], "ports": ["9200", "9300"]}
    return {**known, "lost_at": None, "tries_lost_at": None, "keep_seconds": 30 * DAY, "size": 16384, "local_packets": 0, "sources": list(sources), **more}


def node(*sources: dict[str, Any], name: str = "es1", closed: dict[str, Any] | None = None, **more: Any) -> Node:
    rules = in_force({"problem": "", "closed_ports": None, **(closed or {})})
    own, elsewhere = frozenset({HOSTVARS[name]["ansible_host"]}), frozenset({"192.0.2.60"})
    return Node(name, observation(told(*sources, **more)), wanted(name, HOSTVARS, ["es1", "es2"]), rules, own, elsewhere)


def named(**more: Any) -> Names:
    return Names(HOSTVARS, inventory(HOSTVARS, HOSTVARS), ["es1", "es2"], clients=["app1"], probes=["monitor"], **more)


def seen(*nodes: Node, days: int = 7, accepts: Accepted | None = None, **more: Any) -> list[Row]:
    return rows(nodes, named(**more).of, days, accepts or Accepted())


def one(*given: Any, **more: Any) -> Row:
    (row,) = seen(node(source(*given, **more)))
    return row


CLOSED = {"closed_ports": ["9200", "9300"], "let_in": ["192.0.2.1", "192.0.2.2"], "let_in_by_port": [{"port": "9300", "network": "203.0.113.7"}]}


@pytest.mark.parametrize(
    ("row", "state"),
    [
        (one("192.0.2.2"), "let in"),
        (one("198.51.100.9"), "let in"),
        (one("203.0.113.7", port=9300), "let in"),
        (one("203.0.113.7", port=9200), "cut off"),
        (one("203.0.113.8", port=9201), "let in"),
        (one("172.17.0.9", to="172.17.0.2"), "let in"),
        (one("172.17.0.9"), "cut off"),
        (one("192.0.2.50"), "cut off"),
        (one("192.0.2.50", answered=8 * DAY), "earlier"),
        (one("192.0.2.50", answered=None), "unproven"),
    ],
    ids=lambda each: f"{each.address} {each.port} {each.answered}" if isinstance(each, Row) else each,
)
def test_who_would_be_cut_off_has_completed_a_handshake_lately_and_gets_in_no_more(row: Row, state: str) -> None:
    assert row.state == state


@pytest.mark.parametrize(
    ("given", "state"),
    [
        (source("192.0.2.50", answered=3600, last=3600), "gone"),
        (source("192.0.2.50", answered=3600, last=3595), "gone"),  # its last acknowledgement of a connection that was closed in order
        (source("192.0.2.50", answered=3600, last=60), "knocks"),
        (source("192.0.2.50", answered=None, last=60), "knocks"),
        (source("203.0.113.7", port=9300), "let in"),
        (source("192.0.2.50", port=9201), "let in"),
    ],
)
def test_after_closing_it_is_told_who_knocks_since(given: dict[str, Any], state: str) -> None:
    (row,) = seen(node(given, closed=CLOSED))
    assert row.state == state


def test_who_has_only_knocked_before_the_ports_were_closed_does_not_still_knock() -> None:
    given = [source("192.0.2.50", answered=3600, last=3600), source("192.0.2.51", answered=None, last=7200), source("192.0.2.52", answered=None, last=60)]
    assert {row.address: row.state for row in seen(node(*given, closed=CLOSED))} == {"192.0.2.50": "gone", "192.0.2.51": "gone", "192.0.2.52": "knocks"}


def test_who_gets_in_by_the_rules_in_force_at_one_port_alone_would_be_cut_off_where_the_policy_lacks_it() -> None:
    closed = {**CLOSED, "let_in_by_port": [{"port": "9300", "network": "203.0.113.200"}]}
    assert [row.state for row in seen(node(source("203.0.113.200", port=9300), source("203.0.113.200", port=9200), closed=closed))] == ["cut off", "gone"]


def test_a_node_that_has_left_the_cluster_is_no_reason_to_wait() -> None:
    closed = {**CLOSED, "let_in": ["192.0.2.1", "192.0.2.99", "203.0.113.200"], "peers": ["192.0.2.1", "192.0.2.99"]}
    assert [row.state for row in seen(node(source("192.0.2.99", port=9300), source("203.0.113.200"), closed=closed))] == ["cut off", "left"]


def test_rules_that_cannot_be_seen_close_nothing() -> None:
    (row,) = seen(node(source("192.0.2.50"), closed={"problem": "nft cannot talk to this kernel", "closed_ports": None}))
    assert (row.state, row.closed) == ("cut off", False)


def test_those_come_first_that_would_be_cut_off_and_of_these_who_was_there_last() -> None:
    given = [source("192.0.2.2"), source("192.0.2.50", last=90, answered=90), source("203.0.113.9", answered=None), source("192.0.2.61", last=30, answered=30)]
    assert [row.address for row in seen(node(*given))] == ["192.0.2.61", "192.0.2.50", "203.0.113.9", "192.0.2.2"]


@pytest.mark.parametrize(
    ("address", "name", "kind"),
    [
        ("192.0.2.1", "es1", "this node"),
        ("192.0.2.2", "es2", "node"),
        ("192.0.2.50", "app1", "client host"),
        ("192.0.2.60", "monitor", "probe host"),
        ("192.0.2.70", "proxied1, proxied2", "shared address"),
        ("172.17.0.9", "container on es1", "container"),
        ("10.0.0.9", "i-0123 (batch)", "instance"),
        ("10.0.0.10", "app/inner/50dc6c495c0c9188", "load balancer"),
        ("203.0.113.5", "old-app.example.org", "DNS name"),
        ("203.0.113.6", "", "unknown"),
        ("130.211.1.1", "", "unknown"),
    ],
)
def test_an_address_is_named_by_the_inventory_then_by_the_cloud_then_by_dns(address: str, name: str, kind: str) -> None:
    cloud = {"10.0.0.9": ("instance", "i-0123 (batch)"), "10.0.0.10": ("load balancer", "app/inner/50dc6c495c0c9188"), "192.0.2.50": ("instance", "i-0456")}
    known = named(cloud=cloud, dns={"203.0.113.5": "old-app.example.org.", "192.0.2.60": "wrong.example", "203.0.113.6": "a\x1b[31m.example"})
    found = known.of(address, "es1")
    assert (found.name, found.kind) == (name, kind)


def test_googles_load_balancers_are_known_by_their_addresses_on_google_only() -> None:
    assert named(on_google=True).of("130.211.1.1", "es1").kind == "load balancer"
    assert named(on_google=True).of("130.211.4.1", "es1").kind == "unknown"


def test_behind_nat_others_are_who_are_not_seen_and_the_row_says_so() -> None:
    (row,) = seen(node(source("10.0.0.10")), cloud={"10.0.0.10": ("NAT gateway", "nat-0abc")})
    assert row.do.startswith("Look behind it: others use it to get here, who are not seen.")


@pytest.mark.parametrize("text", ["a b", "a\n", "<b>", "", "-" * 300, "a..b", "\u202eevil", "x" * 64 + ".example"])
def test_what_is_no_name_of_a_host_is_none(text: str) -> None:
    assert name_of_host(text) == ""


@pytest.mark.parametrize(
    "broken",
    [
        {"sources": [{**source("192.0.2.50"), "address": "192.0.2.50; drop"}]},
        {"sources": [{**source("192.0.2.50"), "port": 0}]},
        {"sources": [{**source("192.0.2.50"), "last": "yesterday"}]},
        {"sources": [{}]},
        {"sources": None},
        {"ports": ["all"]},
        {"now": None},
        {"gaps": [{"from": 1}]},
        {"problem": "no root"},
        {"problem": "a\x1b[31m", "installed": False},
    ],
    ids=str,
)
def test_an_answer_that_cannot_be_read_is_unknown_and_a_reason_to_refuse(broken: dict[str, Any]) -> None:
    told_of = node(**broken)
    refuse = decision([told_of], seen(told_of), 7, Accepted())["refuse"]
    assert len(refuse) == 1 and refuse[0].startswith("What was observed on es1 cannot be seen: ") and "\x1b" not in refuse[0]


def decided(*sources: dict[str, Any], accept: Any = "refuse", days: int = 7, **more: Any) -> dict[str, Any]:
    nodes = [node(*sources, **more)]
    accepts = accepted(accept, HOSTVARS)
    return decision(nodes, seen(*nodes, days=days, accepts=accepts), days, accepts)


def test_the_run_refuses_with_who_would_be_cut_off_from_where_and_when() -> None:
    assert decided(source("192.0.2.50", last=180, answered=180), source("192.0.2.2")) == {
        "refuse": [
            "192.0.2.50 (app1, client host) used 9200 of es1, last 3 minutes ago. "
            "Move it over with the playbook cutover, and restart what still holds the old setting."
        ],
        "unknown": [],
        "notes": [],
    }


def test_a_source_is_one_line_for_all_nodes_and_ports() -> None:
    nodes = [node(source("192.0.2.61"), source("192.0.2.61", port=9300, answered=30, last=30)), node(source("192.0.2.61"), name="es2")]
    (line,) = decision(nodes, seen(*nodes), 7, Accepted())["refuse"]
    assert line.startswith("192.0.2.61 (unknown) used 9200 and 9300 of es1 and es2, last 30 seconds ago.")


@pytest.mark.parametrize("accept", ["accept", ["192.0.2.50"], "192.0.2.50", "192.0.2.0/24,203.0.113.9", ["app1"], "app1", ("app1", "monitor")])
def test_it_goes_on_where_it_is_told_by_name_that_they_may_be(accept: Any) -> None:
    nodes = [node(source("192.0.2.50"))]
    (row,) = seen(*nodes, accepts=accepted(accept, HOSTVARS))
    assert decision(nodes, [row], 7, accepted(accept, HOSTVARS))["refuse"] == []
    assert (row.state, row.do) == ("accepted", "Nothing: tlsfront_cut_off names it.")


@pytest.mark.parametrize("accept", ["refuse", ["192.0.2.51"], ["app2x"], ["monitor"], "proxied1"])
def test_others_that_are_named_accept_nothing_of_it(accept: Any) -> None:
    if accept == ["app2x"]:
        with pytest.raises(ValueError, match="A name must be that of a host of the inventory"):
            accepted(accept, HOSTVARS)
        return
    assert len(decided(source("192.0.2.70"), accept=accept)["refuse"]) == 1, "two hosts are at that address"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"lost_at": NOW - DAY}, "es1 saw more sources than it has place for, 1 day ago"),
        ({"problem": "no root"}, "What was observed on es1 cannot be seen: no root."),
    ],
)
def test_what_is_unknown_refuses_and_only_the_word_accept_goes_on(more: dict[str, Any], says: str) -> None:
    for accept in ("refuse", "192.0.2.50"):
        assert says in " ".join(decided(accept=accept, **more)["refuse"])
    assert decided(accept="accept", **more)["refuse"] == []
    assert says in " ".join(decided(accept="accept", **more)["unknown"])


def test_where_somebody_has_flushed_all_rules_the_ports_are_closed_again_all_the_same() -> None:
    told_of = decided(running=False, gaps=[{"from": NOW - 60, "to": NOW}])
    assert told_of["refuse"] == []
    assert told_of["notes"] == ["Nobody is observed on es1 now, for the rules that do are not loaded: run tlsfront.elasticsearch.observe again."]


def test_anybody_can_forge_syns_until_there_is_no_place_and_keeps_no_port_open_by_them() -> None:
    told = decided(tries_lost_at=NOW - DAY)
    assert told["refuse"] == told["unknown"] == []
    assert told["notes"] == [
        "es1 had no place for all who tried, 1 day ago: SYNs, which may be forged. Who has completed a handshake has a place apart, and is known."
    ]


def test_a_flood_of_forged_sources_is_told_in_a_time_that_does_not_grow_with_its_square() -> None:
    looked = 0

    class Counted(Rules):
        def let_in(self, address: str, to: str, port: int) -> bool | None:
            nonlocal looked
            looked += 1
            return super().let_in(address, to, port)

    many = [source(f"203.0.113.{number}", answered=None) for number in range(250)]
    flooded = replace(node(*many, closed=CLOSED), in_force=Counted(closed=in_force(CLOSED).closed))
    assert len(seen(flooded)) == 250 and looked <= 2 * 250


def test_what_was_lost_before_the_days_that_count_does_not() -> None:
    assert decided(lost_at=NOW - 8 * DAY) == {"refuse": [], "unknown": [], "notes": []}


def test_syns_alone_and_what_was_long_ago_are_no_reason() -> None:
    assert decided(source("192.0.2.50", answered=None), source("192.0.2.61", answered=20 * DAY, last=20 * DAY))["refuse"] == []


def test_a_short_observation_its_gaps_and_what_was_not_observed_are_said() -> None:
    told_of = decided(since=NOW - 7200, gaps=[{"from": NOW - 6000, "to": NOW - 600}], ports=["9300"])
    assert told_of["refuse"] == []
    assert told_of["notes"] == [
        "es1 was observed for 2 hours only, not for 7 days.",
        "es1 was not observed for 1 hour of that time.",
        "Nobody was observed at 9200 of es1: run tlsfront.elasticsearch.observe again.",
    ]


def test_where_nothing_was_observed_it_is_said_and_the_run_goes_on() -> None:
    nothing = {"installed": False, "running": False, "problem": "", "sources": []}
    nodes = [node(name="es1", **nothing), node(name="es2", **nothing)]
    assert decision(nodes, [], 7, Accepted()) == {
        "refuse": [],
        "unknown": [],
        "notes": ["Nothing was observed: run tlsfront.elasticsearch.observe, some days before the ports are closed."],
    }
    assert decision([nodes[0], node(name="es2")], [], 7, Accepted())["notes"] == [
        "Nothing was observed on es1: run tlsfront.elasticsearch.observe, some days before the ports are closed."
    ]


@pytest.mark.parametrize(
    "values",
    [
        {"tlsfront_cut_off": "perhaps"},
        {"tlsfront_cut_off": ""},
        {"tlsfront_cut_off": []},
        {"tlsfront_cut_off": True},
        {"tlsfront_cut_off": ["accept", "app1"]},
        {"tlsfront_cut_off": [7]},
        {"tlsfront_cut_off": ["192.0.2.7/24"]},
        {"tlsfront_observed_days": 0},
        {"tlsfront_observed_days": "1w"},
        {"tlsfront_cutover_quiet": -1},
    ],
    ids=str,
)
def test_what_can_mean_nothing_is_refused_with_its_name(values: dict[str, Any]) -> None:
    (said,) = problems(values, HOSTVARS)
    assert said.startswith(next(iter(values)))


def test_what_can_be_meant_is_not() -> None:
    assert problems({"tlsfront_cut_off": "refuse", "tlsfront_observed_days": "7", "tlsfront_cutover_quiet": 0}, HOSTVARS) == []


def test_without_the_role_the_policy_is_that_of_the_variables() -> None:
    hostvars = {
        "es1": {"ansible_facts": BRIDGE, "tlsfront_direct_clients": ["198.51.100.0/24"], "tlsfront_found_ports": [9201]},
        "es2": {"ansible_facts": {"all_ipv4_addresses": ["192.0.2.2"]}},
    }
    rules = wanted("es1", hostvars, ["es1", "es2"])
    asked = {each: rules.let_in(*each) for each in [("192.0.2.2", "192.0.2.1", 9201), ("198.51.100.3", "192.0.2.1", 9200), ("192.0.2.9", "192.0.2.1", 9201)]}
    assert list(asked.values()) == [True, True, False]
    assert rules.let_in("172.17.0.3", "172.17.0.2", 9200) is True


def test_where_the_policy_cannot_be_known_nothing_is_let_in_and_it_refuses() -> None:
    hostvars = {"es1": {"tlsfront_direct_clients": ["nobody.example"], "ansible_facts": BRIDGE}}
    told_of = Node("es1", observation(told(source("192.0.2.50"))), wanted("es1", hostvars, ["es1"]), in_force({"closed_ports": None}))
    assert [row.state for row in seen(told_of)] == ["unknown"]
    (said,) = decision([told_of], seen(told_of), 7, Accepted())["refuse"]
    assert said.startswith("Whom the rules of es1 would let in is not known: tlsfront_direct_clients: 'nobody.example'")


@pytest.mark.parametrize("given", [source("192.0.2.60"), source("192.0.2.60", answered=None)], ids=["open", "silent"])
@pytest.mark.parametrize("closed", [None, CLOSED], ids=["before", "after"])
def test_a_probe_host_asks_whether_ports_are_closed_and_is_no_reason(given: dict[str, Any], closed: Any) -> None:
    nodes = [node(given, closed=closed)]
    assert [row.state for row in seen(*nodes)] == ["gone" if closed and given["answered"] else "probe"]
    assert decision(nodes, seen(*nodes), 7, Accepted())["refuse"] == []


def test_a_client_host_from_which_the_proof_asks_too_knocks_for_the_proof_perhaps_and_would_be_cut_off_all_the_same() -> None:
    both = Names(HOSTVARS, inventory(HOSTVARS, HOSTVARS), ["es1", "es2"], clients=["app1"], probes=["app1"])
    before, after = node(source("192.0.2.50")), node(source("192.0.2.50", answered=3600), closed=CLOSED)
    assert [row.state for each in (before, after) for row in rows([each], both.of, 7)] == ["cut off", "probe"]


def test_the_controller_is_known_by_the_addresses_from_which_it_reaches_nodes() -> None:
    known = Names(HOSTVARS, {}, ["es1"], probes=["localhost"], here={"203.0.113.77"}).of("203.0.113.77", "es1")
    assert (known.name, known.kind, known.is_probe) == ("localhost", "probe host", True)


@pytest.mark.parametrize(
    ("address", "to", "state"),
    [
        ("172.17.0.9", "203.0.113.50", "passes"),
        ("192.0.2.50", "192.0.2.60", "passes"),
        ("192.0.2.50", "203.0.113.50", "cut off"),  # of a balancer, which the node takes for its own by a route of the type local
        ("192.0.2.50", "172.17.0.2", "cut off"),
        ("172.17.0.9", "192.0.2.1", "cut off"),
    ],
)
def test_what_passes_through_a_node_to_another_host_is_never_cut_off(address: str, to: str, state: str) -> None:
    assert one(address, to=to).state == state
