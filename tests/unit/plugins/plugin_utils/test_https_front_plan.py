# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the templates of the role https_front write, unless something speaks against it. Each problem: test_https_front_problems.py."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.filter.https_front_plan import https_front_plan

OPTIONS: dict[str, Any] = {
    "https_front_server_names": ["es1.example.org"],
    "https_front_certificate_dir": "/etc/tlsfront/a b",
    "https_front_clients": ["192.0.2.0/24"],
    "https_front_blocked_paths": ["/*/_close"],
    "https_front_read_only_endpoints": ["_search"],
}


def test_values_are_in_the_syntax_of_nginx() -> None:
    plan = https_front_plan(OPTIONS)
    assert plan == https_front_plan(OPTIONS, check=True) and plan["problems"] == []
    assert (plan["chain"], plan["key"], plan["ca"]) == tuple(f'"/etc/tlsfront/a b/{name}.pem"' for name in ("chain", "key", "ca"))
    assert plan["server_names_hash_bucket_size"] == 64 and len(plan["blocked"]) == 1
    assert plan["readers"]["changing"] and {"pattern", "verdict"} == set(plan["readers"]["allowed"][0])


@pytest.mark.parametrize(("clients", "is_in"), [(["0.0.0.0/0", "::/0"], True), (["0.0.0.0/0"], False), (["::/0"], False), (["127.0.0.1", "::1"], True)])
def test_the_host_itself_comes_in_by_both_families_or_not_at_all(clients: list[str], is_in: bool) -> None:
    assert https_front_plan(OPTIONS | {"https_front_clients": clients})["lets_itself_in"] is is_in


@pytest.mark.parametrize("wrong", [{"https_front_port": "4_43"}, {"https_front_clients": ["es1"]}, {"https_front_certificate_dir": '/etc/a"b'}], ids=str)
def test_where_there_are_problems_nothing_is_written(wrong: dict[str, Any]) -> None:
    plan = https_front_plan(OPTIONS | wrong, check=True)
    assert list(plan) == ["problems"] and len(plan["problems"]) == 1


def test_what_nginx_has_no_way_to_write_is_never_written() -> None:
    with pytest.raises(AnsibleFilterError, match="https_front_plan: "):
        https_front_plan(OPTIONS | {"https_front_certificate_dir": "/etc/a\x00b"})


def test_what_is_told_of_the_host_counts() -> None:
    gathered = {"nginx": {"present": False}, "certificate": {}, "listeners": [], "access": []}
    (told,) = https_front_plan(OPTIONS, check=True, gathered=gathered, host="es1", facts={"distribution": "Slackware", "pkg_mgr": "unknown"})["problems"]
    assert told.startswith("es1 (Slackware) has no nginx, and Ansible knows no package manager there")


def test_each_port_behind_the_front_is_told_once() -> None:
    sites = [
        {"server_names": ["kibana.example.org"], "kind": "kibana", "upstreams": ["[::1]:5601"]},
        {"server_names": ["b.example.org"], "upstreams": ["127.0.0.1:9201", "127.0.0.2:9201"]},
    ]
    assert https_front_plan(OPTIONS | {"https_front_upstreams": ["127.0.0.1:9200"], "https_front_sites": sites})["connect_ports"] == [9200, 5601, 9201]
