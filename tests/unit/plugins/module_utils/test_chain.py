# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import ssl
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.certificate import read
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.chain import require_sound, strict_findings
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.check import check_all
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.peer import build_path, certificates_of
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.reasons import CheckFailed
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.trust import Trust, make_context
from ansible_collections.tlsfront.elasticsearch.plugins.modules import https_check
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.lab import Lab, defaults, verdict
from cryptography import x509

ROOT = pki.root()
UNUSUAL = {
    "sound": ({}, {}),
    "no keyUsage of the CA": ({"key_usage": False}, {}),
    "no identifiers": ({"identifiers": False}, {"identifiers": False}),
    "no identifiers of the CA": ({"identifiers": False}, {}),
    "no identifiers of the leaf": ({}, {"identifiers": False}),
    "no keyUsage of the leaf": ({}, {"key_usage": False}),
    "no extended keyUsage of the leaf": ({}, {"purposes": None}),
    "no subject": ({}, {"common_name": ""}),
}


@pytest.mark.parametrize("kind", UNUSUAL)
def test_the_warning_foresees_what_strict_verification_refuses(lab: Lab, kind: str) -> None:
    of_root, of_leaf = UNUSUAL[kind]
    top = pki.root("Loose Root", **of_root)
    leaf = pki.issue(**{"issuer": top, "common_name": "es1", **of_leaf})
    path = top.write_certificate(lab.directory)
    with lab.serving(leaf) as server:
        usual = verdict(server.url, ca_path=path)
        strict = verdict(server.url, ca_path=path, x509_strict=True)
    assert usual["verified"], usual["message"]
    assert bool(usual["warnings"]) == (not strict["verified"]), (usual["warnings"], strict["message"])


def test_an_anchor_needs_no_good_signature() -> None:
    rsa_root = pki.root("Old Root", key=pki.rsa_key())
    old = pki.signed_with_sha1(rsa_root, rsa_root)
    require_sound([read(pki.issue("es1", rsa_root).der), read(old.der)])


@pytest.mark.parametrize(
    ("excluded", "names", "sound"),
    [
        ("secret.example.org", ["*.example.org"], False),
        ("SECRET.example.org", ["*.EXAMPLE.org"], False),
        ("a.secret.example.org", ["*.example.org"], True),
        (".secret.example.org", ["*.example.org"], True),
        ("secret.example.org", ["other.example.org"], True),
        ("secret.example.com", ["*.example.org"], True),
    ],
)
def test_a_wildcard_is_held_against_excluded_names(excluded: str, names: list[str], sound: bool) -> None:
    limits = x509.NameConstraints(None, [x509.DNSName(excluded)])
    bound = pki.intermediate("Bound", ROOT, constraints=limits)
    chain = [read(item.der) for item in (pki.issue("es1", bound, names=names), bound, ROOT)]
    if sound:
        require_sound(chain)
    else:
        with pytest.raises(CheckFailed) as problem:
            require_sound(chain)
        assert problem.value.verdict.reason == "name_constraint_violation"


def test_no_certificate_at_all_is_no_chain() -> None:
    with pytest.raises(CheckFailed):
        require_sound([])


def test_a_strict_finding_names_its_certificate() -> None:
    loose = pki.root("Loose Root", key_usage=False)
    assert strict_findings([read(loose.der)]) == ["CN=Loose Root: a CA certificate without keyUsage"]


# What stands in for the methods that Python has had since 3.10


def chain(*items: pki.Issued) -> list[Any]:
    return [read(item.der) for item in items]


def test_a_path_is_built_by_names_and_keys_and_the_trusted_come_first() -> None:
    inner = pki.intermediate("Inner", ROOT)
    leaf = pki.issue("es1", inner)
    another = pki.intermediate("Inner", pki.root("Other"))
    assert build_path(chain(leaf, another, inner), chain(ROOT)) == chain(leaf, inner, ROOT)
    assert build_path(chain(leaf, inner), chain(inner)) == chain(leaf, inner)
    assert build_path(chain(leaf), ()) == chain(leaf)
    assert build_path((), chain(ROOT)) == []


def test_a_circle_of_issuers_ends() -> None:
    one = pki.root("One")
    two = pki.intermediate("Two", one)
    back = pki.intermediate("One", two, key=one.key)
    assert len(build_path(chain(pki.issue("es1", two), two, back), ())) <= 3


@pytest.mark.parametrize("tls_1_3", [False, True])
def test_the_certificate_message_is_read(tls_1_3: bool) -> None:
    ders = [pki.issue("es1", ROOT).der, ROOT.der]
    extensions = b"\0\0" if tls_1_3 else b""
    listed = b"".join(len(der).to_bytes(3, "big") + der + extensions for der in ders)
    body = (b"\0" if tls_1_3 else b"") + len(listed).to_bytes(3, "big") + listed
    assert certificates_of(b"\x0b" + len(body).to_bytes(3, "big") + body, tls_1_3) == ders


def test_openssl_is_told_to_be_strict(lab: Lab) -> None:
    for strict in (True, False):
        context = make_context(Trust(ca_path=lab.ca_path, x509_strict=strict))
        assert bool(context.verify_flags & ssl.VERIFY_X509_STRICT) == strict


def test_strictness_does_not_rest_on_the_version_of_openssl(lab: Lab) -> None:
    """1.1.1 lets pass, strict or not, what 3 refuses."""
    loose = pki.root("Loose Root", key_usage=False)
    path = loose.write_certificate(lab.directory)
    with lab.serving(pki.issue("es1", loose)) as server:
        check = https_check.read_targets(defaults(endpoints=[server.url], ca_path=path, x509_strict=True))[0]
        lenient = make_context(Trust(ca_path=path))
        (report,) = check_all([check], {check.trust: lenient})
    assert (report.verdict.reason, report.addresses[0].tls_verified) == ("invalid_chain", False)
