# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import errno
import os
import socket
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._options import port_ranges
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import servers
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.lab import Lab, verdict


def test_neighbours_are_joined_to_ranges() -> None:
    assert port_ranges([9300, 9201, 9200, 9202, 22]) == ["22", "9200-9202", "9300"]
    assert port_ranges([]) == []


def test_each_address_tells_the_ports_that_were_tried_there_open_or_closed(lab: Lab) -> None:
    closed = servers.closed_port()
    with lab.serving() as server, servers.listening(servers.silent) as plain:
        entry = verdict(server.url, ca_path=lab.ca_path, closed_ports=[closed, plain.port])
    assert entry["addresses"][0]["tried_ports"] == port_ranges([closed, plain.port])
    assert entry["open_ports"] == [{"address": "127.0.0.1", "port": plain.port}]


def test_ports_are_tried_where_https_fails_too(lab: Lab) -> None:
    closed = servers.closed_port()
    entry = verdict(f"https://127.0.0.1:{servers.closed_port()}", ca_path=lab.ca_path, closed_ports=[closed])
    assert (entry["reason"], entry["addresses"][0]["tried_ports"]) == ("connection_refused", [str(closed)])


def test_a_port_of_which_it_cannot_be_told_is_not_among_the_tried(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = servers.closed_port()
    connect = socket.socket.connect

    def out_of_buffers(self: socket.socket, address: Any) -> None:
        if address[1] == unknown:
            raise OSError(errno.ENOBUFS, os.strerror(errno.ENOBUFS))
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", out_of_buffers)
    with lab.serving() as server:
        entry = verdict(server.url, ca_path=lab.ca_path, closed_ports=[unknown])
    assert (entry["verified"], entry["reason"], entry["addresses"][0]["tried_ports"]) == (False, "unreachable", [])
