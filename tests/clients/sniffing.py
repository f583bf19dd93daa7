# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs clients that ask a server for its nodes, on a client machine that client_trust has set up, and prints where each is led to.

    sniffing.py ROWS CLIENTS SERVER... > RESULTS

ROWS is sniffing.json; CLIENTS has what tests/clients/build has made. Each SERVER is NAME=URL, and each row says with which of them it is tried.
"""
from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from run import settings


def led_by(row: dict[str, Any], url: str, clients: str) -> dict[str, Any]:
    """What a client has said: the servers that it goes on with, and whether one of them has answered."""
    place = {"clients": clients, "tests": str(Path(__file__).parent)}
    own = {name: value.format(**place) for name, value in row.get("environment", {}).items()}
    command = [each.format(**place) for each in row["command"]]
    done = subprocess.run(
        command, env={**os.environ, **settings(), **own, "ELASTICSEARCH_URL": url}, capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode != 0:
        sys.exit(f"{row['client']}: {done.stdout}{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return {"client": row["client"], **found}


def main() -> None:
    rows = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    servers = dict(argument.split("=", 1) for argument in sys.argv[3:])
    json.dump([led_by(row, servers[row["server"]], sys.argv[2]) for row in rows], sys.stdout, indent=1)


main()
