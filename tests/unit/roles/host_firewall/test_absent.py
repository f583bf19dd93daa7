# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Removal as the role asks for it, in check mode. What it does on a node, and what a kill leaves of it: test_firewall_transaction.py."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def namespace() -> Iterator[str]:
    """Of a node that has the table."""
    if os.geteuid() != 0 or not shutil.which("ip") or not shutil.which("nft"):
        pytest.skip("needs root, ip and nft")
    name = f"tlsfront-{os.getpid()}-absent"
    subprocess.run(["ip", "netns", "add", name], check=True, capture_output=True)
    subprocess.run(["ip", "netns", "exec", name, "nft", "add", "table", "inet", "tlsfront"], check=True)
    yield name
    subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


@pytest.fixture(scope="module")
def results(play: Any, namespace: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    def python(command: str) -> str:
        program = tmp_path_factory.mktemp("python") / "python"
        program.write_text(f'#!/bin/sh\nexec {command} {sys.executable} "$@"\n')
        program.chmod(0o755)
        return str(program)

    # facts are not needed
    absent = {"host_firewall_state": "absent", "case_facts": False, "ansible_python_interpreter": python(f"ip netns exec {namespace}")}
    hosts = {
        "not_meant": absent,
        "meant": {**absent, "host_firewall_leave_closed_ports_open": True},
        "clean": {**absent, "ansible_python_interpreter": python("unshare --net")},
        "wrong_lists": {
            **absent,
            "ansible_python_interpreter": python("unshare --net"),
            "host_firewall_https_ports": ["https"],
            "host_firewall_https_clients": ["10.0.0.1/8"],
        },
    }
    return play(Path(__file__).with_name("preflight.yml"), hosts, "--check", "--diff")


def test_ports_are_not_left_open_unless_that_is_meant(results: Any) -> None:
    said = results.failure("not_meant")["msg"]
    assert "reaches ports 9200, 9300 without TLS" in said and "set host_firewall_leave_closed_ports_open to true" in said


def test_check_mode_shows_what_would_be_removed(results: Any) -> None:
    assert (results.count("meant", "failures"), results.count("meant", "changed")) == (0, 1)
    diffs = [diff for outcome in results.outcomes("meant") for diff in outcome.get("diff") or []]
    assert {diff["before_header"]: (diff["before"].split(), diff["after"]) for diff in diffs} == {
        "table inet tlsfront in the kernel": (["table", "inet", "tlsfront", "{", "}"], "")
    }


def test_nothing_is_done_where_nothing_is(results: Any) -> None:
    assert (results.count("clean", "failures"), results.count("clean", "changed")) == (0, 0)


def test_removal_from_other_firewalls_goes_by_what_was_written_down_and_not_by_lists(results: Any) -> None:
    assert results.count("wrong_lists", "failures") == 0
