# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Values of the role's options: what is legal runs in a real nginx, also beside other sites, and what is not is refused before anything changes."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from typing import Any

import nginx
import pki
import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx import syntax

LONGEST = ".".join(["x" * 61] * 4)[:253]
JUST_FITS, JUST_NOT = "y" * 34 + ".example.org", "y" * 35 + ".example.org"
MANY = [f"n{number}.{'z' * 60}.{'z' * 60}.{'z' * 60}.example.org" for number in range(200)]
ODD = ["default", "hostnames", "volatile", "include"]
# of a neighbour; a map before ours fixes the size of all maps' hashes
MAP = "map $http_upgrade $connection_upgrade { default upgrade; '' close; }\n"

REFUSED: dict[str, dict[str, Any]] = {
    "profile": {"https_front_tls_profile": "old"},
    "redirect": {"https_front_redirect_port": "80 default_server"},
    "burst": {"https_front_rate_burst": "5; evil"},
    "underscore": {"https_front_port": "4_43"},
    "fraction": {"https_front_port": "8443.0"},
    "fullwidth": {"https_front_port": "\uff14\uff14\uff13"},
    "upstream": {"https_front_upstreams": ["127.0.0.1:99999"]},
    "size": {"https_front_max_body": "9" * 20},
}


@pytest.fixture(scope="module")
def fronts() -> Iterator[nginx.Fronts]:
    cases = nginx.Fronts()
    wildcard = f"*.{JUST_NOT}"
    names: dict[str, list[str]] = {"fits": [JUST_FITS], "long": [JUST_NOT, wildcard], "longest": [LONGEST], "many": MANY, "odd": [*ODD, "2001:db8::7"]}
    for name, each in names.items():
        issued = pki.issue("es1", cases.root, names=[*each, nginx.NAME, "127.0.0.1"])
        for beside, neighbours in {
            "": "",
            "-map": MAP,
            "-set": "server_names_hash_bucket_size 512;\nmap_hash_bucket_size 64;\n",
            "-small": "server_names_hash_bucket_size 64;\n",
        }.items():
            front = cases.add(name + beside, issued, https_front_server_names=[nginx.NAME, *each], https_front_redirect_port=nginx.free_port())
            front.neighbours = neighbours
    passes_on = "location /logs- { proxy_pass http://tlsfront_elasticsearch; }"
    for name, read_only in (("snippet-readers", True), ("snippet-users", False)):
        cases.add(name, https_front_snippet=passes_on, https_front_users=[{"name": "anna", "password": "secret", "read_only": read_only}])
    long_users = [{"name": "u" * 64, "password": "secret", "read_only": True}]
    long_users += [{"name": name, "password": "secret", "read_only": True} for name in ODD]
    cases.add("users", https_front_users=long_users).neighbours = MAP
    for name, variables in REFUSED.items():
        cases.add(f"refused-{name}", **variables)
    cases.render()
    yield cases
    cases.close()


@pytest.mark.parametrize("name", [*REFUSED])
def test_what_nginx_would_refuse_is_refused_before_anything_changes(fronts: nginx.Fronts, name: str) -> None:
    front = fronts[f"refused-{name}"]
    ((option, value),) = REFUSED[name].items()
    assert option in front.refused
    assert str(value[0] if isinstance(value, list) else value) in front.refused
    # Ansible's own check of types and choices ends the role before its first task, without that sentence
    assert "Nothing was changed" in front.refused or front.refused.startswith("Validation of arguments failed")
    assert not any(outcome.get("changed") for outcome in front.outcomes)


@pytest.mark.parametrize("beside", ["", "-map", "-set"])
@pytest.mark.parametrize("name", ["fits", "long", "longest", "many", "odd"])
def test_any_legal_name_is_served_beside_any_neighbour(fronts: nginx.Fronts, name: str, beside: str) -> None:
    front = fronts[name + beside]
    assert ("server_names_hash_bucket_size" in front.configuration) is (name in ("long", "longest", "many") and beside != "-set")
    with front.running() as running:
        for each in front.variables["https_front_server_names"][:3]:
            host = each.replace("*", "any")
            if len(host) > 250 and "*" in each:
                continue
            with running.connect(name=host if host in each or "*" in each else nginx.NAME) as connection:
                connection.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
                response = http.client.HTTPResponse(connection)
                response.begin()
                assert response.status == 200, host
            # with the name in any case
            plain = http.client.HTTPConnection("127.0.0.1", front.variables["https_front_redirect_port"], timeout=10)
            plain.request("GET", "/a?b", headers={"Host": host.upper()})
            answer = plain.getresponse()
            assert (answer.status, answer.headers["location"]) == (308, f"https://{host.lower()}:{front.port}/a?b")
            plain.close()
        for host in ("other.example.org", nginx.NAME + "x", "x" + nginx.NAME, nginx.NAME.replace(".", "x")):
            plain = http.client.HTTPConnection("127.0.0.1", front.variables["https_front_redirect_port"], timeout=10)
            plain.request("GET", "/", headers={"Host": host})
            with pytest.raises(http.client.RemoteDisconnected):
                plain.getresponse()
            plain.close()


@pytest.mark.parametrize(("name", "size"), [("long", 128), ("longest", 512)])
def test_a_neighbours_setting_that_is_too_small_is_told_before_anything_changes(fronts: nginx.Fronts, name: str, size: int) -> None:
    assert f"server_names_hash_bucket_size to 64, once for all sites: set it to {size} there" in fronts[f"{name}-small"].refused
    with fronts["fits-small"].running() as running:
        assert running.ask("GET", "/").status == 200


def test_what_a_snippet_passes_on_is_refused_beside_users_that_may_only_read(fronts: nginx.Fronts) -> None:
    assert "https_front_snippet has a proxy_pass of its own, and anna of https_front_users may only read" in fronts["snippet-readers"].refused
    assert not any(outcome.get("changed") for outcome in fronts["snippet-readers"].outcomes)
    assert not fronts["snippet-users"].refused


def test_any_name_of_a_user_that_may_only_read_does_so(fronts: nginx.Fronts) -> None:
    with fronts["users"].running() as running:
        for user in ("u" * 64, *ODD):
            assert running.ask("GET", "/_search", user=f"{user}:secret").status == 200, user
            assert running.ask("PUT", "/index", user=f"{user}:secret").status == 403, user


def test_nginx_reads_a_quoted_text_as_it_was(fronts: nginx.Fronts) -> None:
    texts = ["", "a b", "'", '"', "\\", "\\n", '\\"', "a;b{c}d#e", "\\\\'\\\"", "\u00e4\u20ac", "~^x", "x\\", " ", "*" * 4000]
    front = fronts["fits"]
    assert f"ssl_certificate {syntax.quote(str(front.certificate_dir / 'chain.pem'))};" in front.configuration
    port = nginx.free_port()
    locations = "".join(f"location = /{number} {{ return 200 {syntax.quote(text)}; }}\n" for number, text in enumerate(texts))
    front.neighbours = f"server {{ listen 127.0.0.1:{port}; {locations} }}\n"
    with front.running():
        for number, text in enumerate(texts):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", f"/{number}")
            assert connection.getresponse().read().decode() == text
