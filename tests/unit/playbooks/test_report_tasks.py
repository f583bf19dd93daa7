# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs the shipped task file with ansible-playbook, on real results of https_check."""

from __future__ import annotations

import os
import pathlib
import re
import socket
import stat
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

pytestmark = pytest.mark.slow

ROOT = pathlib.Path(__file__).parents[3]
PLAY = [
    {
        "hosts": "all",
        "gather_facts": False,
        # what is said of the nodes, and must not reach the controller
        "vars": {
            "ansible_become": True,
            "ansible_become_exe": "/nonexistent",
            "ansible_python_interpreter": "/nonexistent",
        },
        "tasks": [
            {
                "tlsfront.elasticsearch.https_check": {
                    "endpoints": ["https://127.0.0.1:1", "http://es2.example.org"],
                    "closed_ports": ["{{ listening }}"],
                    "timeout": 2,
                },
                "register": "seen",
                "failed_when": False,
                "delegate_to": "localhost",
                "run_once": True,
                "vars": {
                    "ansible_become": False,
                    "ansible_connection": "local",
                    "ansible_python_interpreter": "{{ ansible_playbook_python }}",
                },
            },
            {
                "ansible.builtin.include_tasks": str(ROOT / "playbooks/tasks/report.yml"),
                "vars": {
                    "tlsfront_observations": [{"from": "here", "result": "{{ seen }}"}]
                },
            },
        ],
    }
]


@pytest.fixture
def listening():
    """A port that answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def report(tmp_path, listening):
    """Runs the play with variables and returns the process."""
    play = tmp_path / "play.yml"
    play.write_text(yaml.safe_dump(PLAY))

    def run(*arguments, **environment):
        command = ["-i", "es1,es2,", "-e", f"listening={listening}"]
        return subprocess.run(
            [pathlib.Path(sys.executable).with_name("ansible-playbook"), *command, *arguments, play],
            env={**os.environ, "ANSIBLE_NOCOLOR": "1", **environment},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


ROW = r"127\.0\.0\.1:1 +127\.0\.0\.1 +connection_refused +- +- +- +{} OPEN +here"


def test_without_a_directory_the_table_is_shown_and_nothing_is_written(report, tmp_path, listening):
    before = set(tmp_path.iterdir())
    run = report()
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(f'^ +"{ROW.format(listening)}",$', run.stdout, re.MULTILINE)
    assert {path for path in tmp_path.iterdir() if path.name != ".ansible"} == before


def test_with_results_as_yaml_the_table_is_a_block(report, listening):
    run = report(ANSIBLE_CALLBACK_RESULT_FORMAT="yaml")
    assert re.search(f"^ +{ROW.format(listening)}$", run.stdout, re.MULTILINE)


def test_the_directory_alone_gives_all_three_reports_and_no_change(report, tmp_path):
    for _time in range(2):
        run = report("-e", f"tlsfront_report_dir={tmp_path}/new/reports")
        assert run.returncode == 0, run.stdout + run.stderr
        assert "changed=1" not in run.stdout
    written = {path.name: path for path in (tmp_path / "new/reports").iterdir()}
    assert set(written) == {"https_check.html", "https_check.xml", "https_check.prom"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in written.values()} == {0o644}
    assert "connection_refused" in written["https_check.html"].read_text()
    assert [f.get("type") for f in ET.parse(written["https_check.xml"]).iter("failure")] == [
        "connection_refused",
        "plaintext_url",
    ]
    metrics = {f.name: f for f in text_string_to_metric_families(written["https_check.prom"].read_text())}
    assert [s.value for s in metrics["tlsfront_https_check_verified"].samples] == [0, 0]


def test_only_the_formats_that_are_wanted_are_written_and_a_directory_keeps_its_mode(report, tmp_path):
    directory = tmp_path / "textfile"
    directory.mkdir(mode=0o700)
    report("-e", f"tlsfront_report_dir={directory}", "-e", '{"tlsfront_report_formats": ["prometheus"]}')
    assert [path.name for path in directory.iterdir()] == ["https_check.prom"]
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_check_mode_shows_the_table_and_writes_nothing(report, tmp_path):
    run = report("--check", "-e", f"tlsfront_report_dir={tmp_path}/reports")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "NOT VERIFIED: 2 of 2 checks failed" in run.stdout
    assert not (tmp_path / "reports").exists()
