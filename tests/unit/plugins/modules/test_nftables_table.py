# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a call refuses, and what it would change; how a change survives is tested with the role host_firewall."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._commands import Failed
from ansible_collections.tlsfront.elasticsearch.plugins.modules.nftables_table import run

RULES = """table inet tlsfront
delete table inet tlsfront
table inet tlsfront {
\tset peers4 {
\t\ttype ipv4_addr
\t}
}
"""


def call(path: Path, **given: Any) -> dict[str, Any]:
    nothing = {"content": None, "add_elements": None, "units": [], "family": "inet", "name": "tlsfront", "nft": "/nonexistent/nft", "patience": 0}
    return run({**nothing, "path": str(path), "state": "loaded", **given}, check_mode=True)


def test_addresses_are_added_to_the_rules_that_are_there(tmp_path: Path) -> None:
    file = tmp_path / "firewall.nft"
    file.write_text(RULES)
    (diff,) = call(file, add_elements={"peers4": ["192.0.2.9"]})["diff"]
    assert diff["before"] == RULES and diff["after"] == RULES.replace("ipv4_addr\n", "ipv4_addr\n\t\telements = {\n\t\t\t192.0.2.9\n\t\t}\n")
    assert file.read_text() == RULES


def test_where_there_are_no_rules_nothing_can_be_added(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="no set peers4"):
        call(tmp_path / "firewall.nft", add_elements={"peers4": ["192.0.2.9"]})


def test_rules_about_something_else_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="flush ruleset"):
        call(tmp_path / "firewall.nft", content=f"flush ruleset\n{RULES}")
