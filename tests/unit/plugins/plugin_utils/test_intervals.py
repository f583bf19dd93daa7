# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import operator

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._intervals import Intervals
from hypothesis import given
from hypothesis import strategies as st

SMALL = st.integers(0, 40)
PAIRS = st.lists(st.tuples(SMALL, SMALL).map(sorted).map(tuple), max_size=6)


def members(intervals: Intervals) -> set[int]:
    return {number for first, last in intervals.spans for number in range(first, last + 1)}


def plain(pairs: list[tuple[int, int]]) -> set[int]:
    return {number for first, last in pairs for number in range(first, last + 1)}


@pytest.mark.parametrize("operation", [operator.or_, operator.and_, operator.sub])
@given(PAIRS, PAIRS)
def test_operations_are_those_of_sets(operation, one, other):
    assert members(operation(Intervals.of(one), Intervals.of(other))) == operation(plain(one), plain(other))


@given(PAIRS)
def test_equal_sets_have_equal_spans(pairs):
    singles = [(number, number) for number in plain(pairs)]
    assert Intervals.of(pairs) == Intervals.of(singles)


@given(PAIRS, SMALL)
def test_a_number_is_in_it_or_not(pairs, number):
    assert (number in Intervals.of(pairs)) == (number in plain(pairs))
