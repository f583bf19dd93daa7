# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from firewall_network import Network


@pytest.fixture(scope="session")
def built_network() -> Iterator[Network]:
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    missing = [tool for tool in ("ip", "nft") if not shutil.which(tool)]
    if missing:
        pytest.skip(f"not installed: {' and '.join(missing)}")
    network = Network()
    yield network
    network.close()


@pytest.fixture
def network(built_network: Network) -> Iterator[Network]:
    yield built_network
    built_network.hang_up()
    built_network.nft("table inet tlsfront\ndelete table inet tlsfront\n")
