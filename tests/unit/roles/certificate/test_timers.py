# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""When the nodes of a group look whether a renewal is due: one after another, as systemd reads their timers."""
from __future__ import annotations

import datetime
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent


def moments(place, nodes, every, looks, group="elasticsearch"):
    """When each of the nodes looks, after a midnight: so many times."""
    inventory = place / "inventory.yml"
    inventory.write_text(json.dumps({"all": {"children": {group: {"hosts": dict.fromkeys(nodes)}}}}))
    variables = {"role": str(HERE.parents[3] / "roles/certificate"), "place": str(place), "certificate_acme_every": every}
    variables |= {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    done = subprocess.run(
        ["ansible-playbook", "-i", inventory, "-e", json.dumps(variables), HERE / "timers.yml"],
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return {node: elapses((place / f"{node}.timer").read_text(), looks) for node in nodes}


def elapses(timer, looks):
    [expression] = re.findall("^OnCalendar=(.*)", timer, re.MULTILINE)
    command = ["systemd-analyze", "calendar", f"--iterations={looks}", "--base-time=2026-11-26 00:00:00 UTC", expression]
    done = subprocess.run(command, env=dict(os.environ, TZ="UTC", LC_ALL="C"), capture_output=True, text=True, check=True)
    found = re.findall(r"(?:Next elapse|Iter\. #\d+): \w+ (\S+ \S+) UTC", done.stdout)
    return [datetime.datetime.strptime(one, "%Y-%m-%d %H:%M:%S") for one in found]


@pytest.mark.parametrize(
    ("every", "nodes", "step"),
    [(43200, 3, 14400), (43200, 7, 6171), (3600, 16, 225), (900, 3, 300), (60, 3, 20), (30, 1, 30)],
)
def test_the_nodes_of_a_group_share_the_time_out_among_them(tmp_path, every, nodes, step):
    looks = moments(tmp_path, [f"es{number}.example.org" for number in range(nodes)], every, looks=3)
    for node in looks.values():
        assert [later - sooner for sooner, later in zip(node, node[1:])] == 2 * [datetime.timedelta(seconds=every)]
    everybody = sorted(look for node in looks.values() for look in node)
    assert min(later - sooner for sooner, later in zip(everybody, everybody[1:])) >= datetime.timedelta(seconds=step)


def test_another_group_begins_at_another_moment(tmp_path):
    ours, theirs = (moments(tmp_path, [name], 43200, looks=2)[name] for name in ("es1.example.org", "es1.example.com"))
    assert ours != theirs


def test_a_host_outside_of_the_group_has_a_moment_too(tmp_path):
    assert len(moments(tmp_path, ["es1"], 43200, looks=2, group="others")["es1"]) == 2
