# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What becomes of connections and of nginx itself when something changes, or kills it."""

from __future__ import annotations

import configparser
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nginx
import pytest

HERE = Path(__file__).parent
ROLE = HERE.parents[3] / "roles/https_front"


@pytest.fixture(scope="module")
def fronts() -> Iterator[nginx.Fronts]:
    cases = nginx.Fronts()
    for version in ("1.18.0", "1.27.3", "1.27.4", "1.31.5"):
        cases.add(version, case_nginx_version=version)
    cases.render()
    yield cases
    cases.close()


@pytest.mark.parametrize(("version", "there"), [("1.18.0", False), ("1.27.3", False), ("1.27.4", True), ("1.31.5", True)])
def test_a_reload_leaves_connections_in_use_to_their_clients_where_nginx_can(fronts: nginx.Fronts, version: str, there: bool) -> None:
    """tests/bench/front/reload measures it; Debian's nginx does not know the directive, and would refuse it."""
    assert bool(re.search(r"(?m)^ *keepalive_min_timeout 60s;$", fronts[version].configuration)) is there


def test_a_restart_is_due_only_where_limits_or_sandbox_change(play: Callable[..., Any], tmp_path: Path) -> None:
    hosts: dict[str, Any] = {
        "same": {},
        "text": {"https_front_hardening": "yes", "https_front_worker_connections": "4096"},
        "limits": {"https_front_worker_connections": 8192},
        "sandbox": {"https_front_hardening": False},
        "other": {"https_front_tls_profile": "modern", "https_front_snippet": "# x"},
        "new": {},
    }
    for name, variables in hosts.items():
        variables["case_drop_in"] = str(tmp_path / f"{name}.conf")
        variables["case_template"] = str(ROLE / "templates/nginx.service.conf.j2")
    before = {name: {each: value for each, value in variables.items() if each.startswith("case_")} for name, variables in hosts.items() if name != "new"}
    play(HERE / "plan.yml", before)
    planned = play(HERE / "plan.yml", hosts, "--check")
    due = {name: [outcome["restart_due"] for outcome in planned.outcomes(name) if "restart_due" in outcome] for name in hosts}
    assert due == {name: [name in ("limits", "sandbox", "new")] for name in hosts}


def test_nginx_is_started_again_when_it_was_killed_and_not_for_ever() -> None:
    unit = configparser.ConfigParser(strict=True)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(ROLE / "files/nginx.restart.conf")
    assert unit["Service"]["Restart"] == "on-failure"
    seconds, burst, pause = (int(unit[section][name]) for section, name in
                             (("Unit", "StartLimitIntervalSec"), ("Unit", "StartLimitBurst"), ("Service", "RestartSec")))  # fmt: skip
    # the limit can be met: systemd.unit(5)
    assert burst * (pause + 1) < seconds
    # and what a running nginx would have to be restarted for is not in this file
    assert set(unit["Service"]) == {"Restart", "RestartSec"}
