# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Bad input is refused before anything is connected to, with a text that names the option."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.options import Target
from ansible_collections.tlsfront.elasticsearch.plugins.modules import https_check
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki, servers
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.lab import Lab, run


def check(endpoint: Any, **options: Any) -> Target:
    params = {name: spec.get("default") for name, spec in https_check.PER_ENDPOINT.items()}
    (found,) = https_check.read_targets({**params, **options, "endpoints": [endpoint]})
    return found


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"connect_to": "10.0.3.7:x"}, "connect_to"),
        ({"server_name": "es 1"}, "server_name"),
        ({"server_name": "es1:443"}, "server_name"),
        ({"fingerprints": ["abcd"]}, "fingerprints"),
        ({"closed_ports": ["9300-9200"]}, "closed_ports"),
        ({"closed_ports": ["http"]}, "closed_ports"),
        ({"closed_ports": ["1-65535"]}, "closed_ports"),
        ({"min_version": "latest"}, "min_version"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": float("inf")}, "timeout"),
        ({"timeout": float("nan")}, "timeout"),
        ({"proxy": "https://proxy"}, "proxy"),
        ({"proxy": "user:pass@proxy"}, "proxy"),
        ({"proxy": "proxy:3128", "closed_ports": ["9200"]}, "closed_ports"),
        ({"client_key": "/k.pem"}, "client_cert"),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        check("https://es", **options)
    with pytest.raises(ValueError, match=says):
        check({"url": "https://es", **options})


@pytest.mark.parametrize(
    ("endpoint", "says"),
    [
        (5, r"endpoints\[0\]: must be a text or a mapping"),
        (None, "must be a text or a mapping"),
        (["es"], "a list in a list"),
        ('{"url": "es"', r"endpoints\[0\]: begins like JSON"),
        ({}, "url"),
        ({"url": 5}, "url"),
        ({"url": "https://es", "url_pasword": "x"}, r"endpoints\[0\].url_pasword: .*url_password may be meant"),
        ({"url": "https://es", "closed_ports": [[9200]]}, "closed_ports: must be a list"),
        ({"url": "https://es", "ca_path": "-----BEGIN CERTIFICATE-----"}, "ca_path: must be the path"),
        ({"url": "https://es", "retry_for": 5}, "retry_for"),
        ({"url": "https://es", "min_status": "red"}, "min_status"),
        ({"url": "https://es", "timeout": "soon"}, "timeout"),
        ({"url": "https://es", "validate": True}, "validate"),
    ],
)
def test_a_wrong_endpoint_is_named(endpoint: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        check(endpoint)


def checks(endpoints: Any) -> list[Target]:
    params = {name: spec.get("default") for name, spec in https_check.PER_ENDPOINT.items()}
    return https_check.read_targets({**params, "endpoints": endpoints})


@pytest.mark.parametrize("endpoints", [[], (), "[]", " [ ] ", "[\n]"])
def test_a_proof_of_nothing_is_refused(endpoints: Any) -> None:
    with pytest.raises(ValueError, match="endpoints: must not be empty"):
        checks(endpoints)


@pytest.mark.parametrize("endpoints", [[None], [[]], [{}], "[null]", {}, {"url": "es"}, 5, True, '{"url": "es"}', "['es']"])
def test_what_has_no_endpoint_in_it_is_refused(endpoints: Any) -> None:
    with pytest.raises(ValueError, match="endpoints"):
        checks(endpoints)


@pytest.mark.parametrize("endpoints", ["", ",", [""], [" "], '[""]'])
def test_an_empty_endpoint_never_ends_well(endpoints: Any) -> None:
    try:
        found = checks(endpoints)
    except ValueError:
        return
    assert all(one.verdict is not None and one.verdict.reason == "invalid_url" for one in found)


@pytest.mark.parametrize(
    "endpoints",
    [
        ["es", "es"],
        ["es", "https://ES:443/"],
        ["es", {"url": "es"}],
        [{"url": "es", "timeout": 10}, {"url": "es", "connect_to": "es:443"}],
        "es,es",
    ],
)
def test_the_same_endpoint_twice_is_refused_because_it_would_count_twice(endpoints: Any) -> None:
    with pytest.raises(ValueError, match=r"endpoints\[1\]: the same as endpoints\[0\]"):
        checks(endpoints)


def test_what_differs_in_anything_is_not_the_same() -> None:
    endpoints = ["es", "es:9200", {"url": "es", "connect_to": "10.0.0.1"}, {"url": "es", "api_key": "x"}]
    assert len(checks(endpoints)) == 4


@pytest.mark.parametrize(
    "endpoints",
    ['["es1", {"url": "es2", "timeout": 3}]', ["es1", '{"url": "es2", "timeout": "3"}'], ' [\n"es1",{"url":"es2","timeout":3}]'],
)
def test_a_text_in_json_is_the_list_that_it_was(endpoints: Any) -> None:
    assert [(found.url, found.timeout) for found in checks(endpoints)] == [("https://es1", 10), ("https://es2", 3)]


def test_addresses_in_brackets_are_not_json() -> None:
    assert [found.url for found in checks("[::1]:9200, [fd00::2]")] == ["https://[::1]:9200", "https://[fd00::2]"]


def test_texts_of_all_kinds_are_converted() -> None:
    texts = {"x509_strict": "true", "all_addresses": "no", "min_days_valid": "7", "timeout": "2.5", "closed_ports": "9200,9300"}
    (found,) = checks([{"url": "es", **texts}])
    assert (found.trust.x509_strict, found.all_addresses, found.min_days_valid) == (True, False, 7)
    assert (found.timeout, found.closed_ports) == (2.5, (9200, 9300))


def test_an_endpoint_overrides_what_it_gives_and_nothing_else() -> None:
    found = check(
        {"url": "es", "timeout": "3", "closed_ports": "9300"}, timeout=9, min_days_valid=7, closed_ports=["1"]
    )
    assert (found.timeout, found.min_days_valid, found.closed_ports) == (3.0, 7, (9300,))


def test_a_client_certificate_is_replaced_together_with_its_key() -> None:
    found = check({"url": "es", "client_cert": "/own.pem"}, client_cert="/c.pem", client_key="/k.pem")
    assert (found.trust.client_cert, found.trust.client_key) == ("/own.pem", None)


def test_ports_are_given_as_numbers_and_ranges() -> None:
    assert check("es", closed_ports=[9300, "9200-9202", "9201"]).closed_ports == (9300, 9200, 9201, 9202)


def test_endpoints_that_trust_alike_share_one_context() -> None:
    params = {name: spec.get("default") for name, spec in https_check.PER_ENDPOINT.items()}
    endpoints = ["a", "b", {"url": "c", "timeout": 1}, {"url": "d", "min_tls_version": "1.3"}]
    assert len({found.trust for found in https_check.read_targets({**params, "endpoints": endpoints})}) == 2


@pytest.mark.parametrize("option", ["ca_path", "crl_path", "client_cert"])
@pytest.mark.parametrize("kind", ["missing", "empty", "garbage", "directory"])
def test_a_file_that_is_of_no_use_is_named(lab: Lab, option: str, kind: str, tmp_path: Any) -> None:
    garbage = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    paths = {
        "missing": "/nowhere.pem",
        "empty": lab.file(b""),
        "garbage": lab.file(garbage),
        "directory": str(tmp_path),
    }
    options = {"ca_path": lab.ca_path, option: paths[kind]}
    with lab.serving() as server:
        with pytest.raises(ValueError, match=option):
            run(server.url, **options)
        assert server.accepted == 0


def test_a_revocation_list_that_cannot_be_read_is_named(lab: Lab) -> None:
    broken = b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"
    with pytest.raises(ValueError, match="crl_path"):
        run("https://127.0.0.1", ca_path=lab.ca_path, crl_path=lab.file(broken))


def test_a_key_with_a_passphrase_is_refused_and_not_asked_for(lab: Lab) -> None:
    serialization = pki.serialization
    locked = lab.client.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"passphrase"),
    )
    with pytest.raises(ValueError, match="passphrase"):
        run("https://127.0.0.1", ca_path=lab.ca_path, client_cert=lab.client_pem, client_key=lab.file(locked))


def test_a_key_of_another_certificate_is_refused(lab: Lab) -> None:
    with pytest.raises(ValueError, match="client_cert"):
        run("https://127.0.0.1", ca_path=lab.ca_path, client_cert=lab.client_pem, client_key=lab.file(lab.good.key_pem))


def test_a_wrong_url_does_not_keep_the_others_from_being_checked(lab: Lab) -> None:
    with lab.serving() as server:
        result = run("http://es", server.url, "https://a:b@es", ca_path=lab.ca_path)
    assert [entry["reason"] for entry in result["endpoints"]] == ["plaintext_url", "ok", "invalid_url"]
    assert result["failed_endpoints"] == ["http://es", "https://es"]
    assert result["summary"] == "1 of 3 endpoints verified; failed: http://es (plaintext_url), https://es (invalid_url)"


def test_retries_wait_for_what_is_starting_and_sleep_in_between(lab: Lab) -> None:
    answers = [servers.response(b"starting", 503)] * 2 + [servers.response(servers.ROOT)]

    def handle(tls: Any) -> None:
        servers.read_request(tls)
        tls.sendall(answers.pop(0) if len(answers) > 1 else answers[0])

    with lab.serving(handler=handle) as starting, lab.serving() as ready:
        result = run(starting.url, ready.url, "http://es", ca_path=lab.ca_path, retry_for=5)
        assert (starting.accepted, ready.accepted) == (3, 1)
    assert [entry["attempts"] for entry in result["endpoints"]] == [3, 1, 1]
    assert [entry["verified"] for entry in result["endpoints"]] == [True, True, False]


def test_retries_end(lab: Lab) -> None:
    import time

    start = time.process_time(), time.monotonic()
    entry = run(f"https://127.0.0.1:{servers.closed_port()}", ca_path=lab.ca_path, retry_for=1.2)["endpoints"][0]
    assert entry["attempts"] in (3, 4)
    assert 1.2 <= time.monotonic() - start[1] < 2.2
    assert time.process_time() - start[0] < 0.3, "it waits by working"
