# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the role certificate decides, and that it says all that is wrong at once. As a play meets it: tests/unit/roles/certificate."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.filter.certificate_plan import certificate_plan
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki

TOP = Path(__file__).resolve().parents[4]
NAME = "es1.example.org"
DEFAULTS = yaml.safe_load((TOP / "roles/certificate/defaults/main.yml").read_text("utf-8")) | {
    "certificate_dir": "/etc/tlsfront/certificate",
    "certificate_names": [NAME],
    "certificate_own_ca_dir": "/nosuch/ca",
    "certificate_own_ca_intermediate_passphrase": "",
    "certificate_acme_port": 443,
}
ROOT = pki.root()
MIDDLE = pki.intermediate("Test Intermediate", ROOT)
CA = {"/nosuch/ca/ca.pem": ROOT.pem.decode(), "/nosuch/ca/ca.key": ROOT.key_pem.decode()}
BOTH = CA | {"/nosuch/ca/intermediate.pem": MIDDLE.pem.decode(), "/nosuch/ca/intermediate.key": MIDDLE.key_pem.decode()}
INTERMEDIATE = {"certificate_own_ca_intermediate": True}


def node(issued: pki.Issued | None = None, key: str = "matching", **more: Any) -> dict[str, Any]:
    """What was gathered."""
    return {"keypairs": [{"chain": issued.pem.decode() if issued else "", "key": key if issued else "missing"}], **more}


def plan(issued: pki.Issued | None = None, texts: dict[str, str] | None = None, key: str = "matching", **options: Any) -> dict[str, Any]:
    return certificate_plan(DEFAULTS | options, node=node(issued, key), texts=CA if texts is None else texts, host="es1")


def problems(texts: dict[str, str] | None = None, gathered: dict[str, Any] | None = None, **options: Any) -> list[str]:
    found: list[str] = certificate_plan(
        DEFAULTS | options, node=gathered or node(), texts=CA if texts is None else texts, host="es1", check=True
    )["problems"]
    return found


def issue(issuer: pki.Issued = ROOT, names: list[str] | None = None, **given: Any) -> pki.Issued:
    return pki.issue("es1", issuer, names or [NAME], **{"not_after": 90 * pki.DAY, **given})


def test_a_good_certificate_of_the_own_ca_is_left_alone_and_installed_with_its_ca() -> None:
    good = issue()
    assert problems() == []
    found = plan(good)
    assert found["reasons"] == [] and found["chain"] == good.pem.decode() and found["ca"] == ROOT.pem.decode()
    assert found["about"]["sha256"].replace(":", "") == good.fingerprint and found["about"]["names"] == [f"DNS:{NAME}"]
    assert "key" not in found and found["asked"] == [NAME]


@pytest.mark.parametrize(
    ("issued", "key", "options", "reason"),
    [
        (None, "matching", {}, "none is there"),
        (issue(), "missing", {}, "its key is missing"),
        (issue(), "unusable", {}, "its key is damaged or that of another certificate"),
        (issue(), "matching", {"certificate_addresses": ["10.0.0.7"]}, "its names are to be others"),
        (issue(not_after=29 * pki.DAY), "matching", {}, "it has fewer than 30 days left"),
        (issue(), "matching", {"certificate_key_type": "rsa-2048"}, "its key is to be of another type"),
        (issue(pki.root()), "matching", {}, "the CA is another"),
    ],
)
def test_why_another_one_is_issued(issued: pki.Issued | None, key: str, options: dict[str, Any], reason: str) -> None:
    assert plan(issued, key=key, **options)["reasons"] == [reason]


def test_all_reasons_are_told() -> None:
    found = plan(issue(pki.root(), ["es2"], not_after=pki.DAY), key="unusable", certificate_key_type="rsa-2048")
    assert len(found["reasons"]) == 5


def test_the_intermediate_is_served_and_another_one_means_another_certificate() -> None:
    good = issue(MIDDLE)
    found = plan(good, BOTH, **INTERMEDIATE)
    assert (found["reasons"], found["intermediate_reasons"]) == ([], [])
    assert found["chain"] == good.pem.decode() + MIDDLE.pem.decode() and found["ca"] == ROOT.pem.decode()
    assert found["signer"]["key"] == "/nosuch/ca/intermediate.key"
    assert plan(good, CA, **INTERMEDIATE)["intermediate_reasons"] == ["none is there"]
    late = plan(good, BOTH, **INTERMEDIATE, certificate_renew_days=10**4)
    assert late["intermediate_reasons"] == ["the one that is there has fewer than 10000 days left"] and "the CA is another" in late["reasons"]


def test_nothing_outlives_what_signs_it() -> None:
    short = pki.root(not_after=100 * pki.DAY)
    texts = {"/nosuch/ca/ca.pem": short.pem.decode()}
    assert plan(None, texts)["ends"] == f"{short.certificate.not_valid_after_utc:%Y%m%d%H%M%SZ}"
    assert plan(None, texts, certificate_days=50)["ends"] < plan(None, texts)["ends"]


def test_what_was_just_issued_is_installed_and_what_was_issued_before_is_not() -> None:
    old, new = issue(), issue()
    given = {"texts": CA, "issued": new.pem.decode()}
    assert certificate_plan(DEFAULTS, node=node(), **given)["chain"] == new.pem.decode()
    assert certificate_plan(DEFAULTS, node=node(old), **given)["chain"] == old.pem.decode()


PROVIDED = {
    "certificate_source": "provided",
    "certificate_provided_chain": "/es1.pem",
    "certificate_provided_key": "/es1.key",
    "certificate_provided_ca": "/root.pem",
}


@pytest.mark.parametrize("remote", [False, True])
def test_what_is_provided_is_installed_without_what_is_around_it(remote: bool) -> None:
    good = issue(not_after=10 * pki.DAY)
    texts = {"/es1.pem": "# f\u00fcr\r\n" + good.pem.decode(), "/es1.key": "  " + good.key_pem.decode(), "/root.pem": ROOT.pem.decode()}
    slurped = [{"item": path, "content": base64.b64encode(text.encode()).decode()} for path, text in texts.items()]
    options = DEFAULTS | PROVIDED | {"certificate_provided_remote": remote}
    given: dict[str, Any] = {"slurped": slurped} if remote else {"texts": texts}
    found = certificate_plan(options, check=True, key=True, **given)
    assert found["problems"] == []
    assert (found["chain"], found["key"], found["ca"]) == (good.pem.decode(), good.key_pem.decode(), ROOT.pem.decode())
    assert found["ends_soon"] and found["reasons"] == []
    assert "PRIVATE KEY" not in str(certificate_plan(options, check=True, **given))


def test_no_part_of_a_key_is_told() -> None:
    texts = {"/es1.pem": issue().pem.decode(), "/es1.key": "s3cret", "/root.pem": ROOT.pem.decode()}
    with pytest.raises(AnsibleFilterError) as refused:
        certificate_plan(DEFAULTS | PROVIDED, texts=texts, key=True)
    told = certificate_plan(DEFAULTS | PROVIDED, texts=texts, check=True)
    assert list(told) == ["problems"] and len(told["problems"]) > 0
    assert "s3cret" not in str(refused.value) + " ".join(told["problems"])


def test_all_that_is_wrong_is_told_at_once() -> None:
    told = problems(
        gathered=node(problems=["/etc/x may be changed by everybody (mode 0777): chmod go-w /etc/x"]),
        certificate_dir="/etc",
        certificate_names=["es_1"],
        certificate_days=10,
        certificate_own_ca_days=5,
        certificate_provided_key="/x",
        certificate_own_ca_also_trusted=["/nosuch.pem", "ca.pem"],
        certificate_own_ca_passphrase="wrong",
    )
    parts = [
        'certificate_dir is "/etc"', "certificate_names is", "certificate_provided_key is set as well", "certificate_renew_days is 30, certificate_days 10",
        "cannot sign", 'also_trusted of es1 has "/nosuch.pem"', 'also_trusted of es1 has "ca.pem"', "/etc/x may be changed by everybody",
    ]  # fmt: skip
    assert [part for part in parts if not [one for one in told if part in one]] == [] and len(told) == len(parts)


@pytest.mark.parametrize("directory", ["/etc", "etc/tls", "/etc//tls", "/etc/tls/", "/etc/../etc/tls", "/etc/..", "/etc/tls\n", "/a\nb/c", ""])
def test_a_directory_that_is_not_the_roles_own_is_refused(directory: str) -> None:
    (told,) = problems(certificate_dir=directory)
    assert told.startswith("certificate_dir is")
    assert problems(certificate_dir="/etc/..tls/x y") == []


def test_to_take_it_off_only_the_directory_must_be_right() -> None:
    assert problems(certificate_state="absent", certificate_names=[], certificate_days=0) == []
    assert len(problems(certificate_state="absent", certificate_dir="/")) == 1


def test_a_revoked_one_is_replaced_and_another_one_is_not() -> None:
    revoked, other = issue(), issue()
    texts = CA | {"/nosuch/ca/crl.pem": pki.crl(ROOT, revoked).decode()}
    assert plan(revoked, texts)["reasons"] == ["it was revoked"] and plan(other, texts)["reasons"] == []
    below = issue(MIDDLE)
    both = BOTH | {"/nosuch/ca/crl.pem": (pki.crl(ROOT) + pki.crl(MIDDLE, below)).decode()}
    assert plan(below, both, **INTERMEDIATE)["reasons"] == ["it was revoked"]
    former = pki.intermediate("Former", ROOT)
    chain = issue(former)
    both = BOTH | {"/nosuch/ca/crl.pem": (pki.crl(ROOT) + pki.crl(MIDDLE) + pki.crl(former, chain)).decode()}
    gathered = {"keypairs": [{"chain": chain.pem.decode() + former.pem.decode(), "key": "matching"}]}
    assert certificate_plan(DEFAULTS | INTERMEDIATE, node=gathered, texts=both, host="es1")["reasons"] == ["it was revoked", "the CA is another"]


def test_who_signs_and_has_no_list_yet_is_told_where_something_was_revoked() -> None:
    lists = [pki.crl(ROOT).decode(), pki.crl(pki.intermediate(MIDDLE.certificate.subject.rfc4514_string()[3:], ROOT)).decode()]
    has_lists = BOTH | {"/nosuch/ca/crl.pem": "".join([*lists, pki.crl(MIDDLE).decode()])}
    assert plan(issue(MIDDLE), BOTH | {"/nosuch/ca/crl.pem": "".join(lists)}, **INTERMEDIATE)["lacks_list"] is True
    assert plan(issue(MIDDLE), has_lists, **INTERMEDIATE)["lacks_list"] is False
    assert plan(issue(MIDDLE), BOTH, **INTERMEDIATE)["lacks_list"] is False
    assert plan(issue(), CA | {"/nosuch/ca/crl.pem": lists[0]})["lacks_list"] is False
    assert plan(issue(), CA | {"/nosuch/ca/crl.pem": pki.crl(pki.root("Former")).decode()})["lacks_list"] is True


def test_a_run_that_nobody_watches_does_only_what_time_or_an_accident_brings() -> None:
    ending = plan(issue(ROOT, ["es2"], not_after=pki.DAY))["renewal"]
    assert ending == {"due": ["it has fewer than 30 days left"], "left": ["its names are to be others"], "warnings": [], "problems": []}
    assert plan(issue())["renewal"] == {"due": [], "left": [], "warnings": [], "problems": []}
    assert plan(issue(), key="missing")["renewal"]["due"] == ["its key is missing"]


def test_it_gives_nobody_a_certificate_of_another_ca() -> None:
    (problem,) = plan(issue(pki.root(), not_after=pki.DAY))["renewal"]["problems"]
    assert "the one that it has is of another CA than that in /nosuch/ca, which clients may not trust yet" in problem
    assert plan(issue(pki.root()))["renewal"] == {"due": [], "left": ["the CA is another"], "warnings": [], "problems": []}
    # an intermediate is one of the CA
    assert plan(issue(MIDDLE, not_after=pki.DAY), BOTH)["renewal"]["problems"] == []


def test_it_begins_neither_a_certificate_nor_a_ca() -> None:
    none = plan()["renewal"]
    assert none["due"] == [] and none["problems"] == ["es1 has no certificate yet: run the playbook tlsfront.elasticsearch.site."]
    without = plan(issue(not_after=pki.DAY), {})["renewal"]
    assert "the own CA is not in /nosuch/ca on the controller: restore it from a backup" in without["problems"][0]


def crl(*lists: bytes) -> dict[str, str]:
    return {"/nosuch/ca/crl.pem": b"".join(lists).decode()}


@pytest.mark.parametrize(
    ("texts", "options"),
    [
        (CA | crl(pki.crl(ROOT, next_update=-pki.DAY)), {}),
        (BOTH | crl(pki.crl(ROOT, next_update=-pki.DAY), pki.crl(MIDDLE)), INTERMEDIATE),
        (BOTH | crl(pki.crl(ROOT), pki.crl(MIDDLE, next_update=-pki.DAY)), INTERMEDIATE),
    ],
    ids=["of the CA", "of the CA above an intermediate", "of the intermediate"],
)
def test_a_list_that_has_ended_is_refused_but_by_a_run_that_signs_it_anew(texts: dict[str, str], options: dict[str, Any]) -> None:
    (told,) = problems(texts, **options)
    ended = f"{pki.now() - pki.DAY:%Y-%m-%d}"
    assert "/nosuch/ca/crl.pem" in told and f"ended at {ended}" in told and "run ansible-playbook tlsfront.elasticsearch.renew" in told
    assert told.count(". ") == 0 and told.endswith(".")
    renewing = certificate_plan(DEFAULTS | options, node=node(), texts=texts, host="es1", check=True, keeps_lists=True)
    assert renewing["problems"] == []


def test_a_list_that_nobody_needs_any_more_or_that_the_run_signs_anew_may_have_ended() -> None:
    ended, former = -pki.DAY, pki.intermediate("Former", ROOT)
    assert problems(CA | crl(pki.crl(ROOT))) == []
    assert problems(BOTH | crl(pki.crl(ROOT), pki.crl(MIDDLE), pki.crl(former, next_update=ended)), **INTERMEDIATE) == []
    assert problems(BOTH | crl(pki.crl(ROOT), pki.crl(MIDDLE, next_update=ended))) == []  # the intermediate signs no more
    # an intermediate is signed, and with its list that of the CA
    assert problems(CA | crl(pki.crl(ROOT, next_update=ended)), **INTERMEDIATE) == []
    # of another source, nobody has the list
    assert "crl.pem" not in " ".join(problems(CA | crl(pki.crl(ROOT, next_update=ended)), certificate_source="acme"))


def test_a_list_that_ends_at_once_is_refused() -> None:
    assert "certificate_own_ca_crl_days is 0, and must be 1 or more" in problems(certificate_own_ca_crl_days=0)[0]
