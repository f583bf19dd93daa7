# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The alert rules: read by promtool, tested by promtool, and fired by a real Prometheus from what real observations become."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml
from conftest import PROGRAMS, RULES, Prometheus

ALERTS = [rule["alert"] for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"] for rule in group["rules"]]
TESTS = Path(__file__).with_name("alerts.yml")


def promtool(*arguments: str) -> None:
    if not (PROGRAMS / "promtool").exists():
        pytest.skip("run by tests/monitoring/run")
    done = subprocess.run([str(PROGRAMS / "promtool"), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_are_such() -> None:
    promtool("check", "rules", str(RULES))


def test_each_alert_fires_where_it_must_and_is_silent_where_all_is_well() -> None:
    promtool("test", "rules", str(TESTS))


def test_each_alert_is_tested_both_ways() -> None:
    tests = yaml.safe_load(TESTS.read_text("utf-8"))["tests"]
    fired = {test["alertname"] for each in tests for test in each["alert_rule_test"] if test.get("exp_alerts")}
    silent = {test["alertname"] for test in tests[0]["alert_rule_test"] if not test.get("exp_alerts")}
    assert fired == silent == set(ALERTS)


def test_what_is_wrong_is_pending_or_firing_in_a_real_prometheus(faulty: Prometheus) -> None:
    faulty.wait_for('ALERTS{alertname="ElasticsearchPortOpen", alertstate="firing"}')
    waiting = {series["metric"]["alertname"] for series in faulty.query("ALERTS")}
    assert waiting == {"ElasticsearchPortOpen", "ElasticsearchNotVerified", "ElasticsearchKnocks"}


def test_where_all_is_well_nothing_is_even_pending(well: Prometheus) -> None:
    assert well.query("ALERTS") == []
