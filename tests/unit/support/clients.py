# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The real clients, as tests/clients makes them: each in a directory of its own, apart from the tests' environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

TOP = Path(__file__).parents[3]


def built(*what: str) -> str:
    """The directory of one of them, made at its first use."""
    return subprocess.run(
        [TOP / "tests/clients/build", *what], check=True, capture_output=True, text=True
    ).stdout.strip()


def python_outcomes(major: int, world: str, cases: list[dict[str, Any]]) -> list[str]:
    """What the Python client of that major comes to in each case; ``world`` has the CAs that the system trusts."""
    packages = built("python", f"elasticsearch-{major}", f"{sys.version_info[0]}.{sys.version_info[1]}")
    program = Path(__file__).parent / "python_client.py"
    run = subprocess.run(
        [sys.executable, program, world],
        input=json.dumps(cases),
        env={**os.environ, "PYTHONPATH": packages},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    outcomes: list[str] = json.loads(run.stdout)
    return outcomes
