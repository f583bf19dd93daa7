# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import errno
import os
import socket
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.ports import port_ranges
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki, servers
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.lab import Lab, verdict
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.servers import answering, response


def ports_of(entry: dict[str, Any], number: int = 0) -> dict[str, list[str]]:
    """What is told of the ports of one address, by the first word of each key."""
    address = entry["addresses"][number]
    return {kind: address[f"{kind}_ports"] for kind in ("open", "closed", "unknown")}


def test_neighbours_are_joined_to_ranges() -> None:
    assert port_ranges([9300, 9201, 9200, 9202, 22]) == ["22", "9200-9202", "9300"]
    assert port_ranges([]) == []


def test_each_address_tells_the_ports_that_were_tried_there_open_or_closed(lab: Lab) -> None:
    closed = servers.closed_port()
    with lab.serving() as server, servers.listening(servers.silent) as plain:
        entry = verdict(server.url, ca_path=lab.ca_path, closed_ports=[closed, plain.port])
    assert ports_of(entry) == {"open": [str(plain.port)], "closed": [str(closed)], "unknown": []}
    assert entry["open_ports"] == [{"address": "127.0.0.1", "port": plain.port}]


def test_a_port_that_refuses_is_closed_where_https_fails_too(lab: Lab) -> None:
    closed = servers.closed_port()
    entry = verdict(f"https://127.0.0.1:{servers.closed_port()}", ca_path=lab.ca_path, closed_ports=[closed])
    assert (entry["reason"], ports_of(entry)["closed"]) == ("connection_refused", [str(closed)])


def test_a_silent_port_is_closed_where_its_host_is_verified(lab: Lab) -> None:
    with lab.serving() as server, servers.black_hole() as silent:
        entry = verdict(server.url, ca_path=lab.ca_path, closed_ports=[silent], timeout=1)
    assert entry["verified"], entry["message"]
    assert ports_of(entry) == {"open": [], "closed": [str(silent)], "unknown": []}


def test_a_silent_port_is_closed_where_only_a_login_is_missing(lab: Lab) -> None:
    with lab.serving(handler=answering(response({}, 401))) as server, servers.black_hole() as silent:
        entry = verdict(server.url, ca_path=lab.ca_path, closed_ports=[silent], timeout=1)
    assert (entry["reason"], ports_of(entry)["closed"]) == ("http_unauthorized", [str(silent)])


def test_the_ports_of_a_dead_host_are_unknown(lab: Lab) -> None:
    with servers.black_hole() as https, servers.black_hole() as silent:
        entry = verdict(f"https://127.0.0.1:{https}", ca_path=lab.ca_path, closed_ports=[silent], timeout=1)
    assert entry["reason"] == "connection_timeout"
    assert ports_of(entry) == {"open": [], "closed": [], "unknown": [str(silent)]}


def test_the_ports_of_an_address_without_a_route_are_unknown(lab: Lab) -> None:
    endpoint = {"url": "https://localhost", "connect_to": "255.255.255.255"}
    entry = verdict(endpoint, ca_path=lab.ca_path, closed_ports=["9200-9299"])
    assert (entry["reason"], ports_of(entry)["closed"]) == ("unreachable", [])
    assert ports_of(entry)["unknown"] == ["9200-9299"]


def test_whoever_answers_without_verification_does_not_vouch_for_silence(lab: Lab) -> None:
    with lab.serving(pki.issue("es1", lab.other_root)) as server, servers.black_hole() as silent:
        entry = verdict(server.url, ca_path=lab.ca_path, closed_ports=[silent], timeout=1)
    assert (entry["reason"], ports_of(entry)["unknown"]) == ("untrusted_issuer", [str(silent)])


def test_one_address_does_not_vouch_for_another_even_where_one_is_enough(lab: Lab, names: Any) -> None:
    with lab.serving(pki.issue("es1", lab.root, names=["es.test"])) as server, servers.black_hole() as silent:
        names["es.test"] = ["127.0.0.1", "255.255.255.255"]
        entry = verdict(
            f"https://es.test:{server.port}", ca_path=lab.ca_path, closed_ports=[silent], all_addresses=False, timeout=1
        )
    assert (entry["verified"], entry["reason"]) == (False, "unreachable")
    assert f"255.255.255.255 port {silent}" in entry["message"]
    assert [ports_of(entry, number)["unknown"] for number in (0, 1)] == [[], [str(silent)]]


@pytest.mark.parametrize("number", [errno.ENOBUFS, errno.EPERM, errno.EACCES])
def test_an_error_of_the_host_that_asks_is_no_answer(lab: Lab, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """EPERM is what a firewall on the probe host itself gives: it says nothing of the other side."""
    unknown = servers.closed_port()
    connect = socket.socket.connect

    def fail(self: socket.socket, address: Any) -> None:
        if address[1] == unknown:
            raise OSError(number, os.strerror(number))
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", fail)
    with lab.serving() as server:
        entry = verdict(server.url, ca_path=lab.ca_path, closed_ports=[unknown])
    assert (entry["verified"], entry["reason"]) == (False, "unreachable")
    assert os.strerror(number) in entry["message"]
    assert ports_of(entry) == {"open": [], "closed": [], "unknown": [str(unknown)]}


@pytest.mark.parametrize("handler", [lambda connection: None, servers.resetting], ids=["closes", "resets"])
def test_a_port_that_accepts_and_closes_at_once_is_open_with_a_hint(lab: Lab, handler: Any) -> None:
    with lab.serving() as server, servers.listening(handler) as between:
        entry = verdict(server.url, ca_path=lab.ca_path, closed_ports=[between.port])
    assert (entry["reason"], ports_of(entry)["open"]) == ("port_open", [str(between.port)])
    assert "closed at once" in entry["message"]
    assert "transparent proxy" in entry["hint"]


def test_a_connection_that_is_reset_before_it_is_known_here_was_accepted(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a busy host sees of the same: the reset comes before connect() has returned."""
    port = servers.closed_port()
    connect = socket.socket.connect

    def late(self: socket.socket, address: Any) -> None:
        if address[1] == port:
            raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", late)
    with lab.serving() as server:
        entry = verdict(server.url, ca_path=lab.ca_path, closed_ports=[port])
    assert (entry["reason"], ports_of(entry)["open"]) == ("port_open", [str(port)])


def test_of_a_port_that_stays_open_nothing_else_is_suspected(lab: Lab) -> None:
    with lab.serving() as server, servers.listening(servers.silent) as plain, servers.listening(lambda connection: None) as between:
        entry = verdict(server.url, ca_path=lab.ca_path, closed_ports=[plain.port, between.port])
    assert entry["reason"] == "port_open"
    assert "transparent proxy" not in entry["hint"]
