# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""How tests/run ends: a table of its parts, how long it took, and what was counted as the very last line."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
ENVIRONMENT = """
set -euo pipefail
tlsfront_top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
say() { echo "$*" >&2; }
"""


def run(place: Path, *scenarios: str) -> subprocess.CompletedProcess[str]:
    """Runs it with these scenarios, of which each fails that is called so."""
    (place / "tests/support").mkdir(parents=True)
    shutil.copy(TOP / "tests/run", place / "tests/run")
    (place / "tests/environment.sh").write_text(ENVIRONMENT)
    (place / "tests/support/scenario").write_text('#!/bin/sh\necho "of $1"; [ "$1" != fails ]\n')
    (place / "tests/support/scenario").chmod(0o755)
    return subprocess.run([place / "tests/run", *scenarios], capture_output=True, text=True, check=False)


def test_it_ends_with_a_table_and_what_was_counted(tmp_path: Path) -> None:
    done = run(tmp_path, "works", "fails", "also")
    assert done.returncode == 1 and "of fails" in done.stderr
    *table, took, counted = done.stdout.strip("\n").splitlines()
    assert table[0].split() == ["part", "passed", "failed", "seconds"]
    assert sorted(line.split()[:3] for line in table[1:]) == [
        ["molecule-also", "1", "0"], ["molecule-fails", "0", "1"], ["molecule-works", "1", "0"],
    ]  # fmt: skip
    assert re.fullmatch(r"took \d+ s", took) and counted == "2 passed, 1 failed" and done.stdout.endswith("\n")


def test_it_succeeds_where_nothing_failed(tmp_path: Path) -> None:
    done = run(tmp_path, "works")
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == "1 passed, 0 failed"
