# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import ipaddress

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.filter.networks import networks
from hypothesis import given
from hypothesis import strategies as st

NETWORK = st.one_of(
    st.builds(
        lambda address, prefix: ipaddress.ip_network((int(address), prefix), strict=False),
        st.ip_addresses(v=4),
        st.integers(0, 32),
    ),
    st.builds(
        lambda address, prefix: ipaddress.IPv6Network((int(address), prefix), strict=False),
        st.ip_addresses(v=6).filter(lambda address: address.ipv4_mapped is None),
        st.integers(0, 128),
    ),
).filter(lambda network: not (network.version == 6 and network.subnet_of(ipaddress.ip_network("::ffff:0:0/96"))))


@pytest.mark.parametrize(
    ("given_texts", "canonical"),
    [
        ([], []),
        (["192.0.2.7"], ["192.0.2.7"]),
        (["192.0.2.7/32", "192.0.2.7"], ["192.0.2.7"]),
        ([" 192.0.2.0/24 "], ["192.0.2.0/24"]),
        (["192.0.2.9", "192.0.2.7"], ["192.0.2.7", "192.0.2.9"]),
        (["192.0.2.128/25", "192.0.2.0/25"], ["192.0.2.0/24"]),
        (["10.0.0.0/8", "10.1.2.3"], ["10.0.0.0/8"]),
        (["2001:DB8:0:0::1"], ["2001:db8::1"]),
        (["::1", "0.0.0.0/0"], ["0.0.0.0/0", "::1"]),
    ],
)
def test_that_equal_policies_have_one_form(given_texts: list[str], canonical: list[str]) -> None:
    assert networks(given_texts) == canonical


def test_that_a_family_is_chosen() -> None:
    assert networks(["::/0", "192.0.2.0/24"], 4) == ["192.0.2.0/24"]
    assert networks(["::/0", "192.0.2.0/24"], 6) == ["::/0"]


def test_that_single_addresses_are_networks_where_asked_for() -> None:
    assert networks(["192.0.2.7", "::1"], cidr=True) == ["192.0.2.7/32", "::1/128"]


def test_that_entries_stay_apart_where_asked_for() -> None:
    neighbours = ["::1", "192.0.2.7", "192.0.2.6", "192.0.2.0/24", "192.0.2.7/32"]
    assert networks(neighbours, collapse=False) == ["192.0.2.0/24", "192.0.2.6", "192.0.2.7", "::1"]
    assert networks(neighbours, 6, collapse=False) == ["::1"]


@pytest.mark.parametrize(
    ("entry", "advice"),
    [
        ("10.0.0.300", "'10.0.0.300' is not an IPv4 or IPv6 address"),
        ("es1.example.org", "names are not looked up"),
        ("", "is not an IPv4 or IPv6 address"),
        ("192.0.2.7:9300", "is not an IPv4 or IPv6 address"),
        ("192.0.2.0/33", "is not an IPv4 or IPv6 address or network"),
        ("2001:db8::/129", "is not an IPv4 or IPv6 address or network"),
        ("192.0.2.7/24", "write 192.0.2.0/24 for the network or 192.0.2.7 for the one address"),
        ("2001:db8::7/64", "write 2001:db8::/64 for the network or 2001:db8::7 for the one address"),
        ("192.0.2.0/255.255.255.0", "no prefix length after the slash"),
        ("192.0.2.0/", "no prefix length after the slash"),
        ("192.0.2.0/-1", "no prefix length after the slash"),
        ("fe80::1%eth0", "has a zone"),
        ("::ffff:192.0.2.7", "write it as IPv4"),
        ("010.0.0.1", "is not an IPv4 or IPv6 address"),
        (10, "10 is not a text"),
        (None, "None is not a text"),
    ],
)
def test_that_a_bad_entry_is_named_with_advice(entry: object, advice: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        networks(["192.0.2.1", entry], name="tlsfront_clients")
    assert advice in str(caught.value)
    assert str(caught.value).startswith("tlsfront_clients: ")


def test_that_an_entry_of_the_other_family_is_checked_all_the_same() -> None:
    with pytest.raises(AnsibleFilterError):
        networks(["192.0.2.7/24"], 6)


@pytest.mark.parametrize("entries", ["192.0.2.7", {"192.0.2.7": 1}, None, 7])
def test_that_only_a_list_is_taken(entries: object) -> None:
    with pytest.raises(AnsibleFilterError, match="expected a list"):
        networks(entries)


def test_that_there_is_no_third_family() -> None:
    with pytest.raises(AnsibleFilterError, match="4 or 6"):
        networks([], 5)


@given(st.lists(NETWORK, max_size=6))
def test_that_the_canonical_form_means_the_same(policy: list[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> None:
    found = networks([str(network) for network in policy])
    canonical = [ipaddress.ip_network(text) for text in found]
    # the same addresses: every edge, and its neighbours, is in both or in neither
    for network in [*policy, *canonical]:
        for number in (int(network[0]) - 1, int(network[0]), int(network[-1]), int(network[-1]) + 1):
            if 0 <= number < 2**network.max_prefixlen:
                address = type(network[0])(number)
                assert any(address in n for n in policy) == any(address in n for n in canonical)
    assert not any(a.overlaps(b) for a in canonical for b in canonical if a is not b and a.version == b.version)
    assert networks(found) == found
