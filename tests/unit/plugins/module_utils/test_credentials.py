# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which credentials reach a verified server, and in which form."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.lab import Lab, run, verdict
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.servers import elasticsearch


def authorization_of(request: bytes) -> str:
    for line in request.decode("latin-1").split("\r\n"):
        name, _colon, value = line.partition(": ")
        if name.lower() == "authorization":
            return value
    return ""


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({}, ""),
        ({"url_username": "elastic", "url_password": "pa:ss w\u00f6rd"}, "Basic " + encoded("elastic:pa:ss w\u00f6rd")),
        ({"api_key": "id:key"}, "ApiKey " + encoded("id:key")),
        ({"api_key": "aWQ6a2V5"}, "ApiKey aWQ6a2V5"),
        ({"bearer_token": "AAEAAWVsYXN0aWM"}, "Bearer AAEAAWVsYXN0aWM"),
    ],
)
def test_each_kind_is_sent_as_the_official_client_sends_it(lab: Lab, options: dict[str, Any], wanted: str) -> None:
    requests: list[bytes] = []
    with lab.serving(handler=elasticsearch(requests=requests)) as server:
        assert verdict(server.url, ca_path=lab.ca_path, min_status="green", **options)["verified"]
    assert [authorization_of(request) for request in requests] == [wanted, wanted]


def test_an_endpoint_replaces_the_credentials_as_a_whole(lab: Lab) -> None:
    first: list[bytes] = []
    second: list[bytes] = []
    serving = lab.serving
    with serving(handler=elasticsearch(requests=first)) as one, serving(handler=elasticsearch(requests=second)) as two:
        own = {"url": two.url, "api_key": "id:key"}
        run(one.url, own, ca_path=lab.ca_path, url_username="elastic", url_password="secret")
    assert authorization_of(first[0]) == "Basic " + encoded("elastic:secret")
    assert authorization_of(second[0]) == "ApiKey " + encoded("id:key")


@pytest.mark.parametrize(
    "options",
    [
        {"url_username": "elastic"},
        {"url_password": "secret"},
        {"url_username": "a", "url_password": "b", "api_key": "c"},
        {"api_key": "a", "bearer_token": "b"},
        {"url_username": "a:b", "url_password": "c"},
        {"bearer_token": "token\r\nX-Evil: 1"},
        {"api_key": "ke\u00fd"},
    ],
)
def test_credentials_that_cannot_be_meant_are_refused(lab: Lab, options: dict[str, Any]) -> None:
    with lab.serving() as server:
        with pytest.raises(ValueError) as failure:
            verdict(server.url, ca_path=lab.ca_path, **options)
        assert server.accepted == 0
    for secret in ("secret", "token\r\n", "ke\u00fd"):
        assert secret not in str(failure.value)
