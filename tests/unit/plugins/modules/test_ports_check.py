# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The module ports_check as Ansible runs it, against sockets of this machine."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import servers
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.module_runs import module_runs

HERE = "127.0.0.1"


def check(open_ports: Any = (), closed_ports: Any = (), hosts: Any = (HERE,), **options: Any) -> dict[str, Any]:
    """Its answer; what is wrong is asked for once, unless OPTIONS say more."""
    given = {"hosts": list(hosts), "open_ports": list(open_ports), "closed_ports": list(closed_ports), "retry_for": 0, **options}
    (result,), _log = module_runs(given, name="ports_check")
    return result


def shown(result: dict[str, Any]) -> dict[int, str]:
    return {each["port"]: each["answer"] for each in result["ports"]}


def test_ports_are_as_they_must_be() -> None:
    refused = servers.closed_port()
    with servers.listening(servers.silent) as server, servers.black_hole() as dropped:
        result = check([server.port], [str(refused), dropped])
    assert not result.get("failed"), result
    assert result["changed"] is False
    assert shown(result) == {server.port: "open", refused: "refused", dropped: "silent"}


@pytest.mark.parametrize("handler", [servers.silent, servers.resetting, lambda connection: None], ids=["listens", "resets", "ends"])
def test_a_closed_port_that_accepts_is_named_with_what_to_do(handler: Any) -> None:
    with servers.listening(servers.silent) as server, servers.listening(handler) as other:
        result = check([server.port], [other.port], open_hint="Close it.", silent_hint="Never said.")
    assert result["failed"]
    assert result["msg"] == f"port {other.port} of {HERE} can still be connected to from here. Close it."


def test_all_that_is_wrong_is_said_at_once() -> None:
    refused = servers.closed_port()
    with servers.listening(servers.silent) as server:
        result = check([refused], [server.port], hosts=[HERE, "no-such-host.invalid"], silent_hint="Look there.", open_hint="Close it.")
    assert "No address for no-such-host.invalid" in result["msg"]
    assert f"port {refused} of {HERE} does not answer: the connection is refused. Look there." in result["msg"]
    assert result["msg"].endswith(f"port {server.port} of {HERE} can still be connected to from here. Close it.")


def test_the_silence_of_a_host_that_answers_nowhere_is_no_proof() -> None:
    with servers.black_hole() as dropped:
        alone = check([], [dropped])
        refused = check([], [dropped, servers.closed_port()])
    assert alone["failed"]
    assert f"port {dropped} of {HERE} is silent, as every other port that was asked there is" in alone["msg"]
    assert not refused.get("failed"), refused


def test_one_address_does_not_vouch_for_another() -> None:
    with servers.listening(servers.silent) as server:
        result = check([server.port], [servers.closed_port()], hosts=[HERE, "255.255.255.255"])
    assert result["failed"]
    assert f"port {server.port} of 255.255.255.255 does not answer" in result["msg"]


def test_what_comes_up_in_time_is_waited_for() -> None:
    begun = time.monotonic()
    with servers.listening(servers.silent) as server, servers.listening(servers.silent) as leaving:
        later = threading.Timer(1.5, leaving.close)
        later.start()
        result = check([server.port], [leaving.port], retry_for=20)
        later.join()
    assert not result.get("failed"), result
    assert time.monotonic() - begun > 1.5


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"open_ports": [443], "closed_ports": ["440-450"]}, "open_ports and closed_ports both have 443"),
        ({"open_ports": ["443; x"]}, "open_ports[0]: neither a port"),
        ({"closed_ports": [0]}, "closed_ports[0]: neither a port"),
        ({"hosts": [], "open_ports": [443]}, "nothing would be proved"),
        ({}, "nothing would be proved"),
    ],
    ids=["both", "open", "closed", "nobody", "nothing"],
)
def test_options_that_cannot_be_meant_are_refused(options: dict[str, Any], said: str) -> None:
    result = check(**options)
    assert result["failed"]
    assert said in result["msg"]
