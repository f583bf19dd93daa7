# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The harness: what the role makes of its variables runs in a real nginx, and what it refuses is told."""

from __future__ import annotations

from collections.abc import Iterator

import nginx
import pytest


@pytest.fixture(scope="module")
def fronts() -> Iterator[nginx.Fronts]:
    cases = nginx.Fronts()
    cases.add("plain")
    cases.add("refused", https_front_rate_limit=-1)
    cases.render()
    yield cases
    cases.close()


def test_a_request_reaches_the_backend_as_it_was_sent(fronts: nginx.Fronts) -> None:
    with fronts["plain"].running() as running:
        for target in ("/", "//a//%2F_search?q=%20", "/a/../b/", f"http://{nginx.NAME}/x"):
            answer = running.ask("POST", target, body="{}")
            assert (answer.status, answer.reached) == (200, f"POST {target if target[0] == '/' else '/x'}")
            assert answer.backend["body"] == "{}"
        running.reload()
        assert running.ask("HEAD", "/").reached == "HEAD"


def test_what_the_role_refuses_is_told(fronts: nginx.Fronts) -> None:
    assert "https_front_rate_limit is -1" in fronts["refused"].refused
