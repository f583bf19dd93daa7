# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the role refuses, and what it says then: one run of it over many hosts, each with another policy."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
PEERS = {"host_firewall_peers": ["192.0.2.0/24"]}

# variables of the host, and what the message must say
CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "no_facts": ({"case_facts": False} | PEERS, ["needs the facts of the host", "Set gather_facts to true"]),
    "no_systemd": (
        {"case_service_manager": "openrc"} | PEERS,
        ["no_systemd (Debian 12.5) is not run by systemd but by openrc", "Take the host out of the play"],
    ),
    "a_name_for_a_peer": (
        PEERS | {"host_firewall_peers": ["192.0.2.1", "es2.example.org"]},
        ["host_firewall_peers: 'es2.example.org' is not an IPv4 or IPv6 address", "names are not looked up"],
    ),
    "host_bits": (
        PEERS | {"tlsfront_direct_clients": ["192.0.2.7/24"]},
        ["host_firewall_direct_clients: '192.0.2.7/24' has host bits set: write 192.0.2.0/24"],
    ),
    "a_port_for_a_direct_client_that_is_open_to_all": (
        PEERS | {"tlsfront_direct_clients": [{"networks": ["192.0.2.7"], "ports": [9400]}]},
        ["host_firewall_direct_clients: 9400 of", "is not among the closed ports: close it, or take it out"],
    ),
    "a_direct_client_without_a_network": (
        PEERS | {"tlsfront_direct_clients": [{"ports": [9300]}]},
        ["must have networks and ports", "write for example {networks: [192.0.2.0/24], ports: [9300]}"],
    ),
    "a_bad_container_network": (
        PEERS | {"host_firewall_container_networks": ["172.17.0.0/160"]},
        ["host_firewall_container_networks: '172.17.0.0/160' is not an IPv4 or IPv6 address"],
    ),
    "port_out_of_range": (
        PEERS | {"tlsfront_closed_ports": [9200, 93000]},
        ["host_firewall_closed_ports: '93000' is out of range: ports go from 1 to 65535"],
    ),
    "no_port": (PEERS | {"tlsfront_closed_ports": []}, ["host_firewall_closed_ports is empty", "Name the ports"]),
    "not_a_peer_itself": (
        PEERS | {"host_firewall_peers": ["198.51.100.0/24"]},
        ["None of the addresses of not_a_peer_itself is in host_firewall_peers", "into the group elasticsearch"],
    ),
    "the_port_of_this_connection": (
        PEERS | {"tlsfront_closed_ports": [9200, "2200-2299"]},
        ["host_firewall_closed_ports contains 2222", "Take it out of the list"],
    ),
    "the_port_of_ssh": (
        PEERS | {"tlsfront_closed_ports": [9200, 2022], "ansible_port": 2022},
        ["host_firewall_closed_ports contains 2022"],
    ),
    "the_https_port": (
        PEERS | {"tlsfront_closed_ports": ["9200-9299"], "tlsfront_https_port": 9243},
        ["host_firewall_closed_ports contains 9243", "by https"],
    ),
    "an_outgoing_port": (
        PEERS | {"tlsfront_closed_ports": [9200, EPHEMERAL.read_text().split()[0]]},
        ["source port of an outgoing", "Add it to net.ipv4.ip_local_reserved_ports first"],
    ),
    "an_unknown_state": (PEERS | {"host_firewall_state": "open"}, ["host_firewall_state", "present, absent"]),
    "an_unknown_action": (PEERS | {"host_firewall_action": "tarpit"}, ["host_firewall_action", "drop, reject"]),
    "a_peer_without_facts": (
        {"tlsfront_group": "pair"},
        ["The addresses of no_facts are not known", "without --limit"],
    ),
    "an_empty_group": ({"tlsfront_group": "nobody"}, ["There is no host"]),
    "a_time_that_is_none": (PEERS | {"host_firewall_confirm_timeout": "30; OnCalendar=hourly"}, ["host_firewall_confirm_timeout"]),
    "a_time_of_two_lines": (
        PEERS | {"host_firewall_confirm_timeout": "30\nOnCalendar=hourly"},
        ["host_firewall_confirm_timeout"],
    ),
    "a_time_with_a_line_end": (
        PEERS | {"host_firewall_confirm_timeout": "30\n"},
        ["host_firewall_confirm_timeout is the text \"30\\n\", and must be a whole number"],
    ),
    "a_time_that_is_past": (PEERS | {"host_firewall_confirm_timeout": -1}, ["host_firewall_confirm_timeout is", "from 5 to 3600"]),
    "a_port_left_open_that_is_none": (
        PEERS | {"host_firewall_ports_left_open": ["9201; accept"]},
        ["host_firewall_ports_left_open: '9201; accept' is not a port"],
    ),
    "a_cluster_that_wants_a_login": (
        PEERS | {"host_firewall_cluster_url": "{{ case_cluster_url }}/login"},
        ["It cannot be seen which nodes the cluster", "HTTP 401", "host_firewall_cluster_username", "set host_firewall_accept_unknown_cluster to true"],
    ),
    "a_cluster_that_is_not_there": (
        PEERS | {"host_firewall_cluster_url": "http://127.0.0.1:1"},
        ["It cannot be seen which nodes the cluster", "refused", "Nothing was changed"],
    ),
    "a_cluster_that_has_no_https": (
        PEERS | {"host_firewall_cluster_url": "{{ case_cluster_url | replace('http:', 'https:') }}"},
        ["It cannot be seen which nodes the cluster", "SSL", "host_firewall_cluster_ca_path"],
    ),
    "a_cluster_url_that_is_none": (PEERS | {"host_firewall_cluster_url": "es1:9200"}, ["cluster_url is no URL"]),
    "a_cluster_url_with_a_login": (
        PEERS | {"host_firewall_cluster_url": "https://admin:s3cret@127.0.0.1:9200"},
        ["cluster_url has credentials in it"],
    ),
    "a_ca_of_the_cluster_that_everybody_may_change": (
        PEERS | {"host_firewall_cluster_url": "https://127.0.0.1:9200", "host_firewall_cluster_ca_path": "{{ case_open }}/ca.pem"},
        ["cluster_ca_path cannot be trusted", "/open/ca.pem may be changed by everybody (mode 0666): chmod o-w /", "Look first"],
    ),
    "a_ca_of_the_cluster_in_a_directory_that_everybody_may_change": (
        PEERS | {"host_firewall_cluster_url": "https://127.0.0.1:9200", "host_firewall_cluster_ca_path": "{{ case_open }}/shared/ca.pem"},
        ["/open/shared may be changed by everybody (mode 0777): chmod o-w /"],
    ),
    "a_ca_of_the_cluster_that_depends_on_where_the_run_began": (
        PEERS | {"host_firewall_cluster_url": "https://127.0.0.1:9200", "host_firewall_cluster_ca_path": "ca.pem"},
        ["cluster_ca_path is", "Give the absolute path"],
    ),
    "a_node_that_is_no_peer": (
        {"host_firewall_peers": ["192.0.2.1", "2001:db8::/32"], "host_firewall_cluster_url": "{{ case_cluster_url }}"},
        ["192.0.2.2 would be cut off", "or add the address to host_firewall_peers"],
    ),
    "a_node_that_is_no_peer_past_a_login": (
        {
            "host_firewall_peers": ["192.0.2.1", "2001:db8::/32"],
            "host_firewall_cluster_url": "{{ case_cluster_url }}/login",
            "host_firewall_cluster_username": "admin",
            "host_firewall_cluster_password": "s3cret",
        },
        ["192.0.2.2 would be cut off"],
    ),
}

# The answer of a cluster of Elasticsearch 7.17 to the role's question, with documentation addresses.
NODES = {
    "nodes": {
        "aW0nCPi1QGm4m0fAiiXyBg": {
            "name": "es1",
            "transport_address": "192.0.2.1:9300",
            "transport": {"publish_address": "192.0.2.1:9300"},
        },
        "QyP8Yp9lTQe8yEJt5kYQ4w": {
            "name": "es2",
            "transport_address": "192.0.2.2:9300",
            "transport": {"publish_address": "es2.example.org/192.0.2.2:9300"},
        },
        "mzqQ0hT4TWi3rJr1VgZb1A": {
            "name": "es3",
            "transport_address": "[2001:db8::3]:9300",
            "transport": {"publish_address": "[2001:db8::3]:9300"},
        },
    }
}


class Cluster(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = self.path.removeprefix("/login").startswith("/_nodes/transport,http?")
        # admin:s3cret
        let_in = not self.path.startswith("/login") or self.headers["authorization"] == "Basic YWRtaW46czNjcmV0"
        body = json.dumps(NODES if found and let_in else {}).encode()
        self.send_response(401 if not let_in else 200 if found else 404)
        self.send_header("content-type", "application/json; charset=UTF-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def cluster_url() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cluster)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Modules see no process of this machine, for it may run Elasticsearch."""
    if os.geteuid() != 0 or not shutil.which("unshare"):
        return sys.executable
    program = tmp_path_factory.mktemp("python") / "python"
    program.write_text(f'#!/bin/sh\nexec unshare --pid --fork --mount-proc {sys.executable} "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(program)


@pytest.fixture(scope="module")
def open_place(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What others can change."""
    place = tmp_path_factory.mktemp("ca") / "open"
    (place / "shared").mkdir(parents=True)
    for path in (place / "ca.pem", place / "shared/ca.pem"):
        path.write_text("")
    (place / "ca.pem").chmod(0o666)
    (place / "shared").chmod(0o777)
    return str(place)


@pytest.fixture(scope="module")
def results(play: Any, cluster_url: str, python: str, open_place: str) -> Any:
    known = {"case_open": open_place, "case_cluster_url": cluster_url, "ansible_python_interpreter": python}
    hosts = {name: known | variables for name, (variables, _says) in CASES.items()}
    pair = {"pair": {"hosts": {"a_peer_without_facts": None, "no_facts": None}}}
    return play(Path(__file__).with_name("preflight.yml"), hosts, "--check", children=pair)


@pytest.mark.parametrize("case", CASES)
def test_that_it_stops_before_any_change_and_says_what_to_do(results: Any, case: str) -> None:
    said = str(results.failure(case)["msg"])
    for part in CASES[case][1]:
        assert part in said
    assert "s3cret" not in json.dumps(results.outcomes(case))
