# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import copy
import datetime
import pathlib

import pytest
import yaml

_FILE = pathlib.Path(__file__).parent / "fixtures" / "observations.yml"


@pytest.fixture(scope="session")
def _observations():
    return yaml.safe_load(_FILE.read_text(encoding="utf-8"))


@pytest.fixture
def observations(_observations):
    """What three hosts saw: see the file. Each test gets its own copy."""
    return copy.deepcopy(_observations)


@pytest.fixture
def satisfied(observations):
    """The part of the host that is satisfied: three endpoints, one of them with two addresses, one with a warning."""
    return observations[:1]


@pytest.fixture
def moment():
    return datetime.datetime(2026, 11, 24, 12, 0, tzinfo=datetime.timezone.utc)
