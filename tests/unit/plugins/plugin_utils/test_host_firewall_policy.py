# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""All that speaks against a policy is said at once, and what is closed is in canonical form. Single faults: roles/host_firewall/test_preflight.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._host_firewall.policy import policy

DEFAULTS = Path(__file__).parents[4] / "roles/host_firewall/defaults/main.yml"
OPTIONS = {
    "closed_ports": [9200, 9300],
    "ports_left_open": [],
    "peers": ["192.0.2.0/24"],
    "direct_clients": [],
    "container_networks": [],
    "confirm_timeout": 60,
    "accept_unknown_cluster": False,
}
FACTS = {
    "distribution": "Debian",
    "distribution_version": "12.5",
    "interfaces": ["lo"],
    "all_ipv4_addresses": ["192.0.2.1"],
    "env": {"SSH_CONNECTION": "192.0.2.200 50000 192.0.2.1 2222"},
}
CLUSTER = {"is_known": True, "seen": "port 9200 was asked for its nodes", "answers": [], "addresses": []}
NODE = {
    "elasticsearch": {"ports": [9200, 9300], "cluster": CLUSTER},
    "outgoing_ports": {"first": 32768, "last": 60999, "reserved": ["40000-40010"]},
    "nftables": {"is_installed": True, "problem": ""},
}


def decide(node: dict[str, Any] | None = None, facts: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    return policy({**OPTIONS, **options}, node=NODE if node is None else node, facts=FACTS if facts is None else facts, host="es1")


def found(*ports: int, **cluster: Any) -> dict[str, Any]:
    return {**NODE, "elasticsearch": {"ports": list(ports), "cluster": {**CLUSTER, **cluster}}}


def test_that_a_good_policy_has_no_problem() -> None:
    decided = decide()
    assert decided["problems"] == []
    assert decided["policy"]["ports"] == ["9200", "9300"]
    assert decided["seen"] == "Nobody would be cut off: port 9200 was asked for its nodes."


def test_that_all_that_is_wrong_is_said_at_once() -> None:
    node = {
        **found(9200, 45000, is_known=False, seen="port 9200 answers HTTP 401", addresses=["198.51.100.7"]),
        "nftables": {"is_installed": True, "version": "0.9.3", "problem": "nft cannot talk to this kernel: x"},
    }
    old = {**FACTS, "distribution": "Alpine", "distribution_version": "3.22", "service_mgr": "openrc"}
    options = {
        "closed_ports": [9200, 2222],
        "ports_left_open": ["9201; accept"],
        "direct_clients": ["client.example"],
        "container_networks": ["172.17.0.1/16"],
        "confirm_timeout": -1,
        "probe_hosts": ["outsider"],
        "probe_addresses": [],
    }
    said = " ".join(decide(node, old, **options)["problems"])
    for part in (
        "es1 (Alpine 3.22) is not run by systemd but by openrc",
        "nft of es1 is 0.9.3, but the rules of the role host_firewall need 0.9.8 or newer",
        "host_firewall_ports_left_open: '9201; accept' is not a port",
        "host_firewall_direct_clients: 'client.example' is not an IPv4",
        "host_firewall_container_networks: '172.17.0.1/16' has host bits set",
        'host_firewall_confirm_timeout is "-1"',
        "host_firewall_probe_addresses has nothing that can be connected to",
        "host_firewall_closed_ports with 45000, at which Elasticsearch listens, contains 2222, which Ansible connects to",
        "contains 45000, which this host may also use as the source port",
        "It cannot be seen which nodes the cluster of this host has, so some could be cut off: port 9200 answers HTTP 401",
        "198.51.100.7 would be cut off",
        "nft cannot talk to this kernel: x",
    ):
        assert part in said


def test_that_what_the_node_could_not_say_is_a_problem_beside_others() -> None:
    problems = decide({"msg": "cluster_url is no URL of http or https."}, closed_ports=[93000])["problems"]
    assert any("'93000' is out of range" in problem for problem in problems)
    assert "cluster_url is no URL of http or https." in problems
    assert len(decide({})["problems"]) == 1, "silence is no proof"


def test_that_ports_that_were_found_are_closed_unless_they_are_left_open_or_https() -> None:
    decided = policy({**OPTIONS, "ports_left_open": [9301]}, node=found(9200, 9201, 9301, 9443), facts=FACTS, host="es1", https_port="9443")
    assert decided["problems"] == []
    kept = decided["policy"]
    assert (kept["found_ports"], kept["unnamed_ports"], kept["ports"]) == ([9200, 9201], [9201], ["9200-9201", "9300"])


def test_that_the_networks_of_containers_are_found_unless_they_are_named() -> None:
    bridge = {"type": "bridge", "interfaces": ["veth0"], "ipv4": {"address": "172.17.0.1", "prefix": "16"}}
    facts = {**FACTS, "interfaces": ["lo", "docker0"], "docker0": bridge}
    default = yaml.safe_load(DEFAULTS.read_text("utf-8"))["host_firewall_container_networks"]
    for given, wanted in (
        (default, ["172.17.0.0/16"]),
        ([*default, "10.5.0.0/24"], ["10.5.0.0/24", "172.17.0.0/16"]),
        (["10.5.0.0/24"], ["10.5.0.0/24"]),
        ([], []),
    ):
        decided = decide(facts=facts, container_networks=given)
        assert (decided["policy"]["container_networks"], decided["problems"]) == (wanted, [])


def test_that_no_text_of_others_is_kept() -> None:
    node = {**found(9200, seen="{{ lookup('pipe', 'id') }}"), "nftables": {"problem": "{{ 1 }}"}}
    decided = decide(node)
    assert "{{" not in str(decided["policy"])
    assert "{{ 1 }}" in decided["problems"]


@pytest.mark.parametrize("port", [40005, 32767, 61000])
def test_that_a_reserved_port_and_one_beside_the_range_may_be_closed(port: int) -> None:
    assert decide(closed_ports=[port])["problems"] == []


def test_that_an_unknown_cluster_can_be_accepted_and_a_node_that_would_be_cut_off_cannot() -> None:
    assert decide(found(is_known=False), accept_unknown_cluster=True)["problems"] == []
    answer = {"nodes": {"a": {"name": "es2", "transport_address": "198.51.100.2:9300"}}}
    assert "198.51.100.2 would be cut off" in decide(found(answers=[answer]), accept_unknown_cluster=True)["problems"][0]
    assert decide(found(answers=[answer]), direct_clients=["198.51.100.0/24"])["problems"] == []
    broken = {"nodes": {"a": {"name": "es2", "transport_address": "es2:9300"}}}
    assert "the address of node 'es2' cannot be read" in decide(found(answers=[broken]))["problems"][0]


def test_what_a_node_that_is_let_in_no_longer_would_take_with_it_is_said() -> None:
    def node(name: str, address: str, **more: Any) -> dict[str, Any]:
        return {"name": name, "transport_address": f"{address}:9300", **more}

    def said(*leaving: dict[str, Any], **staying: Any) -> str:
        nodes = [node("es1", "192.0.2.1", **staying), *leaving]
        (problem,) = decide(found(answers=[{"nodes": dict(zip("abc", nodes))}]))["problems"]
        return str(problem)

    here = {"shards": 3, "roles": ["data", "master"]}
    one = said(node("es2", "198.51.100.2", shards=1, roles=["data"]), **here)
    assert "198.51.100.2 would be cut off" in one and "es1" not in one and "elected" not in one
    assert "If es2 is to leave the cluster, it holds 1 shard: have them moved away (cluster.routing.allocation.exclude._name)" in one
    assert "it holds 12 shards: have" in said(node("es2", "198.51.100.2", shards=12, roles=["data"]), **here)
    assert "it holds shards perhaps: have" in said(node("es2", "198.51.100.2"), **here)
    assert "If es2 is to leave the cluster, stop its Elasticsearch first. It holds no shards." in said(node("es2", "198.51.100.2", shards=0), **here)
    for role in ("master", "cluster_manager"):
        both = [node(name, address, shards=0, roles=[role]) for name, address in (("es2", "198.51.100.2"), ("es3", "198.51.100.3"))]
        assert "No other node than es2, es3 can be elected master: have one that can be, before." in said(*both, roles=["data"])
    alone = said(node("es2", "198.51.100.2", shards=0, roles=["master"]), roles=["data", "master", "voting_only"])
    assert "No other node than es2 can be elected master" in alone, "a voting-only node elects, and cannot be elected"
    assert "elected" not in said(node("es2", "198.51.100.2", roles=["master", "voting_only"]), roles=["master"])
    assert "elected" not in said(node("es2", "198.51.100.2", roles=["master"])), "es1 does not tell its roles"


def in_force(node: dict[str, Any], **rules: Any) -> dict[str, Any]:
    return {**node, "nftables": {**NODE["nftables"], **rules}}


def test_a_port_that_is_closed_stays_closed_while_what_listened_there_is_stopped() -> None:
    decided = decide(in_force(found(9200, 9300), closed_ports=["9200-9201", "9300-9301"]))
    assert decided["policy"]["ports"] == ["9200-9201", "9300-9301"]
    assert decided["policy"]["found_ports"] == [9200, 9201, 9300, 9301], "the cloud closes them, too"
    assert "Nothing listens at 9201, 9301 now, which the rules in force close: it stays closed" in decided["seen"]
    assert decided["problems"] == []


def test_it_is_opened_where_somebody_says_so() -> None:
    decided = decide(in_force(found(9200, 9300), closed_ports=["9200-9201", "9300"]), ports_left_open=[9201])
    assert decided["policy"]["ports"] == ["9200", "9300"]
    assert "stays closed" not in decided["seen"]


def test_a_former_port_that_is_needed_now_is_refused_with_the_way_to_open_it() -> None:
    [problem] = decide(in_force(found(9200, 9300), closed_ports=["2222", "9200", "9300"]))["problems"]
    assert "with 2222, closed by the rules in force and not in host_firewall_ports_left_open, contains 2222, which Ansible connects to" in problem


def test_a_node_out_of_reach_is_let_in_from_where_it_is_let_in_today() -> None:
    facts = {"ansible_facts": {"all_ipv4_addresses": ["192.0.2.1"]}}
    away = {"tlsfront_identity": {"addresses": ["198.51.100.2"]}}
    node = in_force(found(9200, 9300), peers=["192.0.2.1", "192.0.2.2", "2001:db8::2"])

    def peers(es2: Any) -> Any:
        options = {**OPTIONS, "peers": []}
        hostvars = {"es1": facts, "es2": es2}
        return policy(options, node=node, facts=FACTS, host="es1", hosts=["es1", "es2"], hostvars=hostvars)["policy"]["peers"]

    assert set(peers(away)) == {"192.0.2.1", "192.0.2.2", "198.51.100.2", "2001:db8::2"}
    assert set(peers({"ansible_facts": {"all_ipv4_addresses": ["198.51.100.2"]}})) == {"192.0.2.1", "198.51.100.2"}


def test_direct_clients_of_a_port_that_only_another_node_has_are_said_of_all() -> None:
    others = {"es2": {"__host_firewall_node": found(9200, 9201, 9300)}, "es3": {"tlsfront_found_ports": [9302]}}

    def direct(port: int) -> dict[str, Any]:
        options = {**OPTIONS, "direct_clients": [{"networks": ["198.51.100.7"], "ports": [9300, port]}]}
        return policy(options, node=NODE, facts=FACTS, host="es1", hosts=["es1", "es2", "es3"], hostvars={"es1": {}, **others})

    for port in (9201, 9302):
        assert direct(port)["problems"] == []
        assert direct(port)["policy"]["direct_clients_by_port"] == {"9300": ["198.51.100.7"]}
    assert "9301 of {'networks': ['198.51.100.7'], 'ports': [9300, 9301]} is not among the closed ports" in direct(9301)["problems"][0]


def test_a_node_wants_a_login_where_nothing_on_it_answers_without_one() -> None:
    def wants_login(*doors: bool) -> str:
        node = found(9200, 9201, 9300)
        its = {"scheme": "http", "cluster_uuid": ""}
        node["elasticsearch"]["http"] = [its | {"port": 9200 + number, "wants_login": door} for number, door in enumerate(doors)]
        return str(decide(node)["wants_login"])

    assert (wants_login(True), wants_login(True, True)) == ("es1", "es1")
    assert (wants_login(), wants_login(False), wants_login(True, False)) == ("", "", "")


def test_what_is_said_of_a_node_that_is_to_leave_where_the_cluster_wants_a_login() -> None:
    seen = "port 9200 could not be asked for its nodes (HTTP 401), and by its sockets is connected with 198.51.100.3"
    (problem,) = decide(found(seen=seen, addresses=["198.51.100.3"]))["problems"]
    assert "If it is a node that is to leave the cluster, have its shards moved away" in problem and "stop its Elasticsearch first" in problem
    assert "With tlsfront_check_username and tlsfront_check_password, or tlsfront_check_api_key, this run says how many shards it holds" in problem
    answer = {"nodes": {"a": {"name": "es3", "transport_address": "198.51.100.3:9300", "shards": 0}}}
    (problem,) = decide(found(answers=[answer], addresses=["198.51.100.3"]))["problems"]
    assert "stop its Elasticsearch first" in problem and "tlsfront_check_username" not in problem, "the cluster has told already"


def test_who_joins_is_whom_the_rules_in_force_do_not_let_in() -> None:
    peers = ["192.0.2.1", "2001:db8::7", "192.0.2.9", "198.51.100.0/24"]

    def joining(let_in: Any) -> Any:
        return decide({**NODE, "nftables": {**NODE["nftables"], "let_in": let_in}}, peers=peers)["policy"]["joining"]

    assert joining(None) == []
    assert joining(["192.0.2.1", "2001:db8:0::7", "192.0.2.9"]) == []
    assert joining(["192.0.2.1"]) == ["192.0.2.9", "2001:db8::7"]
    assert joining(["192.0.2.0/28", "2001:db8::/64"]) == [], "a network lets in all its addresses"


def test_who_joins_from_a_network_of_peers_is_told_by_its_address() -> None:
    def joining(let_in: Any) -> Any:
        facts = {"es1": {"ansible_facts": FACTS}, "es4": {"ansible_facts": {"all_ipv4_addresses": ["198.51.100.4", "203.0.113.4"]}}}
        given = {**OPTIONS, "peers": ["192.0.2.0/24", "198.51.100.0/24"]}
        node = {**NODE, "nftables": {**NODE["nftables"], "let_in": let_in}}
        return policy(given, node=node, facts=FACTS, host="es1", hosts=["es1", "es4"], hostvars=facts)["policy"]["joining"]

    assert joining(["192.0.2.0/24"]) == ["198.51.100.4"]
    assert joining(["192.0.2.0/24", "198.51.100.0/24"]) == []


def test_a_node_that_those_who_are_left_out_do_not_let_in_is_not_made_a_node() -> None:
    facts = {**FACTS, "default_ipv4": {"address": "192.0.2.1"}, "all_ipv4_addresses": ["192.0.2.1", "172.17.0.1"]}

    def said(**let_in: Any) -> list[str]:
        others = {name: {"tlsfront_lets_in": its} for name, its in let_in.items()}
        given = {"node": NODE, "facts": facts, "host": "es1", "hosts": ["es1", "es2", "es3", "es4"]}
        found: list[str] = policy({**OPTIONS}, hostvars={"es1": {}, "es2": {}, "es3": {}, "es4": {}} | others, **given)["problems"]
        return found

    assert said() == said(es2=None, es3=["192.0.2.2", "192.0.2.1"]) == [], "of a bridge for containers, nobody asks"
    (problem,) = said(es2=["192.0.2.2"], es3=[], es4=["192.0.2.1"])
    assert problem.startswith("The rules of es2, es3, which --limit leaves out, do not let in 192.0.2.1 of es1, so es1 would not join the cluster.")
    assert problem.endswith("Run it again without --limit, or with es2:es3 in it.")


def test_a_node_that_joins_those_whose_rules_are_hidden_is_not_made_a_node() -> None:
    def said(cluster_uuid: str, **hostvars: Any) -> list[str]:
        node = found(9200, 9300)
        node["elasticsearch"]["http"] = [{"port": 9200, "scheme": "http", "refused": 0, "cluster_uuid": cluster_uuid, "wants_login": False}]
        given = {"node": node, "facts": FACTS, "host": "es1", "hosts": ["es1", "es2", *sorted(set(hostvars) - {"es2"})]}
        return list(policy({**OPTIONS}, hostvars={"es1": {}, "es2": {}} | hostvars, **given)["problems"])

    hidden = {"es2": {"tlsfront_hidden_rules": "sudo: a password is required"}}
    (problem,) = said("_na_", **hidden)
    assert problem.startswith("es1 is in no cluster yet, and whether es2, which --limit leaves out, would let it in cannot be seen (sudo: a password")
    assert said("4tH8", **hidden) == said("_na_") == []
    away = {"tlsfront_hidden_rules": "Ansible cannot reach it, or not work there", "tlsfront_out_of_reach": True}
    (problem,) = said("_na_", es2=away)
    assert "whether es2, which --limit leaves out, would let it in cannot be seen (Ansible cannot reach it" in problem
    assert said("4tH8", es2=away) == []
    for seen in ({"tlsfront_lets_in": None}, {"tlsfront_lets_in": ["192.0.2.0/24"]}, {"__host_firewall_node": NODE}):
        assert said("_na_", es2=away, es3=seen) == [], "one that is down keeps nobody from joining the others"
        assert said("_na_", **hidden, es3=seen) != []


def test_a_run_for_one_node_alone_sees_that_another_is_of_another_cluster() -> None:
    http = {"port": 9200, "scheme": "http", "refused": 0, "cluster_uuid": "4tH8", "wants_login": False}
    node = found(9200, 9300)
    node["elasticsearch"]["http"] = [http]
    others = {"es2": {"tlsfront_left_out_http": [{**http, "cluster_uuid": "aN0t"}]}, "es3": {}}
    given = {"node": node, "facts": FACTS, "host": "es1", "hosts": ["es1", "es2", "es3"]}
    (problem,) = policy({**OPTIONS}, hostvars={"es1": {}} | others, **given)["problems"]
    assert problem.startswith("es1 and es2 are nodes of different clusters (4tH8 and aN0t)")


def test_who_is_outside_of_its_cluster_need_not_know_its_users() -> None:
    def said(let_in: Any) -> list[str]:
        node = found(9200, 9300)
        node["elasticsearch"]["http"] = [{"port": 9200, "scheme": "https", "refused": 401, "cluster_uuid": "", "wants_login": True}]
        es2 = {"__host_firewall_node": {**NODE, "nftables": {**NODE["nftables"], "let_in": let_in}}}
        given = {"node": node, "facts": FACTS, "host": "es1", "hosts": ["es1", "es2"]}
        return list(policy({**OPTIONS}, hostvars={"es1": {}, "es2": es2}, **given)["problems"])

    assert any("answers 401 to the credentials of the check" in one for one in said(None))
    assert any("answers 401" in one for one in said(FACTS["all_ipv4_addresses"] + FACTS.get("all_ipv6_addresses", [])))
    assert said(["198.51.100.77"]) == []


def test_where_clients_that_sniff_are_led_is_said_before_it_is_closed() -> None:
    def seen(published: str) -> str:
        node = {"name": "es1", "transport_address": "192.0.2.1:9300", "http": {"publish_address": published}}
        return str(decide(found(9200, 9300, answers=[{"nodes": {"a": node}}]))["seen"])

    assert "(sniffing) is led to 192.0.2.1:9200, which the rules close to it." in seen("192.0.2.1:9200")
    assert "http.publish_port to 443" in seen("192.0.2.1:9200")
    assert "sniff" not in seen("es1.example.org/192.0.2.1:443")


def test_who_may_join_at_the_transport_port_alone_is_not_cut_off_and_who_may_ask_at_the_http_port_alone_is() -> None:
    answer = {"nodes": {"a": {"name": "es2", "transport_address": "198.51.100.2:9300"}}}
    node = found(9200, 9300, answers=[answer])
    node["elasticsearch"]["http"] = [{"port": 9200, "scheme": "http", "refused": 0, "cluster_uuid": "", "wants_login": False}]
    joining = decide(node, direct_clients=[{"networks": ["198.51.100.0/24"], "ports": [9300]}])
    assert (joining["policy"]["direct_clients"], joining["policy"]["direct_clients_by_port"]) == ([], {"9300": ["198.51.100.0/24"]})
    assert joining["problems"] == []
    (problem,) = decide(node, direct_clients=[{"networks": ["198.51.100.0/24"], "ports": [9200]}])["problems"]
    assert "198.51.100.2 would be cut off" in problem


@pytest.mark.parametrize("timeout", ["30\n", "3e1", "٦٠", 4, 3601, "", True])
def test_that_what_stands_in_a_unit_is_a_number_of_seconds(timeout: Any) -> None:
    assert any("Give a whole number of seconds from 5 to 3600" in problem for problem in decide(confirm_timeout=timeout)["problems"])


FIREWALLS = {"found": ["ufw"], "commands": ["ufw allow x comment tlsfront"], "by_hand": ["ufw allow x"], "problems": [], "notices": ["A table is not clear."]}


def test_that_a_firewall_of_others_is_opened_and_said() -> None:
    decided = decide({**NODE, "firewalls": FIREWALLS}, https_ports=[443], https_clients=["0.0.0.0/0"])
    assert decided["problems"] == []
    assert "are changed for https: ufw allow x comment tlsfront. A table is not clear." in decided["seen"]
    assert decided["policy"]["https_ports"] == [443] and decided["policy"]["https_clients"] == ["0.0.0.0/0"]


def test_that_one_that_is_not_to_be_touched_stops_the_role_with_the_command() -> None:
    (problem,) = decide({**NODE, "firewalls": FIREWALLS}, open_others=False)["problems"]
    assert problem.startswith("ufw on this host keeps out clients of https") and "Let them in there: ufw allow x. Or set it to true." in problem
    assert decide({**NODE, "firewalls": {**FIREWALLS, "by_hand": []}}, open_others=False)["problems"] == []


def test_that_a_port_without_tls_is_opened_in_no_other_firewall() -> None:
    (problem,) = decide({**NODE, "firewalls": FIREWALLS}, https_ports=[443, "9200-9210"])["problems"]
    assert problem.startswith("host_firewall_https_ports contains 9200, where Elasticsearch speaks without TLS")
    assert decide({**NODE, "firewalls": FIREWALLS}, https_ports=[443, 80])["problems"] == []


def test_that_what_certainly_keeps_out_is_a_problem_and_bad_options_are_named() -> None:
    shut = {**FIREWALLS, "problems": ["chain input shuts port 443."]}
    problems = decide({**NODE, "firewalls": shut}, https_ports=["https"], https_clients=["app.example.org"])["problems"]
    assert [each.split(":")[0] for each in problems] == ["host_firewall_https_ports", "host_firewall_https_clients", "chain input shuts port 443."]
