# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What observing costs: throughput of plain http at an observed port, with and without the table of traffic_observer.

    . tests/environment.sh && python tests/bench/traffic_observer.py [--pairs 20] [--seconds 1]

As root, with ip, nft, nginx, wrk and curl. Node and client are two network namespaces of its own, joined by a virtual cable. Asked are small answers on
connections that are kept, large answers (1 MiB), and a connection for each request, with no other source in the sets and with 16,000 of them. Throughput is
measured side by side, a turn without the table and a turn with it, again and again: the ratio is the median over these pairs. How far apart their quartiles
are says how quiet the machine was. Exits with 1 if a goal is missed.
"""

from __future__ import annotations

import argparse
import contextlib
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
sys.path.insert(0, str(HERE))

from host_firewall import CLIENT, NODE, SETTLE, Bench  # noqa: E402

GOAL = 0.98
SOURCES = (0, 16_000)
PORT = 9200
KINDS = {"kept": ("/small", []), "large": ("/large", []), "new": ("/small", ["-H", "Connection: close"])}

NGINX = """
daemon off;
worker_processes 1;
error_log stderr crit;
pid {directory}/nginx.pid;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    sendfile on;
    keepalive_requests 1000000;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen {port};
        root {directory};
    }}
}}
"""


class Observed(Bench):
    """The same node and client, with plain http at a port that is observed."""

    def requests(self, kind: str, seconds: int) -> float:
        path, more = KINDS[kind]
        said = self.run(self.client, "wrk", "-t1", "-c16", f"-d{seconds}s", *more, f"http://{NODE}:{PORT}{path}")
        found = re.search(r"Requests/sec:\s+([0-9.]+)", said)
        if not found or "Non-2xx" in said:
            sys.exit(said)
        return float(found[1])

    @contextlib.contextmanager
    def plain(self, directory: Path) -> Iterator[None]:
        directory.chmod(0o755)
        for name, size in (("small", 500), ("large", 1 << 20)):
            (directory / name).write_text("x" * size)
        (directory / "nginx.conf").write_text(NGINX.format(directory=directory, port=PORT))
        server = subprocess.Popen(["ip", "netns", "exec", self.node, "nginx", "-p", str(directory), "-c", str(directory / "nginx.conf")])
        try:
            retry = ("--retry", "20", "--retry-delay", "1", "--retry-connrefused")
            self.run(self.client, "curl", "-sSf", *retry, "-o", os.devnull, f"http://{NODE}:{PORT}/small")
            yield
        finally:
            server.terminate()
            server.wait()


def table(sources: int) -> tuple[str, str]:
    """The rules that take the table away, and those that load it with so many sources."""
    # imported late, as in host_firewall.py
    from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nftables.commands import gone
    from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._traffic.record import Source
    from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._traffic.rules import FAMILY, NAME, ruleset, wanted

    now = int(time.time())
    others = [Source(f"10.130.{number >> 8}.{number & 255}", NODE, PORT, now - 60, now, 5, now) for number in range(sources)]
    return gone(FAMILY, NAME), ruleset(wanted([PORT, "9300-9305"], 30, 16_384), others, 0, 0, 0, "bench", now)


def main() -> bool:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=20, help="turns without and with the table, for each row; at least 2")
    parser.add_argument("--seconds", type=int, default=1, help="length of a turn")
    options = parser.parse_args()
    missing = [tool for tool in ("ip", "nft", "nginx", "wrk", "curl") if not shutil.which(tool)]
    if os.geteuid() or missing:
        sys.exit(f"Be root, and have {', '.join(missing) or 'all tools'} installed.")
    bench, rows = Observed(), []
    try:
        bench.build()
        with tempfile.TemporaryDirectory() as name, bench.plain(Path(name)):
            for sources in SOURCES:
                without, with_table = table(sources)
                for kind in KINDS:
                    bench.requests(kind, options.seconds)
                    rates: dict[str, list[float]] = {without: [], with_table: []}
                    for pair in range(options.pairs):
                        # each goes first as often as the other
                        for now in (without, with_table) if pair % 2 else (with_table, without):
                            bench.load(now)
                            time.sleep(SETTLE)
                            rates[now].append(bench.requests(kind, options.seconds))
                    low, ratio, high = statistics.quantiles(b / a for a, b in zip(rates[without], rates[with_table]))
                    rows.append((kind, sources, *(statistics.median(rates[each]) for each in (without, with_table)), ratio, low, high))
                    print(f"measured {kind}, {sources} sources", file=sys.stderr)
    finally:
        bench.remove()
    print(f"{'connections':>11} {'sources':>8} {'without':>12} {'with':>12} {'ratio':>7} quartiles")
    for kind, sources, before, after, ratio, low, high in rows:
        print(f"{kind:>11} {sources:8} {before:8.0f} r/s {after:8.0f} r/s {ratio:7.3f} {low:.3f} {high:.3f}")
    worst = min(row[4] for row in rows)
    print(f"{'reached' if worst >= GOAL else 'MISSED '}  at least {GOAL} x the throughput without the table, in each row")
    return worst >= GOAL


if __name__ == "__main__":
    print(f"node {NODE}, client {CLIENT}", file=sys.stderr)
    sys.exit(0 if main() else 1)
