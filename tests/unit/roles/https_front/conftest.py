# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import nginx
import pytest
from hosts import Hosts


@pytest.fixture
def hosts(play: Callable[..., Any]) -> Iterator[Hosts]:
    nginx.binary()
    hosts = Hosts(play)
    yield hosts
    hosts.close()
