# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import datetime
import shutil
import subprocess

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._checks import checks_of
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._prometheus import HELP, prometheus
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._text import one_line
from hypothesis import example, given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families


def read(text):
    """Values by name without prefix, then by the set of labels; a series given twice is an error."""
    found = {}
    for family in text_string_to_metric_families(text):
        assert family.type == "gauge" and family.documentation
        series = found.setdefault(family.name.removeprefix("tlsfront_https_check_"), {})
        for sample in family.samples:
            labels = frozenset(sample.labels.items())
            assert labels not in series
            series[labels] = sample.value
    return found


def one(metrics, name, **labels):
    (value,) = [value for series, value in metrics[name].items() if labels.items() <= dict(series).items()]
    return value


@pytest.fixture
def text(observations, moment):
    return prometheus(checks_of(observations), moment)


@pytest.fixture
def metrics(text):
    return read(text)


def test_every_metric_that_is_described_is_there(metrics):
    assert set(metrics) == set(HELP)


def test_what_is_verified_is_1_and_what_is_not_is_0(metrics):
    assert one(metrics, "verified", probe="client", endpoint="https://es1.example.org", address="2001:db8::11") == 1
    assert one(metrics, "verified", probe="outsider", endpoint="https://es1.example.org", address="192.0.2.11") == 0
    assert one(metrics, "tls_verified", probe="outsider", endpoint="https://es2.example.org") == 1
    assert one(metrics, "reason_info", probe="outsider", reason="dns_failure", address="") == 1


def test_times_are_in_seconds(metrics, moment):
    expiry = datetime.datetime(2026, 12, 6, 12, tzinfo=datetime.timezone.utc).timestamp()
    assert one(metrics, "certificate_expiry_timestamp_seconds", probe="client", address="192.0.2.12") == expiry
    assert one(metrics, "last_run_timestamp_seconds") == moment.timestamp()
    assert one(metrics, "phase_duration_seconds", probe="client", address="192.0.2.12", phase="tls") == 0.0047


def test_ports_are_told_by_where_they_were_tried_from(metrics):
    assert one(metrics, "closed_port_open", probe="client", address="192.0.2.12", port="9200") == 0
    assert one(metrics, "closed_port_open", probe="outsider", address="192.0.2.12", port="9200") == 1
    assert not [series for series in metrics["closed_port_open"] if ("address", "") in series]


def test_a_range_keeps_its_form(observations, moment):
    address = observations[1]["result"]["endpoints"][1]["addresses"][0]
    address.update(open_ports=["9200-9201"], closed_ports=["9202-9299", "9310"])
    metrics = read(prometheus(checks_of(observations), moment))
    states = {
        port: one(metrics, "closed_port_open", probe="outsider", address="192.0.2.12", port=port)
        for port in ("9200-9201", "9202-9299", "9310")
    }
    assert states == {"9200-9201": 1, "9202-9299": 0, "9310": 0}


def test_a_port_whose_state_is_unknown_is_neither_open_nor_closed(observations, moment):
    address = observations[1]["result"]["endpoints"][1]["addresses"][0]
    address.update(open_ports=[], closed_ports=["9300"], unknown_ports=["9200"])
    metrics = read(prometheus(checks_of(observations), moment))
    where = {"probe": "outsider", "address": "192.0.2.12"}
    assert one(metrics, "closed_port_unknown", port="9200", **where) == 1
    assert one(metrics, "closed_port_unknown", port="9300", **where) == 0
    opened = {dict(series)["port"] for series in metrics["closed_port_open"] if where.items() <= dict(series).items()}
    assert opened == {"9300"}
    assert one(metrics, "verified", **where) == 0


def test_a_host_that_gave_no_result_is_told_and_has_no_other_metric(metrics):
    assert one(metrics, "probe_success", probe="office.example.org") == 0
    assert one(metrics, "probe_success", probe="client") == 1
    with_probe = [
        name for name, series in metrics.items() if any(("probe", "office.example.org") in labels for labels in series)
    ]
    assert with_probe == ["probe_success"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_an_endpoint_listed_twice_the_worse_counts(satisfied, moment, order):
    good = satisfied[0]["result"]["endpoints"][2]
    bad = {
        **good,
        "verified": False,
        "addresses": [{**good["addresses"][0], "verified": False, "reason": "pin_mismatch"}],
    }
    satisfied[0]["result"]["endpoints"] = [[good, bad][i] for i in order]
    metrics = read(prometheus(checks_of(satisfied), moment))
    assert list(metrics["verified"].values()) == [0]
    assert one(metrics, "reason_info") == 1 and "pin_mismatch" in str(metrics["reason_info"])


@settings(deadline=None)
@example(text='C:\\new "folder"\\')
@given(text=st.text(min_size=1).filter(str.strip))
def test_any_text_survives_as_a_label(text):
    endpoint = {"url": text, "verified": False, "reason": "http_error", "message": text, "hint": text}
    checks = checks_of([{"from": text, "result": {"endpoints": [endpoint]}}])
    metrics = read(prometheus(checks, datetime.datetime.now(datetime.timezone.utc)))
    assert one(metrics, "verified", probe=one_line(text), endpoint=one_line(text)) == 0


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool (Debian package prometheus) is not installed")
def test_promtool_has_nothing_to_say(text):
    said = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")
