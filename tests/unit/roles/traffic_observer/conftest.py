# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._traffic.observer import Observer
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._traffic.rules import Wanted, wanted
from firewall_network import Network
from observer_clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def observer(network: Network, tmp_path: Path, clock: Clock) -> Observer:
    """That of the node in the network: its nft is run there."""
    nft = tmp_path / "nft"
    nft.write_text(f'#!/bin/sh\nexec ip netns exec {network.names["node"]} {shutil.which("nft")} "$@"\n')
    nft.chmod(0o755)
    return Observer(str(nft), tmp_path / "record", clock)


@pytest.fixture
def what() -> Wanted:
    return wanted(["9200", "9300-9305", "19200"], 30, 1024)
