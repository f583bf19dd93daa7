# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the tests of the emulations have in common; the fixture `address` is each one's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

# where tests/environment.sh has put the collections
sys.path += [place for place in os.environ["ANSIBLE_COLLECTIONS_PATH"].split(":") if place not in sys.path]


@pytest.fixture
def steer(address: str) -> Any:
    """steer(PATH, BODY): what a test asks of an emulation itself."""

    def post(path: str, body: Any = None) -> Any:
        return requests.post(f"{address}/{path}", json=body if body is not None else {}, timeout=5).json()

    return post


@pytest.fixture
def hosts_of() -> Any:
    """hosts_of(CLOUD): the hosts that the example inventory makes of what is in the cloud, and their variables."""

    def ask(cloud: str) -> Any:
        inventory = Path(__file__).parents[2] / "docs/examples/inventories" / cloud
        done = subprocess.run(["ansible-inventory", "-i", inventory, "--list"], capture_output=True, text=True, check=False)
        assert done.returncode == 0 and "Failed to parse" not in done.stderr, done.stderr
        told = json.loads(done.stdout, object_hook=lambda found: found.get("__ansible_unsafe", found))
        assert set(told["elasticsearch"]["hosts"]) == set(told["_meta"]["hostvars"])
        return told["_meta"]["hostvars"]

    return ask
