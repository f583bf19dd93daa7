# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the tests of the emulations have in common; the fixture `address` is each one's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from clouds import Amazon, Google, Place

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


@pytest.fixture(scope="session")
def ec2_address() -> Iterator[str]:
    from clouds import emulated_ec2

    with emulated_ec2() as address:
        yield address


@pytest.fixture
def amazon(ec2_address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Amazon]:
    """An account with two nodes in a network of their own."""
    from clouds import Amazon

    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    place = Amazon(ec2_address)
    yield place
    place.steer("faults")


@pytest.fixture
def google(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Google]:
    """A project with two nodes."""
    from clouds import emulated_project

    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with emulated_project(tmp_path, monkeypatch) as place:
        yield place


@pytest.fixture(params=["amazon", "google"], ids=["ec2", "gce"])
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = request.getfixturevalue(request.param)
    return found
