# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._addresses import ANYWHERE, NOWHERE, addresses


@pytest.mark.parametrize(
    ("texts", "canonical"),
    [
        ([], []),
        (["192.0.2.7"], ["192.0.2.7"]),
        (["192.0.2.128/25", "192.0.2.0/25", "2001:db8::/32"], ["192.0.2.0/24", "2001:db8::/32"]),
        (["10.0.0.7/8"], ["10.0.0.0/8"]),
        (["0.0.0.0/0", "::/0"], ["0.0.0.0/0", "::/0"]),
    ],
)
def test_a_set_is_written_as_the_fewest_networks(texts, canonical):
    assert addresses(texts).texts() == canonical


def test_families_do_not_mix():
    assert not addresses(["0.0.0.0/0"]) & addresses(["::/0"])
    assert (ANYWHERE - addresses(["::/0"])).texts() == ["0.0.0.0/0"]


def test_what_is_left_of_a_network_without_one_address():
    assert (addresses(["192.0.2.0/30"]) - addresses(["192.0.2.1"])).texts() == ["192.0.2.0", "192.0.2.2/31"]


def test_nowhere_is_false_and_anywhere_true():
    assert not NOWHERE
    assert ANYWHERE


def test_a_name_is_no_address():
    with pytest.raises(ValueError, match="es1"):
        addresses(["es1"])
