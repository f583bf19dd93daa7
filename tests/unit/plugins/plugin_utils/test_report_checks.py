# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import datetime

import pytest
import yaml
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.reasons import REASONS
from ansible_collections.tlsfront.elasticsearch.plugins.modules import https_check
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._checks import NOT_RUN, checks_of
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._ports import Ports


def test_each_address_of_each_endpoint_from_each_host_is_a_check(observations):
    seen = [(check.probe, check.node, check.address, check.reason) for check in checks_of(observations)]
    assert seen == [
        ("client", "es1.example.org", "192.0.2.11", "ok"),
        ("client", "es1.example.org", "2001:db8::11", "ok"),
        ("client", "es2.example.org", "192.0.2.12", "ok"),
        ("client", "es3.example.org", "192.0.2.13", "ok"),
        ("outsider", "es1.example.org", "192.0.2.11", "hostname_mismatch"),
        ("outsider", "es2.example.org", "192.0.2.12", "port_open"),
        ("outsider", "es3.example.org", "", "dns_failure"),
        ("office.example.org", "", "", NOT_RUN),
    ]


def test_states(observations):
    assert [check.state for check in checks_of(observations)] == ["verified"] * 2 + ["warning", "verified"] + [
        "failed"
    ] * 4


def test_a_check_that_is_not_verified_says_why_and_what_to_do(observations):
    for check in checks_of(observations):
        assert bool(check.message) == bool(check.hint) == (check.state == "failed")


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ({"unreachable": True, "msg": "No route to host"}, "No route to host"),
        ({"failed": True, "msg": "Failed to import\nelasticsearch"}, "Failed to import elasticsearch"),
        ({"skipped": True, "skip_reason": "Conditional result was False"}, "Conditional result was False"),
        ({"endpoints": []}, "The check gave no result."),
        ({"endpoints": None}, "The check gave no result."),
        ({}, "The check gave no result."),
    ],
)
def test_a_result_without_endpoints_is_a_failure(result, message):
    (check,) = checks_of([{"from": "client", "result": result}])
    assert (check.state, check.reason, check.message) == ("failed", NOT_RUN, message)


def test_the_reason_of_a_check_that_did_not_run_is_none_of_the_modules():
    assert NOT_RUN not in REASONS


@pytest.mark.parametrize("verified", [None, 0, 1, "yes", "true"])
def test_only_true_is_verified(satisfied, verified):
    endpoint = satisfied[0]["result"]["endpoints"][2]
    endpoint["addresses"][0]["verified"] = verified
    assert checks_of(satisfied)[-1].verified is False
    endpoint["verified"] = verified
    assert checks_of(satisfied)[-1].state == "failed"


def test_what_only_the_endpoint_fails_of_fails_all_its_addresses_and_no_port_is_called_closed(satisfied):
    satisfied[0]["result"]["endpoints"][0].update(
        verified=False, reason="unreachable", message="Whether ports are closed cannot be told.", hint="Look."
    )
    for check in checks_of(satisfied)[:2]:
        assert (check.state, check.reason, check.hint) == ("failed", "unreachable", "Look.")
        assert check.ports == Ports(unknown=("9200", "9300"))


def test_an_open_port_fails_its_own_address_and_no_other(satisfied):
    satisfied[0]["result"]["endpoints"][0].update(
        verified=False,
        reason="port_open",
        message="Open from here: 2001:db8::11 port 9300.",
        hint="Close it.",
        open_ports=[{"address": "2001:db8::11", "port": 9300}],
    )
    satisfied[0]["result"]["endpoints"][0]["addresses"][1].update(open_ports=["9300"], closed_ports=["9200"])
    first, second = checks_of(satisfied)[:2]
    assert (first.state, first.ports.open) == ("verified", ())
    assert (second.state, second.reason, second.ports.open) == ("failed", "port_open", ("9300",))
    assert second.hint == "Close it."


@pytest.mark.parametrize("verified", [False, True])
def test_a_port_whose_state_is_unknown_is_not_proved(satisfied, verified):
    """Also where the endpoint counts as verified, as by a module that does not know better."""
    endpoint = satisfied[0]["result"]["endpoints"][0]
    endpoint.update(verified=verified, reason="ok" if verified else "unreachable")
    endpoint["addresses"][1].update(closed_ports=["9300"], unknown_ports=["9200"])
    first, second = checks_of(satisfied)[:2]
    assert (first.state, first.ports) == ("verified", Ports(closed=("9200", "9300")))
    assert (second.state, second.reason) == ("failed", "unreachable")
    assert "9200" in second.message and "9300" not in second.message


def test_an_open_port_is_seen_beside_another_failure(observations):
    endpoint = observations[1]["result"]["endpoints"][0]
    endpoint["addresses"][0].update(open_ports=["9200", "9300"], closed_ports=[])
    check = checks_of(observations)[4]
    assert (check.reason, check.ports.open) == ("hostname_mismatch", ("9200", "9300"))


def test_an_open_port_of_an_address_that_is_not_listed_still_fails_the_endpoint(satisfied):
    satisfied[0]["result"]["endpoints"][0].update(
        verified=False,
        reason="port_open",
        message="Open.",
        hint="Close it.",
        open_ports=[{"address": "192.0.2.99", "port": 9200}],
    )
    assert [check.state for check in checks_of(satisfied)[:2]] == ["failed", "failed"]


def test_an_address_may_fail_where_one_of_them_is_enough(satisfied):
    endpoint = satisfied[0]["result"]["endpoints"][0]
    endpoint["addresses"][1].update(verified=False, reason="connection_refused", message="Refused.", hint="Start it.")
    endpoint["warnings"] = ["2001:db8::11: connection_refused: Refused."]
    states = [(check.state, check.reason, check.tolerated) for check in checks_of(satisfied)[:2]]
    assert states == [("warning", "ok", False), ("warning", "connection_refused", True)]


def test_ports_are_called_closed_only_where_that_was_seen(observations):
    closed = {check.node: check.ports.closed for check in checks_of(observations) if check.probe == "outsider"}
    assert closed == {"es1.example.org": ("9200", "9300"), "es2.example.org": ("9300",), "es3.example.org": ()}


def test_the_first_certificate_to_expire_counts_whichever_it_is(satisfied):
    chain = satisfied[0]["result"]["endpoints"][0]["addresses"][0]["certificates"]
    chain[1].update(days_left=3, not_after="2026-11-27T12:00:00Z")
    check = checks_of(satisfied)[0]
    assert (check.days_left, check.expires) == (3, datetime.datetime(2026, 11, 27, 12, tzinfo=datetime.timezone.utc))


@pytest.mark.parametrize(
    ("url", "node"),
    [
        ("https://es1.example.org", "es1.example.org"),
        ("https://es1.example.org:9243/search", "es1.example.org:9243"),
        ("https://[2001:db8::11]/", "2001:db8::11"),
        ("https://[2001:db8::11]:9243", "[2001:db8::11]:9243"),
        ("https://[oops", "https://[oops"),
        ("not a url", "not a url"),
    ],
)
def test_the_node_is_the_host_of_the_url(satisfied, url, node):
    satisfied[0]["result"]["endpoints"][0]["url"] = url
    assert checks_of(satisfied)[0].node == node


@pytest.mark.parametrize(
    ("observations", "error", "advice"),
    [
        ([], ValueError, "nothing was checked"),
        (None, TypeError, "not NoneType"),
        ("text", TypeError, "not str"),
        ({"from": "client", "result": {}}, TypeError, "not dict"),
        (["client"], TypeError, "needs `from` and `result`"),
        ([{"from": "client"}], TypeError, "needs `from` and `result`"),
        ([{"from": "client", "result": []}], TypeError, "must be a mapping"),
        ([{"result": {}}], ValueError, "does not say `from` where"),
        ([{"from": "client", "result": {"endpoints": ["https://es1"]}}], TypeError, "from client is no mapping"),
    ],
)
def test_bad_input_is_told_with_what_to_do(observations, error, advice):
    with pytest.raises(error, match=advice) as caught:
        checks_of(observations)
    assert "give one {from: HOST, result: RESULT OF https_check}" in str(caught.value)


def test_the_samples_have_the_fields_that_the_module_documents(observations):
    documented = yaml.safe_load(https_check.RETURN)
    endpoint_fields = documented["endpoints"]["contains"]
    address_fields = endpoint_fields["addresses"]["contains"]
    certificate_fields = address_fields["certificates"]["sample"][0]
    for observation in observations:
        result = dict(observation["result"])
        for endpoint in result.pop("endpoints", []):
            assert set(endpoint) == set(endpoint_fields)
            for address in endpoint["addresses"]:
                assert set(address) == set(address_fields)
                assert set(address["cluster"] or {}) <= set(endpoint_fields["cluster"]["contains"])
                for certificate in address["certificates"]:
                    assert set(certificate) == set(certificate_fields)
        assert set(result) <= {*documented, "changed", "failed", "unreachable", "msg"}
