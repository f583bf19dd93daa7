# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""A first installation by each of three, each on a lab of its own, then runs that change nothing, in turns.

    measure.py --before COLLECTIONS --nets NET NET NET [--rounds 3]

The three are the playbook ``site`` of this checkout, that of an earlier commit, and reference.yml, which does the comparable part with plain modules:
certificates of an own CA, nginx with TLS, a firewall, and one look at each node over verified https. A number is the median over the rounds, a ratio
that of the medians. CPU is that of the controller: of ansible-playbook and all its children, ssh with them, without what containers do. A task is
executed where it is not skipped; the numbers are those of the node that has the most. Exits with 1 if a goal is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
LAB = HERE.parents[1] / "lab"
BEFORE, NOW, REFERENCE = "site, before", "site, now", "plain modules"
NODES = ("es1", "es2", "es3")


class Subject(NamedTuple):
    playbook: str
    collections: str
    net: str


class Run(NamedTuple):
    executed: int
    skipped: int
    calls: int
    cpu: float
    wall: float
    changed: bool


def run(subject: Subject, nodes: tuple[str, ...] = NODES, inventory: Path | None = None) -> Run:
    """One run over the lab's hosts, and those of ``inventory``."""
    with tempfile.TemporaryDirectory() as place:
        counts, calls = Path(place) / "counts", Path(place) / "calls"
        calls.touch()
        environment = {
            **os.environ,
            "LAB_NET": subject.net,
            "ANSIBLE_CONFIG": str(LAB / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": subject.collections,
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "bench_counts",
            "ANSIBLE_SSH_EXECUTABLE": str(HERE / "ssh"),
            "BENCH_COUNTS": str(counts),
            "BENCH_SSH": str(calls),
        }
        used, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        done = subprocess.run(
            ["ansible-playbook", "-i", str(LAB / "inventory"), *(["-i", str(inventory)] if inventory else []), subject.playbook],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        wall, now = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode != 0:
            sys.exit(f"{subject.playbook} of {subject.collections} failed:\n{done.stdout[-6000:]}{done.stderr[-2000:]}")
        told = json.loads(counts.read_text())
        most = max((told.get(node, {}) for node in nodes), key=lambda count: count.get("executed", 0))
        return Run(
            most["executed"],
            most.get("skipped", 0),
            len(calls.read_text().splitlines()),
            now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime,
            wall,
            any(re.match(rf"({'|'.join(nodes)}) +: ok=", line) and "changed=0 " not in line for line in done.stdout.splitlines()),
        )


def middle(runs: list[Run]) -> Run:
    values = {field: statistics.median(getattr(each, field) for each in runs) for field in Run._fields[:-1]}
    return Run(**values, changed=any(each.changed for each in runs))


def table(title: str, rows: dict[str, Run]) -> None:
    print(f"\n{title}\n  {'':16}{'tasks a node':>14}{'skipped':>9}{'calls a node':>14}{'CPU s':>8}{'wall s':>8}")
    for name, row in rows.items():
        print(f"  {name:16}{row.executed:14.0f}{row.skipped:9.0f}{row.calls / len(NODES):14.1f}{row.cpu:8.1f}{row.wall:8.1f}")
    print(f"  now / before: CPU {rows[NOW].cpu / rows[BEFORE].cpu:.2f}, wall {rows[NOW].wall / rows[BEFORE].wall:.2f}", end="")
    print(f"; now / plain modules: CPU {rows[NOW].cpu / rows[REFERENCE].cpu:.2f}, wall {rows[NOW].wall / rows[REFERENCE].wall:.2f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--before", required=True)
    parser.add_argument("--nets", nargs=3, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    ours, _colon, others = os.environ["ANSIBLE_COLLECTIONS_PATH"].partition(":")
    subjects = {
        BEFORE: Subject("tlsfront.elasticsearch.site", f"{options.before}:{others}", options.nets[0]),
        NOW: Subject("tlsfront.elasticsearch.site", f"{ours}:{others}", options.nets[1]),
        REFERENCE: Subject(str(HERE / "reference.yml"), f"{ours}:{others}", options.nets[2]),
    }
    table("First installation", first := {name: run(subject) for name, subject in subjects.items()})
    rounds: dict[str, list[Run]] = {name: [] for name in subjects}
    for number in range(options.rounds):
        names = list(subjects)
        for name in names[number % 3 :] + names[: number % 3]:
            rounds[name].append(run(subjects[name]))
    table("Nothing to change", again := {name: middle(runs) for name, runs in rounds.items()})

    goals = {
        "at most 40 executed tasks a node where nothing changes": again[NOW].executed <= 40,
        "at most 1/4 of the controller's CPU of before where nothing changes": again[NOW].cpu <= again[BEFORE].cpu / 4,
        "at most half the time of before for a first installation": first[NOW].wall <= first[BEFORE].wall / 2,
        "nothing changes in a second run": not again[NOW].changed,
    }
    for goal, reached in goals.items():
        print(f"{'reached' if reached else 'MISSED '}  {goal}")
    return 0 if all(goals.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
