# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import ipaddress

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.endpoint import (
    Endpoint,
    parse,
    parse_address,
    shown,
)
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.reasons import CheckFailed
from hypothesis import example, given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "host", "port", "path"),
    [
        ("https://es.example.org", "es.example.org", 443, ""),
        ("HTTPS://ES.Example.ORG:9243/Search/", "es.example.org", 9243, "/Search"),
        ("es1", "es1", 443, ""),
        ("es1:9243", "es1", 9243, ""),
        ("es1/search", "es1", 443, "/search"),
        ("es_1.internal", "es_1.internal", 443, ""),
        ("https://es.example.org./", "es.example.org.", 443, ""),
        ("10.0.3.7", "10.0.3.7", 443, ""),
        ("10.0.3.7:9243", "10.0.3.7", 9243, ""),
        ("[2001:DB8:0::1]:9243", "2001:db8::1", 9243, ""),
        ("2001:db8::1", "2001:db8::1", 443, ""),
        ("https://b\u00fccher.example", "xn--bcher-kva.example", 443, ""),
        ("https://es/\u00fc", "es", 443, "/%C3%BC"),
        ("  https://es  ", "es", 443, ""),
    ],
)
def test_reads(text: str, host: str, port: int, path: str) -> None:
    assert parse(text) == Endpoint(host, port, path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "https://",
        "https:///path",
        "https://es:",
        "https://es:0",
        "https://es:65536",
        "https://es:9200x",
        "https://es:\u0661",
        "https:es",
        "ftp://es",
        "//es",
        "https://user@es",
        "https://user:password@es",
        "user:password@es",
        "https://es?x=1",
        "https://es/#x",
        "https://es/a b",
        "https://es\\@evil",
        "https://es\r\nX: y",
        "https://es/../x",
        "https://[::1",
        "https://::1]",
        "https://[es]",
        "https://[127.0.0.1]",
        "https://[fe80::1%eth0]",
        "https://[::1]x",
        "https://127.1",
        "https://0x7f000001",
        "https://2130706433",
        "https://256.1.1.1",
        "https://127.0.0.01",
        "https://-es",
        "https://es..example",
        "https://" + "a" * 64,
        "https://" + ".".join(["a" * 60] * 5),
        "https://fa\u00df.example",
        "https://a\u200db.example",
    ],
)
def test_refuses(text: str) -> None:
    with pytest.raises(CheckFailed) as problem:
        parse(text)
    assert problem.value.verdict.reason == "invalid_url"
    assert ("user name" in problem.value.verdict.message) == ("@" in text and "\\" not in text)


@pytest.mark.parametrize("text", ["http://es", "HTTP://es:9200/x", "http://"])
def test_http_is_told_apart(text: str) -> None:
    with pytest.raises(CheckFailed) as problem:
        parse(text)
    assert problem.value.verdict.reason == "plaintext_url"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("10.0.3.7", ("10.0.3.7", 443)),
        ("10.0.3.7:9243", ("10.0.3.7", 9243)),
        ("[fd00::8]:9243", ("fd00::8", 9243)),
        ("fd00::8", ("fd00::8", 443)),
        ("lb.example.org:1", ("lb.example.org", 1)),
    ],
)
def test_reads_an_address_to_connect_to(text: str, place: tuple[str, int]) -> None:
    assert parse_address(text, 443) == place


@given(st.text())
@example("https://\ud800")
def test_any_text_gives_an_endpoint_or_a_problem(text: str) -> None:
    try:
        endpoint = parse(text)
    except CheckFailed as failed:
        assert failed.verdict.reason in ("invalid_url", "plaintext_url")
    else:
        assert endpoint.host.isascii() and endpoint.path.isascii() and 1 <= endpoint.port <= 65535
        assert not set(endpoint.url) & set("\r\n \\@?#")
        assert parse(endpoint.url) == endpoint


@given(st.from_regex(r"(https://)?[a-z0-9.:\[\]%@/-]{0,30}", fullmatch=True))
def test_what_looks_like_a_url_gives_an_endpoint_or_a_problem(text: str) -> None:
    test_any_text_gives_an_endpoint_or_a_problem.hypothesis.inner_test(text)  # type: ignore[attr-defined]


LABEL = st.from_regex(r"[a-z]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
HOST = st.lists(LABEL, min_size=1, max_size=5).map(".".join)
PORT = st.integers(1, 65535)
PATH = st.lists(st.from_regex(r"[A-Za-z0-9_~-]{1,10}", fullmatch=True), max_size=3).map(
    lambda p: "".join("/" + s for s in p)
)


@given(HOST, PORT, PATH)
def test_every_valid_url_is_read_as_it_is_meant(host: str, port: int, path: str) -> None:
    assert parse(f"https://{host}:{port}{path}") == Endpoint(host, port, path)


@given(st.ip_addresses(), PORT)
def test_every_address_is_read_as_it_is_meant(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int
) -> None:
    text = f"[{address}]" if address.version == 6 else str(address)
    endpoint = parse(f"{text}:{port}")
    assert (ipaddress.ip_address(endpoint.host), endpoint.port) == (address, port)


PASSWORD = st.text(st.characters(blacklist_categories=["Cs"]), min_size=12)


@given(HOST, PASSWORD, st.sampled_from(["https://", "http://", "", "//", "ftp://"]))
@example("es", "a/b?c#d@e f:1", "https://")
def test_a_password_is_never_shown(host: str, password: str, scheme: str) -> None:
    text = f"{scheme}user:{password}@{host}"
    assert password not in str(shown(text))
    assert shown(text) in (None, f"https://{host}", f"http://{host}")
    with pytest.raises(CheckFailed) as problem:
        parse(text)
    assert password not in problem.value.verdict.message + problem.value.verdict.hint


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("https://user:password@es:9200/x", "https://es:9200"),
        ("http://es:9200/x", "http://es:9200"),
        ("user:password@[fd00::1]:9200", "https://[fd00::1]:9200"),
        ("https://es:9200/?api_key=password", "https://es:9200"),
        ("https://es/?to=a@b", None),
        ("https://user:pass/word@es", None),
        ("https://es:password", None),
        ("password:es:9200", None),
        ("ftp://es", None),
        ("", None),
    ],
)
def test_of_what_is_no_endpoint_only_scheme_host_and_port_are_shown(text: str, wanted: str | None) -> None:
    assert shown(text) == wanted
