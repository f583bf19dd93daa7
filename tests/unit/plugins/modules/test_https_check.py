# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The module as Ansible runs it: a process that reads parameters and prints a result."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.reasons import REASONS
from ansible_collections.tlsfront.elasticsearch.plugins.modules import https_check
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.lab import Lab
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.module_runs import module, module_runs
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.servers import answering, elasticsearch, response


def test_it_really_checks_in_check_mode_too_and_changes_nothing(lab: Lab) -> None:
    requests: list[bytes] = []
    with lab.serving(handler=elasticsearch(requests=requests)) as server:
        params = {"endpoints": [server.url], "ca_path": lab.ca_path}
        results, _log = module_runs(params, {**params, "_ansible_check_mode": True})
    assert len(requests) == 2
    for result in results:
        assert result["changed"] is False
        assert result["summary"] == "1 of 1 endpoints verified"
        assert result["failed_endpoints"] == []


def test_the_ca_may_be_a_text_and_then_nothing_else_is_trusted(lab: Lab) -> None:
    text = Path(lab.ca_path).read_text("ascii")
    other = Path(lab.other_root.write_certificate(lab.directory)).read_text("ascii")
    with lab.serving() as server:
        own = {"url": server.url, "ca_content": text}
        results, _log = module_runs(
            {"endpoints": [server.url], "ca_content": text},
            {"endpoints": [own], "ca_path": "/nowhere/ca.pem"},
            {"endpoints": [server.url], "ca_content": ""},
            {"endpoints": [server.url], "ca_content": "no certificate"},
            {"endpoints": [server.url], "ca_content": text, "ca_path": lab.ca_path},
            {"endpoints": [server.url], "ca_content": other},
        )
    assert [result.get("summary") for result in results[:2]] == ["1 of 1 endpoints verified"] * 2
    for result in results[2:4]:
        assert result["msg"] == "ca_content: the text has no certificate in PEM form"
    assert "mutually exclusive: ca_path|ca_content" in results[4]["msg"]
    (entry,) = results[5]["endpoints"]
    assert entry["reason"] == "untrusted_issuer" and "ca_content" in entry["message"]


def test_lists_of_what_was_revoked_may_be_a_text(lab: Lab) -> None:
    good, revoked = ((pki.crl(lab.root) + pki.crl(lab.intermediate, *those)).decode("ascii") for those in ((), (lab.good,)))
    with lab.serving() as server:
        asked = {"endpoints": [server.url], "ca_path": lab.ca_path}
        results, _log = module_runs(
            {**asked, "crl_content": good},
            {**asked, "crl_content": revoked},
            {**asked, "crl_content": ""},
            {**asked, "crl_content": good, "crl_path": "/nowhere/crl.pem"},
        )
    assert results[0]["summary"] == "1 of 1 endpoints verified"
    assert results[1]["endpoints"][0]["reason"] == "certificate_revoked"
    assert results[2]["msg"] == "crl_content: the text has no certificate revocation list in PEM form"
    assert "mutually exclusive: crl_path|crl_content" in results[3]["msg"]


def test_a_failure_says_one_line_for_each_endpoint_and_has_the_whole_result(lab: Lab) -> None:
    with lab.serving() as good, lab.serving(handler=answering(response(b"", 502))) as bad:
        result, _log = module(endpoints=[good.url, bad.url, "http://es1"], ca_path=lab.ca_path)
    first, *lines = result["msg"].split("\n")
    assert first == result["summary"]
    assert len(lines) == 2
    assert lines[0].startswith(f"{bad.url} (127.0.0.1): bad_gateway: GET / answers 502")
    assert lines[0].endswith(REASONS["bad_gateway"].cure)
    assert lines[1].startswith("http://es1: plaintext_url: ")
    assert [entry["reason"] for entry in result["endpoints"]] == ["ok", "bad_gateway", "plaintext_url"]


def test_secrets_are_in_neither_log_nor_result(lab: Lab) -> None:
    secrets = ["t0p'secret\\1", "t0p-secret-2", "t0p-secret-3", "t0p-secret/4"]
    with lab.serving(handler=answering(response(b"", 401))) as server:
        endpoints = [
            server.url,
            {"url": server.url, "url_username": "u", "url_password": secrets[0]},
            {"url": server.url, "api_key": secrets[1]},
            f"https://u:{secrets[3]}@localhost",
        ]
        result, log = module(endpoints=endpoints, ca_path=lab.ca_path, bearer_token=secrets[2])
    assert [entry["reason"] for entry in result["endpoints"]] == ["http_unauthorized"] * 3 + ["invalid_url"]
    assert "Invoked with" in log
    for secret in secrets:
        for shape in (secret, repr(secret)[1:-1], json.dumps(secret)[1:-1]):
            assert shape not in log
            assert shape not in json.dumps(result)
            assert shape not in str(result)


def test_secrets_are_hidden_when_the_parameters_themselves_are_wrong() -> None:
    endpoints = [{"url": "https://es", "url_password": "t0p-secret"}]
    wrong: list[dict[str, Any]] = [{"no_such_option": 1}, {"timeout": "soon"}, {}]
    results, log = module_runs(*[{"endpoints": endpoints, **params} for params in wrong])
    assert all(result["failed"] for result in results)
    assert "t0p-secret" not in json.dumps(results) + log


BAD_INPUT: list[tuple[dict[str, Any], str]] = [
    ({}, "endpoints"),
    ({"endpoints": []}, "empty"),
    ({"endpoints": ["es"], "ca_path": "/nowhere/ca.pem"}, "/nowhere/ca.pem"),
    ({"endpoints": ["es"], "concurrency": 0}, "concurrency"),
    ({"endpoints": ["es"], "url_username": "u"}, "url_password"),
    ({"endpoints": ["es"], "api_key": "one-secret", "bearer_token": "another"}, "mutually exclusive"),
    ({"endpoints": ["es"], "client_key": "/k"}, "client_cert"),
    ({"endpoints": ["es"], "verify": False}, "Unsupported"),
    ({"endpoints": ["es"], "min_tls_version": "1.1"}, "min_tls_version"),
]


def test_bad_input_is_refused_with_a_text_that_names_it() -> None:
    results, _log = module_runs(*[params for params, _says in BAD_INPUT])
    for result, (params, says) in zip(results, BAD_INPUT):
        assert result["failed"], params
        assert says in result["msg"], params


def _without(library: str, installed: str | None) -> str:
    """A Python that cannot import it, whatever version of it is installed."""
    return f"""
sys.modules[{library!r}] = None
from importlib import metadata
real = metadata.version
def version(name):
    if name not in ("elasticsearch", "cryptography"):
        return real(name)
    if {installed!r} is None:
        raise metadata.PackageNotFoundError(name)
    return {installed!r}
metadata.version = version
"""


LIBRARIES = {
    "no client": (_without("elastic_transport", None), "elasticsearch >= 8.0.0"),
    "an old client": (_without("elastic_transport", "7.17.6"), "elasticsearch is version 7.17.6 here; wanted is 8.0.0"),
    "a broken client": (_without("elastic_transport", "9.1.0"), "elasticsearch >= 8.0.0"),
    "no cryptography": (_without("cryptography", None), "cryptography >= 43.0.0"),
    "an old cryptography": ("import cryptography; cryptography.__version__ = '38.0.4'", "cryptography is version 38.0.4 here; wanted is 43.0.0"),
    "a broken cryptography": (_without("cryptography", "46.0.1"), "cryptography >= 43.0.0"),
}


@pytest.mark.parametrize("kind", LIBRARIES)
def test_a_missing_or_old_library_is_told_in_words(kind: str) -> None:
    before, says = LIBRARIES[kind]
    result, _log = module(before=before, endpoints=["https://es"])
    assert result["failed"]
    assert says in result["msg"]


def test_every_option_is_documented_with_its_default() -> None:
    documented = yaml.safe_load(https_check.DOCUMENTATION)["options"]
    spec = {**https_check.PER_ENDPOINT, **https_check.WHOLE_TASK}
    assert set(documented) == set(spec)
    for name, option in spec.items():
        assert documented[name].get("default") == option.get("default"), name
        per_endpoint = "Per endpoint." in documented[name]["description"]
        assert per_endpoint == (name in https_check.PER_ENDPOINT), name


def test_every_reason_that_the_documentation_names_exists() -> None:
    named = set(re.findall(r"reason=([a-z_]+)", https_check.RETURN))
    assert named and named <= set(REASONS)


def test_the_result_is_documented_key_by_key(lab: Lab) -> None:
    documented = yaml.safe_load(https_check.RETURN)
    with lab.serving() as server:
        result, _log = module(endpoints=[server.url], ca_path=lab.ca_path)
    assert set(documented) == set(result) - {"changed", "invocation", "warnings"}
    entry = result["endpoints"][0]
    assert set(documented["endpoints"]["contains"]) == set(entry)
    address = documented["endpoints"]["contains"]["addresses"]["contains"]
    assert set(address) == set(entry["addresses"][0])
    assert set(address["certificates"]["sample"][0]) == set(entry["addresses"][0]["certificates"][0])
    assert set(documented["endpoints"]["contains"]["cluster"]["contains"]) == set(entry["cluster"])
