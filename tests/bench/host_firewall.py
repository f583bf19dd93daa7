# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the rules of host_firewall cost: time to load, and throughput of https through nginx with and without them.

    . tests/environment.sh && python tests/bench/host_firewall.py [--pairs 10] [--seconds 1]

As root, with ip, nft, nginx, wrk and curl. Node and client are two network namespaces of its own, joined by a virtual
cable; the rules are the role's own. Throughput is measured side by side, a turn without the rules and a turn with them,
again and again: the ratio is the median over these pairs. How far apart their quartiles are says how quiet the machine
was. Exits with 1 if a goal is missed.
"""

from __future__ import annotations

import argparse
import contextlib
import ipaddress
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tests" / "unit" / "roles" / "host_firewall"))
sys.path.insert(0, str(HERE.parents[1] / ".ansible" / "collections"))

# The rules come first: Ansible finds no collection's filters once something else has imported a collection.
from firewall_rules import rules  # noqa: E402

SIZES = (10, 100, 1_000, 10_000)
LOADS = 5
SETTLE = 0.5  # seconds in which the kernel frees the sets that were replaced
GOAL_RATIO, GOAL_LOAD = 0.98, 1.0
NODE, CLIENT = "10.78.0.1", "10.78.0.2"
EMPTY = "table inet tlsfront\ndelete table inet tlsfront\n"

NGINX = """
daemon off;
worker_processes 1;
error_log stderr crit;
pid {directory}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    keepalive_requests 1000000;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    server {{
        listen 443 ssl;
        ssl_certificate {chain};
        ssl_certificate_key {chain};
        location / {{ return 200 "{body}"; }}
    }}
}}
"""


class Bench:
    """A node and a client, each in a namespace."""

    def __init__(self) -> None:
        self.node, self.client = (f"tlsfront-bench-{os.getpid()}-{place}" for place in ("node", "client"))

    def run(self, place: str, *command: str, text: str | None = None) -> str:
        inside = ["ip", "netns", "exec", place, *command]
        done = subprocess.run(inside, input=text, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{' '.join(command)}: {done.stderr}")
        return done.stdout

    def build(self) -> None:
        for place in (self.node, self.client):
            subprocess.run(["ip", "netns", "add", place], check=True)
            self.run(place, "ip", "link", "set", "lo", "up")
        self.run(self.node, *f"ip link add eth0 type veth peer name eth0 netns {self.client}".split())
        for place, address in ((self.node, NODE), (self.client, CLIENT)):
            self.run(place, "ip", "address", "add", f"{address}/24", "dev", "eth0")
            self.run(place, "ip", "link", "set", "eth0", "up")

    def remove(self) -> None:
        for place in (self.node, self.client):
            subprocess.run(["ip", "netns", "delete", place], capture_output=True, check=False)

    def load(self, text: str) -> float:
        """Loads rules as the role does; the seconds that it takes."""
        begun = time.perf_counter()
        self.run(self.node, "nft", "--file", "-", text=text)
        return time.perf_counter() - begun

    def shape(self) -> tuple[int, str, int]:
        """How many rules there are, all of the table but its elements, and how many elements it has."""
        listing = json.loads(self.run(self.node, "nft", "-j", "-s", "list", "table", "inet", "tlsfront"))["nftables"]
        elements = sum(len(part.get("set", {}).pop("elem", [])) for part in listing)
        for part in listing:
            for each in part.values():
                each.pop("handle", None)
        return sum("rule" in part for part in listing), json.dumps(listing), elements

    def throughput(self, seconds: int) -> float:
        said = self.run(self.client, "wrk", "-t1", "-c16", f"-d{seconds}s", f"https://{NODE}/")
        found = re.search(r"Requests/sec:\s+([0-9.]+)", said)
        if not found or "Non-2xx" in said:
            sys.exit(said)
        return float(found[1])

    @contextlib.contextmanager
    def nginx(self, directory: Path) -> Iterator[None]:
        # imported late, see above
        from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki

        root = pki.root("Bench Root")
        (directory / "ca.pem").write_bytes(root.pem)
        chain = pki.issue(NODE, root, names=[NODE]).write(directory)
        body = "x" * 500  # about what Elasticsearch says of itself
        (directory / "nginx.conf").write_text(NGINX.format(directory=directory, chain=chain, body=body))
        command = ["ip", "netns", "exec", self.node, "nginx", "-p", str(directory), "-c", str(directory / "nginx.conf")]
        server = subprocess.Popen(command)
        try:
            retry = ("--retry", "20", "--retry-delay", "1", "--retry-connrefused")
            self.run(self.client, "curl", "-sSf", *retry, "--cacert", str(directory / "ca.pem"), f"https://{NODE}/")
            yield
        finally:
            server.terminate()
            server.wait()


def policy(size: int) -> list[str]:
    """As many addresses as that, half of each family, none next to another, so that no two make one interval."""
    half = size // 2
    return [str(ipaddress.ip_address(f) + 2 * n) for f in ("10.128.0.0", "2001:db8::") for n in range(half)]


def main() -> bool:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--pairs", type=int, default=10, help="turns without and with the rules, for each size; at least 2"
    )
    parser.add_argument("--seconds", type=int, default=1, help="length of a turn")
    options = parser.parse_args()
    missing = [tool for tool in ("ip", "nft", "nginx", "wrk", "curl") if not shutil.which(tool)]
    if os.geteuid() or missing:
        sys.exit(f"Be root, and have {', '.join(missing) or 'all tools'} installed.")
    texts = {size: rules(peers=[NODE], direct_clients=policy(size)) for size in SIZES}
    bench = Bench()
    rows, shapes = [], set()
    try:
        bench.build()
        with tempfile.TemporaryDirectory() as name, bench.nginx(Path(name)):
            bench.throughput(options.seconds)
            for size, text in texts.items():
                # each replaces the one before, as a change of the policy does
                seconds = statistics.median(bench.load(text) for _time in range(LOADS))
                count, shape, elements = bench.shape()
                shapes.add(shape)
                rates: dict[str, list[float]] = {EMPTY: [], text: []}
                for pair in range(options.pairs):
                    # each goes first as often as the other
                    for now in (EMPTY, text) if pair % 2 else (text, EMPTY):
                        bench.load(now)
                        time.sleep(SETTLE)
                        rates[now].append(bench.throughput(options.seconds))
                low, ratio, high = statistics.quantiles(b / a for a, b in zip(rates[EMPTY], rates[text]))
                medians = [statistics.median(rates[now]) for now in (EMPTY, text)]
                rows.append((size, seconds, count, elements, *medians, low, high, ratio))
                print(f"measured {size} addresses", file=sys.stderr)
    finally:
        bench.remove()
    print(
        f"{'addresses':>9} {'load':>9} {'rules':>6} {'elements':>9} {'without':>12} {'with':>12} {'ratio':>7} quartiles"
    )
    for size, seconds, count, elements, without, with_rules, low, high, ratio in rows:
        rates_text = f"{without:8.0f} r/s {with_rules:8.0f} r/s"
        print(f"{size:9} {seconds:7.3f} s {count:6} {elements:9} {rates_text} {ratio:7.3f} {low:.3f} {high:.3f}")
    worst = min(ratio for *_others, ratio in rows)
    goals = {
        f"https with the rules at least {GOAL_RATIO} x without, at each size": worst >= GOAL_RATIO,
        f"{SIZES[-1]} addresses loaded in at most {GOAL_LOAD} s": rows[-1][1] <= GOAL_LOAD,
        "nothing grows but set elements": len(shapes) == 1,
    }
    for goal, reached in goals.items():
        print(f"{'reached' if reached else 'MISSED '}  {goal}")
    return all(goals.values())


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
