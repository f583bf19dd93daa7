# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.filter.ports import ports
from hypothesis import given
from hypothesis import strategies as st

RANGE = st.tuples(st.integers(1, 65535), st.integers(0, 300)).map(lambda p: (p[0], min(p[0] + p[1], 65535)))


@pytest.mark.parametrize(
    ("entries", "canonical"),
    [
        ([], []),
        ([9300, 9200], ["9200", "9300"]),
        (["9200", 9200], ["9200"]),
        (["9200-9299", 9300], ["9200-9300"]),
        ([" 9200 - 9299 "], ["9200-9299"]),
        (["9250-9299", "9200-9260"], ["9200-9299"]),
        (["1-65535", 443], ["1-65535"]),
        (["9200-9200"], ["9200"]),
    ],
)
def test_that_equal_lists_have_one_form(entries: list[object], canonical: list[str]) -> None:
    assert ports(entries) == canonical


@pytest.mark.parametrize(
    ("entry", "advice"),
    [
        (0, "ports go from 1 to 65535"),
        (65536, "ports go from 1 to 65535"),
        ("9200-70000", "ports go from 1 to 65535"),
        ("9299-9200", "write '9200-9299'"),
        (-1, "is not a port"),
        ("http", "'http' is not a port"),
        ("9200:9299", "a range such as '9200-9299'"),
        ("", "is not a port"),
        (True, "True is not a port"),
        (9200.0, "is not a port"),
        (None, "None is not a port"),
    ],
)
def test_that_a_bad_entry_is_named_with_advice(entry: object, advice: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        ports([443, entry], name="host_firewall_closed_ports")
    assert advice in str(caught.value)
    assert str(caught.value).startswith("host_firewall_closed_ports: ")


@pytest.mark.parametrize("entries", ["9200", 9200, {"9200": 1}, None])
def test_that_only_a_list_is_taken(entries: object) -> None:
    with pytest.raises(AnsibleFilterError, match="expected a list"):
        ports(entries)


@given(st.lists(RANGE, max_size=8))
def test_that_the_canonical_form_means_the_same(ranges: list[tuple[int, int]]) -> None:
    wanted = {port for first, last in ranges for port in range(first, last + 1)}
    canonical = ports([f"{first}-{last}" for first, last in ranges])
    assert ports(canonical) == canonical
    assert ports(canonical, expand=True) == sorted(wanted)
    # the shortest: what would merge was merged
    assert len(canonical) == len([port for port in wanted if port - 1 not in wanted])


@pytest.mark.parametrize(
    ("without", "left"),
    [
        ([], ["9200-9210", "9300"]),
        ([9205], ["9200-9204", "9206-9210", "9300"]),
        (["9200-9299"], ["9300"]),
        (["9000-9200", "9210-9300"], ["9201-9209"]),
        (["1-65535"], []),
        ([443, "9400-9500"], ["9200-9210", "9300"]),
    ],
    ids=str,
)
def test_what_is_left_out_is_left_out(without, left):
    assert ports(["9200-9210", 9300], without=without) == left
    assert ports(["9200-9210", 9300], expand=True, without=without) == ports(left, expand=True)


def test_what_is_to_be_left_out_must_be_ports():
    with pytest.raises(AnsibleFilterError, match=r"closed[(]without[)]: 'https' is not a port"):
        ports([9200], without=["https"], name="closed")
