# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A real Prometheus that has scraped what real observations become."""

from __future__ import annotations

import datetime
import http.server
import json
import os
import socket
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.tlsfront.elasticsearch.plugins.filter.report import FilterModule
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._traffic import textfile

PROGRAMS = Path(os.environ.get("TLSFRONT_PROMETHEUS", "/nonexistent"))
RULES = Path(__file__).parents[2] / "extensions/monitoring/prometheus/tlsfront.rules.yml"


def observation(faulty: bool) -> list[dict[str, Any]]:
    """What two probe hosts have seen of two endpoints, all well, or with faults."""
    far = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=60)).strftime("%Y-%m-%dT%H:%M:%SZ")
    certificate = {"subject": "CN=es", "issuer": "CN=ca", "not_before": "2026-01-01T00:00:00Z", "not_after": far, "days_left": 60}
    address = {
        "address": "192.0.2.1",
        "verified": True,
        "tls_verified": True,
        "reason": "ok",
        "timings": {"dns": 0.01, "connect": 0.01, "tls": 0.02, "http": 0.01},
        "certificates": [certificate],
        "closed_ports": [9200],
        "open_ports": [],
    }
    well = {"url": "https://es1.example.org", "verified": True, "reason": "ok", "addresses": [address]}
    ill = {**well, "url": "https://es2.example.org"}
    if faulty:
        bad = {**address, "address": "192.0.2.2", "verified": False, "reason": "certificate_expired", "closed_ports": [], "open_ports": [9200]}
        ill = {**ill, "verified": False, "reason": "certificate_expired", "addresses": [bad]}
    return [{"from": probe, "result": {"endpoints": [well, ill]}} for probe in ("p1", "p2")]


def of_checks(faulty: bool) -> str:
    when = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = FilterModule().filters()["report_prometheus"](observation(faulty), when)
    assert isinstance(text, str)
    return text


def of_traffic(dropped: int) -> str:
    now = int(time.time())
    sources = [{"address": f"192.0.2.{n}", "to": "192.0.2.1", "port": 9200, "first": now, "last": now, "packets": 3, "answered": now} for n in (7, 8)]
    sources.append({**sources[0], "address": "192.0.2.9", "answered": None})
    told = {"running": True, "now": now, "ports": ["9200", "9300"], "lost_at": None, "tries_lost_at": None, "sources": sources}
    return textfile.metrics(told, dropped)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Prometheus:
    """Scrapes one exporter each second."""

    def __init__(self, directory: Path, shown: Callable[[], str]) -> None:
        self.port = free_port()

        class Exporter(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                text = shown().encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing."""

        self.exporter = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Exporter)
        threading.Thread(target=self.exporter.serve_forever, daemon=True).start()
        settings = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(RULES)],
            "scrape_configs": [{"job_name": "node", "static_configs": [{"targets": [f"127.0.0.1:{self.exporter.server_port}"]}]}],
        }
        (directory / "prometheus.yml").write_text(yaml.safe_dump(settings))
        command = [
            str(PROGRAMS / "prometheus"),
            f"--config.file={directory / 'prometheus.yml'}",
            f"--storage.tsdb.path={directory / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=(directory / "log").open("w"))

    def query(self, expression: str) -> list[dict[str, Any]]:
        where = urllib.parse.urlencode({"query": expression})
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/query?{where}", timeout=10) as answer:
            found = json.load(answer)
        assert found["status"] == "success"
        result: list[dict[str, Any]] = found["data"]["result"]
        return result

    def wait_for(self, expression: str, seconds: float = 60) -> list[dict[str, Any]]:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                if found := self.query(expression):
                    return found
            except OSError:
                pass
            time.sleep(0.5)
        raise AssertionError(f"{expression} has no result after {seconds} seconds")

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)
        self.exporter.shutdown()


def _started(directory: Path, faulty: bool) -> Iterator[Prometheus]:
    if not (PROGRAMS / "prometheus").exists():
        pytest.skip("run by tests/monitoring/run")
    begun = time.monotonic()
    knocks = (lambda: int(time.monotonic() - begun)) if faulty else (lambda: 5)
    prometheus = Prometheus(directory, lambda: of_checks(faulty) + of_traffic(knocks()))
    try:
        # two scrapes, between which something may have grown
        prometheus.wait_for("count_over_time(tlsfront_traffic_dropped_packets_total[1m]) > 3")
        yield prometheus
    finally:
        prometheus.close()


@pytest.fixture(scope="session")
def well(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    yield from _started(tmp_path_factory.mktemp("well"), faulty=False)


@pytest.fixture(scope="session")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    yield from _started(tmp_path_factory.mktemp("faulty"), faulty=True)
