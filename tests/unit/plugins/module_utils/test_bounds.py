# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""A hostile endpoint costs its timeout and a bounded number of bytes, and the others nothing."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
import time
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check import check
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.limits import MAX_BODY
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import servers
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.lab import Lab, many, run, verdict
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.servers import dripping, listening, response, silent

TIMEOUT = 0.6
OK_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
# A record of the handshake that announces 16000 bytes, and of them a ServerHello of 16000
HALF_HELLO = b"\x16\x03\x03\x3e\x80\x02\x00\x3e\x7c\x03\x03"

HOSTILE = {
    "silence after the request": silent,
    "drip in the status line": dripping(b"HTTP/1.1", b" "),
    "drip in a header": dripping(b"HTTP/1.1 200 OK\r\nX: ", b"a"),
    "drip of headers": dripping(b"HTTP/1.1 200 OK\r\n", b"X: a\r\n"),
    "drip in the body": dripping(OK_HEAD + b"Content-Length: 9999\r\n\r\n", b" "),
    "drip of chunks": dripping(OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "drip of trailers": dripping(OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: a\r\n"),
    "drip of continue": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "endless continue": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 600, 0),
    "endless headers": dripping(b"HTTP/1.1 200 OK\r\n", b"X: " + b"a" * 60000 + b"\r\n", 0),
    "endless header": dripping(b"HTTP/1.1 200 OK\r\nX: ", b"a" * 16384, 0),
    "endless body": dripping(OK_HEAD + b"\r\n", b" " * 16384, 0),
    "endless chunks": dripping(OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"400\r\n" + b" " * 1024 + b"\r\n", 0),
    "endless chunk size": dripping(OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0" * 16384, 0),
    "endless trailers": dripping(OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: a\r\n" * 2000, 0),
    "gzip bomb": dripping(
        response(gzip.compress(b" " * (20 << 20)), headers={"Content-Encoding": "gzip"}), b"", pause=0.2
    ),
    "a large page": dripping(response(b"<p>" * (MAX_BODY // 3)), b"", pause=0.2),
    "a body as large as announced": dripping(OK_HEAD + b"Content-Length: 4294967296\r\n\r\n", b" " * 16384, 0),
}
BELOW_TLS = {
    "silence after accept": silent,
    "drip in the handshake": dripping(HALF_HELLO, b"\0"),
    "endless handshake": dripping(b"", b"\x16\x03\x03\x00\x01\x00" * 2000, 0),
    "endless warnings": dripping(b"", b"\x15\x03\x03\x00\x02\x01\x5a" * 2000, 0),
    "endless garbage": dripping(b"", os.urandom(16384), 0),
}


ENDLESS = [kind for kind in HOSTILE if kind.startswith("endless")]


MAY_BE = ("response_timeout", "response_too_large", "malformed_response", "not_elasticsearch")
SLOW = ("silence", "drip")


def timed(endpoint: Any, **options: Any) -> tuple[dict[str, Any], float]:
    start = time.monotonic()
    entry = verdict(endpoint, timeout=TIMEOUT, **options)
    return entry, time.monotonic() - start


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_answer_ends_in_time(lab: Lab, kind: str) -> None:
    with lab.serving(handler=HOSTILE[kind]) as server:
        entry, seconds = timed(server.url, ca_path=lab.ca_path)
    allowed = ("response_timeout",) if kind.startswith(SLOW) else MAY_BE
    assert entry["reason"] in allowed, entry["message"]
    assert entry["tls_verified"]
    assert seconds < TIMEOUT + 1


@pytest.mark.parametrize("kind", ENDLESS)
def test_an_endless_answer_ends_by_its_size_before_its_time(lab: Lab, kind: str) -> None:
    with lab.serving(handler=HOSTILE[kind]) as server:
        entry = verdict(server.url, ca_path=lab.ca_path, timeout=30)
    assert entry["reason"] in ("response_too_large", "malformed_response"), entry["message"]


@pytest.mark.parametrize(("size", "reason"), [(MAX_BODY, "ok"), (MAX_BODY + 1, "response_too_large")])
def test_the_bound_is_exact(lab: Lab, size: int, reason: str) -> None:
    body = json.dumps(servers.ROOT).encode().ljust(size)

    def handle(tls: Any) -> None:
        servers.read_request(tls)
        tls.sendall(OK_HEAD + b"Connection: close\r\n\r\n" + body)

    with lab.serving(handler=handle) as server:
        assert verdict(server.url, ca_path=lab.ca_path)["reason"] == reason


@pytest.mark.parametrize("kind", BELOW_TLS)
def test_a_hostile_handshake_ends_in_time(lab: Lab, kind: str) -> None:
    with listening(BELOW_TLS[kind]) as server:
        entry, seconds = timed(server.url, ca_path=lab.ca_path)
    assert not entry["tls_verified"]
    assert seconds < TIMEOUT + 1


def test_a_black_hole_ends_in_time(lab: Lab) -> None:
    with servers.black_hole() as port:
        entry, seconds = timed(f"https://127.0.0.1:{port}", ca_path=lab.ca_path)
    assert (entry["reason"], seconds < TIMEOUT + 1) == ("connection_timeout", True)


def test_the_time_of_the_look_up_counts(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    never = threading.Event()
    monkeypatch.setattr("socket.getaddrinfo", lambda *args, **options: never.wait(30) and [])
    entry, seconds = timed("https://es.test", ca_path=lab.ca_path)
    never.set()
    assert (entry["reason"], seconds < TIMEOUT + 1) == ("dns_failure", True)


def test_the_others_lose_nothing(lab: Lab) -> None:
    with lab.serving(handler=silent) as bad, lab.serving() as good:
        endpoints = [f"{(good if number % 4 else bad).url}/{number}" for number in range(40)]
        start = time.monotonic()
        result = run(*endpoints, ca_path=lab.ca_path, timeout=2)
        seconds = time.monotonic() - start
    reasons = [entry["reason"] for entry in result["endpoints"]]
    assert (reasons.count("ok"), reasons.count("response_timeout")) == (30, 10)
    assert seconds < 3


def test_no_more_connections_are_open_at_the_same_time_than_allowed(lab: Lab, names: Any) -> None:
    """Endpoints with several addresses and closed ports among them, which are asked beside one another."""
    lock, running, most = threading.Lock(), [0], [0]

    def handle(connection: Any) -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        try:
            time.sleep(0.05)
        finally:
            with lock:
                running[0] -= 1

    names["es.test"] = ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
    with listening(handle, "0.0.0.0") as server:  # for all of its loopback addresses
        urls = [f"https://es.test:{server.port}/{number}" for number in range(6)]
        entries = run(*urls, ca_path=lab.ca_path, concurrency=4, closed_ports=[server.port])["endpoints"]
    assert [len(entry["addresses"]) for entry in entries] == [3] * 6
    assert most[0] == 4


def test_a_fault_of_this_code_ends_the_run_before_the_rest_begins(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: Any) -> Any:
        raise KeyError("a fault")

    begun = []
    monkeypatch.setattr(check, "conclude", fail)
    monkeypatch.setattr(check, "resolve", lambda *arguments: begun.append(arguments) or time.sleep(0.05) or [])
    with pytest.raises(KeyError):
        run(*many("https://es.test", 60), ca_path=lab.ca_path, concurrency=2)
    assert len(begun) < 20


def test_no_thread_is_left(lab: Lab) -> None:
    before = threading.active_count()
    with lab.serving() as server:
        run(*many(server.url, 8), ca_path=lab.ca_path)
    for _attempt in range(50):
        if threading.active_count() <= before:
            break
        time.sleep(0.05)
    assert threading.active_count() <= before


def test_a_hundred_hostile_endpoints_cost_less_than_100_mib(lab: Lab) -> None:
    """The peak of a process of its own: the servers are not part of it, nor the parent, whose size ru_maxrss inherits."""
    program = """
import json, pathlib, re, sys
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.lab import run
urls, ca_path = json.loads(sys.argv[1])
result = run(*urls, ca_path=ca_path, timeout=2)
reasons = sorted({entry["reason"] for entry in result["endpoints"]})
peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", pathlib.Path("/proc/self/status").read_text()).group(1))
print(json.dumps([peak, reasons]))
"""
    kinds = [
        "endless body",
        "endless headers",
        "endless header",
        "endless continue",
        "a large page",
        "endless trailers",
    ]
    started = [lab.serving(handler=HOSTILE[kind]) for kind in kinds]
    try:
        urls = [url for server in started for url in many(server.__enter__().url, 17)]
        arguments = json.dumps([urls, lab.ca_path])
        environment = dict(os.environ, PYTHONPATH=os.pathsep.join(path for path in sys.path if path))
        output = subprocess.run(
            [sys.executable, "-c", program, arguments], env=environment, check=True, stdout=subprocess.PIPE
        ).stdout
    finally:
        for server in started:
            server.__exit__(None, None, None)
    kibibytes, reasons = json.loads(output)
    assert "ok" not in reasons
    assert kibibytes < 100 * 1024, f"{kibibytes / 1024:.0f} MiB"
