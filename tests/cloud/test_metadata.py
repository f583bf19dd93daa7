# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The emulated metadata server answers as Google's does, over a real connection."""

from __future__ import annotations

import http.client
import http.server
import json
import threading
import types
from collections.abc import Iterator
from typing import Any

import pytest
from metadata import Metadata

INTERFACE = {"ip": "10.89.48.11", "access-configs": [{"external-ip": "203.0.113.11", "type": "ONE_TO_ONE_NAT"}]}
VALUES = {"instance": {"name": "es1", "network-interfaces": [INTERFACE], "attributes": {}}}
FLAVOR = types.MappingProxyType({"Metadata-Flavor": "Google"})


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(Metadata, "values", {"127.0.0.1": VALUES})
    monkeypatch.setattr(Metadata, "log_message", lambda *_arguments: None)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Metadata)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def ask(port: int, path: str, headers: Any = FLAVOR) -> tuple[int, str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", f"/computeMetadata/v1/{path}", headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode(), answer.headers


def test_a_value_comes_as_text_with_the_flavor(port: int) -> None:
    status, text, headers = ask(port, "instance/name")
    assert (status, text, headers["Metadata-Flavor"]) == (200, "es1", "Google")


@pytest.mark.parametrize("headers", [{}, {"Metadata-Flavor": "other"}, {**FLAVOR, "X-Forwarded-For": "192.0.2.1"}])
def test_without_the_flavor_or_when_forwarded_it_is_refused(port: int, headers: Any) -> None:
    assert ask(port, "instance/name", headers)[0] == 403


def test_a_directory_is_listed_and_given_as_json_in_the_other_spelling(port: int) -> None:
    assert ask(port, "instance/")[:2] == (200, "name\nnetwork-interfaces/\nattributes/\n")
    assert ask(port, "instance/network-interfaces/0/access-configs/0/external-ip")[1] == "203.0.113.11"
    told = json.loads(ask(port, "instance/network-interfaces/?recursive=true")[1])
    assert told[0]["accessConfigs"][0]["externalIp"] == "203.0.113.11"
    assert ask(port, "instance")[2]["Location"] == "/computeMetadata/v1/instance/"


@pytest.mark.parametrize("path", ["instance/none", "instance/network-interfaces/1/ip", "instance/name/deeper"])
def test_what_is_not_there_is_not_found(port: int, path: str) -> None:
    assert ask(port, path)[0] == 404


def test_a_stranger_is_told_nothing(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Metadata, "values", {"192.0.2.1": VALUES})
    assert ask(port, "instance/name")[0] == 404
