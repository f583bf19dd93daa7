# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The playbook heal runs site for the one node that an alert is about, and passes on nothing else of it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
NODES: dict[str, Any] = {
    "es1": {"tlsfront_server_names": ["es1.example.org", "10.0.0.1"]},
    "es2": {"tlsfront_server_names": ["es2.example.org"], "tlsfront_https_port": 9243},
    "es3": {"tlsfront_server_names": ["shared.example.org"]},
    "es4": {"tlsfront_server_names": ["shared.example.org"]},
}
INVENTORY = {"elasticsearch": {"hosts": NODES}, "others": {"hosts": {"other": {}}}}


@pytest.fixture
def recorder(tmp_path: Path) -> Path:
    """In place of ansible-playbook, for the run that heals: notes its arguments, each as it is."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin/ansible-playbook"
    program.write_text(f'#!/usr/bin/env python3\nimport json, sys\nopen({str(tmp_path / "called")!r}, "a").write(json.dumps(sys.argv[1:]) + "\\n")\n')
    program.chmod(0o755)
    return tmp_path


def healed(play: Run, recorder: Path, endpoint: Any, *more: str) -> tuple[int, str, list[list[str]]]:
    variables = json.dumps({"tlsfront_alert_endpoint": endpoint})
    done = play("tlsfront.elasticsearch.heal", INVENTORY, "-e", variables, *more, PATH=f"{recorder / 'bin'}:{os.environ['PATH']}")
    called = recorder / "called"
    return done.returncode, done.stdout + done.stderr, [json.loads(line) for line in called.read_text().splitlines()] if called.exists() else []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("endpoint", "node"), [("https://es1.example.org", "es1"), ("https://10.0.0.1", "es1"), ("https://es2.example.org:9243", "es2")]
)
def test_site_runs_for_the_node_that_is_asked_at_the_url(play: Run, recorder: Path, endpoint: str, node: str) -> None:
    status, said, called = healed(play, recorder, endpoint)
    assert status == 0, said
    assert called == [["--inventory", str(recorder / "inventory.yml"), "--limit", node, "tlsfront.elasticsearch.site"]]


@pytest.mark.slow
def test_with_another_inventory_it_is_looked_for_there(play: Run, recorder: Path) -> None:
    status, said, called = healed(play, recorder, "https://es9.example.org", "-e", "tlsfront_alert_inventory=/srv/inventory")
    assert status == 0, said
    ((*others, variables, playbook),) = called
    assert others == ["--inventory", "/srv/inventory", "--extra-vars"] and playbook == "tlsfront.elasticsearch.heal"
    assert json.loads(variables) == {"tlsfront_alert_endpoint": "https://es9.example.org"}


@pytest.mark.slow
@pytest.mark.parametrize("endpoint", ["https://es1.example.org\n", "all", "", "https://{}", "https://es1 -e x=y"])
def test_what_is_no_url_is_not_even_looked_for(play: Run, recorder: Path, endpoint: str) -> None:
    status, said, called = healed(play, recorder, endpoint, "-e", "tlsfront_alert_inventory=/srv/inventory")
    assert status != 0 and called == [], said
    assert "must be a URL" in " ".join(said.split())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("endpoint", "why"),
    [
        ("https://shared.example.org", "es3, es4 are all asked"),
        ("https://es2.example.org", "No node of the inventory is asked at"),
        ("https://other", "No node of the inventory is asked at"),
        ("all", "must be a URL"),
    ],
)
def test_what_is_not_exactly_one_node_runs_nothing(play: Run, recorder: Path, endpoint: str, why: str) -> None:
    status, said, called = healed(play, recorder, endpoint)
    assert status != 0 and called == [], said
    assert why in " ".join(said.split())
