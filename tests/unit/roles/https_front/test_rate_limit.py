# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""How many requests, and above all how many passwords, one address may try: counted by a real nginx."""

from __future__ import annotations

import base64
import contextlib
import ctypes
import hashlib
import http.client
import os
import re
import socket
import ssl
import subprocess
from collections import Counter
from collections.abc import Iterator

import nginx
import pytest

BURST = 5
CLONE_NEWNET = 0x40000000  # sched.h; in Python from 3.12 on
USER = {"name": "app", "hash": "{SSHA}" + base64.b64encode(hashlib.sha1(b"secretsalt").digest() + b"salt").decode()}
HEALTH = ["/_cluster/health", "/_cluster/health/logs", "/_cluster/health?local=true", "/_cluster/health/"]


@pytest.fixture(scope="module")
def fronts() -> Iterator[nginx.Fronts]:
    cases = nginx.Fronts()
    limited = {"https_front_rate_limit": 1, "https_front_rate_burst": BURST}
    cases.add("users", https_front_users=[USER], **limited)
    cases.add("no_users", **limited)
    cases.add("ipv6", https_front_users=[USER], https_front_ipv6=True, **limited)
    cases.add("unlimited", https_front_users=[USER])
    cases.render()
    yield cases
    cases.close()


def statuses(front: nginx.Running, target: str, times: int, user: str = "", headers: dict[str, str] | None = None) -> Counter[int]:
    return Counter(front.ask("GET", target, user=user, headers=headers).status for _time in range(times))


@pytest.mark.parametrize("target", ["/", "/_search", *HEALTH, "//_cluster/health", "/_cluster/%68ealth"])
def test_wrong_passwords_are_limited_alike_at_every_path(fronts: nginx.Fronts, target: str) -> None:
    with fronts["users"].running() as front:
        found = statuses(front, target, 40, "app:wrong")
    # while they are asked a second or two may pass, each of which lets one more through
    assert BURST < found[401] <= BURST + 5, found
    assert found[429] == 40 - found[401]


def test_what_is_spared_at_one_path_is_not_counted_at_another_over_and_over(fronts: nginx.Fronts) -> None:
    with fronts["users"].running() as front:
        found = sum((statuses(front, target, 20, "app:wrong") for target in ("/", *HEALTH, "/_cat")), Counter[int]())
    assert found[401] <= 2 * (BURST + 1) + 6, "one allowance for the state of the cluster, and one for all else"


def test_the_right_password_is_not_found_beyond_the_limit(fronts: nginx.Fronts) -> None:
    with fronts["users"].running() as front:
        statuses(front, "/_cluster/health", 20, "app:wrong")
        assert front.ask("GET", "/_cluster/health", user="app:secret").status == 429


def test_an_application_at_its_limit_leaves_the_state_of_the_cluster_to_its_check(fronts: nginx.Fronts) -> None:
    with fronts["users"].running() as front:
        assert statuses(front, "/_search", 30, "app:secret")[429] > 10
        assert statuses(front, "/_cluster/health", BURST, "app:secret") == {200: BURST}


@pytest.mark.parametrize("target", HEALTH)
def test_who_shows_no_password_may_ask_for_the_state_as_often_as_they_like(fronts: nginx.Fronts, target: str) -> None:
    with fronts["users"].running() as front:
        assert statuses(front, target, 40) == {401: 40}
    with fronts["no_users"].running() as front:
        assert statuses(front, target, 40) == {200: 40}


@pytest.mark.parametrize("headers", [{"Authorization": "ApiKey eA=="}, {"Authorization": "Bearer x"}, {"authorization": "Basic eDp5"}])
def test_passwords_that_elasticsearch_itself_would_try_are_limited_too(fronts: nginx.Fronts, headers: dict[str, str]) -> None:
    with fronts["no_users"].running() as front:
        found = statuses(front, "/_cluster/health", 40, headers=headers)
    assert BURST < found[200] <= BURST + 5, found


def test_what_only_resembles_the_state_of_the_cluster_is_counted(fronts: nginx.Fronts) -> None:
    with fronts["no_users"].running() as front:
        for target in ("/logs/_doc/..%2F..%2F_cluster%2Fhealth", "/_cluster/health/a/b", "/_cluster/health2"):
            statuses(front, target, BURST + 3)
        assert front.ask("GET", "/logs/_doc/_cluster/health").status == 429


def test_without_a_limit_nothing_is_limited(fronts: nginx.Fronts) -> None:
    with fronts["unlimited"].running() as front:
        assert statuses(front, "/_search", 60, "app:secret") == {200: 60}


SAME = ["2001:db8::1", "2001:db8::1:0:0:1", "2001:db8:0:0:1::", "2001:db8::ffff:c000:207", "2001:db8:0:0:ffff:ffff:ffff:ffff", "2001:db8:0:0:1:2:3:4"]
OTHER = ["2001:db8:0:1::1", "2001:db8:1::1", "2001:db8:0:2:1::", "2002:db8::1", "fd00::1"]


@contextlib.contextmanager
def network(addresses: list[str]) -> Iterator[None]:
    """This thread, and what it starts, in a network of its own, whose only interface has these addresses: unshare(2), setns(2)."""
    libc = ctypes.CDLL(None, use_errno=True)
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    assert libc.unshare(CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
    try:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        for address in addresses:
            subprocess.run(["ip", "address", "add", address, "dev", "lo", *(["nodad"] if ":" in address else [])], check=True)
        yield
    finally:
        assert libc.setns(before, 0) == 0
        os.close(before)


def refused_from(front: nginx.Front, source: str, to: str, times: int = BURST + 3) -> int:
    """How many of the wrong passwords that come from this address are not even tried."""
    context = ssl.create_default_context(cafile=str(front.certificate_dir / "ca.pem"))
    plain = socket.create_connection((to, front.port), timeout=20, source_address=(source, 0))
    found = []
    with context.wrap_socket(plain, server_hostname=nginx.NAME) as connection:
        for _time in range(times):
            connection.sendall(f"GET / HTTP/1.1\r\nHost: {nginx.NAME}\r\nAuthorization: Basic YXBwOndyb25n\r\n\r\n".encode())
            response = http.client.HTTPResponse(connection)
            response.begin()
            response.read()
            found.append(response.status)
    assert set(found) <= {401, 429}
    return found.count(429)


def test_all_addresses_of_one_ipv6_subscriber_have_one_allowance(fronts: nginx.Fronts) -> None:
    front = fronts["ipv6"]
    with network([f"{address}/128" for address in [*SAME, *OTHER, "fd00::2"]]), front.running():
        refused_from(front, SAME[0], "fd00::2")
        for source in SAME:
            # a second or two may pass, each of which lets one more through
            assert refused_from(front, source, "fd00::2") > BURST, source
        for source in OTHER:
            assert refused_from(front, source, "fd00::2") <= 2, source


def test_each_ipv4_address_has_an_allowance_of_its_own_also_within_ipv6(fronts: nginx.Fronts) -> None:
    front = fronts["ipv6"]
    configuration = front.configuration
    for text in (configuration, re.sub(r"    listen \d+ .*\n", "", configuration).replace(" ssl", " ssl ipv6only=off", 1)):
        (front.place / "conf.d/tlsfront.conf").write_text(text)
        with network([f"192.0.2.{last}/32" for last in range(1, 5)]), front.running():
            refused_from(front, "192.0.2.1", "192.0.2.4")
            assert refused_from(front, "192.0.2.1", "192.0.2.4") > BURST
            for last in (2, 3):
                assert refused_from(front, f"192.0.2.{last}", "192.0.2.4") <= 2
    (front.place / "conf.d/tlsfront.conf").write_text(configuration)
