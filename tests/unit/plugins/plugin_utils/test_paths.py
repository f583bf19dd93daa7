# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Rules of access as patterns; what nginx makes of them is asked of a real one by the tests of the role https_front."""

from __future__ import annotations

import re

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._https_front import paths, read_only


def verdict(request: str, *endpoints: str) -> str:
    return next((rule.verdict for rule in read_only.rules(endpoints) if re.search(rule.pattern, request)), "no")


@pytest.mark.parametrize(
    ("request_line", "endpoints", "expected"),
    [
        ("GET:/logs/_search?q=a", [], "yes"),
        ("POST:/logs/_search", [], "no"),
        ("POST:/logs/_search", ["_search"], "yes"),
        ("POST:/logs/_search/", ["_search"], "yes"),
        ("POST:/_doc/_search", ["_search"], "no"),
        ("POST:/%5Fdoc/_search", ["_search"], "no"),
        ("POST:/_search/template/x", ["_search", "_search/template"], "no"),
        ("POST:/logs/type/_search_shards", ["_search_shards"], "no"),
        ("GET:/_own/thing", [], "no"),
        ("GET:/_own/thing", ["_own/thing"], "yes"),
        ("POST:/logs/_own/thing", ["_own/thing"], "yes"),
        ("DELETE:/_search/scroll?scroll_id=_all", ["_search/scroll"], '{"succeeded":true,"num_freed":0}'),
        ("DELETE:/_search/scroll", ["_search"], "no"),
        ("DELETE:/_pit", ["_pit"], "yes"),
        ("TRACE:/", ["_search"], "no"),
        ("GET:/\n", [], "no"),
        ("GET:/logs\n", [], "no"),
        ("POST:/logs/_search\n", ["_search"], "no"),
    ],
)
def test_only_what_is_named_is_allowed(request_line: str, endpoints: list[str], expected: str) -> None:
    assert verdict(request_line, *endpoints) == expected


def test_what_changes_by_get_is_found_decoded() -> None:
    for found in ("GET:/_refresh", "HEAD:/logs/_flush/synced", "GET:/_security/enroll/node"):
        assert re.search(read_only.changes(), found)
    for other in ("OPTIONS:/_refresh", "GET:/logs/_doc/_refresh", "GET:/_refreshed", "GET:/_security/user"):
        assert not re.search(read_only.changes(), other)


def test_no_pattern_ends_the_text_or_the_parameter_that_nginx_reads() -> None:
    patterns = [*(rule.pattern for rule in read_only.rules(["_search", "_a/b"])), read_only.changes(), paths.pattern("/*/_a.b-c/*x")]
    for pattern in patterns:
        assert '"' not in pattern
        # https://github.com/nginx/nginx/blob/release-1.26.3/src/core/ngx_conf_file.c (NGX_CONF_BUFFER)
        assert len(pattern) < 4000


@pytest.mark.parametrize(
    ("path", "found", "other"),
    [
        ("/_snapshot", ["/_snapshot", "//_snapshot", "/_snapshot/x", "/_snapshot?x"], ["/_snapshots", "/x/_snapshot"]),
        ("/*/_close", ["/_close", "//_close", "/a/_close", "/a//_close/", "/a/_close;x"], ["/a/b/_close", "/_closed", "/a_close"]),
        ("/a.b/*", ["/a.b", "/a.b/c"], ["/axb", "/"]),
        ("/logs-*/_doc", ["/logs-/_doc", "/logs-1/_doc/2"], ["/logs/_doc", "/logs-1/x/_doc"]),
        ("/*", ["/", "/a", "/a/b"], []),
    ],
)
def test_a_path_is_found_in_each_form(path: str, found: list[str], other: list[str]) -> None:
    assert all(re.search(paths.pattern(path), each) for each in found)
    assert not any(re.search(paths.pattern(path), each) for each in other)
