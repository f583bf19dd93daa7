# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the role says where the metadata service does not answer as it should: one run over many hosts, each with another service."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

NO_GOOGLE = ["got no answer with Google's header Metadata-Flavor from http://127.0.0.1:", "instance/name"]
NO_GOOGLE += ["Nothing was changed.", "set node_identity_cloud to none"]

# the cloud, the status that its service answers with (0: it is silent), and what the message must say
ODDITIES: dict[str, tuple[str, int, list[str]]] = {
    "ec2_turned_off": ("ec2", 403, ["got no session token from", "(status 403)", "HttpEndpoint must be enabled", "hop limit"]),
    "ec2_silent": ("ec2", 0, ["got no session token from", "(no answer)", "node_identity_cloud to none"]),
    "gce_silent": ("gce", 0, ["gce_silent", *NO_GOOGLE]),
    "gce_something_else": ("gce", 200, ["gce_something_else", *NO_GOOGLE]),
}

# what a service tells that answers as Compute Engine's does, in place of what is right, and what the message must say
RIGHT = {
    "instance/name": "es1",
    "instance/hostname": "es1.europe-west1-b.c.my-project.internal",
    "instance/zone": "projects/123/zones/europe-west1-b",
    "project/project-id": "example.org:my-project",
    "instance/network-interfaces/?recursive=true": '[{"ip": "10.132.0.11", "accessConfigs": [{"externalIp": "203.0.113.11"}]}]',
}
HOSTILE: dict[str, tuple[dict[str, str], str]] = {
    "a_directive": ({"instance/hostname": "es1; } location = /x { return 200; } #"}, "is not a host name"),
    "a_second_line": ({"instance/hostname": "es1.example.org\n include /tmp/x;"}, "is not a host name"),
    "no_address": ({"instance/network-interfaces/?recursive=true": '[{"ip": "10.132.0.11; evil"}]'}, "is not an IPv4 or IPv6 address"),
    "no_project": ({"project/project-id": "my project$(id)"}, "told what no instance has"),
    "no_zone": ({"instance/zone": "projects/123/zones/b\nevil"}, "told what no instance has"),
}


class Service(http.server.BaseHTTPRequestHandler):
    def answer(self) -> None:
        case, _slash, path = self.path[1:].partition("/computeMetadata/v1/")
        if path and case not in ODDITIES:
            octets = (RIGHT | HOSTILE.get(case, ({}, ""))[0])[path].encode()
            self.send_response(200)
            self.send_header("Metadata-Flavor", "Google")
            self.send_header("content-length", str(len(octets)))
            self.end_headers()
            self.wfile.write(octets)
            return
        status = next(status for name, (_cloud, status, _says) in ODDITIES.items() if self.path.startswith(f"/{name}/"))
        self.send_response(status)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_PUT = answer

    def log_message(self, *_arguments: Any) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


@pytest.fixture(scope="module")
def results(play: Any, service: str) -> Iterator[Any]:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf:  # bound, so that nobody else gets the port; nothing answers
        silent = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        hosts: dict[str, Any] = {
            name: {
                "tlsfront_cloud": cloud,
                "node_identity_endpoint": f"{service}/{name}" if status else silent,
                "node_identity_timeout": 1,
            }
            for name, (cloud, status, _says) in ODDITIES.items()
        }
        for name in ("right", *HOSTILE):
            hosts[name] = {"tlsfront_cloud": "gce", "node_identity_endpoint": f"{service}/{name}"}
        hosts["in_no_cloud"] = {"tlsfront_cloud": "none"}
        yield play(Path(__file__).with_name("identity.yml"), hosts)


@pytest.mark.parametrize("case", ODDITIES)
def test_a_service_that_does_not_answer_right_is_a_clear_error(results: Any, case: str) -> None:
    said = str(results.failure(case)["msg"])
    for part in ODDITIES[case][2]:
        assert part in said


def test_a_node_in_no_cloud_works_from_facts(results: Any) -> None:
    identity = results.outcomes("in_no_cloud")[-1]["ansible_facts"]["tlsfront_identity"]
    assert identity["cloud"] == "none"
    assert identity["names"] == ["in_no_cloud"]
    assert identity["private_addresses"]


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_no_name_address_or_identifier_goes_no_further(results: Any, case: str) -> None:
    said = str(results.failure(case)["msg"])
    assert HOSTILE[case][1] in said and "Look at what answers there" in said


def test_what_a_service_rightly_tells_is_taken(results: Any) -> None:
    identity = results.outcomes("right")[-1]["ansible_facts"]["tlsfront_identity"]
    assert identity["names"] == [RIGHT["instance/hostname"], "es1"]
    assert identity["addresses"] == ["10.132.0.11", "203.0.113.11"]
    assert (identity["project"], identity["zone"]) == ("example.org:my-project", "europe-west1-b")
