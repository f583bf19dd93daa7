# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._outside import outside


def test_that_only_addresses_in_no_network_are_kept() -> None:
    addresses = ["192.0.2.7", "198.51.100.7", "2001:db8::7", "2001:db9::7"]
    assert outside(addresses, ["192.0.2.0/24", "203.0.113.1", "2001:db8::/32"]) == ["198.51.100.7", "2001:db9::7"]


def test_that_nothing_is_inside_of_no_networks() -> None:
    assert outside(["::1"], []) == ["::1"]


def test_that_one_family_is_never_inside_the_other() -> None:
    assert outside(["192.0.2.7", "::1"], ["::/0"]) == ["192.0.2.7"]
    assert outside(["192.0.2.7", "::1"], ["0.0.0.0/0"]) == ["::1"]


@pytest.mark.parametrize(("addresses", "networks"), [(["es1"], []), ([], ["192.0.2.7/24"])])
def test_that_a_text_that_is_no_address_fails(addresses: list[str], networks: list[str]) -> None:
    with pytest.raises(AnsibleFilterError, match="outside: "):
        outside(addresses, networks)
