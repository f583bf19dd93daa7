# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _bundle, _x509
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki


def text(*certificates):
    return "".join(f"# some words\n{each.pem.decode()}" for each in certificates)


def test_each_certificate_is_told_once_without_what_stands_around_it():
    old, new = pki.root("Old"), pki.root("New")
    found = _bundle.certificates(text(old, new, old))
    assert [each["title"] for each in found] == ["Old", "New"]
    assert [each["pem"] for each in found] == [old.pem.decode(), new.pem.decode()]
    assert found[0]["sha256"].replace(":", "") == old.fingerprint


def test_a_title_cannot_begin_a_line():
    assert _bundle.certificates(text(pki.root("a\nb")))[0]["title"] == "a?b"


def test_what_is_no_certificate_is_refused():
    with pytest.raises(_x509.Unreadable, match="no certificate that can be read"):
        _bundle.certificates("nothing")


def test_cas_that_are_valid_have_no_problem():
    assert _bundle.problems(text(pki.root("Old"), pki.root("New"))) == []


@pytest.mark.parametrize(
    ("pem", "said"),
    [
        (text(pki.issue("es1")), ['"es1" is no CA']),
        (
            text(pki.root("Old", not_before=-9 * pki.DAY, not_after=-pki.DAY), pki.issue("es1")),
            ['"Old" is valid from', "no CA"],
        ),
        (text(pki.root("Early", not_before=pki.DAY)), ['"Early" is valid from']),
        ("nothing", ["no certificate that can be read"]),
        (text(pki.root()) + pki.root().key_pem.decode(), ["private key"]),
    ],
)
def test_each_problem_is_told(pem, said):
    problems = _bundle.problems(pem)
    assert len(problems) == len(said)
    assert all(some in problem for some, problem in zip(said, problems))


def test_what_is_only_to_be_read_may_be_of_any_kind():
    assert _bundle.problems(text(pki.root("Old", not_after=-pki.DAY / 2), pki.issue("es1")), judged=False) == []
    assert len(_bundle.problems(text(pki.root())[:-30], judged=False)) == 1
