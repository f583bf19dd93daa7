# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Credentials that stand in a URL by mistake reach neither the message, the invocation nor the log of a module."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible.module_utils.common.parameters import PASS_VARS
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._secrets import without_credentials
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.module_runs import module_runs

CANARY = "c4n4ry-s3cret"
_SAYS_MORE = {"inject_invocation": True, "verbosity": 4, "debug": True}
LOUD = {f"_ansible_{name}": value for name, value in _SAYS_MORE.items() if name in PASS_VARS}
URLS = [
    f"https://elastic:{CANARY}@127.0.0.1:9",
    f"http://elastic:{CANARY}@127.0.0.1:9/path",
    f"https://{CANARY}@127.0.0.1:9",
    f"https://elastic:/{CANARY}@127.0.0.1:9",
    f"https://elastic:?{CANARY}@127.0.0.1:9",
    f"https://elastic:a@{CANARY}@127.0.0.1:9",
    f"elastic:{CANARY}@127.0.0.1:9",
    f"https://elastic:{CANARY}",
    f"https://127.0.0.1:9/?api_key={CANARY}",
    f"https://127.0.0.1:9/?to=a@{CANARY}",
    f"https://127.0.0.1:9/#{CANARY}",
    f" https://elastic:{CANARY}@127.0.0.1:9",
]


@pytest.mark.parametrize("shape", [str, lambda url: [url], lambda url: {"url": url}, lambda url: {url: None}], ids=["text", "list", "mapping", "key"])
def test_node_info_refuses_such_a_url_and_shows_nothing_of_them(shape: Any) -> None:
    results, log = module_runs(*({**LOUD, "cluster_url": shape(url)} for url in URLS), name="node_info")
    for url, result in zip(URLS, results):
        assert result["failed"] and "cluster_url" in result["msg"], url
        assert CANARY not in json.dumps(result), url
        assert "cluster_url" in result["invocation"]["module_args"]
    assert CANARY not in log and "Invoked with" in log


def test_an_option_of_node_info_that_is_written_wrong_is_not_shown() -> None:
    (result,), log = module_runs({**LOUD, "clusterurl": CANARY, "cluster_pasword": CANARY}, name="node_info")
    assert "clusterurl" in result["msg"]
    assert CANARY not in json.dumps(result) + log


def test_a_good_url_is_shown_as_it_is() -> None:
    (result,), _log = module_runs({**LOUD, "cluster_url": "https://127.0.0.1:9/es", "timeout": 1}, name="node_info")
    assert result["invocation"]["module_args"]["cluster_url"] == "https://127.0.0.1:9/es"


@pytest.mark.parametrize("option", ["cluster_hosts", "other_hosts"])
@pytest.mark.parametrize("joined", [False, True], ids=["list", "text"])
def test_plaintext_clients_info_takes_the_host_and_shows_nothing_of_them(option: str, joined: bool) -> None:
    given = [",".join([url, "es1"]) if joined else [url, "es1"] for url in URLS]
    results, log = module_runs(*({**LOUD, "paths": ["/dev/null"], option: value} for value in given), name="plaintext_clients_info")
    for url, result in zip(URLS, results):
        assert CANARY not in json.dumps(result), url
    assert not results[0].get("failed") and results[0]["invocation"]["module_args"][option] == ["https://127.0.0.1:9", "es1"]
    assert CANARY not in log


@pytest.mark.parametrize(
    "text",
    ["es1", "es1:9200", "es1.example.org:9200-9299", "https://es1:9200/path", "2001:db8::1", "[2001:db8::1]:9200", "http://[2001:db8::1]", "tcp://es1:9300"],
)
def test_what_has_no_credentials_stays_as_it_is(text: str) -> None:
    assert without_credentials(text) == text
