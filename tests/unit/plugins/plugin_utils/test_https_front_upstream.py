# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the front passes requests on to: what the options say, else what node_info has found."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._https_front.upstream import problems, upstream

HTTP = {"address": "127.0.0.1", "port": 9200, "scheme": "http", "wants_login": False, "ca_content": "", "name": "", "problem": ""}
HTTPS = {**HTTP, "scheme": "https", "wants_login": True, "ca_content": "PEM", "name": "es1"}
UNVERIFIED = {**HTTPS, "ca_content": "", "name": "", "problem": "/etc/x.crt: certificate has expired"}


def test_what_is_given_counts_and_nothing_that_was_found() -> None:
    options = {"https_front_upstreams": ["es1:9200"], "https_front_upstream_tls": "yes", "https_front_upstream_name": "es1"}
    assert upstream(options, [HTTP]) == {"servers": ["es1:9200"], "tls": True, "name": "es1", "ca": ""}
    assert problems(options, [UNVERIFIED], "es1") == []


@pytest.mark.parametrize(
    ("found", "server"),
    [
        ([], "127.0.0.1:9200"),
        ([HTTP], "127.0.0.1:9200"),
        ([{**HTTP, "address": "::1"}], "[::1]:9200"),
        ([{**HTTP, "address": "10.0.0.7", "port": 9201}], "10.0.0.7:9201"),
        ([{**HTTP, "port": 9199}, {**HTTP, "port": 9201}, HTTP], "127.0.0.1:9200"),
        ([{**HTTP, "port": 9202}, {**HTTP, "port": 9201}], "127.0.0.1:9201"),
    ],
)
def test_plain_http_is_passed_on_to_where_it_answers(found: list[dict[str, Any]], server: str) -> None:
    assert upstream({"https_front_upstreams": []}, found) == {"servers": [server], "tls": False, "name": "", "ca": ""}


def test_https_is_verified_with_the_ca_and_the_name_that_were_found() -> None:
    assert upstream({}, [HTTPS]) == {"servers": ["127.0.0.1:9200"], "tls": True, "name": "es1", "ca": "PEM"}
    assert problems({}, [HTTPS], "es1") == []


def test_a_ca_on_the_controller_is_for_what_no_file_of_the_node_verifies() -> None:
    options = {"https_front_upstream_ca": "/ca.pem", "https_front_upstream_name": "es1.example.org"}
    assert upstream(options, [UNVERIFIED]) == {"servers": ["127.0.0.1:9200"], "tls": True, "name": "es1.example.org", "ca": ""}
    assert problems(options, [UNVERIFIED], "es1") == []
    (told,) = problems({"https_front_upstream_ca": "/ca.pem"}, [UNVERIFIED], "es1")
    assert "https_front_upstream_name must be a name" in told


def test_what_cannot_be_verified_stops_with_what_to_do() -> None:
    (told,) = problems({}, [UNVERIFIED], "es1")
    assert told.startswith("Elasticsearch itself speaks https on port 9200 of es1, and cannot be verified: /etc/x.crt: certificate has expired. Set")


def test_a_node_that_is_down_changes_nothing_of_a_front_that_verifies() -> None:
    (told,) = problems({}, [], "es1", served="https")
    assert told.startswith("No Elasticsearch answers on es1") and "Start it" in told
    assert problems({}, [], "es1", served="http") == problems({}, [], "es1") == []
    said = {"https_front_upstream_tls": True, "https_front_upstream_name": "es1"}
    assert problems(said, [], "es1", served="https") == [] and upstream(said, [])["tls"]


def test_tls_that_was_asked_for_is_never_given_up_silently() -> None:
    (told,) = problems({"https_front_upstream_tls": True}, [HTTP], "es1")
    assert "Elasticsearch speaks plain http on port 9200 of es1" in told


def test_a_login_of_the_front_and_one_of_elasticsearch_do_not_go_together() -> None:
    (told,) = problems({"https_front_users": [{"name": "app"}]}, [HTTPS], "es1")
    assert "Leave https_front_users empty" in told


@pytest.mark.parametrize("wrong", [{"address": "127.0.0.1;"}, {"port": "9200;"}])
def test_no_syntax_of_nginx_comes_in_with_an_address(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"127\.0\.0\.1;|9200;"):
        upstream({}, [{**HTTP, **wrong}])
