# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an instance is told by its metadata service over a real connection, and what a service that is none can do."""

from __future__ import annotations

import http.server
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._instance_metadata import http as asking
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._instance_metadata.http import Service, Unanswered
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._instance_metadata.identity import detect, identify

TOKEN = "AQAEAtoken=="
MACS = "/latest/meta-data/network/interfaces/macs/"
FIRST, SECOND = "02:29:96:8f:6a:2d/", "02:29:96:8f:6a:2e/"
EC2 = {
    "/latest/dynamic/instance-identity/document": json.dumps({"instanceId": "i-0a1b", "region": "eu-central-1", "availabilityZone": "eu-central-1a"}),
    MACS: FIRST + "\n" + SECOND,
    "/latest/meta-data/public-hostname": "ec2-203-0-113-11.compute.amazonaws.com",
    "/latest/meta-data/local-hostname": "ip-10-0-3-11.internal es1.example.org",
    f"{MACS}{FIRST}local-ipv4s": "10.0.3.11\n10.0.3.12",
    f"{MACS}{FIRST}public-ipv4s": "203.0.113.11",
    f"{MACS}{FIRST}ipv6s": "2001:db8::11",
    f"{MACS}{SECOND}local-ipv4s": "10.0.4.11",
}
GCE = {
    "/computeMetadata/v1/instance/name": "es1",
    "/computeMetadata/v1/instance/hostname": "es1.europe-west1-b.c.my-project.internal",
    "/computeMetadata/v1/instance/zone": "projects/123/zones/europe-west1-b",
    "/computeMetadata/v1/project/project-id": "my-project",
    "/computeMetadata/v1/instance/network-interfaces/?recursive=true": json.dumps(
        [{"ip": "10.132.0.11", "accessConfigs": [{"externalIp": "203.0.113.11"}, {"externalIp": ""}]}, {"ipv6s": ["2001:db8::12"]}]
    ),
}


class Imds:
    """A metadata service of either cloud: what it has, what it was asked, and how often it is busy first."""

    def __init__(self, values: dict[str, str]) -> None:
        self.values, self.busy, self.status = values, 0, 200
        self.asked: list[str] = []
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                assert self.path == "/latest/api/token" and int(self.headers["X-aws-ec2-metadata-token-ttl-seconds"]) > 0
                self.give(200, TOKEN)

            def do_GET(self) -> None:
                service.asked.append(self.path)
                allowed = self.headers.get("X-aws-ec2-metadata-token") == TOKEN or self.headers.get("Metadata-Flavor") == "Google"
                if service.busy:
                    service.busy -= 1
                    self.give(503, "busy")
                elif not allowed:
                    self.give(401, "")
                elif self.path in service.values:
                    self.give(service.status, service.values[self.path])
                else:
                    self.give(404, "")

            def give(self, status: int, text: str) -> None:
                octets = text.encode()
                self.send_response(status)
                self.send_header("Metadata-Flavor", "Google")
                self.send_header("Content-Length", str(len(octets)))
                self.end_headers()
                self.wfile.write(octets)

            def log_message(self, *_arguments: Any) -> None:
                """Says nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_AGAIN_AFTER", 0.05)
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")  # nothing listens there, and it is not to be used


@pytest.fixture
def imds() -> Iterator[Callable[[dict[str, str]], Imds]]:
    running: list[Imds] = []

    def start(values: dict[str, str]) -> Imds:
        running.append(Imds(dict(values)))
        return running[-1]

    yield start
    for service in running:
        service.server.shutdown()
        service.server.server_close()


@pytest.fixture
def raw() -> Iterator[Callable[[Callable[[socket.socket], None]], str]]:
    """raw(TALK): the address of a server that does TALK with each connection."""
    listening: list[socket.socket] = []

    def start(talk: Callable[[socket.socket], None]) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listening.append(listener)

        def serve() -> None:
            while True:
                try:
                    connection = listener.accept()[0]
                except OSError:
                    return
                threading.Thread(target=run, args=(connection,), daemon=True).start()

        def run(connection: socket.socket) -> None:
            with connection:
                try:
                    connection.recv(65536)
                    talk(connection)
                except OSError:
                    pass

        threading.Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for listener in listening:
        listener.close()


def test_an_instance_of_ec2_is_told_all_its_names_and_addresses(imds: Any) -> None:
    service = imds(EC2)
    assert identify("ec2", service.address, 5) == {
        "cloud": "ec2",
        "instance_id": "i-0a1b",
        "region": "eu-central-1",
        "zone": "eu-central-1a",
        "names": ["ec2-203-0-113-11.compute.amazonaws.com", "ip-10-0-3-11.internal", "es1.example.org"],
        "addresses": ["10.0.3.11", "10.0.3.12", "10.0.4.11", "2001:db8::11", "203.0.113.11"],
        "private_addresses": ["10.0.3.11", "10.0.3.12", "10.0.4.11", "2001:db8::11"],
        "public_addresses": ["203.0.113.11", "2001:db8::11"],
    }
    assert not [path for path in service.asked if "user-data" in path or "iam" in path or path.endswith("/latest/")]


def test_an_instance_of_compute_engine_is_told_all_its_names_and_addresses(imds: Any) -> None:
    assert identify("gce", imds(GCE).address, 5) == {
        "cloud": "gce",
        "instance": "es1",
        "project": "my-project",
        "region": "europe-west1",
        "zone": "europe-west1-b",
        "names": ["es1.europe-west1-b.c.my-project.internal", "es1"],
        "addresses": ["10.132.0.11", "2001:db8::12", "203.0.113.11"],
        "private_addresses": ["10.132.0.11", "2001:db8::12"],
        "public_addresses": ["203.0.113.11", "2001:db8::12"],
    }


@pytest.mark.parametrize(("cloud", "values"), [("ec2", EC2), ("gce", GCE)])
def test_a_busy_service_is_asked_again(imds: Any, cloud: str, values: dict[str, str]) -> None:
    service = imds(values)
    service.busy = 2
    assert identify(cloud, service.address, 5)["names"]


@pytest.mark.parametrize(("cloud", "values"), [("ec2", EC2), ("gce", GCE)])
def test_a_service_that_stays_busy_is_named_with_what_it_did_not_answer(imds: Any, cloud: str, values: dict[str, str]) -> None:
    service = imds(values)
    service.busy = 1000
    with pytest.raises(Unanswered, match=r"got no answer .*Nothing was changed\..*node_identity_cloud to none"):
        identify(cloud, service.address, 5)


def test_a_redirect_is_not_followed(imds: Any) -> None:
    service = imds(GCE)
    service.status = 302
    with pytest.raises(Unanswered, match="instance/name"):
        identify("gce", service.address, 5)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/latest/dynamic/instance-identity/document", "no JSON"),
        ("/latest/dynamic/instance-identity/document", "[]"),
        ("/latest/dynamic/instance-identity/document", "{}"),
        (MACS, "../../../user-data/"),
        (MACS, FIRST + " x\r\nX-Header: evil/"),
    ],
)
def test_what_is_no_document_and_no_interface_is_refused(imds: Any, path: str, text: str) -> None:
    service = imds({**EC2, path: text})
    with pytest.raises(Unanswered, match=r"what no instance has.*Nothing was changed\."):
        identify("ec2", service.address, 5)
    assert not [asked for asked in service.asked if "user-data" in asked]


@pytest.mark.parametrize("text", ["no JSON", "{}", "[5]", '[{"ip": {}}]', '[{"ip": "10.0.0.1", "accessConfigs": 7}]'])
def test_what_are_no_interfaces_is_refused(imds: Any, text: str) -> None:
    service = imds({**GCE, "/computeMetadata/v1/instance/network-interfaces/?recursive=true": text})
    try:
        assert identify("gce", service.address, 5)["private_addresses"] == []
    except Unanswered as error:
        assert "what no instance has" in str(error)


def test_a_service_that_drips_is_given_up_in_time(raw: Any) -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _second in range(300):
            connection.sendall(b"x")
            time.sleep(0.1)

    begun = time.monotonic()
    assert Service(raw(drip), 0.4).ask("x", {}).status == asking.NO_ANSWER
    assert time.monotonic() - begun < 3 * 0.4 + 1.5


def test_a_silent_service_is_given_up_in_time(raw: Any) -> None:
    begun = time.monotonic()
    assert Service(raw(lambda _connection: time.sleep(30)), 0.4).ask("x", {}).status == asking.NO_ANSWER
    assert time.monotonic() - begun < 3 * 0.4 + 1.5


def test_headers_that_drip_are_given_up_in_time(raw: Any) -> None:
    def drip(connection: socket.socket) -> None:
        for _second in range(300):
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            time.sleep(0.1)

    begun = time.monotonic()
    assert Service(raw(drip), 0.4).ask("x", {}).status == asking.NO_ANSWER
    assert time.monotonic() - begun < 3 * 0.4 + 1.5


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * ((1 << 20) + 1),
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\xff",
        b"SSH-2.0-OpenSSH_9.2\r\n",
    ],
    ids=["endless", "cut off", "no text", "no http"],
)
def test_what_is_no_whole_answer_is_none(raw: Any, answer: bytes) -> None:
    assert Service(raw(lambda connection: connection.sendall(answer)), 2).ask("x", {}).status == asking.NO_ANSWER


def test_a_token_that_is_none_goes_into_no_header(raw: Any) -> None:
    token = b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\na\r\nX-Evil: b\r\n"
    with pytest.raises(Unanswered, match="token is none"):
        identify("ec2", raw(lambda connection: connection.sendall(token)), 2)


@pytest.mark.parametrize("endpoint", ["", "169.254.169.254", "https://169.254.169.254", "http://", "http://u:p@x", "http://x/?q", "http://x y", "http://x:p"])
def test_what_is_no_endpoint_is_refused_by_name(endpoint: str) -> None:
    with pytest.raises(Unanswered, match="node_identity_endpoint must be a URL of http"):
        identify("ec2", endpoint, 1)


@pytest.mark.parametrize(
    ("firmware", "cloud"),
    [
        ({"sys_vendor": "Amazon EC2\n"}, "ec2"),
        ({"sys_vendor": "Xen\n", "product_name": "HVM domU\n", "bios_version": "4.11.amazon\n"}, "ec2"),
        ({"sys_vendor": "Google\n", "product_name": "Google Compute Engine\n"}, "gce"),
        ({"sys_vendor": "QEMU\n", "product_name": "Standard PC\n"}, "none"),
        ({}, "none"),
    ],
)
def test_the_firmware_tells_the_cloud(tmp_path: Path, firmware: dict[str, str], cloud: str) -> None:
    for name, text in firmware.items():
        (tmp_path / name).write_text(text)
    assert detect(tmp_path) == cloud


def test_a_host_in_no_cloud_asks_nobody(tmp_path: Path) -> None:
    assert identify("auto", "no endpoint", 1, tmp_path) == {"cloud": "none"}
