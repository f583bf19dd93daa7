# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs the plays of site and check that show who uses the ports, on what nodes have told: site stops with the list, and goes on when told by name."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.slow

PLAYBOOKS = Path(__file__).parents[3] / "playbooks"
Run = Callable[..., Any]

NOW = int(time.time())
POLICY = {
    "ports": ["9200"],
    "peers": ["192.0.2.1", "192.0.2.2"],
    "direct_clients": [],
    "direct_clients_by_port": {},
    "container_networks": [],
}
CLOSED = {"closed_ports": ["9200"], "let_in": ["192.0.2.1", "192.0.2.2"], "let_in_by_port": []}


def source(address: str, answered: int | None = 180, last: int = 180, to: str = "192.0.2.1") -> dict[str, Any]:
    told = {"address": address, "to": to, "port": 9200, "first": NOW - 9000, "last": NOW - last, "packets": 3}
    return {**told, "answered": None if answered is None else NOW - answered}


def node(address: str, *sources: dict[str, Any], **more: Any) -> dict[str, Any]:
    told = {
        "installed": True,
        "running": True,
        "problem": "",
        "since": NOW - 30 * 86400,
        "now": NOW,
        "gaps": [],
        "ports": ["9200"],
        "lost_at": None,
        "tries_lost_at": None,
    }
    rules = {"problem": "", "closed_ports": None, **more.pop("rules", {})}
    return {
        "ansible_host": address,
        "ansible_connection": "local",
        "tlsfront_observe_dns": False,
        "__host_firewall_decided": {"policy": POLICY},
        "__host_firewall_node": {"observation": {**told, "sources": list(sources), **more}, "nftables": rules},
    }


def play_of(playbook: str, name: str) -> list[dict[str, Any]]:
    (play,) = [each for each in yaml.safe_load((PLAYBOOKS / playbook).read_text("utf-8")) if each["name"] == name]
    for task in play["tasks"]:
        if "ansible.builtin.import_tasks" in task:
            task["ansible.builtin.import_tasks"] = str(PLAYBOOKS / task["ansible.builtin.import_tasks"])
            # check registers what node_info has told under another name
            task["vars"]["__tlsfront_registered"] = ["__host_firewall_node"]
    return [play]


def inventory(*sources: dict[str, Any], **more: Any) -> dict[str, Any]:
    nodes = {"es1": node("192.0.2.1", *sources, **more), "es2": node("192.0.2.2", source("192.0.2.1", to="192.0.2.2"))}
    clients = {"app1": {"ansible_host": "192.0.2.50"}}
    return {"elasticsearch": {"hosts": nodes}, "tlsfront_nodes": {"hosts": dict.fromkeys(nodes)}, "clients": {"hosts": clients}}


SITE = ("site.yml", "Show whom closing the ports would cut off")
CHECK = ("check.yml", "Show who still knocks")


def said(output: str) -> str:
    return " ".join(output.replace("\\n", " ").replace('",', "").replace('"', "").split())


@pytest.mark.parametrize("check", [[], ["--check"]], ids=["run", "check mode"])
def test_site_stops_with_the_list_of_whom_it_would_cut_off(play: Run, check: list[str]) -> None:
    done = play(play_of(*SITE), inventory(source("192.0.2.50"), source("203.0.113.9", answered=None)), *check)
    text = said(done.stdout)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "192.0.2.50 (app1, client host) used 9200 of es1, last 3 minutes ago. Move it over with the playbook cutover" in text
    assert "1 source would be cut off; 3 addresses in all, seen by es1 and es2." in text
    assert "203.0.113.9 (unknown) used" not in text, "SYNs may be forged"
    assert "Nothing was changed." in text and "changed=1" not in text


@pytest.mark.parametrize("accepts", ["accept", "app1", '["192.0.2.0/24"]'])
def test_site_goes_on_when_it_is_told_by_name(play: Run, accepts: str) -> None:
    given = accepts if accepts[0] == "[" else json.dumps(accepts)
    done = play(play_of(*SITE), inventory(source("192.0.2.50")), "-e", f'{{"tlsfront_cut_off": {given}}}')
    assert done.returncode == 0, done.stdout + done.stderr
    assert "cut off, accepted" in done.stdout


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"lost_at": NOW - 60}, "es1 saw more sources than it has place for"),
        ({"problem": "no root"}, "What was observed on es1 cannot be seen: no root."),
    ],
)
def test_what_is_not_known_stops_it_too(play: Run, more: dict[str, Any], says: str) -> None:
    done = play(play_of(*SITE), inventory(**more))
    assert done.returncode == 2 and says in said(done.stdout), done.stdout + done.stderr


def test_where_nothing_was_observed_it_says_so_and_goes_on(play: Run) -> None:
    done = play(play_of(*SITE), {"tlsfront_nodes": {"hosts": {"es1": node("192.0.2.1", installed=False)}}})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing was observed: run tlsfront.elasticsearch.observe" in said(done.stdout)


def test_check_shows_who_still_knocks_and_fails_for_nobody(play: Run, tmp_path: Path) -> None:
    knocking = inventory(source("192.0.2.50", answered=9000, last=60), source("203.0.113.8", answered=9000, last=9000), rules=CLOSED)
    done = play(play_of(*CHECK), knocking, "-e", f"tlsfront_report_dir={tmp_path}/reports")
    text = said(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 source still knocks at closed ports, seen by es1 and es2." in text
    assert "192.0.2.50 app1 client host 9200 es1 1 minute ago kept out, KNOCKS" in text and "203.0.113.8" not in text
    assert not (tmp_path / "reports").exists(), "the reports are of all of it"


def test_the_report_is_written_with_the_others(play: Run, tmp_path: Path) -> None:
    play(play_of(*SITE), inventory(source("192.0.2.50")), "-e", f"tlsfront_report_dir={tmp_path}/reports")
    written = {path.name: path.read_text() for path in (tmp_path / "reports").iterdir()}
    assert set(written) == {"traffic.json", "traffic.html"}
    assert [row["state"] for row in json.loads(written["traffic.json"])["rows"]] == ["cut off", "let in"]
    assert "app1" in written["traffic.html"]
    play(play_of(*SITE), inventory(), "-e", f"tlsfront_report_dir={tmp_path}/one", "-e", '{"tlsfront_report_formats": ["prometheus"]}')
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["traffic.json"]


def test_where_a_node_cannot_be_asked_no_client_host_is_known_to_be_ready(play: Run) -> None:
    tasks = [
        {"ansible.builtin.include_tasks": str(PLAYBOOKS / "tasks/used.yml")},
        {
            "ansible.builtin.debug": {
                "msg": "{{ inventory_hostname }}: {{ __tlsfront_traffic | tlsfront.elasticsearch.traffic_of_host(inventory_hostname, 15) | join }}"
            }
        },
    ]
    local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    # nobody listens at the first one
    nodes = {"es1": {"ansible_host": "127.0.0.1", "ansible_port": 1}, "es2": {**local, "ansible_become": False}}
    hosts = {"elasticsearch": {"hosts": nodes}, "clients": {"hosts": {"app1": local, "app2": local}}}
    done = play([{"hosts": "clients", "gather_facts": False, "any_errors_fatal": True, "tasks": tasks}], hosts)
    assert done.returncode == 0, done.stdout + done.stderr
    for host in ("app1", "app2"):
        assert f"{host}: It is not known whether it still uses a port of es1: it was not asked, or has not answered" in said(done.stdout)
    assert "port of es2" not in done.stdout
