# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import ipaddress

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._names import (
    NotAName,
    entries,
    not_covered,
    problems,
)
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("es1", "DNS:es1"),
        ("ES1.Example.ORG", "DNS:es1.example.org"),
        ("*.example.org", "DNS:*.example.org"),
        ("xn--bcher-kva.example", "DNS:xn--bcher-kva.example"),
        ("1.example", "DNS:1.example"),
        ("a" * 63 + ".example", "DNS:" + "a" * 63 + ".example"),
        ("10.0.0.7", "IP:10.0.0.7"),
        ("2001:DB8:0:0::7", "IP:2001:db8::7"),
    ],
)
def test_a_name_has_one_spelling(name, entry):
    assert entries([name]) == [entry]


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("", "is not a host name"),
        ("es_1", "without scheme, port or underscore"),
        ("https://es1", "without scheme"),
        ("es1:9200", "without scheme, port"),
        ("-es1", "inner hyphens"),
        ("es1-", "inner hyphens"),
        ("es1.", "is not a host name"),
        ("a..b", "is not a host name"),
        ("es 1", "is not a host name"),
        ("es1\n", "is not a host name"),
        ("1.2.3", "is not a host name"),
        ("10.0.0.256", "is not a host name"),
        ("a" * 64, "is not a host name"),
        ("a." * 127 + "a", "at most 253 characters"),
        ("bücher.example", "xn--"),
        ("f*.example.org", "is not a host name"),
        ("a.*.example.org", "is not a host name"),
        ("*", "too wide"),
        ("*.org", "too wide"),
        ("fe80::1%eth0", "is not a host name"),
    ],
)
def test_what_no_certificate_can_carry_is_refused_with_advice(name, advice):
    with pytest.raises(NotAName) as refusal:
        entries([name])
    assert repr(name) in str(refusal.value)
    assert advice in str(refusal.value)


@pytest.mark.parametrize("address", ["es1", "10.0.0.0/8", "10.0.0.7:443", "[::1]", "", "fe80::1%eth0"])
def test_an_address_is_an_address(address):
    with pytest.raises(NotAName, match="is not an IPv4 or IPv6 address"):
        entries([], [address])


@pytest.mark.parametrize("names", ["es1", None, 5])
def test_a_single_text_is_not_taken_for_a_list(names):
    with pytest.raises(NotAName, match="not a list"):
        entries(names)


def test_all_problems_are_told_at_once():
    told = problems(["es_1", "es1", "*"], ["10.0.0.7", "10.0.0.0/8"])
    assert [sentence.split(":")[0] for sentence in told] == [
        "'es_1' is not a host name",
        "'*' is too wide",
        "'10.0.0.0/8' is not an IPv4 or IPv6 address",
    ]


def test_good_names_have_no_problem():
    assert problems(["es1", "10.0.0.7"], ["::1"]) == []


@pytest.mark.parametrize(("names", "problem"), [([], "There is no name"), ("es1", "not a list"), (None, "not a list")])
def test_names_are_a_list_of_one_or_more(names, problem):
    (told,) = problems(names)
    assert problem in told


def test_each_entry_comes_once_and_in_order():
    assert entries(["b", "a", "B", "::1"], ["0:0::1", "10.0.0.7"]) == ["DNS:b", "DNS:a", "IP:::1", "IP:10.0.0.7"]


@given(st.ip_addresses())
def test_every_spelling_of_an_address_gives_the_same_entry(address):
    spellings = {address.compressed, address.exploded, address.exploded.upper()}
    assert {entries([], [spelling])[0] for spelling in spellings} == {f"IP:{address}"}


@given(st.text(max_size=300))
def test_any_text_is_a_name_an_address_or_refused(text):
    try:
        (entry,) = entries([text])
    except NotAName:
        return
    kind, _colon, value = entry.partition(":")
    assert kind in ("DNS", "IP")
    if kind == "IP":
        ipaddress.ip_address(value)
    else:
        assert value == text.lower()
        assert 0 < len(value) <= 253


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("DNS:es1.example.org", ["DNS:es1.example.org"]),
        ("DNS:es1.example.org", ["DNS:other.example.org", "DNS:ES1.Example.Org"]),
        ("DNS:es1.example.org", ["DNS:*.example.org"]),
        ("DNS:*.example.org", ["DNS:*.example.org"]),
        ("IP:10.0.0.7", ["IP:10.0.0.7"]),
    ],
)
def test_covered(wanted, found):
    assert not_covered([wanted], found) == []


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("DNS:es1.example.org", []),
        ("DNS:es1.example.org", ["DNS:example.org"]),
        ("DNS:es1.example.org", ["DNS:es.example.org", "email:es1.example.org", "URI:es1.example.org"]),
        ("DNS:a.es1.example.org", ["DNS:*.example.org"]),
        ("DNS:example.org", ["DNS:*.example.org"]),
        ("DNS:example.org", ["DNS:*.org"]),
        ("DNS:es1", ["DNS:*"]),
        ("DNS:es1.example.org", ["DNS:e*.example.org"]),
        ("DNS:es1.example.org", ["DNS:es1.*.org"]),
        ("DNS:*.example.org", ["DNS:es1.example.org", "DNS:*.*.org"]),
        ("IP:10.0.0.7", ["DNS:10.0.0.7"]),
        ("IP:10.0.0.7", ["DNS:*.0.0.7"]),
        ("DNS:10.0.0.7", ["IP:10.0.0.7"]),
    ],
)
def test_not_covered(wanted, found):
    assert not_covered([wanted], found) == [wanted]
