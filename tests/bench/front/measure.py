# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""https_front beside other fronts, in turns, from the lab's client; setup.yml has made them all.

    measure.py [--rounds 9] [--requests 50000] [--only NAME ...]

wrk makes the load on kept connections, and ab that of new ones, since wrk would resume its sessions: each is a whole
handshake. ab makes that of bulks, too, of which it sends a number, not for a time. Neither can verify certificates, so
curl, which does, asks each front before it is measured. In a round each front has one turn, and another is the first in
each; a ratio is the median over the rounds, and how far apart their quartiles are says how quiet the machine was: load,
fronts and what is behind share its cores. Then nginx is reloaded, once a second, under clients that do verify, and
count. Exits with 1 if a goal is missed; with --any-speed, only if a request was lost.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

LAB = Path(__file__).resolve().parents[2] / "lab"
NET = os.environ.get("LAB_NET") or "40"
OURS, HAPROXY, PLAIN, DIRECT = "https_front", "HAProxy", "plain proxy_pass", "no TLS, no front"
FRONTS = {OURS: 443, HAPROXY: 8441, "HAProxy, no log": 8445, PLAIN: 8442, "stunnel": 8443, "hitch": 8444}
INDEX = {
    "settings": {
        "index": {
            "number_of_shards": 1,
            "number_of_replicas": 0,
            "refresh_interval": -1,
            "routing.allocation.require._name": "es2",
        }
    },
    "mappings": {
        "properties": {
            "number": {"type": "long"},
            "level": {"type": "keyword"},
            "text": {"type": "text"},
            # the line that it all comes from, as event.original of the Elastic Common Schema
            "original": {"type": "keyword", "index": False, "doc_values": False},
        }
    },
}


class Tool(NamedTuple):
    """One that makes load, and how to read what it says."""

    command: str
    rate: str
    p99: str
    wrong: str


WRONG = "Non-2xx|Socket errors|Failed requests: +[1-9]"
WRK = Tool(
    "wrk --latency --timeout 60s --threads 1 --connections {connections} --duration {seconds}s {options} {url}",
    r"Requests/sec:\s+([0-9.]+)",
    r"99%\s+([0-9.]+)(us|ms|s|m)\s",
    WRONG,
)
AB_RATE, AB_P99 = r"Requests per second:\s+([0-9.]+)", r"99%\s+([0-9]+)()\s"
# it sends no more than 50,000 requests unless it is told so, after the time
AB = Tool("ab -q -t {seconds} -n 10000000 -c {connections} {options} {url}", AB_RATE, AB_P99, WRONG)
# too few in a second to count those of a second
BULKS = Tool("ab -q -l -s 300 -n {bulks} -c {connections} {options} {url}", AB_RATE, AB_P99, WRONG)


class Load(NamedTuple):
    tool: Tool
    node: str
    path: str
    connections: int
    options: str = ""
    slower: int = 1  # a turn takes so many times as long


LOADS = {
    "static, kept connections": Load(WRK, "es1", "/", 32),
    "static, new connections": Load(AB, "es1", "/", 32),
    "_search of ten documents": Load(WRK, "es2", "/bench/_search", 16, "--script /etc/bench/search.lua"),
    "_search of a dashboard": Load(WRK, "es2", "/bench/_search", 8, "--script /etc/bench/dashboard.lua", slower=2),
    "_bulk of 5 MiB": Load(BULKS, "es2", "/bulk/_bulk", 2, "-p /etc/bench/bulk -T application/x-ndjson"),
}


class Turn(NamedTuple):
    rate: float
    p99: float  # milliseconds


def inside(host: str, *command: str, text: str | None = None) -> str:
    """Runs a command in a container of the lab."""
    how = [str(LAB / "engine"), "exec", "--interactive", f"{host}-{NET}", *command]
    done = subprocess.run(how, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout


def curl(url: str, *options: str, text: str | None = None) -> str:
    verified = ("--silent", "--show-error", "--fail", "--cacert", "/etc/bench/ca.pem")
    return inside("client", "curl", *verified, *options, url, text=text)


def url_of(node: str, front: str) -> str:
    return f"http://{node}:9200" if front == DIRECT else f"https://{node}:{FRONTS[front]}"


def elasticsearch(method: str, path: str, body: object = None) -> None:
    options = [] if body is None else ["--header", "Content-Type: application/json", "--data-binary", "@-"]
    options += ["--request", method, "--output", "/dev/null"]
    curl(f"https://es2{path}", *options, text=None if body is None else json.dumps(body))


def make_index(name: str) -> None:
    elasticsearch("DELETE", f"/{name}?ignore_unavailable=true")
    elasticsearch("PUT", f"/{name}", INDEX)


def documents(count: int) -> str:
    """As many, of half a KiB, as a bulk."""
    levels = ["info"] * 17 + ["warn"] * 2 + ["error"]
    lines = []
    for number in range(count):
        text = f"some words of a message word{number % 10}"
        document = {"number": number, "level": levels[number % 20], "text": text, "original": "original " * 45}
        lines.append('{"index":{}}\n' + json.dumps(document) + "\n")
    return "".join(lines)


def fill_index() -> None:
    """Ten thousand documents, one segment."""
    make_index("bench")
    bulk = ("--header", "Content-Type: application/x-ndjson", "--data-binary", "@-", "--output", "/dev/null")
    curl("https://es2/bench/_bulk", *bulk, text=documents(10_000))
    elasticsearch("POST", "/bench/_forcemerge?max_num_segments=1&flush=true")
    elasticsearch("POST", "/bench/_refresh")


def write_bulk() -> None:
    one = len(documents(1))
    inside("client", "dd", "of=/etc/bench/bulk", "status=none", text=documents(5 * 1024 * 1024 // one))


UNITS = {"us": 0.001, "": 1, "ms": 1, "s": 1000, "m": 60000}


def turn(load: Load, front: str, seconds: int, bulks: int) -> Turn:
    if load.path.endswith("_bulk"):
        make_index("bulk")
    command = load.tool.command.format(
        connections=load.connections,
        seconds=seconds,
        bulks=bulks,
        options=load.options,
        url=url_of(load.node, front) + load.path,
    )
    said = inside("client", *command.split())
    rate, p99 = re.search(load.tool.rate, said), re.search(load.tool.p99, said)
    if not rate or not p99 or not float(rate[1]) or re.search(load.tool.wrong, said):
        sys.exit(f"{front}: {said}")
    return Turn(float(rate[1]), float(p99[1]) * UNITS[p99[2]])


def measure(load: Load, options: argparse.Namespace) -> dict[str, list[Turn]]:
    fronts = [*FRONTS, DIRECT] if load.node == "es2" else [*FRONTS]
    found: dict[str, list[Turn]] = {front: [] for front in fronts}
    for front in fronts:
        curl(f"{url_of(load.node, front)}/", "--output", "/dev/null")
    # caches, and the compilers of Java; by turns, since a node has memory for the bulks of a few
    for _time in range(options.warm_up):
        turn(load, fronts[-1], options.seconds, options.bulks)
    for number in range(options.rounds):
        first = number % len(fronts)
        for front in fronts[first:] + fronts[:first]:
            found[front].append(turn(load, front, options.seconds * load.slower, options.bulks))
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
    return found


def compare(name: str, found: dict[str, list[Turn]]) -> dict[str, float]:
    """Prints the rows of one load; https_front's rate in times that of each other front."""
    ratios = {}
    for front, turns in found.items():
        rates = [ours.rate / other.rate for ours, other in zip(found[OURS], turns)]
        low, ratios[front], high = statistics.quantiles(rates, method="inclusive")
        tails = statistics.median(ours.p99 / other.p99 for ours, other in zip(found[OURS], turns))
        rate, p99 = (statistics.median(values) for values in zip(*turns))
        print(
            f"{name:26} {front:18} {rate:9.1f} {p99:9.2f}   {ratios[front]:6.3f} {low:6.3f} {high:6.3f}   {tails:6.3f}",
            flush=True,
        )
    return ratios


def reloads(requests: int) -> bool:
    """Whether nginx can be reloaded under load without a request that fails."""
    command = [str(LAB / "engine"), "exec", f"client-{NET}"]
    command += ["python3", "/etc/bench/count.py", "/etc/bench/ca.pem", "es1", str(requests)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as clients:
        done = 0
        while clients.poll() is None:
            inside("es1", "systemctl", "reload", "nginx.service")
            done += 1
            time.sleep(1)
        assert clients.stdout
        counted = json.loads(clients.stdout.read())
    failed = counted["failed"]
    print(
        f"\n{done} reloads under {counted['asked']} requests: {len(failed)} failed {sorted(set(failed))}; "
        f"{counted['sent_again']} came upon a kept connection that was being closed, and were sent again"
    )
    return not failed and done > 0


def main() -> bool:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9, help="turns of each front, for each load; at least 2")
    parser.add_argument("--seconds", type=int, default=1, help="length of a turn; twice that for dashboards")
    parser.add_argument("--bulks", type=int, default=4, help="how many a turn with bulks has; at least 2")
    parser.add_argument("--warm-up", type=int, default=5, help="turns before those that count")
    parser.add_argument("--requests", type=int, default=50_000, help="under which nginx is reloaded")
    parser.add_argument("--any-speed", action="store_true", help="a ratio that misses its goal is no failure")
    parser.add_argument("--only", nargs="+", choices=[*LOADS, "reload"], default=[*LOADS, "reload"], metavar="NAME")
    options = parser.parse_args()
    ratios: dict[str, dict[str, float]] = {}
    print(f"{'':45} {'req/s':>9} {'p99 ms':>9}   {'ratio':>6} {'quartiles':>13}   {'p99':>6}")
    if any(load.path == "/bench/_search" for name, load in LOADS.items() if name in options.only):
        fill_index()
    write_bulk()
    for name, load in LOADS.items():
        if name in options.only:
            ratios[name] = compare(name, measure(load, options))
    goals: dict[str, bool] = {}
    wanted: list[tuple[str, str, float, Callable[[str], bool]]] = [
        (f"at least 1.0 x {HAPROXY}", HAPROXY, 1.0, lambda name: True),
        (f"at least 2.2 x {PLAIN}", PLAIN, 2.2, lambda name: name == "static, kept connections"),
        ("at least 0.9 x Elasticsearch without TLS", DIRECT, 0.9, lambda name: LOADS[name].node == "es2"),
    ]
    for goal, other, least, concerns in wanted:
        goals.update({f"{name}: {goal}": found[other] >= least for name, found in ratios.items() if concerns(name)})
    quick_enough = all(goals.values()) or options.any_speed
    nothing_lost = "reload" not in options.only or reloads(options.requests)
    if "reload" in options.only:
        goals[f"no request of {options.requests} fails while nginx is reloaded"] = nothing_lost
    print()
    for goal, reached in goals.items():
        print(f"{'reached' if reached else 'MISSED '}  {goal}")
    return quick_enough and nothing_lost


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
