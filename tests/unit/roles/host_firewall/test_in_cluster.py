# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether what was gathered has seen a node in a cluster, which the playbook site waits for where one joins."""
from __future__ import annotations

from pathlib import Path
from typing import Any

NODES = {"a": {"name": "es1"}, "b": {"name": "es2"}}


def found(uuid: str = "", addresses: tuple[str, ...] = (), nodes: Any = None) -> dict[str, Any]:
    answers = [{"nodes": nodes}] if nodes else []
    return {"case_found": {"http": [{"port": 9200, "cluster_uuid": uuid}], "cluster": {"addresses": list(addresses), "answers": answers}}}


CASES: dict[str, tuple[dict[str, Any], bool]] = {
    "it_says_so": (found(uuid="A"), True),
    "it_says_that_it_is_in_none": (found(uuid="_na_", addresses=("192.0.2.2",)), False),
    "behind_a_login_others_are_connected_with_it": (found(addresses=("192.0.2.2",)), True),
    "behind_a_login_the_url_tells_its_nodes": (found(nodes=NODES), True),
    "behind_a_login_the_url_tells_itself_alone": (found(nodes={"a": {"name": "es1"}}), False),
    "nothing_is_told": (found(), False),
    "it_could_not_be_asked": ({}, False),
}


def test_that_it_is_seen_by_whatever_tells(play: Any) -> None:
    results = play(Path(__file__).with_name("in_cluster.yml"), {host: variables for host, (variables, _wanted) in CASES.items()})
    seen = {host: results.outcomes(host)[-1]["ansible_facts"]["is_in_cluster"] for host in CASES}
    assert seen == {host: wanted for host, (_variables, wanted) in CASES.items()}
