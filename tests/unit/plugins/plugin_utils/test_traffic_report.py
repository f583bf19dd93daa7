# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a person reads of those who use the ports: the table, and the page."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.filter.traffic import traffic_html, traffic_of_host, traffic_table
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._text import width_of

EVIL = "<script>alert(1)</script>\x1b[31m\u202e"


def row(address: str, state: str, node: str = "es1", **more: Any) -> dict[str, Any]:
    told = {"node": node, "address": address, "to": "192.0.2.1", "port": 9200, "name": "", "kind": "unknown", "hosts": [], "first": 9000, "last": 180}
    return {**told, "packets": 3, "answered": 180, "let_in": False, "closed": False, "state": state, "do": "Move it.", **more}


REPORT = {
    "rows": [
        row("192.0.2.50", "cut off", name="app1", kind="client host", do="Move it over with the playbook cutover."),
        row("192.0.2.50", "cut off", "es2", name="app1", kind="client host", do="Move it over with the playbook cutover.", port=9201, last=60, answered=60),
        row("203.0.113.9", "unproven", answered=None, do="Nothing, unless it is a client of yours."),
        row("2001:db8::7", "let in", name="es3", kind="node", let_in=True, do="Nothing."),
    ],
    "nodes": [{"name": name, "observed": name != "es3", "problem": "", "seconds": 7200, "lost": None} for name in ("es1", "es2", "es3")],
    "unknown": ["es1 saw more sources than it has place for."],
    "notes": ["es1 was observed for 2 hours only, not for 7 days."],
}


def test_a_person_reads_who_would_be_cut_off_first_and_what_to_do() -> None:
    assert (
        traffic_table(REPORT)
        == """\
SOURCE       NAME  WHAT         PORTS       NODES     LAST SEEN      AFTERWARDS
192.0.2.50   app1  client host  9200, 9201  es1, es2  1 minute ago   CUT OFF
203.0.113.9  -     unknown      9200        es1       3 minutes ago  kept out, SYNs only
2001:db8::7  es3   node         9200        es1       3 minutes ago  let in

CUT OFF 192.0.2.50 (app1): Move it over with the playbook cutover.
KEPT OUT, SYNS ONLY 203.0.113.9: Nothing, unless it is a client of yours.
UNKNOWN es1 saw more sources than it has place for.
NOTE es1 was observed for 2 hours only, not for 7 days.

1 source would be cut off; 3 addresses in all, seen by es1 and es2; of es3 it is not known."""
    )


def test_of_those_who_knock_alone_it_says_how_many() -> None:
    knocking = copy.deepcopy(REPORT)
    knocking["rows"].append(row("192.0.2.60", "knocks", name="old", kind="instance"))
    table = traffic_table(knocking, states=["knocks"])
    assert table.splitlines()[-1] == "1 source still knocks at closed ports, seen by es1 and es2; of es3 it is not known."
    assert "192.0.2.60" in table and "192.0.2.50" not in table
    assert traffic_table(REPORT, states=["knocks"]).splitlines()[-1] == "No sources still knock at closed ports, seen by es1 and es2; of es3 it is not known."


@pytest.mark.parametrize("width", [80, 100, 120])
def test_lines_keep_to_the_width(width: int) -> None:
    long = copy.deepcopy(REPORT)
    long["rows"][0].update(name="x" * 250, node="y" * 80)
    assert max(map(width_of, traffic_table(long, width=width).splitlines()[:3])) <= max(width, 100)


def test_text_of_others_steers_no_terminal_and_no_browser() -> None:
    evil = copy.deepcopy(REPORT)
    evil["rows"][0].update(name=EVIL, kind=EVIL, do=EVIL, node=EVIL)
    evil["notes"] = evil["unknown"] = [EVIL]
    table, html = traffic_table(evil, width=500), traffic_html(evil, "2026-01-31T12:00:00Z", title=EVIL)
    for text in (table, html):
        assert "\x1b" not in text and "\u202e" not in text
    assert "<script>alert" not in html and "&lt;script&gt;alert(1)" in html
    assert len(re.findall("<script>", html)) == 1


def test_the_page_has_each_source_and_the_policy_that_allows_its_own_script_alone() -> None:
    html = traffic_html(REPORT, "2026-01-31T12:00:00Z")
    assert html.count("<tbody") == 3
    assert "default-src 'none'; style-src 'sha256-" in html.replace("&#39;", "'")
    assert "1 source would be cut off; 3 addresses in all, seen by es1 and es2; of es3 it is not known." in html
    assert "never: SYNs only" in html and '<time datetime="2026-01-31T12:00:00+00:00">' in html


def test_a_policy_that_is_not_known_matters_for_whom_it_would_let_in_and_not_for_who_knocks() -> None:
    told = {**REPORT, "nodes": [{"name": "es1", "observed": True, "problem": "", "policy_problem": "No addresses\x1b of es2."}]}
    assert "UNKNOWN Whom the rules of es1 would let in: No addresses\\x1b of es2." in traffic_table(told)
    assert "No addresses" not in traffic_table(told, states=["knocks"])


def test_where_nothing_was_observed_nobody_is_said_not_to_knock() -> None:
    nothing = {**REPORT, "rows": [], "nodes": [{"name": "es1", "observed": False, "problem": ""}]}
    assert traffic_table(nothing, states=["knocks"]).splitlines()[-1] == "It is not known who still knocks at closed ports: nothing was observed."


@pytest.mark.parametrize("wrong", [None, [], {}, {"rows": [{}], "nodes": [], "unknown": [], "notes": []}])
def test_what_is_no_report_is_refused(wrong: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="traffic_table: this is no result of the module traffic_sources_info"):
        traffic_table(wrong)


@pytest.mark.parametrize(
    ("answered", "says"),
    [
        (180, ["es1 saw it at 9200 3 minutes ago: restart what still holds the old setting"]),
        (900, ["es1 saw it at 9200 15 minutes ago: restart what still holds the old setting"]),
        (901, []),
        (None, []),
    ],
)
def test_a_host_that_has_used_a_port_within_the_minutes_is_not_done(answered: int | None, says: list[str]) -> None:
    told = {**REPORT, "rows": [row("192.0.2.50", "let in", hosts=["app1"], answered=answered), row("192.0.2.51", "cut off", hosts=["app2"])]}
    assert traffic_of_host(told, "app1", "15") == says


def test_a_client_host_that_is_a_node_talks_to_its_peers_and_is_done_all_the_same() -> None:
    peers = [{**row("192.0.2.2", "let in", "es1", hosts=["es2"], answered=0), "kind": "node", "port": 9300}]
    assert traffic_of_host({**REPORT, "rows": peers}, "es2", 15) == []
    elsewhere = [{**peers[0], "state": "cut off"}]
    assert traffic_of_host({**REPORT, "rows": elsewhere}, "es2", 15) == ["es1 saw it at 9300 0 seconds ago: restart what still holds the old setting"]


def test_of_all_nodes_that_have_seen_it_the_last_time_counts() -> None:
    rows = [row("192.0.2.50", "cut off", node, hosts=["app1", "app2"], answered=age) for node, age in (("es2", 60), ("es1", 120), ("es1", 800))]
    assert traffic_of_host({**REPORT, "rows": rows}, "app2", 15) == ["es1 and es2 saw it at 9200 1 minute ago: restart what still holds the old setting"]


def test_of_a_node_that_could_not_be_asked_it_is_not_known() -> None:
    told = {
        **REPORT,
        "rows": [],
        "nodes": [{"name": "es1", "observed": False, "problem": "it was not asked"}, {"name": "es2", "observed": False, "problem": ""}],
    }
    assert traffic_of_host(told, "app1", 15) == ["It is not known whether it still uses a port of es1: it was not asked"]
    with pytest.raises(AnsibleFilterError, match="traffic_of_host"):
        traffic_of_host({}, "app1", 15)


@pytest.mark.parametrize(
    ("seen", "says"),
    [
        ({"seconds": 120}, ["It is not known whether it still uses a port of es1: it was observed for 2 minutes only, not for 15 minutes"]),
        ({"seconds": None}, ["It is not known whether it still uses a port of es1: it was observed for 0 seconds only, not for 15 minutes"]),
        (
            {"lost": 900},
            ["It is not known whether it still uses a port of es1: it saw more sources than it has place for, 15 minutes ago (traffic_observer_size)"],
        ),
        ({"seconds": 900, "lost": 901}, []),
    ],
)
def test_a_node_that_has_not_seen_all_of_the_minutes_proves_nothing_of_them(seen: dict[str, Any], says: list[str]) -> None:
    node = {"name": "es1", "observed": True, "problem": "", "seconds": 86400, "lost": None, **seen}
    assert traffic_of_host({**REPORT, "rows": [], "nodes": [node]}, "app1", 15) == says
