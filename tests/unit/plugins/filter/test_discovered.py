# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What was discovered, as it is told: the worst first, what is not known said, and names of others harmless wherever they go."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.filter.discovered import discovered_html, discovered_inventory, discovered_table

WHEN = "2026-11-24T12:00:00Z"


def service(**given: Any) -> dict[str, Any]:
    plain = {"address": "0.0.0.0", "port": 9200, "program": "java", "scheme": "http", "product": "elasticsearch", "version": "7.17.13", "wants_login": False}
    cluster = {"cluster_uuid": "uuid-1", "cluster_name": "logs", "problem": "", "open_to": "everybody", "let_in": [], "why": ""}
    return {**plain, **cluster, **given}


def host(*services: dict[str, Any], **given: Any) -> dict[str, Any]:
    return {"services": list(services), "unknown": [], "left_out": 0, "is_complete": True, **given}


def groups(told: dict[str, Any]) -> dict[str, list[str]]:
    read = yaml.safe_load(discovered_inventory(told))["all"]["children"]
    assert all(its["vars"] == {"tlsfront_group": name} for name, its in read.items() if name != "elasticsearch_unknown")
    return {name: list(its["hosts"]) for name, its in read.items()}


def test_hosts_of_one_cluster_are_one_group_by_its_identifier_whatever_it_is_called() -> None:
    other = service(cluster_uuid="uuid-2")
    told = {"es1": host(service()), "es2": host(service(), other), "es3": host(service(cluster_uuid="_na_")), "es4": host(service(cluster_uuid=""))}
    assert groups(told) == {"elasticsearch_unknown": ["es3", "es4"], "elasticsearch_logs": ["es1", "es2"], "elasticsearch_logs_uuid2": ["es2"]}


@pytest.mark.parametrize("name", ["", "all", "unknown", "../x", "a b", "{{ x }}", "ALL: [", "\u202eevil", "x" * 500, "-", "!vault"])
def test_whatever_a_cluster_is_called_its_group_has_a_name_that_ansible_takes(name: str) -> None:
    (group,) = groups({"es1": host(service(cluster_name=name))})
    assert group.isidentifier() and group.isascii() and len(group) < 80 and group != "elasticsearch_unknown"


def test_a_console_is_in_no_group_of_a_cluster() -> None:
    assert groups({"k": host(service(product="kibana", port=5601))}) == {}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "everybody"),
        ({"open_to": "some", "let_in": ["10.0.0.1", "10.0.0.2"]}, "10.0.0.1 and 10.0.0.2"),
        ({"open_to": "some", "let_in": []}, "nobody"),
        ({"open_to": "itself", "address": "127.0.0.1"}, "the host itself"),
        ({"open_to": "unknown", "why": "ufw keeps out some or all"}, "not known: ufw"),
    ],
)
def test_to_whom_it_is_open_is_told(given: dict[str, Any], said: str) -> None:
    assert said in discovered_table({"es1": host(service(**given))}, 200)


def test_of_several_addresses_of_a_port_the_worst_counts() -> None:
    told = {"es1": host(service(address="127.0.0.1", open_to="itself"), service(address="10.0.0.1"))}
    text = discovered_table(told)
    assert text.count("9200") == 1 and "everybody" in text and "1 of them open to everybody" in " ".join(text.split())


def test_what_was_not_seen_is_told_and_never_as_nothing() -> None:
    told = {
        "es1": {"unreachable": True, "msg": "no route\nto host"},
        "es2": {},
        "es3": host(is_complete=False),
        "es4": host(unknown=["port 9200 speaks TLS"], left_out=3),
    }
    text = discovered_table(told, 300)
    of_hosts = ("es1 was not seen: no route to host", "es2 was not seen", "es3: not looked at as root")
    for part in (*of_hosts, "es4: port 9200 speaks TLS", "es4: 3 listeners were not"):
        assert f"UNKNOWN {part}" in text
    assert "2 hosts were not seen" in text


def test_what_the_cloud_lets_in_is_told() -> None:
    by_cloud = {"state": "looked", "text": "es1 (eni-1): 9200 open to 0.0.0.0/0 by sg-1", "ports": ["9200"]}
    text = discovered_table({"es1": host(service())}, 300, {"es1": by_cloud, "es2": {}})
    assert "NOTE es1 (eni-1): 9200 open to 0.0.0.0/0 by sg-1" in text and "everybody, also by the cloud" in text and "1 of them open" in text


def test_what_the_cloud_keeps_out_is_not_open_to_everybody() -> None:
    by_port = {"es1": {"state": "looked", "text": "es1 (eni-1): 443, 9300-9305 open to 0.0.0.0/0 by sg-1", "ports": ["443", "9300-9305"]}}
    for clouds in ({"es1": {"state": "looked", "text": "", "ports": []}}, by_port):
        text = discovered_table({"es1": host(service())}, 300, clouds)
        assert "everybody" not in text.splitlines()[1] and "0 of them open to everybody" in text
    assert "1 of them open to everybody" in discovered_table({"es1": host(service(port=9302))}, 300, by_port)


def test_a_cloud_that_could_not_be_seen_keeps_nobody_out() -> None:
    text = discovered_table({"es1": host(service())}, 300, {"es1": {"state": "unknown", "text": "no credentials"}})
    assert "UNKNOWN es1: what its cloud lets in could not be seen: no credentials" in text
    assert "everybody, unless the cloud" in text and "1 of them open to everybody" in text and "also by" not in text
    assert "everybody, unless the cloud" in discovered_table({"es1": host(service())}, 300, {"es1": {"state": "looked", "text": ""}})


def test_an_address_of_which_it_is_not_known_is_not_hidden_by_one_that_lets_in_some() -> None:
    some, unknown = service(open_to="some", let_in=["10.0.0.9"]), service(address="10.0.0.1", open_to="unknown", why="ufw")
    for several in ([some, unknown], [unknown, some]):
        assert "not known: ufw" in discovered_table({"es1": host(*several)}, 300)


def test_those_of_which_the_cluster_is_not_known_are_not_made_one_for_site() -> None:
    children = yaml.safe_load(discovered_inventory({"es1": host(service(cluster_uuid=""))}))["all"]["children"]
    assert children == {"elasticsearch_unknown": {"hosts": {"es1": {}}}}


def test_a_login_at_one_address_does_not_hide_another_address_without_one() -> None:
    safe = service(address="10.0.0.1", scheme="https", wants_login=True)
    for several in ([safe, service(address="10.0.0.2")], [service(address="10.0.0.2"), safe]):
        assert "1 of them open to everybody" in discovered_table({"es1": host(*several)}, 300)


def test_a_group_that_is_there_already_is_not_taken_for_a_cluster() -> None:
    for hosts, expected in ((["other"], "elasticsearch_logs_uuid1"), (["es1"], "elasticsearch_logs")):
        read = yaml.safe_load(discovered_inventory({"es1": host(service())}, taken={"elasticsearch_logs": hosts, "all": []}))["all"]["children"]
        assert list(read) == [expected], "the group of an earlier run is the same one"


def test_one_cluster_under_two_names_is_one_group() -> None:
    assert groups({"es1": host(service()), "es2": host(service(cluster_name="other"))}) == {"elasticsearch_logs": ["es1", "es2"]}


def test_names_of_others_are_text_on_the_page_and_on_the_terminal() -> None:
    evil = "<script>alert(1)</script>\x1b[31m\n"
    told = {"es1": host(service(cluster_name=evil, version=evil, product=evil))}
    assert "<script>alert" not in discovered_html(told, WHEN) and "\x1b" not in discovered_html(told, WHEN) + discovered_table(told)


@pytest.mark.parametrize("told", [None, {}, [], "text", {"es1": "text"}, {"es1": {"services": [{}]}}])
def test_what_is_nothing_of_that_kind_is_an_error_that_names_the_filter(told: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="discovered_table"):
        discovered_table(told)
