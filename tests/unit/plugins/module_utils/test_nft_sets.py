# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Further addresses in the sets of a rules file, and nothing else changed."""

from __future__ import annotations

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._commands import Failed
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nftables.sets import with_elements

RULES = """table inet tlsfront
delete table inet tlsfront

table inet tlsfront {
    set peers4 {
        type ipv4_addr
        elements = {
            192.0.2.1,
            192.0.2.2
        }
    }

    set peers6 {
        type ipv6_addr
    }

    chain closed {
        ip saddr @peers4 counter accept
    }
}
""".replace("    ", "\t")


def test_they_come_behind_those_that_are_there() -> None:
    made = with_elements(RULES, {"peers4": ["192.0.2.9", "192.0.2.1"], "peers6": ["2001:DB8:0::7"]})
    assert made == RULES.replace("192.0.2.2\n", "192.0.2.2,\n\t\t\t192.0.2.9\n").replace(
        "type ipv6_addr\n", "type ipv6_addr\n\t\telements = {\n\t\t\t2001:db8::7\n\t\t}\n"
    )
    assert with_elements(made, {"peers4": ["192.0.2.9"], "peers6": []}) == made


def test_without_any_the_rules_stay_as_they_are() -> None:
    assert with_elements(RULES, {"peers4": [], "peers6": []}) == RULES


@pytest.mark.parametrize("address", ["192.0.2.1 }; flush ruleset", "192.0.2.0/24", "es1", "192.0.2.1\n", ""])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(Failed, match="Nothing was changed"):
        with_elements(RULES, {"peers4": [address]})


@pytest.mark.parametrize("rules", ["", RULES.replace("peers4", "nodes4"), RULES.replace("\t\ttype ipv4_addr\n", "\t\ttype ipv4_addr; flags interval\n")])
def test_rules_of_another_form_are_refused_with_the_way_on(rules: str) -> None:
    with pytest.raises(Failed, match=r"no set peers4 .* Run it first with a --limit that leaves out the new nodes"):
        with_elements(rules, {"peers4": ["192.0.2.9"]})
