# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Certificates as https_check reports them, and the reader for hosts without ``cryptography``, held against it."""

from __future__ import annotations

import contextlib
import datetime
import json
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils import _certificate as without_cryptography
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check import certificate as _certificate
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

ROOT = pki.root("Root", organization="Acme")
LEAF = pki.issue("es1", ROOT, names=["es1.example.org", "10.0.3.7", "fd00::8"])
NOW = pki.now() + datetime.timedelta(minutes=1)  # certificates are dated by whole seconds


def test_tells_everything_that_the_report_needs() -> None:
    facts = _certificate.read(LEAF.der).facts(NOW)
    assert facts["subject"] == "CN=es1"
    assert facts["issuer"] == "CN=Root,O=Acme"
    assert facts["serial_number"] == f"{LEAF.certificate.serial_number:x}"
    assert facts["subject_alt_names"] == ["DNS:es1.example.org", "IP:10.0.3.7", "IP:fd00::8"]
    assert (facts["key_type"], facts["key_bits"]) == ("EC", 256)
    assert facts["signature_algorithm"] == "ecdsa-with-SHA256"
    assert (facts["is_ca"], facts["days_left"]) == (False, 89)
    assert facts["fingerprint_sha256"] == LEAF.fingerprint
    json.dumps(facts)


@pytest.mark.parametrize(
    ("key", "found"),
    [
        (pki.ed_key, ("Ed25519", 256, "Ed25519")),
        (lambda: pki.rsa_key(1024), ("RSA", 1024, "sha256WithRSAEncryption")),
        (lambda: ec.generate_private_key(ec.SECP521R1()), ("EC", 521, "ecdsa-with-SHA256")),
        (lambda: ec.generate_private_key(ec.BrainpoolP384R1()), ("EC", 384, "ecdsa-with-SHA256")),
    ],
)
def test_knows_every_usual_key(key: Any, found: tuple[str, int, str]) -> None:
    certificate = _certificate.read(pki.issue(key=key()).der)
    assert (certificate.key_type, certificate.key_bits, certificate.signature) == found


def test_knows_the_extensions_that_rules_ask_for() -> None:
    location = x509.UniformResourceIdentifier("http://ca.example/root.der")
    responder = x509.UniformResourceIdentifier("http://ocsp.example")
    access = [
        x509.AccessDescription(x509.AuthorityInformationAccessOID.CA_ISSUERS, location),
        x509.AccessDescription(x509.AuthorityInformationAccessOID.OCSP, responder),
    ]
    extra = [
        x509.AuthorityInformationAccess(access),
        x509.TLSFeature([x509.TLSFeatureType.status_request]),
    ]
    leaf = _certificate.read(pki.issue("es1", ROOT, extra=extra).der)
    assert leaf.ca_issuers == ["http://ca.example/root.der"]
    assert leaf.ocsp_responders == ["http://ocsp.example"]
    assert leaf.must_staple
    root = _certificate.read(ROOT.der)
    assert root.is_ca and root.basic_constraints_critical and root.self_issued
    assert root.signs_certificates and leaf.signs_certificates is False
    assert leaf.authority_key_id == root.subject_key_id
    limits = x509.NameConstraints([x509.DNSName("a.example")], [x509.DNSName("B.a.example")])
    bound = _certificate.read(pki.intermediate("Bound", ROOT, constraints=limits).der)
    assert bound.excluded_dns == ("b.a.example",)


def test_a_name_is_written_so_that_it_cannot_deceive() -> None:
    odd = pki.issue('a,O="b"\n\u202ec')
    subject = _certificate.read(odd.der).subject
    assert "\n" not in subject and "\u202e" not in subject
    assert subject.startswith('CN=a\\,O=\\"b\\"')


DATES = st.datetimes(datetime.datetime(1951, 1, 1), datetime.datetime(2060, 1, 1)).map(
    lambda d: d.replace(microsecond=0)
)
TEXT = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=40)


@settings(deadline=None, max_examples=60)
@given(TEXT, DATES, DATES, st.integers(1, 2**150))
def test_agrees_with_cryptography(text: str, one: datetime.datetime, two: datetime.datetime, serial: int) -> None:
    first, last = sorted([one, two])
    key = pki.ed_key()
    builder = x509.CertificateBuilder().subject_name(pki.name(text[:16])).issuer_name(pki.name("x"))
    builder = builder.public_key(key.public_key()).serial_number(serial).not_valid_before(first).not_valid_after(last)
    certificate = pki.Issued(builder.sign(key, None), key)
    found, wanted = without_cryptography.read(certificate.der), _certificate.read(certificate.der)
    assert (found.subject, found.not_after) == (wanted.subject, wanted.not_after)
    assert wanted.serial == serial
    assert wanted.not_before.replace(tzinfo=None) == first
    assert wanted.not_after.replace(tzinfo=None) == last
    assert wanted.fingerprint == certificate.fingerprint


@given(st.binary(max_size=200))
def test_any_bytes_give_a_certificate_or_a_value_error(data: bytes) -> None:
    for reader in (_certificate, without_cryptography):
        with contextlib.suppress(ValueError):
            reader.read(data)


@settings(deadline=None, max_examples=400)
@given(st.sampled_from([ROOT.der, LEAF.der]), st.data())
def test_a_damaged_certificate_gives_a_certificate_or_a_value_error(der: bytes, data: st.DataObject) -> None:
    damaged = bytearray(der)
    for _change in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ValueError):
        without_cryptography.read(bytes(damaged))
    try:
        facts = _certificate.read(bytes(damaged)).facts(NOW)
    except ValueError:
        return
    json.dumps(facts)


@pytest.mark.parametrize("length", [0, 1, 2, 10, 100, -1])
def test_a_certificate_cut_short_is_none(length: int) -> None:
    for reader in (_certificate, without_cryptography):
        with pytest.raises(ValueError):
            reader.read(LEAF.der[:length])
