# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""How many requests, and above all how many passwords, one address may try: counted by a real nginx."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator

import nginx
import pytest

BURST = 5
USER = {"name": "app", "hash": "{SSHA}" + base64.b64encode(hashlib.sha1(b"secretsalt").digest() + b"salt").decode()}
HEALTH = ["/_cluster/health", "/_cluster/health/logs", "/_cluster/health?local=true", "/_cluster/health/"]


@pytest.fixture(scope="module")
def fronts() -> Iterator[nginx.Fronts]:
    cases = nginx.Fronts()
    limited = {"https_front_rate_limit": 1, "https_front_rate_burst": BURST}
    cases.add("users", https_front_users=[USER], **limited)
    cases.add("no_users", **limited)
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
