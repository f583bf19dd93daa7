# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs every example against every server, then against every trap, on a client machine that client_trust has set up.

    run.py ROWS CLIENTS EXAMPLES SERVER... > RESULTS

ROWS is rows.json; CLIENTS has what tests/clients/build has made, EXAMPLES is docs/examples. Each SERVER is NAME=URL. The
traps of server number n are at https://outsider.example.test on the ports 80n1 to 80n4; 80n0 is a good one (molecule/clients/traps.yml).
"""
from __future__ import annotations

import concurrent.futures
import functools
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

TRAPS = ["control", "untrusted CA", "wrong host name", "expired certificate", "plain http"]
WHOLE = {"indexed": 1000, "found": 500, "scrolled": 1000}
DIRECTORY = Path("/etc/tlsfront/client")


def environment(*command: str) -> dict[str, str]:
    done = subprocess.run([*command, "env", "--null"], env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=True)
    return dict(each.split("=", 1) for each in done.stdout.split("\0") if each)


@functools.lru_cache(maxsize=None)
def settings() -> dict[str, str]:
    """What client_trust tells a program: as systemd reads it, which must be as a shell does."""
    file = str(DIRECTORY / "elasticsearch.env")
    names = re.findall("^([A-Z_]+)=", Path(file).read_text("utf-8"), re.MULTILINE)
    by_systemd = environment("systemd-run", "--quiet", "--pipe", "--wait", f"--property=EnvironmentFile={file}")
    by_shell = environment("sh", "-c", 'set -a; . "$0"; exec "$@"', file)
    assert names and all(by_systemd[name] == by_shell[name] for name in names), (by_systemd, by_shell)
    return {name: by_systemd[name] for name in names}


def attempt(row: dict[str, Any], url: str, clients: str, examples: str) -> dict[str, Any]:
    """What one run of an example came to: whether it did all that it should, and else its own words."""
    place = {"clients": clients, "examples": examples}
    command = [each.format(**place) for each in row["command"]]
    own = {name: value.format(**place) for name, value in row.get("environment", {}).items()}
    environment = {**os.environ, **settings(), **own, "ELASTICSEARCH_URL": url}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90, check=False)
    except subprocess.TimeoutExpired:
        return {"worked": False, "words": "no end after 90 seconds"}
    last = done.stdout.strip().splitlines()[-1:] or [""]
    worked = done.returncode == 0 and json.loads(last[0]) == WHOLE
    return {"worked": worked, "words": "" if worked else (done.stdout + done.stderr).strip()}


def run_row(row: dict[str, Any], servers: dict[str, str], clients: str, examples: str) -> dict[str, Any]:
    on_servers = {name: attempt(row, url, clients, examples) for name, url in servers.items()}
    # what a machine with other work has been too slow for is no answer
    for name, answer in on_servers.items():
        if re.search("(?i)time(d )?out", answer["words"]):
            on_servers[name] = attempt(row, servers[name], clients, examples)
    # the traps lead to a server with which the client works, so that nothing but its verification keeps it from working there
    working = [number for number, answer in enumerate(on_servers.values(), 1) if answer["worked"]] or [1]
    ports = [8000 + 10 * working[0] + number for number in range(len(TRAPS))]
    on_traps = {
        trap: attempt(row, f"https://outsider.example.test:{port}", clients, examples) for trap, port in zip(TRAPS, ports)
    }
    return {"client": row["client"], "servers": on_servers, "traps": on_traps}


def main() -> None:
    rows = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    clients, examples = sys.argv[2:4]
    servers = dict(argument.split("=", 1) for argument in sys.argv[4:])
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = pool.map(lambda row: run_row(row, servers, clients, examples), rows)
        json.dump(list(results), sys.stdout, indent=1)


if __name__ == "__main__":
    main()
