# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Servers that repeat what they were sent, in every form in which an honest or a broken one may do so."""

from __future__ import annotations

import base64
import html
import json
import quopri
from typing import Any, Callable
from urllib.parse import quote

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._secrets import HIDDEN, Secrets, secrets_of
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import servers
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.lab import Lab, run
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.servers import response
from hypothesis import example, given, settings
from hypothesis import strategies as st

PASSWORD = "Tr0ub4dor&3/ü \"x'=\\"
TOKEN = base64.b64encode(f"elastic:{PASSWORD}".encode()).decode()
API_KEY = "VuaCfGcBCdbkQm-e5aOx:ui2lp2axTNmsyakw9tvNnw"

ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": lambda text: text,
    "percent": quote,
    "percent all": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "JSON": json.dumps,
    "JSON in JSON": lambda text: json.dumps(json.dumps({"headers": text})),
    "Python": repr,
    "HTML": html.escape,
    "quoted-printable": lambda text: quopri.encodestring(text.encode()).decode(),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 of more": lambda text: base64.b64encode(f"x{text}y".encode()).decode(),
    "base64 of still more": lambda text: base64.b64encode(f"xx{text}".encode()).decode(),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64 in lines": lambda text: base64.encodebytes(text.encode()).decode(),
    "hexadecimal": lambda text: text.encode().hex(),
    "all but its end": lambda text: text[:-6],
}


def authorization(request: bytes) -> str:
    (line,) = [line for line in request.decode("latin-1").split("\r\n") if line.lower().startswith("authorization:")]
    return line


def in_body(status: int) -> Callable[[str], bytes]:
    return lambda text: response(b"You sent " + text.encode() + b" to us", status)


def in_cluster_name(text: str) -> bytes:
    return response({**servers.ROOT, "cluster_name": text, "cluster_uuid": text, "name": "x" * 250 + text})


def in_location(text: str) -> bytes:
    return response(b"", 302, {"Location": "/login?from=" + text.replace("\n", " ")})


def in_content_type(text: str) -> bytes:
    return response(b"x", 200, {"Content-Type": text.replace("\n", " ")})


def in_status_line(text: str) -> bytes:
    return b"HTTP/9 " + text.encode() + b"\r\n\r\n"


PLACES: dict[str, Callable[[str], bytes]] = {
    "page": in_body(200),
    "forbidden": in_body(403),
    "error": in_body(500),
    "gateway": in_body(502),
    "cluster": in_cluster_name,
    "location": in_location,
    "type": in_content_type,
    "status line": in_status_line,
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_nothing_of_the_credentials_comes_back_into_the_result(lab: Lab, encoding: str) -> None:
    """The header is what the server gets; who knows base64 gets the password from it."""
    encode = ENCODINGS[encoding]

    def handle(tls: Any) -> None:
        request = servers.read_request(tls)
        place = PLACES[request.split(b" ")[1].strip(b"/").decode().replace("%20", " ")]
        tls.sendall(place(encode(authorization(request))))

    with lab.serving(handler=handle) as server:
        endpoints = [f"{server.url}/{place}".replace(" ", "%20") for place in PLACES]
        basic = run(*endpoints, ca_path=lab.ca_path, url_username="elastic", url_password=PASSWORD)
        keyed = run(*endpoints, ca_path=lab.ca_path, api_key=API_KEY)
    # the name before the colon is no secret; so many characters of the token are made of it
    for token, names, result in ((TOKEN, 10, basic), (base64.b64encode(API_KEY.encode()).decode(), 28, keyed)):
        shown = json.dumps(result)
        given = encode(f"authorization: Basic {token}")
        for piece in [token[start : start + 12] for start in range(names, len(token) - 11)]:
            assert piece not in shown
        if encoding.startswith("base64") or encoding == "hexadecimal":
            assert given[-30:-6].strip() not in shown
        assert HIDDEN in shown, "the server did not repeat it"


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_password_that_is_repeated_is_found(encoding: str) -> None:
    secrets = secrets_of({"url_username": "elastic", "url_password": PASSWORD, "api_key": API_KEY})
    for secret in (PASSWORD, API_KEY, f"elastic:{PASSWORD}"):
        assert secrets.occur_in(f"<h1>{ENCODINGS[encoding](secret)}</h1>".encode())


@pytest.mark.parametrize("before", range(50, 90))
def test_what_is_cut_off_in_the_middle_of_a_secret_does_not_show_its_beginning(before: int) -> None:
    secrets = Secrets(["correct horse battery staple"])
    assert "corr" not in secrets.excerpt(b"x" * before + b" correct horse battery staple")


@pytest.mark.parametrize("text", ["<h1>403 Forbidden</h1>", "", "security_exception", "elastic", "b" * 3000])
def test_what_repeats_nothing_is_shown(text: str) -> None:
    secrets = secrets_of({"url_username": "elastic", "url_password": PASSWORD, "api_key": API_KEY})
    assert not secrets.occur_in(text)
    assert secrets.excerpt(text.encode()).startswith(text[:80])


# what a header can hold: credentials with control characters are refused
SECRET = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=12)


@given(SECRET, st.sampled_from(sorted(set(ENCODINGS) - {"all but its end"})), st.binary(max_size=40))
@example("correct horse battery staple", "base64", b"\xff")
@settings(max_examples=200, deadline=None)
def test_any_secret_is_found_in_any_surroundings(secret: str, encoding: str, before: bytes) -> None:
    said = ENCODINGS[encoding](secret).encode()
    if len("".join(secret.split())) >= 12:
        assert Secrets([secret]).occur_in(before + b" " + said + b" and more")


@pytest.mark.parametrize(
    ("params", "wanted"),
    [
        ({"endpoints": [[{"url_password": "hidden-1"}]]}, "hidden-1"),
        ({"endpoints": '[{"url": "es", "api_key": "hidden-2"}]'}, "hidden-2"),
        ({"endpoints": ['{"url": "es", "bearer_token": "hidden-3"}']}, "hidden-3"),
        ({"endpoints": [{"url": {"url": "https://u:hidden-4@es"}}]}, "hidden-4"),
        ({"endpoints": [{"https://u:hidden-5@es": None}]}, "hidden-5"),
        ({"endpoints": [{"connect_to": "u:hidden-6@es:1"}]}, "hidden-6"),
        ({"proxy": "http://u:hidden%2D7@proxy"}, "hidden-7"),
        ({"proxy": ["http://u:hidden-8@proxy"]}, "hidden-8"),
        ({"endpoints": [{"url_password": 12345678}]}, "12345678"),
        ({"endpoints": [{"url_password": ["a", {"b": "hidden-9"}]}]}, "hidden-9"),
        ({"api_key": base64.b64encode(b"id:hidden-10").decode()}, "hidden-10"),
        ({"url_username": "u", "url_password": "hidden-11"}, "u:hidden-11"),
        ({"client_key": "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ\n"}, "MC4CAQAwBQYDK2VwBCIEIJ"),
    ],
)
def test_secrets_are_found_at_any_depth(params: dict[str, Any], wanted: str) -> None:
    assert wanted in secrets_of(params).texts


def test_what_is_no_secret_is_none() -> None:
    item = {"url": "es", "timeout": 3, "url_username": "u@example.org", "cluster_name": "es@home"}
    params = {"endpoints": ["https://es:9200", item], "closed_ports": [9200], "ca_path": "/etc/ca@home/ca.pem"}
    assert secrets_of(params).texts == frozenset()


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"api_key": API_KEY}, "action is unauthorized for API key id [VuaCfGcBCdbkQm-e5aOx] of user [elastic]"),
        ({"api_key": base64.b64encode(API_KEY.encode()).decode()}, "API key id [VuaCfGcBCdbkQm-e5aOx]"),
        ({"url_username": "monitoring-of-the-search", "url_password": "x" * 20}, "unable to authenticate user [monitoring-of-the-search]"),
    ],
)
def test_who_asks_is_no_secret(params: dict[str, Any], said: str) -> None:
    secrets = secrets_of(params)
    assert not secrets.occur_in(said)
    assert secrets.excerpt(said, 200) == said
    (whole,) = [text for text in secrets.texts if text.count(":") == 1]
    assert secrets.occur_in(said + whole)
    assert secrets.occur_in(base64.b64encode(whole.encode()))


def test_a_password_that_is_the_name_too_is_a_secret() -> None:
    assert secrets_of({"url_username": "monitoring-of-it", "url_password": "monitoring-of-it"}).occur_in("[monitoring-of-it]")
