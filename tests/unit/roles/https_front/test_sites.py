# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Further sites of one front, with a real nginx: a second Elasticsearch by a name and by a port of its own, and what stands for Kibana.

Kibana and OpenSearch Dashboards cannot be had where these tests run. In their place is a small HTTP server that speaks WebSocket (RFC 6455), which is what
they ask of a front that an Elasticsearch does not.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nginx
import pki
import pytest

SECOND, KIBANA, LATE = "second.example.org", "kibana.example.org", "late.example.org"
USERS = [{"name": "writer", "password": "secret"}, {"name": "reader", "password": "secret", "read_only": True}]
STRANGER = "192.0.2.7"


class WebSockets:
    """A server that answers each request with what has reached it, and the request of a WebSocket by becoming one that echoes what it is sent."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=self._server.accept()[:1], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as stream:
            while True:
                lines = list(iter(lambda: stream.readline().strip().decode(), ""))
                if not lines:
                    return
                headers = {name.lower(): value.strip() for name, _colon, value in (line.partition(":") for line in lines[1:])}
                if "websocket" in headers.get("upgrade", "").lower() and "upgrade" in headers.get("connection", "").lower():
                    # RFC 6455, section 4.2.2
                    accepted = hashlib.sha1((headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
                    connection.sendall(
                        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
                        + base64.b64encode(accepted)
                        + b"\r\n\r\n"
                    )
                    while True:  # a short frame of text, masked: section 5.2
                        head = stream.read(2)
                        if len(head) < 2:
                            return
                        mask, size = stream.read(4), head[1] & 0x7F
                        text = bytes(octet ^ mask[place % 4] for place, octet in enumerate(stream.read(size)))
                        connection.sendall(bytes([0x81, size]) + text)
                stream.read(int(headers.get("content-length") or 0))
                said = f"{lines[0]}\n{headers.get('upgrade', '')}\n{headers.get('connection', '')}\n{headers.get('authorization', '')}".encode()
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(said), said))

    def close(self) -> None:
        self._server.close()


@pytest.fixture(scope="module", params=nginx.EACH_NGINX)
def fronts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[nginx.Fronts]:
    cases = nginx.Fronts(request.param)
    second, dashboards = nginx.Backend(), WebSockets()
    authority = Path(tmp_path_factory.mktemp("authority")) / "ca.pem"
    authority.write_bytes(cases.root.pem)
    by_name = {"server_names": [SECOND], "upstreams": [f"127.0.0.1:{second.port}"]}
    kibana = {"server_names": [KIBANA], "kind": "dashboards", "upstreams": [f"127.0.0.1:{dashboards.port}"]}

    def add(name: str, **variables: Any) -> nginx.Front:
        certificate = pki.issue(nginx.NAME, cases.root, names=[nginx.NAME, SECOND, KIBANA, LATE, "127.0.0.1"])
        by_port = {"port": nginx.free_port(), "upstreams": [f"127.0.0.1:{second.port}"]}
        return cases.add(name, certificate, **{"https_front_sites": [by_name, by_port, kibana], **variables})

    add("plain", https_front_hsts_seconds=60, https_front_redirect_port=nginx.free_port())
    blocked = [dict(kibana, accept_console=True) if site is kibana else site for site in (by_name, kibana)]
    add("policy", https_front_users=USERS, https_front_blocked_paths=["/_snapshot"], https_front_sites=blocked)
    add("strangers", https_front_clients=[STRANGER])
    add("mutual", https_front_client_ca=str(authority))
    add("limited", https_front_rate_limit=1, https_front_rate_burst=3, https_front_users=USERS[:1])
    add("far", https_front_sites=[dict(kibana, upstreams=[f"127.0.0.1:{nginx.free_port()}"])])
    add("snippets", https_front_snippet="location = /own { return 418; }", https_front_sites=[dict(by_name, snippet="location = /its { return 418; }")])
    cases.render()
    yield cases
    second.close()
    dashboards.close()
    cases.close()


def port_of(front: nginx.Front, place: int) -> int:
    return int(front.variables["https_front_sites"][place].get("port", front.port))


def ask(running: nginx.Running, port: int, name: str, target: str = "/", user: str = "", **given: str) -> tuple[int, http.client.HTTPMessage, str]:
    """One request on a verified connection of its own."""
    headers = {"Host": name, **{key.replace("_", "-"): value for key, value in given.items()}}
    if user:
        headers["Authorization"] = "Basic " + base64.b64encode(user.encode()).decode()
    method, _space, path = target.rpartition(" ")
    with running.connect(name=name, to=("127.0.0.1", port)) as connection:
        lines = [f"{method or 'GET'} {path} HTTP/1.1", *(f"{key}: {value}" for key, value in headers.items()), "Content-Length: 0", "", ""]
        connection.sendall("\r\n".join(lines).encode())
        response = http.client.HTTPResponse(connection, method=method or "GET")
        response.begin()
        return response.status, response.headers, response.read().decode()


def test_each_name_and_each_port_leads_to_its_own_upstream(fronts: nginx.Fronts) -> None:
    front = fronts["plain"]
    with front.running() as running:
        for port, name in ((front.port, SECOND), (port_of(front, 1), nginx.NAME)):
            status, headers, said = ask(running, port, name, "/index/_search")
            assert status == 200 and '"reached": "GET /index/_search"' in said
            assert headers["strict-transport-security"] == "max-age=60"
        before = len(front.backend.requests)
        assert ask(running, front.port, nginx.NAME)[0] == 200 and len(front.backend.requests) == before + 1
        assert ask(running, front.port, KIBANA, "/app/home")[2].startswith("GET /app/home HTTP/1.1\n")
        assert len(front.backend.requests) == before + 1, "a site's requests do not come to the front's own upstream"


def test_a_name_is_served_at_no_other_port_than_its_own(fronts: nginx.Fronts) -> None:
    front = fronts["plain"]
    with front.running() as running:
        for port, name in ((port_of(front, 1), SECOND), (port_of(front, 1), KIBANA), (front.port, LATE)):
            with pytest.raises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
                ask(running, port, name)


def test_plain_http_is_answered_with_the_port_at_which_the_name_is_served(fronts: nginx.Fronts) -> None:
    front = fronts["plain"]
    with front.running():
        for name in (nginx.NAME, SECOND, KIBANA):
            connection = http.client.HTTPConnection("127.0.0.1", int(front.variables["https_front_redirect_port"]), timeout=10)
            connection.request("GET", "/x", headers={"Host": name})
            assert connection.getresponse().headers["location"] == f"https://{name}:{front.port}/x"
            connection.close()


def opened(running: nginx.Running, port: int, user: str = "") -> tuple[bytes, bytes]:
    """What comes of asking for a WebSocket: the first line of the answer, and what a text that is sent on it comes back as."""
    key = base64.b64encode(os.urandom(16)).decode()
    login = f"Authorization: Basic {base64.b64encode(user.encode()).decode()}\r\n" if user else ""
    with running.connect(name=KIBANA, to=("127.0.0.1", port)) as connection, connection.makefile("rb") as stream:
        connection.sendall(
            f"GET /socket HTTP/1.1\r\nHost: {KIBANA}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\n{login}\r\n".encode()
        )
        first = stream.readline().strip()
        if b" 101 " not in first:
            return first, b""
        while stream.readline().strip():
            pass
        mask = os.urandom(4)
        connection.sendall(b"\x81\x85" + mask + bytes(octet ^ mask[place % 4] for place, octet in enumerate(b"hello")))
        return first, stream.read(2 + 5)[2:]


def test_a_websocket_goes_through_to_dashboards(fronts: nginx.Fronts) -> None:
    front = fronts["plain"]
    with front.running() as running:
        assert opened(running, front.port) == (b"HTTP/1.1 101 Switching Protocols", b"hello")


def test_no_other_protocol_goes_through_and_none_to_elasticsearch(fronts: nginx.Fronts) -> None:
    """A tunnel of HTTP/2 would lead past all that is decided for each request."""
    front = fronts["plain"]
    with front.running() as running:
        for protocol in ("h2c", "TLS/1.0", "websocket, h2c", "h2c, websocket"):
            said = ask(running, front.port, KIBANA, Upgrade=protocol, Connection="Upgrade, HTTP2-Settings", HTTP2_Settings="AAMAAABkAARAAAAAAAIAAAAA")[2]
            assert said.split("\n")[1:3] == ["", ""], (protocol, said)
        said = ask(running, front.port, SECOND, Upgrade="websocket", Connection="Upgrade")[2]
        assert '"Upgrade"' not in said and "upgrade" not in said.lower()


def test_a_second_elasticsearch_is_no_way_round_users_paths_and_readers(fronts: nginx.Fronts) -> None:
    front = fronts["policy"]
    with front.running() as running:
        for name in (nginx.NAME, SECOND):
            assert ask(running, front.port, name)[0] == 401
            assert ask(running, front.port, name, user="writer:wrong")[0] == 401
            assert ask(running, front.port, name, user="writer:secret")[0] == 200
            assert ask(running, front.port, name, "/_snapshot/all", user="writer:secret")[0] == 403
            assert ask(running, front.port, name, "/%5Fsnapshot/all", user="writer:secret")[0] == 403
            assert ask(running, front.port, name, "POST /index/_search", user="reader:secret")[0] == 200
            assert ask(running, front.port, name, "PUT /index", user="reader:secret")[0] == 403
            assert ask(running, front.port, name, "DELETE /index", user="reader:secret")[0] == 403


def test_at_dashboards_users_log_in_and_readers_get_nothing(fronts: nginx.Fronts) -> None:
    front = fronts["policy"]
    with front.running() as running:
        assert ask(running, front.port, KIBANA)[0] == 401
        assert ask(running, front.port, KIBANA, "OPTIONS /", Origin="https://x.example.org", Access_Control_Request_Method="POST")[0] == 401
        status, _headers, said = ask(running, front.port, KIBANA, "/app/home", user="writer:secret")
        assert (status, said.splitlines()[0]) == (200, "GET /app/home HTTP/1.1") and "Basic" not in said, "the front's own login ends there"
        # by its console, Elasticsearch would be written to
        for target in ("/app/home", "POST /api/console/proxy?path=index&method=DELETE", "/api/status"):
            assert ask(running, front.port, KIBANA, target, user="reader:secret")[0] == 403, target
        assert ask(running, front.port, KIBANA, "/_snapshot", user="writer:secret")[0] == 403
        assert opened(running, front.port)[0].split()[1] == b"401"
        assert opened(running, front.port, "reader:secret")[0].split()[1] == b"403"
        assert opened(running, front.port, "writer:secret")[1] == b"hello"


def test_who_may_not_use_the_front_may_use_none_of_its_sites(fronts: nginx.Fronts) -> None:
    front = fronts["strangers"]
    with front.running() as running:
        for port, name in ((front.port, SECOND), (front.port, KIBANA), (port_of(front, 1), nginx.NAME)):
            assert ask(running, port, name)[0] == 403
            assert ask(running, port, name, "/_tlsfront/configuration")[0] == 200, "the role itself asks from this host"
        assert opened(running, front.port)[0].split()[1] == b"403"


def test_a_site_wants_the_client_certificate_too(fronts: nginx.Fronts) -> None:
    front = fronts["mutual"]
    with front.running() as running:
        for port, name in ((front.port, SECOND), (front.port, KIBANA), (port_of(front, 1), nginx.NAME)):
            status, _headers, said = ask(running, port, name)
            assert status == 400 and "No required SSL certificate" in said


def test_requests_to_all_sites_are_counted_together(fronts: nginx.Fronts) -> None:
    front = fronts["limited"]
    with front.running() as running:
        for _time in range(3):
            ask(running, front.port, SECOND)
            ask(running, port_of(front, 1), nginx.NAME)
        assert ask(running, front.port, nginx.NAME)[0] == 429
        assert ask(running, front.port, KIBANA)[0] == 429
        # what checks it is asked there in place of the cluster's health, and a password may not be tried
        assert [ask(running, front.port, KIBANA, "/api/status")[0] for _time in range(8)] == [401] * 8
        assert ask(running, front.port, KIBANA, "/_cluster/health")[0] == 429
        assert ask(running, front.port, SECOND, "/_cluster/health")[0] == 401
        assert ask(running, front.port, SECOND, "/api/status")[0] == 429
        assert 429 in [ask(running, front.port, KIBANA, "/api/status", user="writer:guess")[0] for _time in range(8)]


def test_where_dashboards_do_not_answer_the_answer_names_them(fronts: nginx.Fronts) -> None:
    front = fronts["far"]
    with front.running() as running:
        status, _headers, said = ask(running, front.port, KIBANA)
        assert status == 502 and "Kibana or OpenSearch Dashboards did not answer behind this endpoint" in said


def test_each_site_has_the_directives_that_are_its_own(fronts: nginx.Fronts) -> None:
    front = fronts["snippets"]
    with front.running() as running:
        assert [ask(running, front.port, name, "/own")[0] for name in (nginx.NAME, SECOND)] == [418, 200]
        assert [ask(running, front.port, name, "/its")[0] for name in (nginx.NAME, SECOND)] == [200, 418]
