# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules that are about another table than the module's are refused before nft sees them."""

from __future__ import annotations

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nftables.statements import stray

RULES = """# "flush ruleset" in a comment { is none
table inet tlsfront
delete table inet tlsfront
table inet tlsfront {
    chain in { type filter hook input priority 0; comment "a } b; flush ruleset"
        tcp dport { 9200, 9300 } drop # }
    }
}
"""


@pytest.mark.parametrize("content", ["", RULES, "add table inet tlsfront; flush table inet tlsfront", RULES + RULES])
def test_rules_of_its_own_table_are_taken(content: str) -> None:
    assert stray(content, "inet", "tlsfront") == ""


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("flush ruleset\n" + RULES, "flush ruleset"),
        (RULES + "flush ruleset", "flush ruleset"),
        (RULES + "table inet other {\n}", "table inet other"),
        (RULES + "} table ip mine { chain a { } }", "}"),
        ("table inet tlsfront2 { }", "table inet tlsfront2"),
        ("table ip tlsfront { }", "table ip tlsfront"),
        ("add rule ip mine input accept", "add rule ip mine input accept"),
        (RULES + 'include "/etc/shadow"', 'include "/etc/shadow"'),
        ('table inet tlsfront {\n include "/etc/shadow"\n}', "include or define within the table"),
        ("table inet tlsfront { }; flush ruleset", "flush ruleset"),
        ("table inet \\\n other { }", "table inet"),
        ("x", "x"),
    ],
)
def test_what_is_about_anything_else_is_named(content: str, says: str) -> None:
    assert stray(content, "inet", "tlsfront").startswith(says)
