# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import ipaddress

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _constraints
from cryptography import x509


def subtrees(*values):
    return [x509.IPAddress(ipaddress.ip_network(one)) if "/" in one else x509.DNSName(one) for one in values] or None


def allowed(entry, permitted=(), excluded=()):
    constraints = x509.NameConstraints(subtrees(*permitted), subtrees(*excluded))
    return _constraints.not_allowed(constraints, [entry]) == []


def test_a_ca_without_constraints_may_sign_for_all():
    assert _constraints.not_allowed(None, ["DNS:es1.example.org", "IP:192.0.2.1"]) == []


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("DNS:example.org", True),
        ("DNS:es1.example.org", True),
        ("DNS:ES1.EXAMPLE.org", True),
        ("DNS:*.example.org", True),
        ("DNS:es1.another.org", False),
        ("DNS:badexample.org", False),
        ("DNS:org", False),
        ("IP:10.1.2.3", True),
        ("IP:11.1.2.3", False),
        ("IP:fd00::1", False),
    ],
)
def test_permitted_are_domains_with_all_below_them_and_networks(entry, expected):
    assert allowed(entry, permitted=["Example.org", "10.0.0.0/8"]) is expected


def test_a_kind_without_a_subtree_is_not_restricted():
    assert allowed("IP:192.0.2.1", permitted=["example.org"])
    assert allowed("DNS:es1", permitted=["10.0.0.0/8"])


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("DNS:es1.secret.example.org", False),
        ("DNS:*.secret.example.org", False),
        ("DNS:*.example.org", False),  # covers secret.example.org
        ("DNS:es1.example.org", True),
        ("IP:192.0.2.1", False),
        ("IP:fd00::1", False),
    ],
)
def test_excluded_is_what_an_entry_may_not_reach(entry, expected):
    assert allowed(entry, ["example.org"], ["secret.example.org", "0.0.0.0/0", "::/0"]) is expected


def test_a_plan_without_networks_excludes_all_addresses():
    constraints = _constraints.planned(["example.org", "ES.internal"])
    wanted = ["DNS:es1.example.org", "DNS:es.internal", "IP:10.1.2.3", "IP:fd00::1", "DNS:es1"]
    assert _constraints.not_allowed(constraints, wanted) == ["IP:10.1.2.3", "IP:fd00::1", "DNS:es1"]


def test_a_plan_with_networks_permits_them():
    constraints = _constraints.planned(["example.org", "10.0.0.0/8"])
    assert _constraints.not_allowed(constraints, ["IP:10.1.2.3", "IP:fd00::1"]) == ["IP:fd00::1"]


def test_no_plan_restricts_nothing():
    assert _constraints.planned([]) is None


@pytest.mark.parametrize("text", ["*.example.org", "10.0.0.7", "10.0.0.7/8", "https://example.org", "es_1", ""])
def test_what_is_neither_a_domain_nor_a_network_is_refused(text):
    with pytest.raises(_constraints.NotAConstraint, match="is neither a domain"):
        _constraints.planned([text])


@pytest.mark.parametrize(
    ("permitted", "excluded", "asked", "found"),
    [
        ([], [], ["10.0.0.0/8"], ["any host name", "any address"]),
        (["10.0.0.0/8"], [], ["10.0.0.0/8"], ["any host name"]),
        (["10.0.0.0/8"], [""], ["10.0.0.0/8"], []),
        (["10.0.0.0/8", "invalid"], [], ["10.0.0.0/8"], []),
        (["10.1.0.0/16", "invalid"], [], ["10.0.0.0/8"], []),
        (["10.0.0.0/8", "invalid"], [], ["10.1.0.0/16"], ["10.0.0.0/8"]),
        (["example.org"], [], ["example.org"], ["any address"]),
        (["example.org"], ["0.0.0.0/0"], ["example.org"], ["any address"]),
        (["example.org"], ["0.0.0.0/0", "::/0"], ["example.org"], []),
        (["example.org"], ["0.0.0.0/0", "::/0"], ["es.example.org"], ["example.org"]),
        (["es.Example.org", ".example.org"], ["0.0.0.0/0", "::/0"], ["example.org"], []),
        (["another.org", "badexample.org"], ["0.0.0.0/0", "::/0"], ["example.org"], ["another.org", "badexample.org"]),
        ([], [], [], []),
    ],
)
def test_for_what_a_ca_may_sign_beyond_what_is_asked(permitted, excluded, asked, found):
    constraints = x509.NameConstraints(subtrees(*permitted), subtrees(*excluded)) if permitted or excluded else None
    assert _constraints.wider(constraints, asked) == found


@pytest.mark.parametrize("asked", [["10.0.0.0/8"], ["fd00::/8"], ["example.org"], ["example.org", "10.0.0.0/8", "fd00::/8"]])
def test_a_ca_that_is_made_as_planned_is_no_wider_than_asked(asked):
    assert _constraints.wider(_constraints.planned(asked), asked) == []


def test_a_plan_in_the_words_of_openssl():
    assert _constraints.subtrees(None) == {"permitted": [], "excluded": []}
    assert _constraints.subtrees(_constraints.planned(["fd00::/8"])) == {
        "permitted": ["DNS:invalid", "IP:0.0.0.0/32", "IP:fd00::/8", "email:invalid", "URI:invalid"],
        "excluded": [],
    }
    assert _constraints.subtrees(_constraints.planned(["example.org"]))["excluded"] == ["IP:0.0.0.0/0", "IP:::/0"]
