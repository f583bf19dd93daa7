# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a user who may only read gets through, asked of a real nginx: each path of every API, as it is written and in disguise.

api_paths.tsv says of each path which methods read. It is made by tests/support/api_paths.py, its last column by people.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

import nginx
import pytest
import yaml

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")
# Elasticsearch 5 had POST and PUT for both, the second to store; its client has only the first
NOT_IN_THE_CLIENTS = {"/_search/template/{id}": ("GET,POST,PUT,DELETE", "GET"), "/{index}/{type}/{id}": ("GET,HEAD,POST,PUT,DELETE", "GET")}
DEFAULTS = yaml.safe_load((nginx.TOP / "roles/https_front/defaults/main.yml").read_text())["https_front_read_only_endpoints"]
# What only some versions have: for users whose version has it
LATER = [
    "_async_search",
    "_eql/search",
    "_explain",
    "_graph/explore",
    "_knn_search",
    "_pit",
    "_rank_eval",
    "_search/point_in_time",
    "_terms_enum",
    "_termvectors",
]
WITH_TYPES = {"e5", "e6", "e7", "o1"}
NAMES = {"index": "logs-2026", "type": "event", "id": "1"}


def series() -> dict[str, set[str]]:
    """Path, and the series of Elasticsearch and OpenSearch that have it."""
    lines = Path(__file__).with_name("api_paths.tsv").read_text().splitlines()
    return {line.split("\t")[0]: set(line.split("\t")[1].split(",")) for line in lines if line.startswith("/")}


def table() -> Iterator[tuple[str, set[str], set[str]]]:
    """Path, its methods, those that read."""
    for line in Path(__file__).with_name("api_paths.tsv").read_text().splitlines():
        if line.startswith("/"):
            path, _series, methods, reads = line.split("\t")
            methods, reads = NOT_IN_THE_CLIENTS.get(path, (methods, reads))
            yield path, set(methods.split(",")), set(reads.split(","))


def filled(path: str) -> str:
    parts = [NAMES.get(part[1:-1], "x1") if part.startswith("{") else part for part in path.split("/")]
    return "/".join(parts)


def ssha(password: str) -> str:
    """A hash that costs nginx nothing, since thousands of requests are sent."""
    return "{SSHA}" + base64.b64encode(hashlib.sha1(password.encode() + b"salt").digest() + b"salt").decode()


READER = {"name": "reader", "hash": ssha("secret"), "read_only": True}
WRITER = {"name": "writer", "hash": ssha("secret")}


@pytest.fixture(scope="module", params=nginx.EACH_NGINX)
def fronts(request: pytest.FixtureRequest) -> Iterator[nginx.Fronts]:
    cases = nginx.Fronts(request.param)
    cases.add("default", https_front_users=[READER, WRITER])
    cases.add("every", https_front_users=[READER, WRITER], https_front_read_only_endpoints=[*DEFAULTS, *LATER])
    cases.add("no_endpoint", https_front_users=[READER, WRITER], https_front_read_only_endpoints=[])
    cases.add("one_more", https_front_users=[READER, WRITER], https_front_read_only_endpoints=["_search", "_plugins/_ppl", "_rollup_search"])
    names = ["default", "hostnames", "a.b", "Reader"]
    cases.add("names", https_front_users=[READER, *({"name": name, "hash": ssha("secret"), "read_only": name != "Reader"} for name in names)])
    cases.render()
    yield cases
    cases.close()


@pytest.fixture(scope="module")
def front(fronts: nginx.Fronts) -> Iterator[nginx.Running]:
    """Lets everything through that any version has for reading."""
    with fronts["every"].running() as running:
        yield running


def passes(front: nginx.Running, method: str, target: str, **more: str) -> bool:
    """Whether it reaches Elasticsearch, and then just as it was sent."""
    answer = front.ask(method, target, user="reader:secret", **more)
    if answer.reached is None:
        assert answer.status in (403, 400) or (answer.status, method) == (200, "DELETE"), (method, target, answer.status)
        return False
    assert answer.reached in (f"{method} {target}", "HEAD")
    return True


def test_each_path_of_every_api_lets_readers_read_and_nothing_else(front: nginx.Running) -> None:
    wrong, asked = [], 0
    for path, methods, reads in table():
        for method in METHODS:
            safe = {"GET", "HEAD", "OPTIONS"} & {method}
            if safe and not methods & {"GET", "HEAD"}:
                continue  # Elasticsearch answers 405
            expected = "GET" in reads if safe - {"OPTIONS"} else method == "OPTIONS" or method in reads
            asked += 1
            if passes(front, method, filled(path)) != expected:
                wrong.append(f"{method} {path}: {'not ' if expected else ''}let through")
    assert not wrong
    assert asked > 5000


def taken_for_a_document(path: str) -> bool:
    """Whether a version that does not have the path would take it for POST /{index}/{type} or POST /{index}/{type}/{id}.

    Elasticsearch 5.6, 6.0, 6.8 and 7.17 refuse a type that begins with "_", but make the index before they do. One whose own name begins with "_"
    they do not make.
    """
    parts = path.strip("/").split("/")
    return parts[0] == "{index}" and len(parts) in (2, 3) and not series()[path] >= WITH_TYPES


def test_no_version_writes_what_the_defaults_take_for_reading(fronts: nginx.Fronts) -> None:
    wrong, passed = [], set()
    with fronts["default"].running() as front:
        for path, methods, reads in table():
            for method in sorted(methods - {"GET", "HEAD", "OPTIONS"}):
                if passes(front, method, filled(path)):
                    passed.add(path)
                    if method not in reads or taken_for_a_document(path):
                        wrong.append(f"{method} {path}")
            if taken_for_a_document(path) and "GET" in reads:
                assert passes(front, "GET", filled(path), body="{}"), path  # which no version takes for a document
    assert not wrong
    assert {"/{index}/_search", "/{index}/{type}/_search", "/_msearch", "/{index}/_count", "/_sql"} <= passed


def test_a_writer_may_do_all_of_it(front: nginx.Running) -> None:
    for path, methods, _reads in table():
        for method in sorted(methods):
            answer = front.ask(method, filled(path), user="writer:secret")
            assert answer.reached in (f"{method} {filled(path)}", "HEAD"), (method, path, answer.status)


def disguises(path: str) -> Iterator[str]:
    """Other ways to write what Elasticsearch, or something before it, could take for the path."""
    first, _slash, rest = path[1:].partition("/")
    yield path + "/"
    yield "/" + path
    yield path.replace("/", "//")
    yield "/." + path
    yield "/a/.." + path
    yield "/_search/.." + path
    yield "/_search/%2E%2e/.." + path
    yield path.replace("_", "%5F")
    yield path.replace("_", "%5f", 1)
    yield "/%2F" + path[1:]
    yield path + "?/_search"
    yield path + "#/_search"
    yield path + "%3F/_search"
    yield path + ";a=_search"
    yield path + "%00/_search"
    yield f"/{first}%2F{rest}" if rest else f"/{first}%2f_search"
    yield f"http://{nginx.NAME}{path}"


def test_what_writes_is_refused_in_every_disguise(front: nginx.Running) -> None:
    wrong = []
    for path, methods, reads in table():
        # one of them: all are refused where the path is the path
        for method in sorted(methods & {"POST", "PUT", "DELETE"} - reads)[-1:]:
            wrong += [f"{method} {target}" for target in disguises(filled(path)) if passes_somehow(front, method, target)]
    assert not wrong


def passes_somehow(front: nginx.Running, method: str, target: str) -> bool:
    return front.ask(method, target, user="reader:secret").reached is not None


@pytest.mark.parametrize(
    "path", [path for path, methods, reads in table() if "GET" in methods and "GET" not in reads], ids=lambda path: path
)
def test_what_changes_by_get_is_refused_in_every_disguise(front: nginx.Running, path: str) -> None:
    # a name below that path is another's, and an encoded slash is none for Elasticsearch: both would read
    assert not [target for target in disguises(filled(path)) if target.count("/_search") == 0 and passes_somehow(front, "GET", target)]


REFUSED = [
    # looks like a search and stores something
    "POST /logs/_doc/_search",
    "POST /logs/_doc/..%2F_search",
    "POST /logs/_doc/x/..%2f..%2f_search",
    "POST /logs/_doc?/_search",
    "POST /logs/_create/_search",
    "POST /logs/type/_explain",
    "POST /logs/type/_search_shards",  # Elasticsearch 6 and 7 know it not behind a type: a document
    "POST /logs/type/_rank_eval",
    "POST /logs/type/_search/_update",
    "POST /_snapshot/_search",
    "POST /_scripts/_search",
    "POST /_scripts/_search/_search",
    "POST /_search/template/name",
    "PUT /_search/template/name",
    "DELETE /_search/template/name",
    "POST /_render/template/_search/x",
    "POST /logs/",
    "POST /",
    "POST //",
    "POST /logs",
    "POST /_search/scroll/%5Fall",
    "POST /_pit",
    # disturbs
    "DELETE /_async_search/%5Fall",
    "DELETE /_async_search/_all",
    "DELETE /_sql/async/delete/_all",
    "DELETE /_query/async/_all",
    "DELETE /_eql/search/_all",
    "DELETE /logs/_pit",
    "GET /logs,other/_refresh",
    "GET /_all/_flush?force=true",
    "GET /%5Frefresh",
    # what nobody has judged yet
    "GET /_new_endpoint",
    "GET /logs/_new_endpoint",
    "POST /logs/_new_endpoint",
    "GET /_plugins/_new",
    "POST /_sql/clear",
    "PROPFIND /logs",
    "MKCOL /logs",
    "SEARCH /logs/_search",
]

READ = [
    "GET /",
    "HEAD /",
    "GET /?pretty",
    "GET /logs",
    "GET /logs/",
    "GET /logs,-other*,.kibana/_search?q=a",
    "GET /%3Clogs-%7Bnow%2Fd%7D%3E/_search",
    "POST /%3Clogs-%7Bnow%2Fd%7D%3E/_search",
    "POST /*%2C-logs/_search",
    "POST /*:logs-*,logs/_search?ignore_unavailable=true&scroll=1m",
    "POST /_all/_search",
    "POST /_search/",
    "POST /logs/_search/?size=1",
    "POST /logs,%3Clogs-%7Bnow%2FM%7Byyyy.MM%7D%7D%3E/_search",
    "POST /%D0%BB%D0%BE%D0%B3/_count",
    "GET /logs/_doc/_an-id",
    "GET /logs/_doc/a%2Fb",
    "GET /logs/_doc/a%2F_refresh",
    "GET /logs/_source/1",
    "GET /logs/event/1/_source",
    "GET /_cat/indices/logs*?v&h=index",
    "GET /_cluster/state/metadata,routing_table/logs",
    "GET /_nodes/_all/stats/jvm,os",
    "GET /_nodes/data:true/hot_threads",
    "GET /_tasks/node:1",
    "GET /logs/_mapping/field/a.b,c*",
    "GET /_search/scroll?scroll_id=abc==",
    "GET /_search/scroll/DXF1ZXJ5QW5kRmV0Y2gBAAAAAAAAAD4WYm9laVYtZndUQlNsdDcwakFMNjU1QQ==",
    "POST /_search/scroll/DXF1ZXJ5QW5kRmV0Y2gBAAAAAAAAAD4WYm9laVYtZndUQlNsdDcwakFMNjU1QQ%3D%3D",
    "DELETE /_async_search/FmRldE8zREVEUzA2ZVpUeGs2ejJFUFEaMkZ5QTVrSTZSaVN3WlNFVmtlWHJsdzoxMDc=",
    "DELETE /_pit",
    "OPTIONS /logs/_search",
]


@pytest.mark.parametrize("unsent", [chr(number) for number in (1, 8, 9, 11, 12, 27, 31, 32)], ids=lambda unsent: f"{ord(unsent):02x}")
def test_nothing_with_what_is_in_no_address_is_let_through(front: nginx.Running, unsent: str) -> None:
    for method, path in (("POST", "/logs/_search"), ("GET", "/logs/_doc/1"), ("GET", "/_refresh"), ("GET", "/logs/_refresh"), ("DELETE", "/logs")):
        for target in (path + unsent, unsent.join(path.rsplit("/", 1)), path + "?a" + unsent, f"/logs{unsent}{path}"):
            if target.endswith(" "):
                continue  # two spaces before HTTP/1.1: the target has none of them
            answer = front.ask(method, target, user="reader:secret", new=True)
            assert answer.reached is None and answer.status in (400, 403), (method, target)


@pytest.mark.parametrize("request_line", REFUSED)
def test_what_only_looks_like_reading_is_refused(front: nginx.Running, request_line: str) -> None:
    method, target = request_line.split(" ", 1)
    assert not passes(front, method, target)


@pytest.mark.parametrize("request_line", READ)
def test_names_of_every_kind_can_be_read(front: nginx.Running, request_line: str) -> None:
    method, target = request_line.split(" ", 1)
    assert passes(front, method, target)


@pytest.mark.parametrize(
    "target",
    [
        "/_search/scroll",
        "/_search/scroll/_all",
        "/_search/scroll/%5Fall",
        "/_search/scroll/abc,_all",
        "/_search/scroll?scroll_id=_all",
        "/_search/scroll/?scroll_id=%5Fall",
        '/_search/scroll?source={"scroll_id":"_all"}&source_content_type=application/json',
        "/_search/point_in_time",
        "/_search/point_in_time/_all",
        "/_search/point_in_time/%5fall/",
    ],
)
def test_nobody_s_open_search_is_closed_by_a_reader_and_clients_go_on(front: nginx.Running, target: str) -> None:
    answer = front.ask("DELETE", target, user="reader:secret", headers={"Content-Type": "application/json"}, body='{"scroll_id": ["_all"]}')
    assert answer.reached is None
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.text in ('{"succeeded":true,"num_freed":0}', '{"pits":[]}')
    assert front.ask("DELETE", target, user="writer:secret").reached == f"DELETE {target}"


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_a_header_makes_no_other_method_of_it(front: nginx.Running, header: str) -> None:
    assert not passes(front, "POST", "/logs/_doc", headers={header: "GET"})  # type: ignore[arg-type]
    answer = front.ask("GET", "/logs/_doc/1", user="reader:secret", headers={header: "DELETE"})
    assert answer.reached == "GET /logs/_doc/1"


def test_no_endpoint_means_no_post(fronts: nginx.Fronts) -> None:
    with fronts["no_endpoint"].running() as front:
        for path, methods, _reads in table():
            for method in sorted(methods & {"POST", "PUT", "DELETE"}):
                assert not passes(front, method, filled(path)), (method, path)
        for target in ("/logs/", "/", "/logs", "/_search"):
            assert not passes(front, "POST", target)
        assert passes(front, "GET", "/logs/_search")


def test_an_endpoint_of_ones_own_may_be_read_too(fronts: nginx.Fronts) -> None:
    with fronts["one_more"].running() as front:
        for target in ("/_plugins/_ppl", "/logs/_rollup_search", "/_rollup_search", "/logs/_search"):
            assert passes(front, "POST", target), target
            assert passes(front, "GET", target), target
        for target in ("/_count", "/_plugins/_ppl/_explain", "/_plugins/_sql", "/logs/type/_rollup_search", "/_doc/_rollup_search", "/_rollup_search/x"):
            assert not passes(front, "POST", target), target


def test_a_name_is_nobody_else_s_and_no_word_of_nginx(fronts: nginx.Fronts) -> None:
    with fronts["names"].running() as front:
        for name, may in {"default": 403, "hostnames": 403, "a.b": 403, "reader": 403, "Reader": 200, "axb": 401}.items():
            assert front.ask("PUT", "/logs", user=f"{name}:secret").status == may, name


def test_nothing_is_left_to_be_judged() -> None:
    known = set(METHODS) | {"-", "DELETE*"}
    assert not [path for path, methods, reads in table() if not reads <= known or not {method.rstrip("*") for method in reads - {"-"}} <= methods]
