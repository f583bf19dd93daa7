# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the tests of the emulations have in common; the fixture `address` is each one's own."""

from __future__ import annotations

from typing import Any

import pytest
import requests


@pytest.fixture
def steer(address: str) -> Any:
    """steer(PATH, BODY): what a test asks of an emulation itself."""

    def post(path: str, body: Any = None) -> Any:
        return requests.post(f"{address}/{path}", json=body if body is not None else {}, timeout=5).json()

    return post
