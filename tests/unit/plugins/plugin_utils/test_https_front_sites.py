# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Further sites of the role https_front: what is refused before anything changes, and what the templates are told of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.filter.https_front_plan import https_front_plan
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._https_front.problems import problems
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._https_front.upstream import problems as upstream_problems
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._https_front.upstream import upstream
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki

SECOND: dict[str, Any] = {"server_names": ["second.example.org"], "upstreams": ["127.0.0.1:9201"]}
BY_PORT: dict[str, Any] = {"port": 9243, "upstreams": ["127.0.0.1:9201"]}
KIBANA: dict[str, Any] = {"server_names": ["kibana.example.org"], "kind": "dashboards", "upstreams": ["127.0.0.1:5601"]}
FRONT: dict[str, Any] = {"https_front_server_names": ["es1.example.org"], "https_front_port": 443}
OPTIONS: dict[str, Any] = {
    **FRONT,
    "https_front_certificate_dir": "/etc/tlsfront",
    "https_front_clients": ["0.0.0.0/0"],
    "https_front_blocked_paths": [],
    "https_front_read_only_endpoints": ["_search"],
}
HTTP = {"address": "127.0.0.1", "port": 9201, "scheme": "http", "wants_login": False, "ca_content": "", "name": "", "problem": ""}
HTTPS = {**HTTP, "scheme": "https", "wants_login": True, "ca_content": "PEM", "name": "es1"}


def said(*sites: Any, more: Any = None, **given: Any) -> list[str]:
    return problems({**FRONT, "https_front_sites": list(sites), **(more or {})}, [9200, 9300], host="es1", **given)


@pytest.mark.parametrize("sites", [[], [SECOND], [BY_PORT], [KIBANA], [SECOND, BY_PORT, KIBANA], [{**SECOND, "port": "9243"}, BY_PORT]])
def test_that_what_is_possible_is_not_refused(sites: list[dict[str, Any]]) -> None:
    assert said(*sites, certificate_names=["es1.example.org", "*.example.org"]) == []


@pytest.mark.parametrize(
    ("site", "says"),
    [
        ("second", "https_front_sites[0] is 'second': it must be a mapping"),
        ({"upstreams": ["127.0.0.1:9201"]}, "has neither server_names nor port, and so would be the front itself"),
        ({**SECOND, "server_names": []}, "https_front_sites[0].server_names is empty"),
        ({**SECOND, "server_names": "second"}, "https_front_sites[0].server_names is 'second': it must be a list"),
        ({**SECOND, "server_names": ["a b"]}, "has 'a b', which is no host name"),
        ({**SECOND, "server_names": ["x;"]}, "has 'x;', which is no host name"),
        ({**SECOND, "server_names": ["a.example", "A.example"]}, "has a.example more than once"),
        ({**SECOND, "port": 0}, "https_front_sites[0].port is 0: it must be a TCP port"),
        ({**SECOND, "port": "9243; evil"}, "https_front_sites[0].port is '9243; evil': it must be a TCP port"),
        ({**SECOND, "kind": "grafana"}, "kind is 'grafana': it must be one of elasticsearch, dashboards"),
        ({"server_names": ["second.example.org"]}, "upstreams is missing: say where its requests go"),
        ({**SECOND, "upstreams": ["127.0.0.1"]}, "has '127.0.0.1', which is not host:port"),
        ({**SECOND, "upstreams": ["es2:9201 weight=5"]}, "has 'es2:9201 weight=5', which is not host:port"),
        ({**SECOND, "upgrade": "yes"}, "has upgrade, which no site has: write one of server_names, port"),
        ({**SECOND, "upstream_tls": "maybe"}, "upstream_tls is 'maybe': it must be true or false"),
        ({**SECOND, "upstream_tls": True, "upstream_name": "es1"}, "upstream_ca must be the file of the CA"),
        ({**SECOND, "upstream_name": "a b"}, "upstream_name is 'a b': it must be a host name"),
        ({**SECOND, "upstream_ca": "/nowhere/ca.pem"}, 'upstream_ca is "/nowhere/ca.pem", which is not the absolute path of a file'),
        ({**SECOND, "snippet": ["a"]}, "snippet is ['a']: it must be a text"),
        ({**SECOND, "accept_console": True}, "accept_console is true, and the site is not of the kind dashboards"),
        ({**KIBANA, "same_cluster": True}, "same_cluster is true, and the site is of the kind dashboards"),
        ({**SECOND, "server_names": ["ES1.example.org"]}, "has ES1.example.org at port 443, as the front itself has"),
        ({**BY_PORT, "port": 9300}, "port is 9300, which is one of tlsfront_closed_ports"),
        ({**BY_PORT, "port": 9201}, "leads to port 9201 of es1, which is https_front_sites[0].port, the front itself"),
        ({**SECOND, "upstreams": ["127.0.0.1:443"]}, "leads to port 443 of es1, which is https_front_port, the front itself"),
        ({**SECOND, "upstreams": ["es1:443"]}, "leads to port 443 of es1, which is https_front_port, the front itself"),
        ({**SECOND, "upstreams": ["10.0.0.7:443"]}, "leads to port 443 of es1, which is https_front_port, the front itself"),
    ],
)
def test_that_what_cannot_be_meant_is_named_with_what_to_write(site: Any, says: str) -> None:
    (found,) = said(site, facts={"all_ipv4_addresses": ["10.0.0.7"]})
    assert found.startswith("https_front_sites[0]") and says in found


def test_that_an_upstream_of_another_host_may_have_any_port() -> None:
    assert said({**SECOND, "upstreams": ["10.0.0.8:443"]}, facts={"all_ipv4_addresses": ["10.0.0.7"]}) == []


def test_that_all_is_said_at_once() -> None:
    found = said(SECOND, SECOND, {**BY_PORT, "port": 80}, {**KIBANA, "port": 8443}, more={"https_front_redirect_port": 80, "https_front_balancer_port": 8443})
    for part in (
        "https_front_sites[1] has second.example.org at port 443, as https_front_sites[0] has",
        "https_front_sites[2].port and https_front_redirect_port are both 80",
        "https_front_sites[3].port and https_front_balancer_port are both 8443",
        "https_front_balancers is empty",
    ):
        assert any(part in each for each in found), (part, found)
    assert len(found) == 4


def test_that_a_name_which_the_certificate_would_lack_is_named() -> None:
    (found,) = said(SECOND, KIBANA, certificate_names=["es1.example.org", "Second.example.org"])
    assert found.startswith("certificate_names lacks kibana.example.org, which https_front_sites has")
    assert said({**SECOND, "server_names": ["a.b.example.org"]}, certificate_names=["*.example.org"]) != [], "an asterisk is one label"


def test_that_no_policy_of_the_front_ends_at_a_site_without_a_word() -> None:
    paths = {"https_front_blocked_paths": ["/_snapshot"]}
    assert said(SECOND, more=paths) == []
    (found,) = said(KIBANA, more=paths)
    assert "set https_front_sites[0].accept_console to true" in found
    assert said({**KIBANA, "accept_console": True}, more=paths) == []
    snippet = {"https_front_snippet": "deny all;"}
    (found,) = said(SECOND, more=snippet)
    assert "what decides there who gets in would not hold for the site" in found
    assert said({**SECOND, "snippet": ""}, more=snippet) == []
    readers = {"https_front_users": [{"name": "anna", "hash": "$apr1$aaaaaaaa$" + "a" * 22, "read_only": True}]}
    (found,) = said({**SECOND, "snippet": "location /x { proxy_pass http://tlsfront_site_1; }"}, more=readers)
    assert "anna of https_front_users may only read" in found


def test_that_the_default_site_of_each_port_is_looked_at() -> None:
    other = {"place": "/etc/nginx/sites-enabled/other:3", "names": ["other.example.org"], "keeps_sessions": True}
    further = {"port": 9243, "listener_has_options": True, "has_default_server": True, "default_site": other}
    none = {"listener_has_options": False, "has_default_server": False, "default_site": None, "server_names_hash_bucket_size": None}
    nginx = {"present": True, "problem": "", **none, "further": [further]}
    gathered = {"nginx": nginx, "listeners": [], "access": [], "certificate": {"files": [], "accepted": True, "message": ""}}
    (found,) = said(BY_PORT, gathered=gathered)
    assert "Another site (other.example.org, /etc/nginx/sites-enabled/other:3) is the default_server of port 9243" in found and "(tlsfront_sites)" in found
    assert said(SECOND, gathered=gathered) == []
    plan = https_front_plan({**OPTIONS, "https_front_sites": [BY_PORT]}, gathered=gathered)
    assert [(each["port"], each["has_options"]) for each in plan["listeners"]] == [(443, False), (9243, True)]


@pytest.mark.parametrize(("at_balancer", "at_front"), [(True, False), (False, True)])
def test_that_options_of_the_socket_of_the_balancers_are_those_of_its_own_port(at_balancer: bool, at_front: bool) -> None:
    nginx = {"listener_has_options": at_front, "further": [{"port": 8443, "listener_has_options": at_balancer}]}
    plan = https_front_plan({**OPTIONS, "https_front_balancer_port": 8443}, gathered={"nginx": nginx})
    assert (plan["balancer_has_options"], plan["listeners"][0]["has_options"]) == (at_balancer, at_front)


def test_that_an_elasticsearch_on_the_node_is_verified_as_it_was_found() -> None:
    plan = https_front_plan({**OPTIONS, "https_front_sites": [SECOND]}, listening=[HTTPS])
    assert plan["sites"][0]["upstream"] == {"servers": ["127.0.0.1:9201"], "tls": True, "name": "es1"}
    assert plan["sites"][0]["ca"] == "PEM" and plan["files"] == [{"name": plan["sites"][0]["ca_file"], "content": "PEM"}]
    assert said(SECOND, listening=[HTTPS]) == []
    unverified = {**HTTPS, "ca_content": "", "name": "", "problem": "/etc/x.crt: certificate has expired"}
    (found,) = said(SECOND, listening=[unverified])
    assert "speaks https and cannot be verified: /etc/x.crt: certificate has expired" in found
    (found,) = said({**SECOND, "upstream_tls": True}, listening=[HTTP])
    assert "speaks plain http, and upstream_tls is true" in found
    users = {"https_front_users": [{"name": "anna", "hash": "$apr1$aaaaaaaa$" + "a" * 22}]}
    (found,) = said(SECOND, listening=[HTTPS], more=users)
    assert "wants a login itself, and https_front_users has users" in found


def test_that_what_is_given_is_verified_with_what_is_given(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(pki.root().pem)
    site = {**KIBANA, "upstream_tls": "yes", "upstream_ca": str(path), "upstream_name": "kibana.internal"}
    assert said(site) == []
    (made,) = https_front_plan({**OPTIONS, "https_front_sites": [site]})["sites"]
    assert made["upstream"] == {"servers": ["127.0.0.1:5601"], "tls": True, "name": "kibana.internal"} and made["ca"] == path.read_text()
    (found,) = said({key: value for key, value in site.items() if key != "upstream_name"})
    assert "upstream_name must be a host name" in found


@pytest.mark.parametrize("given", [["upstream_ca"], ["upstream_name"], ["upstream_ca", "upstream_name"]])
@pytest.mark.parametrize(
    ("site", "listening", "says"),
    [
        ({**SECOND, "upstreams": ["10.0.0.8:9201"]}, [HTTPS], "and not upstream_tls: its requests"),
        ({**SECOND, "upstream_tls": False}, [], "and not upstream_tls, and no Elasticsearch is found at 127.0.0.1:9201 of es1: its requests"),
        (SECOND, [HTTP], "and Elasticsearch at 127.0.0.1:9201 of es1, to which it passes on, speaks plain http"),
        (KIBANA, [], "and not upstream_tls: its requests"),
    ],
    ids=["another host", "down", "http", "dashboards"],
)
def test_that_what_is_to_be_verified_is_not_passed_on_by_plain_http(
    tmp_path: Path, site: dict[str, Any], listening: list[dict[str, Any]], says: str, given: list[str]
) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(pki.root().pem)
    values = {"upstream_ca": str(path), "upstream_name": "inner"}
    (found,) = said({**site, **{name: values[name] for name in given}}, listening=listening)
    both = " and ".join(given)
    assert found.startswith(f"https_front_sites[0] has {both}, {says}") and found.endswith(f"ake {both} out.")
    assert ("et https_front_sites[0].upstream_tls to true" in found) == (listening != [HTTP])
    if listening != [HTTP]:
        assert said({**site, **values, "upstream_tls": True}, listening=listening) == []


def test_that_what_is_found_needs_no_word_for_what_verifies_it(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(pki.root().pem)
    unverified = {**HTTPS, "ca_content": "", "name": "", "problem": "there is no CA file"}
    assert said({**SECOND, "upstream_ca": str(path), "upstream_name": "inner"}, listening=[unverified]) == []
    assert said({**SECOND, "upstream_name": "inner"}, listening=[HTTPS]) == []


def gathered_with(*https_upstreams: str) -> dict[str, Any]:
    certificate = {"files": [], "accepted": True, "message": ""}
    return {"nginx": {"present": False}, "listeners": [], "access": [], "certificate": certificate, "https_upstreams": list(https_upstreams)}


def test_that_a_node_that_is_down_changes_nothing_of_a_site_that_verifies(tmp_path: Path) -> None:
    served = gathered_with("127.0.0.1:9201")
    (found,) = said(KIBANA, SECOND, gathered=served)
    assert found.startswith("No Elasticsearch is found at 127.0.0.1:9201 of es1, to which https_front_sites[1] passes on,") and "Start it" in found
    (found,) = said({**SECOND, "upstream_name": "inner"}, gathered=served)
    assert found.startswith("No Elasticsearch is found at 127.0.0.1:9201")
    (found,) = said({**SECOND, "upstreams": ["127.0.0.1:9301", "127.0.0.1:9201"]}, gathered=served)
    assert found.startswith("No Elasticsearch is found at 127.0.0.1:9301")
    facts, other = {"all_ipv4_addresses": ["10.0.0.7"]}, HTTP
    (found,) = said({**SECOND, "upstreams": ["10.0.0.7:9201"]}, gathered=gathered_with("10.0.0.7:9201"), facts=facts, listening=[other])
    assert found.startswith("No Elasticsearch is found at 10.0.0.7:9201 of es1"), "another one has the same port"
    path = tmp_path / "ca.pem"
    path.write_bytes(pki.root().pem)
    assert said({**SECOND, "upstream_tls": True, "upstream_ca": str(path), "upstream_name": "inner"}, gathered=served) == []


def test_that_what_answers_or_was_passed_on_to_in_clear_is_no_fallback() -> None:
    served = gathered_with("127.0.0.1:9201")
    assert said(SECOND, gathered=served, listening=[HTTPS]) == said(SECOND, gathered=served, listening=[HTTP]) == []
    assert said(SECOND, gathered=gathered_with("127.0.0.1:9200")) == said(SECOND, gathered=gathered_with()) == []
    assert said({**SECOND, "upstreams": ["10.0.0.8:9201"]}, gathered=gathered_with("10.0.0.8:9201")) == [], "of another host, only what is said counts"
    assert said(KIBANA, gathered=gathered_with("127.0.0.1:5601")) == [], "of Dashboards as well"


@pytest.mark.parametrize("upstream_of_it", ["10.0.0.7:9201", "es1:9201", "[::ffff:10.0.0.7]:9201"])
def test_that_what_speaks_https_is_not_passed_on_to_in_clear_by_another_of_its_addresses(upstream_of_it: str) -> None:
    site, facts = {**SECOND, "upstreams": [upstream_of_it]}, {"all_ipv4_addresses": ["10.0.0.7"]}
    (found,) = said(site, facts=facts, listening=[HTTPS])
    assert found.startswith(f"Elasticsearch speaks https on port 9201 of es1, and https_front_sites[0] would pass on to it at {upstream_of_it} by plain http.")
    assert "Write 127.0.0.1:9201 in https_front_sites[0].upstreams" in found
    assert said(site, facts=facts, listening=[HTTP]) == []


def test_that_each_of_several_upstreams_is_looked_at() -> None:
    site, facts = {**SECOND, "upstreams": ["127.0.0.1:9201", "127.0.0.1:9202"]}, {"all_ipv4_addresses": ["10.0.0.7"]}
    other = {**HTTPS, "port": 9202}
    (found,) = said(site, listening=[HTTP, other])
    assert "passes on to 127.0.0.1:9202 of es1, where Elasticsearch speaks https, and to 127.0.0.1:9201, where it speaks plain http" in found
    assert said(site, listening=[HTTPS, other]) == said(site, listening=[HTTP]) == []
    remote = {**SECOND, "upstreams": ["10.0.0.8:9201", "127.0.0.1:9202"]}
    (found,) = said(remote, listening=[{**other, "problem": "no CA"}])
    assert found.startswith("Elasticsearch at 127.0.0.1:9202 of es1, to which https_front_sites[0] passes on, speaks https and cannot be verified: no CA.")
    (found,) = said({**SECOND, "upstreams": ["127.0.0.1:9201", "10.0.0.7:9202"]}, facts=facts, listening=[HTTP, other])
    assert found.startswith("Elasticsearch speaks https on port 9202 of es1, and https_front_sites[0] would pass on to it at 10.0.0.7:9202 by plain http.")
    users = {"https_front_users": [{"name": "anna", "password": "secret secret"}]}
    (found,) = said(site, listening=[HTTP, {**HTTP, "port": 9202, "wants_login": True}], more=users)
    assert "wants a login itself" in found


def test_that_the_fronts_own_requests_go_neither_to_itself_nor_to_what_is_behind_a_site() -> None:
    first, own = {**HTTP, "port": 9199}, {**HTTP, "port": 9243}
    options = {**FRONT, "https_front_sites": [SECOND, BY_PORT]}
    assert upstream(options, [HTTP, own, {**HTTP, "port": 9250}])["servers"] == ["127.0.0.1:9250"]
    assert upstream(options, [HTTP, own])["servers"] == ["127.0.0.1:9200"], "its own is to come, and that at 9201 is another"
    assert upstream(options, [HTTP, own], ["127.0.0.1:9250"])["servers"] == ["127.0.0.1:9250"], "its own is down"
    assert upstream(options, [HTTP, own], ["127.0.0.1:9201"])["servers"] == ["127.0.0.1:9201"], "it leads there already"
    assert upstream(options, [own])["servers"] == ["127.0.0.1:9200"]
    usual = {**FRONT, "https_front_sites": [{**SECOND, "upstreams": ["127.0.0.1:9200"]}]}
    assert upstream(usual, [{**HTTP, "port": 9200, "scheme": "https", "name": "a"}])["tls"], "a site may lead to the same"
    mapped = {**FRONT, "https_front_sites": [{**SECOND, "upstreams": ["[::ffff:127.0.0.1]:9201"]}]}
    assert upstream(mapped, [HTTP, {**HTTP, "port": 9250}])["servers"] == ["127.0.0.1:9250"]
    assert upstream({**FRONT, "https_front_port": 9199}, [first, HTTP])["servers"] == ["127.0.0.1:9201"]


def test_that_each_that_is_found_is_verified_and_in_one_way(tmp_path: Path) -> None:
    site, other = {**SECOND, "upstreams": ["127.0.0.1:9201", "127.0.0.1:9202"]}, {**HTTPS, "port": 9202}
    (found,) = said(site, listening=[HTTPS, {**other, "problem": "certificate has expired"}])
    assert "Elasticsearch at 127.0.0.1:9202 of es1, to which https_front_sites[0] passes on, speaks https and cannot be verified: certificate has" in found
    (of_ca, of_name) = said(site, listening=[HTTPS, {**other, "ca_content": "another"}])
    assert "its upstreams are not verified in one way: then https_front_sites[0].upstream_ca must be" in of_ca
    assert "then https_front_sites[0].upstream_name must be a host name that the certificate of each has." in of_name
    assert len(said(site, listening=[HTTPS, {**other, "name": "es9"}])) == 2
    assert said({**site, "upstream_name": "es"}, listening=[HTTPS, {**other, "name": "es9"}]) == []
    path = tmp_path / "ca.pem"
    path.write_bytes(pki.root().pem)
    assert said({**site, "upstream_ca": str(path), "upstream_name": "es"}, listening=[HTTPS, {**other, "ca_content": "another"}]) == []
    (of_name,) = said({**SECOND, "upstream_ca": str(path)}, listening=[HTTPS])
    assert "passes on by https, and upstream_ca is set: then https_front_sites[0].upstream_name must be a host name" in of_name
    (of_ca, _of_name) = said({**site, "upstreams": ["es9.example.org:9200", "127.0.0.1:9201"]}, listening=[HTTPS])
    assert "not all of its upstreams answer on the node" in of_ca


@pytest.mark.parametrize("upstream_of_it", ["localhost:9201", "10.0.0.7:9201", "es1:9201", "127.0.0.2:9201"])
def test_that_a_site_that_verifies_does_not_fall_to_plain_http_however_its_upstream_is_written(upstream_of_it: str) -> None:
    facts = {"all_ipv4_addresses": ["10.0.0.7"]}
    (found,) = said({**SECOND, "upstreams": [upstream_of_it]}, gathered=gathered_with("127.0.0.1:9201"), facts=facts)
    assert found.startswith(f"No Elasticsearch is found at {upstream_of_it} of es1")


def test_that_a_front_whose_own_elasticsearch_is_down_does_not_go_over_to_that_of_a_site() -> None:
    options = {**FRONT, "https_front_sites": [SECOND]}
    assert "passes requests on by https. Start it" in upstream_problems(options, [HTTP], "es1", "https", ["127.0.0.1:9200"])[0]
    assert upstream_problems(options, [HTTP], "es1", "http", ["127.0.0.1:9200"]) == []
    (found,) = upstream_problems(options, [HTTP], "es1")
    assert found.startswith("All that answers on es1 is behind https_front_sites (port 9201), and nothing is there for the front itself.")
    assert upstream_problems({**options, "https_front_upstreams": ["127.0.0.1:9201"]}, [HTTP], "es1") == []


def test_what_the_templates_are_told() -> None:
    plan = https_front_plan({**OPTIONS, "https_front_sites": [SECOND, BY_PORT, {**KIBANA, "server_names": ["*.kibana.example.org"]}]})
    assert [(each["id"], each["port"], each["kind"]) for each in plan["sites"]] == [
        ("tlsfront_site_1", 443, "elasticsearch"),
        ("tlsfront_site_2", 9243, "elasticsearch"),
        ("tlsfront_site_3", 443, "dashboards"),
    ]
    assert plan["asked"] == [
        {"port": 443, "names": ["second.example.org"]},
        {"port": 9243, "names": ["es1.example.org"]},
        {"port": 443, "names": ["tlsfront-probe.kibana.example.org"]},
    ]
    assert plan["https_ports"] == {"es1.example.org": 443, "second.example.org": 443, "*.kibana.example.org": 443}
    long = https_front_plan({**OPTIONS, "https_front_sites": [{**SECOND, "server_names": ["x" * 60 + ".org"]}]})
    assert long["server_names_hash_bucket_size"] == 128
