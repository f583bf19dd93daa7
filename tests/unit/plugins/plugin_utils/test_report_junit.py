# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import datetime
import xml.etree.ElementTree as ET

import junitparser
import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._checks import checks_of
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._junit import junit
from hypothesis import given, settings
from hypothesis import strategies as st

# What Jenkins' JUnit plugin, its xUnit plugin's schema and GitLab agree on: children in this order, and attributes.
FORMAT = {
    "testsuites": ({"testsuite"}, {"name", "tests", "failures", "errors", "skipped", "time"}),
    "testsuite": (
        {"testcase"},
        {"name", "id", "hostname", "timestamp", "tests", "failures", "errors", "skipped", "time"},
    ),
    "testcase": ({"failure", "error", "system-out"}, {"classname", "name", "time"}),
    "failure": (set(), {"type", "message"}),
    "error": (set(), {"type", "message"}),
    "system-out": (set(), set()),
}


@pytest.fixture
def document(observations, moment):
    return junit(checks_of(observations), moment)


def test_the_document_keeps_to_the_common_format(document):
    root = ET.fromstring(document)
    assert root.tag == "testsuites"
    for element in root.iter():
        children, attributes = FORMAT[element.tag]
        assert {child.tag for child in element} <= children
        assert set(element.attrib) == attributes
    for counted in [root, *root.iter("testsuite")]:
        cases = list(counted.iter("testcase"))
        assert int(counted.get("tests")) == len(cases)
        assert int(counted.get("failures")) == len([case for case in cases if case.find("failure") is not None])
        assert int(counted.get("errors")) == len([case for case in cases if case.find("error") is not None])
        assert float(counted.get("time")) == pytest.approx(
            sum(float(case.get("time")) for case in cases), abs=0.002 * len(cases)
        )


def test_a_reader_of_the_format_finds_suites_cases_and_failures(document):
    suites = list(junitparser.JUnitXml.fromstring(document.encode()))
    assert [(s.hostname, s.tests, s.failures, s.errors, s.timestamp) for s in suites] == [
        ("client", 4, 0, 0, "2026-11-24T12:00:00+00:00"),
        ("outsider", 3, 3, 0, "2026-11-24T12:00:00+00:00"),
        ("office.example.org", 1, 0, 1, "2026-11-24T12:00:00+00:00"),
    ]
    found = [
        (case.classname, case.name, [(type(r).__name__, r.type) for r in case.result])
        for suite in suites
        for case in suite
    ]
    assert found[3:] == [
        ("https_check.from client", "https://es3.example.org at 192.0.2.13", []),
        ("https_check.from outsider", "https://es1.example.org at 192.0.2.11", [("Failure", "hostname_mismatch")]),
        ("https_check.from outsider", "https://es2.example.org at 192.0.2.12", [("Failure", "port_open")]),
        ("https_check.from outsider", "https://es3.example.org", [("Failure", "dns_failure")]),
        ("https_check.from office_example_org", "the check runs", [("Error", "check_not_run")]),
    ]


def test_a_failure_says_all_there_is_to_say_in_its_text(document):
    failure = ET.fromstring(document).find("./testsuite[@hostname='outsider']/testcase/failure")
    assert failure.text.splitlines() == [
        "hostname_mismatch: The certificate is for a.example.org, not for es1.example.org.",
        "Ask for a name that the certificate has, or issue one with es1.example.org in its subject alternative names.",
        "tls: TLSv1.3, TLS_AES_256_GCM_SHA384 (unverified)",
        "days left: 89",
        "ports: 9200, 9300 closed",
    ]


def test_a_port_whose_state_is_unknown_is_a_failure(satisfied, moment):
    endpoint = satisfied[0]["result"]["endpoints"][2]
    endpoint["verified"] = False
    endpoint["addresses"][0].update(closed_ports=["9300"], unknown_ports=["9200"])
    (failure,) = ET.fromstring(junit(checks_of(satisfied), moment)).iter("failure")
    assert failure.get("type") == "unreachable"
    assert "ports: 9200 unknown; 9300 closed" in failure.text.splitlines()


def test_an_endpoint_listed_twice_stays_two_test_cases(observations, moment):
    endpoints = observations[1]["result"]["endpoints"]
    endpoints.append(endpoints[0])
    cases = [
        (case.get("classname"), case.get("name"))
        for case in ET.fromstring(junit(checks_of(observations), moment)).iter("testcase")
    ]
    assert len(set(cases)) == len(cases)


@settings(deadline=None)
@given(text=st.text(min_size=1))
def test_any_text_makes_well_formed_xml(text):
    endpoint = {"url": text, "verified": False, "reason": "http_error", "message": text, "hint": text}
    checks = checks_of([{"from": "client", "result": {"endpoints": [endpoint]}}])
    root = ET.fromstring(junit(checks, datetime.datetime.now(datetime.timezone.utc)).encode())
    assert len(list(root.iter())) == 4
