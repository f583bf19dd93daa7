# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a load balancer is believed, and by whom else it is not: with a real nginx, on a listener of its own."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import nginx
import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._elasticsearch import asking
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx import proof

CLIENT, STRANGER = "192.0.2.7", "198.51.100.9"
BALANCER, GOOGLE = "127.0.0.1", "203.0.113.5"
HEALTH = "/_tlsfront/health"
CONFIGURATION = "/_tlsfront/configuration"


def own_address() -> str:
    """One of this host that is no loopback address, or an empty text where it has none that leads anywhere."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing
        return str(probe.getsockname()[0])
    return ""


@pytest.fixture(scope="module", params=nginx.EACH_NGINX)
def fronts(request: pytest.FixtureRequest) -> Iterator[nginx.Fronts]:
    cases = nginx.Fronts(request.param)

    def add(name: str, **variables: Any) -> nginx.Front:
        given = {"https_front_balancer_port": nginx.free_port(), "https_front_balancers": [BALANCER, GOOGLE], "https_front_clients": [CLIENT]}
        return cases.add(name, **given | variables)

    add("http")
    add("proxy", https_front_balancer_protocol="proxy_protocol")
    add("users", https_front_users=[{"name": "app", "password": "secret"}], https_front_rate_limit=1, https_front_rate_burst=3)
    add("others", https_front_balancers=[GOOGLE])
    add("down", https_front_upstreams=[f"127.0.0.1:{nginx.free_port()}"])
    add("open", https_front_clients=["0.0.0.0/0"])
    add("far", https_front_balancers=[own_address() or BALANCER])
    add("proxy_of_others", https_front_balancer_protocol="proxy_protocol", https_front_balancers=[GOOGLE])
    for name, option in (("beside", "https_front_balancer_port"), ("beside_front", "https_front_port")):
        front = add(name, https_front_reject_unknown_names=False)
        tls = f"ssl_certificate {front.certificate_dir}/chain.pem; ssl_certificate_key {front.certificate_dir}/key.pem;"
        front.neighbours = f"server {{ listen {front.variables[option]} ssl so_keepalive=on; {tls} return 204; }}"
    cases.render()
    yield cases
    cases.close()


def ask(
    front: nginx.Front, running: nginx.Running, target: str = "/", said: str = "", before: bytes = b"", name: str = "", to: str = BALANCER
) -> nginx.Answer:
    """A request as a balancer sends it: without a server name unless it has one, whose certificate is verified all the same."""
    port = int(front.variables["https_front_balancer_port"])
    # of an address, no name is sent
    with running.connect(name=name or BALANCER, to=(to, port), before=before) as connection:
        forwarded = f"X-Forwarded-For: {said}\r\n" if said else ""
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: {BALANCER}\r\n{forwarded}\r\n".encode())
        response = http.client.HTTPResponse(connection)
        response.begin()
        return nginx.Answer(response, "GET")


def proxied(client: str) -> bytes:
    return f"PROXY TCP4 {client} 192.0.2.250 50000 443\r\n".encode()


def proxied_in_binary(client: str) -> bytes:
    """Version 2, as AWS sends it: https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt, section 2.2"""
    addresses = socket.inet_aton(client) + socket.inet_aton("192.0.2.250") + (50000).to_bytes(2, "big") + (443).to_bytes(2, "big")
    return b"\r\n\r\n\x00\r\nQUIT\n\x21\x11" + len(addresses).to_bytes(2, "big") + addresses


def test_the_client_is_whom_the_balancer_has_added(fronts: nginx.Fronts) -> None:
    front = fronts["http"]
    with front.running() as running:
        answer = ask(front, running, said=CLIENT)
        assert (answer.status, answer.reached) == (200, "GET /")
        assert ask(front, running, said=STRANGER).status == 403
        assert ask(front, running, said=f"{CLIENT}, {STRANGER}").status == 403, "what was there before it is the client's own word"
        assert ask(front, running, said=f"{STRANGER}, {CLIENT}").status == 200
        assert ask(front, running, said=f"{CLIENT}, {GOOGLE}").status == 200, "behind the client stands the balancer itself"


def test_no_listener_of_the_front_is_taken_for_elasticsearch_whose_ports_are_closed(fronts: nginx.Fronts) -> None:
    front = fronts["http"]
    with front.running():
        for port in (front.port, int(front.variables["https_front_balancer_port"])):
            answer = asking.get("127.0.0.1", port, "/", {}, 20)
            assert (answer.kind, answer.status, "root_cause" in answer.body["error"]) == ("http", 400, True)
            assert not answer.is_elasticsearch


def test_nobody_becomes_this_host_by_saying_so(fronts: nginx.Fronts) -> None:
    front = fronts["others"]
    with front.running() as running:
        # the main listener believes nobody: the connection is that of this host
        assert running.ask("GET", "/", headers={"X-Forwarded-For": CLIENT}).status == 403
        assert running.ask("GET", HEALTH).status == 403, "the place is there for balancers, at their port"


def test_nobody_becomes_this_host_by_having_a_balancer_say_so(fronts: nginx.Fronts) -> None:
    front, own = fronts["far"], own_address()
    if not own:
        pytest.skip("needs an address that is no loopback address")
    with front.running() as running:
        assert ask(front, running, to=own, said=CLIENT).status == 200
        assert ask(front, running, CONFIGURATION, to=own, said=BALANCER).status in (403, 404)
        assert ask(front, running, CONFIGURATION, to=own, said=f"{BALANCER}, {own}").status in (403, 404)
        assert ask(front, running, to=own, said=BALANCER).status == 403


def test_who_is_no_balancer_gets_no_answer(fronts: nginx.Fronts) -> None:
    front = fronts["others"]
    with front.running() as running, pytest.raises((http.client.RemoteDisconnected, ConnectionError, ssl.SSLError)):
        ask(front, running, said=CLIENT)


@pytest.mark.parametrize("case", ["http", "proxy", "users", "others", "proxy_of_others"])
def test_that_the_listener_is_served_is_proved_from_this_host(fronts: nginx.Fronts, case: str) -> None:
    front = fronts[case]
    port, text = int(front.variables["https_front_balancer_port"]), front.configuration
    with front.running():
        proved = proof.prove(text, front.place, front.place / "nginx.pid")
        assert proved.served, proved.problems
        assert f"127.0.0.1 port {port} as {nginx.NAME}" in proved.running_at
        # nginx does not listen there, as where another program had the port when it was to be reloaded
        another = nginx.free_port()
        proved = proof.prove(re.sub(rf"\b{port}\b", str(another), text), front.place, front.place / "nginx.pid")
        assert proved.problems and all(f"port {another} as {nginx.NAME}" in problem for problem in proved.problems)


@pytest.mark.parametrize(("case", "is_set"), [("beside", False), ("beside_front", True), ("http", True)])
def test_options_of_its_socket_are_set_unless_another_site_of_the_port_does(fronts: nginx.Fronts, case: str, is_set: bool) -> None:
    front = fronts[case]
    assert not front.refused, front.refused
    front.test()
    listens = re.findall(rf"listen {front.variables['https_front_balancer_port']} .*;", front.configuration)
    assert len(listens) == 1 and ("so_keepalive" in listens[0]) is is_set


def test_a_balancer_that_passes_connections_on_says_before_them_whose_they_are(fronts: nginx.Fronts) -> None:
    front = fronts["proxy"]
    with front.running() as running:
        assert ask(front, running, before=proxied(CLIENT)).reached == "GET /"
        assert ask(front, running, before=proxied(STRANGER)).status == 403
        assert ask(front, running, before=proxied_in_binary(CLIENT)).status == 200
        assert ask(front, running, before=proxied_in_binary(STRANGER)).status == 403
        assert ask(front, running, before=proxied(STRANGER), said=CLIENT).status == 403, "the header is the client's own"
        assert ask(front, running, before=proxied(CLIENT), name=nginx.NAME).status == 200
        with pytest.raises((ssl.SSLError, ConnectionError)):
            ask(front, running)


@pytest.mark.parametrize("case", ["http", "users"])
def test_health_is_told_to_balancers_without_a_login_and_tells_nothing(fronts: nginx.Fronts, case: str) -> None:
    front = fronts[case]
    with front.running() as running:
        for _time in range(20):
            answer = ask(front, running, HEALTH)
            assert (answer.status, answer.text) == (204, ""), "it is not limited either"
        assert ask(front, running, HEALTH + "/").status in (401, 403)
        assert ask(front, running, "/_tlsfront/upstream").status in (401, 403, 404)
        assert ask(front, running, CONFIGURATION).status == 200, "the connection is that of this host"
        assert "reached" not in answer.headers


def test_health_is_bad_while_elasticsearch_does_not_answer(fronts: nginx.Fronts) -> None:
    front = fronts["down"]
    with front.running() as running:
        answer = ask(front, running, HEALTH)
        assert answer.status == 503 and answer.reached is None
        assert json.loads(answer.text)["error"]["type"] == "service_unavailable", "as Elasticsearch itself would say it"


def test_requests_are_counted_for_the_client_and_not_for_the_balancer(fronts: nginx.Fronts) -> None:
    front = fronts["users"]
    with front.running() as running:
        found = [ask(front, running, said=CLIENT).status for _time in range(12)]
        assert 429 in found and found[0] == 401
    front = fronts["open"]
    with front.running() as running:
        answer = ask(front, running, said=STRANGER)
        assert answer.backend["headers"]["X-Forwarded-For"].endswith(STRANGER)


def test_direct_clients_go_on_at_the_port_of_the_front(fronts: nginx.Fronts) -> None:
    with fronts["open"].running() as running:
        assert running.ask("GET", "/").reached == "GET /"
