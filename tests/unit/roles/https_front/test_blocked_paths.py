# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What https_front_blocked_paths keeps from Elasticsearch, asked of a real nginx: each form that the documentation shows, at each route."""

from __future__ import annotations

from collections.abc import Iterator

import nginx
import pytest

# all that Elasticsearch and OpenSearch route to what is to be blocked, and what something on the way could make of it
BLOCKED = [
    "GET /_snapshot",
    "GET /_snapshot/",
    "GET /_snapshot?pretty",
    "GET //_snapshot",
    "GET /_snapshot/_status",
    "PUT /_snapshot/repository",
    "PUT /_snapshot//repository",
    "POST /_snapshot/repository/snapshot/_restore",
    "DELETE /_snapshot/repository/a,b",
    "POST /_snapshot/repository/_cleanup",
    "GET /%5Fsnapshot",
    "GET /%5fsnapshot/x",
    "GET /_snap%73hot",
    "GET /./_snapshot",
    "GET /a/../_snapshot",
    "GET /a/%2E%2E/_snapshot",
    "GET /_snapshot/../x",
    "GET /_snapshot/%2e%2e/x",
    "GET /%2F_snapshot",
    "GET /_snapshot%2Fx",
    "GET /_snapshot#x",
    "GET /_snapshot%3Fx",
    "GET /_snapshot;a=b",
    f"GET http://{nginx.NAME}/_snapshot",
    f"GET http://{nginx.NAME}//_snapshot/x",
    "PUT /_cluster/settings",
    "PUT /_cluster/settings/",
    "PUT /_cluster//settings",
    "PUT //_cluster/settings?flat_settings",
    "PUT /_cluster/./settings",
    "PUT /_cluster%2Fsettings",
    "PUT /_cluster/%73ettings",
    "POST /logs/_close",
    "POST /logs/_close/",
    "POST /logs/_close?wait_for_active_shards=1",
    "POST /_close?index=logs",
    "POST /_close/?index=logs",
    "POST //_close?index=logs",
    "POST ///_close?index=logs",
    "POST //logs//_close",
    "POST /logs//_close",
    "POST /_all/_close",
    "POST /*/_close",
    "POST /logs,other/_close",
    "POST /-other,%2A/_close",
    "POST /%3Clogs-%7Bnow%2Fd%7D%3E/_close",
    "POST /logs/%5Fclose",
    "POST /%5Fclose?index=logs",
    "POST /logs/x/../_close",
    "POST /_close#?index=logs",
    "POST /logs/_close;x",
    "POST /logs%2F_close",
    f"POST http://{nginx.NAME}/_close?index=logs",
]
PASSED = [
    "GET /",
    "GET /_snapshots",
    "GET /_cat/snapshots",
    "GET /x_snapshot",
    "GET /logs/_doc/_snapshot",
    "GET /logs/_search?q=/_snapshot",
    "GET /_cluster/settings2",
    "GET /_cluster/health",
    "GET /logs/_closed",
    "GET /logs/_doc/_close",
    "GET /logs/_search?x=/_close",
    "POST /logs/_open",
]


@pytest.fixture(scope="module", params=nginx.EACH_NGINX)
def fronts(request: pytest.FixtureRequest) -> Iterator[nginx.Fronts]:
    cases = nginx.Fronts(request.param)
    cases.add("documented", https_front_blocked_paths=["/_snapshot", "/_cluster/settings", "/*/_close"])
    cases.add("deeper", https_front_blocked_paths=["/_ml/*/*/_data", "/logs-*/_doc", "/logs.2026"])
    cases.render()
    yield cases
    cases.close()


@pytest.fixture(scope="module")
def front(fronts: nginx.Fronts) -> Iterator[nginx.Running]:
    with fronts["documented"].running() as running:
        yield running


@pytest.mark.parametrize("request_line", BLOCKED)
def test_a_blocked_path_is_blocked_however_it_is_written(front: nginx.Running, request_line: str) -> None:
    answer = front.ask(*request_line.split(" ", 1))
    assert answer.reached is None
    assert answer.status == 403
    assert "this path is blocked" in answer.text


@pytest.mark.parametrize("unsent", [chr(number) for number in (1, 8, 9, 11, 12, 27, 31, 32)], ids=lambda unsent: f"{ord(unsent):02x}")
def test_a_blocked_path_is_blocked_with_what_is_in_no_address(front: nginx.Running, unsent: str) -> None:
    """nginx before 1.21.1 passes such on, and Elasticsearch leaves out what stands at the end of a path."""
    for path in ("/_snapshot", "/logs/_close", "/_cluster/settings"):
        for target in (path + unsent, path + unsent + "/x", path + unsent + "?x", path + "/" + unsent):
            answer = front.ask("POST", target, new=True)
            assert answer.reached is None and answer.status in (400, 403), target


@pytest.mark.parametrize("request_line", PASSED)
def test_a_path_that_only_resembles_it_is_not(front: nginx.Running, request_line: str) -> None:
    assert front.ask(*request_line.split(" ", 1)).reached == request_line


def test_a_star_is_any_name_or_none_and_a_part_of_one(fronts: nginx.Fronts) -> None:
    with fronts["deeper"].running() as front:
        for target in ("/_ml/jobs/x/_data", "/_ml/x/_data", "/logs-1/_doc/1", "/logs-/_doc", "/logs.2026/_search"):
            assert front.ask("POST", target).status == 403, target
        for target in ("/_ml/a/b/c/_data", "/logs/_doc/1", "/logsx2026/_search", "/x/logs.2026"):
            assert front.ask("POST", target).reached, target
