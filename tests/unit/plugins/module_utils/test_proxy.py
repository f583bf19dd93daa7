# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Through a proxy that can do nothing but pass bytes on."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki, servers
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.lab import Lab, verdict
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.servers import listening


class Proxy:
    """An HTTP proxy that knows CONNECT, leads everything to one port and keeps what the client says."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.asked: list[bytes] = []
        self.passed = b""

    def __call__(self, client: socket.socket) -> None:
        self.asked.append(servers.read_request(client))
        client.sendall(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n")
        servers.join(client, socket.create_connection(("127.0.0.1", self.port)), self._hear)

    def _hear(self, data: bytes) -> None:
        self.passed += data


def through(lab: Lab, issued: pki.Issued, **options: Any) -> tuple[dict[str, Any], Proxy]:
    with lab.serving(issued) as server:
        proxy = Proxy(server.port)
        with listening(proxy) as front:
            settings = {"proxy": f"http://127.0.0.1:{front.port}", "ca_path": lab.ca_path, **options}
            return verdict("https://es.example.org", **settings), proxy


def test_the_name_is_left_to_the_proxy_and_verified_here(lab: Lab) -> None:
    entry, proxy = through(lab, pki.issue("es1", lab.root, names=["es.example.org"]))
    assert entry["verified"], entry["message"]
    assert proxy.asked[0].startswith(b"CONNECT es.example.org:443 HTTP/1.1\r\nHost: es.example.org:443\r\n")
    assert entry["addresses"][0]["address"] == "es.example.org"


def test_the_proxy_sees_no_http_and_no_credentials(lab: Lab) -> None:
    leaf = pki.issue("es1", lab.root, names=["es.example.org"])
    entry, proxy = through(lab, leaf, url_username="elastic", url_password="secret")
    assert entry["verified"]
    assert proxy.passed[:1] == b"\x16", "something went through the tunnel before TLS"
    for secret in (b"GET /", b"ZWxhc3RpYzpzZWNyZXQ", b"authorization"):
        assert secret not in proxy.passed
        assert secret not in b"".join(proxy.asked)


def test_what_the_proxy_leads_to_must_verify(lab: Lab) -> None:
    entry, proxy = through(lab, pki.issue("es1", lab.root, names=["other.example.org"]))
    assert entry["reason"] == "hostname_mismatch"
    assert b"GET" not in proxy.passed


def test_the_address_to_ask_the_proxy_for_can_be_given(lab: Lab) -> None:
    _entry, proxy = through(lab, lab.good, connect_to="[fd00::8]:9243")
    assert proxy.asked[0].startswith(b"CONNECT [fd00::8]:9243 HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "407"),
        (b"<html>", "closed"),
        (b"SSH-2.0-x\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 200 " + b"a" * 20000, "no end"),
        (b"", "closed"),
    ],
)
def test_a_proxy_that_opens_no_tunnel_is_told_apart(lab: Lab, answer: bytes, says: str) -> None:
    def handle(client: Any) -> None:
        servers.read_request(client)
        client.sendall(answer)

    with listening(handle) as proxy:
        entry = verdict("https://es.example.org", proxy=f"127.0.0.1:{proxy.port}", ca_path=lab.ca_path)
    assert entry["reason"] == "bad_gateway"
    assert says in entry["message"]


def test_a_proxy_that_hangs_ends_in_time(lab: Lab) -> None:
    with listening(servers.silent) as proxy:
        entry = verdict("https://es.example.org", proxy=f"127.0.0.1:{proxy.port}", ca_path=lab.ca_path, timeout=0.5)
    assert entry["reason"] == "connection_timeout"


def test_a_proxy_that_is_not_there(lab: Lab) -> None:
    entry = verdict("https://es.example.org", proxy=f"127.0.0.1:{servers.closed_port()}", ca_path=lab.ca_path)
    assert entry["reason"] == "connection_refused"
    assert "proxy" in entry["message"]


def test_a_proxy_of_the_environment_is_not_used(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with lab.serving() as server:
        assert verdict(server.url, ca_path=lab.ca_path)["verified"]
