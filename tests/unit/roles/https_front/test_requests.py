# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What becomes of requests and answers that are unlike most, in a real nginx: broken, long, or of a browser."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import nginx
import pytest

PREFLIGHT = {"Origin": "https://kibana.example.org", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}


@pytest.fixture(scope="module")
def fronts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[nginx.Fronts]:
    cases = nginx.Fronts()
    users = [{"name": "user", "password": "secret"}, {"name": "reader", "password": "secret", "read_only": True}]
    authority = Path(tmp_path_factory.mktemp("authority")) / "ca.pem"
    authority.write_bytes(cases.root.pem)
    cases.add("plain")
    cases.add("users", https_front_users=users, https_front_blocked_paths=["/_snapshot"], https_front_rate_limit=1000)
    cases.add("mutual", https_front_client_ca=str(authority), https_front_users=users)
    cases.add("strangers", https_front_clients=["192.0.2.7"], https_front_client_ca=str(authority))
    cases.add("beside", https_front_reject_unknown_names=False)
    later = cases.add("later")
    later.neighbours = (
        f"server {{ listen {later.port} ssl so_keepalive=off; server_name later.example.org; ssl_certificate {later.certificate_dir}/chain.pem;"
        f" ssl_certificate_key {later.certificate_dir}/key.pem; return 404; }}\n"
    )
    cases.render()
    yield cases
    cases.close()


def raw(running: nginx.Running, message: bytes) -> tuple[int, http.client.HTTPMessage, str]:
    with running.connect() as connection:
        with contextlib.suppress(BrokenPipeError, ssl.SSLEOFError):  # it is answered before all of it has come
            connection.sendall(message)
        response = http.client.HTTPResponse(connection)
        response.begin()
        return response.status, response.headers, response.read().decode()


BROKEN = {
    "too long": (b"GET /" + b"x" * 70000 + b" HTTP/1.1\r\nHost: es1.example.org\r\n\r\n", 414),
    "no method": (b"\x16\x03\x01\x02\r\n\r\n", 400),
    "no path": (b"GET es1 HTTP/1.1\r\nHost: es1.example.org\r\n\r\n", 400),
    "a zero byte": (b"GET /%00 HTTP/1.1\r\nHost: es1.example.org\r\n\r\n", 400),
    "above the root": (b"GET /../.. HTTP/1.1\r\nHost: es1.example.org\r\n\r\n", 400),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "two hosts": (b"GET / HTTP/1.1\r\nHost: es1.example.org\r\nHost: es1.example.org\r\n\r\n", 400),
    "another protocol": (b"GET / HTTP/9.9\r\nHost: es1.example.org\r\n\r\n", 505),
    "a long header": (b"GET / HTTP/1.1\r\nHost: es1.example.org\r\nx: " + b"x" * 70000 + b"\r\n\r\n", 400),
}


@pytest.mark.parametrize("case", ["plain", "users", "mutual", "strangers"])
def test_what_is_no_request_is_answered_in_json_and_is_no_error_of_nginx(fronts: nginx.Fronts, case: str) -> None:
    front = fronts[case]
    with front.running() as running:
        for what, (message, wanted) in BROKEN.items():
            status, headers, said = raw(running, message)
            # without a host, the request does not name the server of the handshake either
            assert status == wanted or (what, case in ("mutual", "strangers"), status) == ("no host", True, 421), what
            assert headers["content-type"] == "application/json", what
            assert json.loads(said)["status"] == status, what
    assert "[error]" not in front.log()


@pytest.mark.parametrize("path", ["/_tlsfront/error/400", "/_tlsfront/ERROR/400", "/_tlsfront/error/400%0A", "/_tlsfront/error/400/", "//_tlsfront/error/400"])
def test_nobody_gets_in_by_the_address_of_an_error(fronts: nginx.Fronts, path: str) -> None:
    with fronts["strangers"].running() as running:
        answer = running.ask("GET", path)
        assert answer.reached is None
        assert answer.status in (403, 404)
    with fronts["mutual"].running() as running:
        assert running.ask("GET", path, user="user:secret").reached is None
    with fronts["users"].running() as running:
        assert running.ask("GET", path).reached is None


def test_a_browser_may_ask_what_it_may_ask(fronts: nginx.Fronts) -> None:
    """A CORS-preflight request has no credentials: https://fetch.spec.whatwg.org/#cors-preflight-fetch"""
    with fronts["users"].running() as running:
        answer = running.ask("OPTIONS", "/index/_search", headers=PREFLIGHT)
        assert (answer.status, answer.reached) == (200, "OPTIONS /index/_search")
        assert running.ask("OPTIONS", "/_snapshot", headers=PREFLIGHT).status == 403
        for method, headers in (
            ("OPTIONS", {}),
            ("OPTIONS", {"Origin": PREFLIGHT["Origin"]}),
            ("OPTIONS", {"Access-Control-Request-Method": "POST"}),
            ("GET", PREFLIGHT),
            ("POST", PREFLIGHT),
            ("DELETE", PREFLIGHT),
        ):
            assert running.ask(method, "/index/_search", headers=headers).status == 401, (method, headers)
        # what it asks then has them
        assert running.ask("POST", "/index/_search", user="reader:secret", headers={"Origin": PREFLIGHT["Origin"]}).status == 200
    with fronts["mutual"].running() as running:
        assert running.ask("OPTIONS", "/", headers=PREFLIGHT).status == 400


def test_an_answer_may_have_many_deprecation_warnings(fronts: nginx.Fronts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Elasticsearch writes each as a header of its own, without an end: http.max_warning_header_count is not limited."""
    warning = '299 Elasticsearch-7.17.0-bee86328705acaa9a6daede7140defd4d9ec56bd "' + "this is deprecated and will be removed, use another one " * 2 + '"'
    monkeypatch.setattr(http.client, "_MAXHEADERS", 1000)
    front = fronts["plain"]
    front.backend.extra = [("Warning", warning)] * 250  # 48 KiB
    try:
        with front.running() as running:
            answer = running.ask("GET", "/")
            assert answer.status == 200
            assert len(answer.headers.get_all("Warning")) == 250
    finally:
        front.backend.extra = []


def sockets(port: int) -> str:
    return subprocess.run(["ss", "-Htno", "state", "established", f"sport = :{port}"], check=True, stdout=subprocess.PIPE, text=True).stdout


def test_a_load_balancer_sees_that_a_kept_connection_is_alive(fronts: nginx.Fronts) -> None:
    """350 seconds without a byte, and an NLB drops it: https://docs.aws.amazon.com/elasticloadbalancing/latest/network/network-load-balancers.html"""
    front = fronts["plain"]
    with front.running() as running:
        running.ask("GET", "/")
        deadline = time.monotonic() + 10
        while "timer:(keepalive" not in sockets(front.port):  # until the last packet is acknowledged, another timer runs
            assert time.monotonic() < deadline, sockets(front.port)
            time.sleep(0.1)
    assert [int(each) for each in re.findall(r"keepalive_timeout (\d+)s;", front.configuration)] == [300]


def test_the_options_of_a_listener_are_left_to_the_site_that_is_its_default(fronts: nginx.Fronts) -> None:
    front = fronts["beside"]
    directory = front.certificate_dir
    front.neighbours = (
        f"server {{ listen {front.port} ssl default_server so_keepalive=off; ssl_certificate {directory}/chain.pem;"
        f" ssl_certificate_key {directory}/key.pem; return 404; }}\n"
    )
    with front.running() as running:
        assert running.ask("GET", "/").status == 200


def test_a_site_with_options_of_the_listener_that_came_later_keeps_them(fronts: nginx.Fronts) -> None:
    """Only one site may set them: with both, nginx would refuse its configuration."""
    front = fronts["later"]
    assert " so_keepalive=" in fronts["plain"].configuration
    assert " so_keepalive=" not in front.configuration
    with front.running() as running:
        assert running.ask("GET", "/").status == 200
        assert running.ask("GET", "/", host="later.example.org", new=True).status == 404
