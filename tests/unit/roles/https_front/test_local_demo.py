# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""tests/demo --local, which shows this role on loopback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nginx
import pytest

DEMO = Path(__file__).resolve().parents[3] / "support/demo"


@pytest.mark.slow
def test_each_fault_is_found_and_gone_after_the_role() -> None:
    done = subprocess.run([sys.executable, str(DEMO), "--local", nginx.binary()], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    verdicts = [line.split()[2] for line in done.stdout.splitlines() if line.startswith("es")]
    faults = ["plaintext_service", "certificate_expired", "hostname_mismatch", "self_signed_certificate", "missing_intermediate"]
    assert verdicts == [*faults, *["verified"] * 5]
    assert done.stdout.splitlines()[-1].startswith("VERIFIED: 5 checks, none failed")
