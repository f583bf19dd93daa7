# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""When the nodes of a group look whether a renewal is due: one after another, as systemd reads their timers."""
from __future__ import annotations

import datetime
import os
import re
import subprocess

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._certificate.plan import calendar


def moments(nodes, every, looks, group=None):
    """When each of the nodes looks, after a midnight: so many times."""
    return {node: elapses(calendar(every, node, nodes if group is None else group), looks) for node in nodes}


def elapses(expression, looks):
    command = ["systemd-analyze", "calendar", f"--iterations={looks}", "--base-time=2026-11-26 00:00:00 UTC", expression]
    done = subprocess.run(command, env=dict(os.environ, TZ="UTC", LC_ALL="C"), capture_output=True, text=True, check=True)
    found = re.findall(r"(?:Next elapse|Iter\. #\d+): \w+ (\S+ \S+) UTC", done.stdout)
    return [datetime.datetime.strptime(one, "%Y-%m-%d %H:%M:%S") for one in found]


@pytest.mark.parametrize(
    ("every", "nodes", "step"),
    [(43200, 3, 14400), (43200, 7, 6171), (3600, 16, 225), (900, 3, 300), (60, 3, 20), (30, 1, 30)],
)
def test_the_nodes_of_a_group_share_the_time_out_among_them(every, nodes, step):
    looks = moments([f"es{number}.example.org" for number in range(nodes)], every, looks=3)
    for node in looks.values():
        assert [later - sooner for sooner, later in zip(node, node[1:])] == 2 * [datetime.timedelta(seconds=every)]
    everybody = sorted(look for node in looks.values() for look in node)
    assert min(later - sooner for sooner, later in zip(everybody, everybody[1:])) >= datetime.timedelta(seconds=step)


def test_another_group_begins_at_another_moment():
    ours, theirs = (moments([name], 43200, looks=2)[name] for name in ("es1.example.org", "es1.example.com"))
    assert ours != theirs


def test_a_host_outside_of_the_group_has_a_moment_too():
    assert len(moments(["es1"], 43200, looks=2, group=["es2", "es3"])["es1"]) == 2
