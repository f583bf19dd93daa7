# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""https_check beside what people use today, in one run, on real TLS servers with chains of leaf and intermediate.

    . tests/environment.sh && python tests/bench/https_check.py [--repeat 3] [--largest-loop 100]

Tasks are measured whole, as Ansible runs them: what one that does nothing takes is in each.
The bare pool of Python's ssl and a GET is what nothing can go below.
``--largest-loop`` bounds the loops over uri and get_certificate, which take most of the run's time.
Exits with 1 if a goal is missed.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable, Iterator

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / ".ansible" / "collections"))

from ansible_collections.tlsfront.elasticsearch.tests.unit.support.lab import run  # noqa: E402

SIZES = (1, 10, 100, 1000)
CONCURRENCY = 32

PLAY = """
- name: Bench
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Warm up
      ansible.builtin.ping:
    - name: Measured
{task}
"""
TASKS = {
    "a task that does nothing": """
      ansible.builtin.ping:
""",
    "https_check": """
      tlsfront.elasticsearch.https_check:
        endpoints: "{{ ports | map('regex_replace', '^', 'https://127.0.0.1:') | list }}"
        ca_path: "{{ ca }}"
        concurrency: 32
""",
    "uri loop": """
      ansible.builtin.uri:
        url: "https://127.0.0.1:{{ item }}"
        ca_path: "{{ ca }}"
      loop: "{{ ports }}"
""",
    "get_certificate loop": """
      community.crypto.get_certificate:
        host: 127.0.0.1
        port: "{{ item }}"
        ca_cert: "{{ ca }}"
        asn1_base64: true
      loop: "{{ ports }}"
""",
}


@contextlib.contextmanager
def servers(count: int) -> Iterator[tuple[str, list[int]]]:
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, str(HERE / "lab.py"), directory, str(count)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdin and process.stdout
            yield str(Path(directory) / "ca.pem"), json.loads(process.stdout.readline())
            process.stdin.close()


def client_python() -> str:
    """A Python that has what the modules need, and nothing else: as on a node, not as on a developer's machine."""
    target = Path(os.environ["TLSFRONT_CACHE"]) / "bench-client-{}.{}.{}".format(*sys.version_info)
    if not (target / ".done").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(target)], check=True)
        pip = [str(target / "bin" / "pip"), "install", "--quiet", "--require-hashes", "--only-binary=:all:", "-r", str(HERE / "client.lock")]
        subprocess.run(pip, check=True)
        (target / ".done").touch()
    return str(target / "bin" / "python")


def task_seconds(kind: str, ca: str, ports: list[int]) -> float:
    """One playbook; the seconds of the task that is measured."""
    with tempfile.TemporaryDirectory() as directory:
        play, times, settings = (Path(directory) / name for name in ("play.yml", "times.json", "vars.json"))
        play.write_text(PLAY.format(task=TASKS[kind].lstrip("\n")))
        settings.write_text(json.dumps({"ca": ca, "ports": [str(port) for port in ports]}))
        environment = {
            **os.environ,
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "bench_times",
            "BENCH_TIMES": str(times),
        }
        inventory = f"localhost ansible_connection=local ansible_python_interpreter={client_python()}\n"
        (Path(directory) / "hosts").write_text(inventory)
        command = ["ansible-playbook", "-i", f"{directory}/hosts", "-e", f"@{settings}", str(play)]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode:
            raise SystemExit(f"{kind}, {len(ports)} endpoints:\n{done.stdout.decode()[-3000:]}")
        seconds: float = json.loads(times.read_text())["Measured"]
        return seconds


def bare_pool(ca: str, ports: list[int]) -> None:
    context = ssl.create_default_context(cafile=ca)

    def ask(port: int) -> None:
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=10)
        connection.request("GET", "/")
        assert json.loads(connection.getresponse().read())["version"]
        connection.close()

    with ThreadPoolExecutor(CONCURRENCY) as pool:
        list(pool.map(ask, ports))


def whole_probe(ca: str, ports: list[int]) -> None:
    result = run(*[f"https://127.0.0.1:{port}" for port in ports], ca_path=ca, concurrency=CONCURRENCY)
    assert not result["failed_endpoints"], result["summary"]
    assert all(len(entry["addresses"][0]["certificates"]) == 3 for entry in result["endpoints"])


def cpu_and_wall(function: Callable[[str, list[int]], None], ca: str, ports: list[int]) -> tuple[float, float]:
    cpu, wall = time.process_time(), time.monotonic()
    function(ca, ports)
    return time.process_time() - cpu, time.monotonic() - wall


def measure(repeat: int, largest_loop: int) -> dict[str, dict[int, float]]:
    """Seconds by kind and number of endpoints; each the least of several runs, taken in turns."""
    found: dict[str, dict[int, list[float]]] = {}

    def note(kind: str, size: int, seconds: float) -> None:
        found.setdefault(kind, {}).setdefault(size, []).append(seconds)
        print(f"{kind:28} {size:5} {seconds:9.3f} s", file=sys.stderr, flush=True)

    with servers(max(SIZES)) as (ca, ports):
        for _turn in range(repeat):
            for size in SIZES:
                if size == 1:
                    note("a task that does nothing", size, task_seconds("a task that does nothing", ca, ports[:1]))
                note("https_check", size, task_seconds("https_check", ca, ports[:size]))
                for kind, function in (("in process", whole_probe), ("bare ssl + GET", bare_pool)):
                    cpu, wall = cpu_and_wall(function, ca, ports[:size])
                    note(kind, size, wall)
                    note(kind + ", CPU", size, cpu)
        for kind in ("uri loop", "get_certificate loop"):
            for size in SIZES:
                if size <= largest_loop:
                    note(kind, size, task_seconds(kind, ca, ports[:size]))
    return {kind: {size: min(times) for size, times in sizes.items()} for kind, sizes in found.items()}


def report(times: dict[str, dict[int, float]]) -> bool:
    """Prints the table and the goals. Whether all goals are reached."""
    print("\n" + f"{'seconds':28}" + "".join(f"{size:>10}" for size in SIZES))
    for kind, sizes in times.items():
        print(f"{kind:28}" + "".join(f"{sizes[size]:10.3f}" if size in sizes else f"{'-':>10}" for size in SIZES))
    task, cpu, bare = times["https_check"], times["in process, CPU"], times["bare ssl + GET, CPU"]
    inside = times["in process"]
    goals: list[tuple[str, float, float]] = [
        ("task(100) / task(1)", task[100] / task[1], 1.6),
        ("CPU of an endpoint / bare ssl + GET, 100", cpu[100] / bare[100], 1.5),
        ("CPU of an endpoint / bare ssl + GET, 1000", cpu[1000] / bare[1000], 1.5),
        ("an endpoint at 1000 / at 100, CPU", cpu[1000] / 10 / cpu[100], 1.1),
        ("an endpoint at 1000 / at 100, wall", inside[1000] / 10 / inside[100], 1.1),
    ]
    if 100 in times.get("uri loop", {}):
        goals.append(("task(100) / uri loop(100)", task[100] / times["uri loop"][100], 1 / 50))
    print()
    for name, ratio, goal in goals:
        print(f"{'reached' if ratio <= goal else 'MISSED '}  {name:45} {ratio:7.4f}  goal {goal:7.4f}")
    return all(ratio <= goal for _name, ratio, goal in goals)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument("--repeat", type=int, default=3, help="turns, of which the fastest counts")
    parser.add_argument("--largest-loop", type=int, default=100, help="most endpoints for the loops")
    arguments: Any = parser.parse_args()
    return 0 if report(measure(arguments.repeat, arguments.largest_loop)) else 1


if __name__ == "__main__":
    sys.exit(main())
