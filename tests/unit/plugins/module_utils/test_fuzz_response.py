# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Damaged answers over real TLS: never a crash, never late, never a success that the bytes do not bear out."""

from __future__ import annotations

import itertools
import json
import random
import time
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import servers
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.lab import Lab, many, run
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.servers import ROOT, response

TIMEOUT = 1.0
BODY = json.dumps(ROOT).encode()
SEEDS = [
    response(ROOT),
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n"
    % (BODY[:16], len(BODY) - 16, BODY[16:]),
    response(b"", 301, {"Location": "http://x/"}),
    response({"error": "x"}, 401, {"WWW-Authenticate": "Basic"}),
    b"HTTP/1.1 100 Continue\r\n\r\n" + response(ROOT),
]
SCRAPS = [
    b"\r\n",
    b"\n",
    b"\0",
    b":",
    b" ",
    b"\xff",
    b"HTTP/1.1 ",
    b"-1",
    b"99999999999999999999",
    b"chunked",
    b"{",
    b"[",
]
SCRAPS += [b"Content-Length: 5\r\n", b"Content-Encoding: gzip\r\n", b"Transfer-Encoding: chunked\r\n", b"\r\n\r\n"]


def damaged(chance: random.Random) -> bytes:
    data = bytearray(chance.choice(SEEDS))
    for _change in range(chance.randint(1, 6)):
        place = chance.randrange(len(data) + 1)
        kind = chance.randrange(5)
        if kind == 0:
            data[place:place] = chance.choice(SCRAPS)
        elif kind == 1:
            del data[place : place + chance.randint(1, 30)]
        elif kind == 2:
            data[place : place + 1] = bytes([chance.randrange(256)])
        elif kind == 3:
            data[place:place] = data[place : place + chance.randint(1, 60)] * chance.randint(1, 20)
        else:
            del data[place:]
        if not data:
            data = bytearray(b" ")
    return bytes(data)


def check_many(lab: Lab, count: int, seed: int) -> None:
    chance = random.Random(seed)
    answers = [damaged(chance) for _number in range(count)]
    position = itertools.cycle(range(count))  # a connection that is cut off is looked at once more

    def handle(tls: Any) -> None:
        answer = answers[next(position)]
        servers.read_request(tls)
        tls.sendall(answer)

    with lab.serving(handler=handle) as server:
        start = time.monotonic()
        result = run(*many(server.url, count), ca_path=lab.ca_path, timeout=TIMEOUT, concurrency=16)
        seconds = time.monotonic() - start
    allowed = {"ok", "cluster_unhealthy", "not_elasticsearch", "malformed_response", "connection_reset", "bad_gateway"}
    for entry in result["endpoints"]:
        assert entry["tls_verified"]
        assert entry["reason"] in allowed or entry["reason"].startswith(("http_", "response_")), entry
        json.dumps(entry)
        if entry["verified"]:
            assert entry["cluster"]["version"]
    assert seconds < (count / 16 + 1) * (TIMEOUT + 1)
    # the bytes are damaged, not the test: some still pass, most do not
    verified = len(result["endpoints"]) - len(result["failed_endpoints"])
    assert 0 < verified < count * 0.7


def test_damaged_answers(lab: Lab) -> None:
    check_many(lab, 150, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 8))
def test_many_damaged_answers(lab: Lab, seed: int) -> None:
    check_many(lab, 1000, seed)
