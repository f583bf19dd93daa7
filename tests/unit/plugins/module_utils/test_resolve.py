# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.addresses import resolve
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.reasons import CheckFailed
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.lab import Lab, verdict


def test_a_literal_is_not_looked_up(names: Any) -> None:
    assert resolve("192.0.2.1", 443, 1) == [(socket.AF_INET, ("192.0.2.1", 443))]
    assert resolve("2001:db8::1", 9, 1) == [(socket.AF_INET6, ("2001:db8::1", 9, 0, 0))]


def test_every_address_is_given_once(names: Any) -> None:
    names["es.test"] = ["127.0.0.1", "::1", "127.0.0.1"]
    assert [address[0] for _family, address in resolve("es.test", 443, 1)] == ["127.0.0.1", "::1"]


def test_a_name_that_does_not_exist(lab: Lab, names: Any) -> None:
    entry = verdict("https://nothing.test", ca_path=lab.ca_path)
    assert entry["reason"] == "dns_failure"
    assert "nothing.test" in entry["message"]
    assert entry["addresses"] == []


def test_a_resolver_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: time.sleep(2) or [])
    start = time.monotonic()
    with pytest.raises(CheckFailed) as problem:
        resolve("es.test", 443, 0.3)
    assert problem.value.verdict.reason == "dns_failure"
    assert time.monotonic() - start < 1


def _without_network() -> list[str] | None:
    for command in (["unshare", "--net"], ["unshare", "--map-root-user", "--net"]):
        if (
            shutil.which("unshare")
            and subprocess.run([*command, "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0
        ):
            return command
    return None


def test_the_real_resolver_without_a_network(lab: Lab) -> None:
    """In a network namespace of its own, so that no question leaves this host."""
    command = _without_network()
    if command is None:
        pytest.skip("no network namespace can be made here")
    program = """
import sys
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.lab import verdict
entry = verdict("https://es.example.org", ca_path=sys.argv[1], timeout=3)
print(entry["reason"], entry["message"])
"""
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(path for path in sys.path if path))
    done = subprocess.run(
        [*command, sys.executable, "-c", program, lab.ca_path], env=environment, stdout=subprocess.PIPE, check=True
    )
    assert done.stdout.startswith(b"dns_failure ")


def test_a_look_up_that_hangs_does_not_delay_the_exit(lab: Lab) -> None:
    """The real resolver, whose only server takes the question and never answers: it would wait for 10 s."""
    command = _without_network()
    if command is None:
        pytest.skip("no network namespace can be made here")
    program = """
import socket, subprocess, sys, time
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.lab import verdict
entry = verdict("https://es.example.org", ca_path=sys.argv[1], timeout=0.5)
server.setblocking(False)
assert server.recv(512)
print(entry["reason"], time.time(), flush=True)
"""
    settings = lab.file(b"nameserver 127.0.0.1\n")
    command = [*command, "--mount", "sh", "-c", 'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"', "sh", settings]
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(path for path in sys.path if path))
    done = subprocess.run(
        [*command, sys.executable, "-c", program, lab.ca_path], env=environment, stdout=subprocess.PIPE, check=True, timeout=60
    )
    ended = time.time()
    reason, said = done.stdout.decode().split()
    assert reason == "dns_failure"
    assert ended - float(said) < 2
