# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Each scenario says how long it takes, for tests/run takes its list of scenarios from that."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]


@pytest.mark.parametrize("scenario", sorted(TOP.glob("molecule/*/molecule.yml")), ids=lambda file: file.parent.name)
def test_each_scenario_says_once_how_long_it_takes(scenario: Path) -> None:
    assert len(re.findall(r"^# seconds: [1-9][0-9]*$", scenario.read_text("utf-8"), re.MULTILINE)) == 1
