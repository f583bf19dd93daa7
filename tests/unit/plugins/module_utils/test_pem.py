# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""PEM as people hand it over, and what OpenSSL makes of it when it was written anew."""

from __future__ import annotations

import base64
import subprocess

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils import _pem
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check import trust as _trust
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki

ROOT = pki.root()
OTHER = pki.root("Another Root")
BOTH = ROOT.pem + OTHER.pem


def openssl(*arguments, given):
    return subprocess.run(["openssl", *arguments], input=given, capture_output=True, check=True).stdout


def trusted(*options):
    return openssl("x509", "-trustout", *options, given=ROOT.pem)


HANDED_OVER = {
    "as it is": BOTH,
    "joined without a line feed": ROOT.pem.rstrip() + OTHER.pem,
    "indented": b"".join(b"    " + line + b"\n" for line in BOTH.splitlines()),
    "indented with tabs": b"".join(b"\t" + line + b"  \n" for line in BOTH.splitlines()),
    "lines that end in CR LF": BOTH.replace(b"\n", b"\r\n"),
    "lines that end in CR": BOTH.replace(b"\n", b"\r"),
    "a byte order mark": b"\xef\xbb\xbf" + BOTH,
    "a comment in Latin-1": "# Zertifikat für Süd\n".encode("latin-1") + BOTH,
    "text before the blocks, as openssl x509 -text writes it": openssl("x509", "-text", given=ROOT.pem) + OTHER.pem,
    "the old label": BOTH.replace(b"CERTIFICATE", b"X509 CERTIFICATE"),
    "OpenSSL's own form": trusted() + OTHER.pem,
    "OpenSSL's own form with an alias": trusted("-setalias", "the root") + OTHER.pem,
    "on one line": b"".join(
        b"-----BEGIN CERTIFICATE-----" + base64.b64encode(one.der) + b"-----END CERTIFICATE-----" for one in (ROOT, OTHER)
    ),
    "one of them twice": ROOT.pem + BOTH,
    "other things between them": ROOT.pem + pki.crl(ROOT) + OTHER.pem,
}


@pytest.mark.parametrize("octets", HANDED_OVER.values(), ids=HANDED_OVER)
def test_certificates_are_read_however_they_are_handed_over(octets, tmp_path):
    assert _pem.certificates(_pem.text_of(octets)) == [ROOT.der, OTHER.der]
    # https_check takes the same file
    (tmp_path / "ca.pem").write_bytes(octets)
    context = _trust.make_context(_trust.Trust(ca_path=str(tmp_path / "ca.pem")))
    assert {*context.get_ca_certs(binary_form=True)} == {ROOT.der, OTHER.der}


@pytest.mark.parametrize(("octets", "said"), [
    (b"", "there is no block BEGIN CERTIFICATE"),
    (pki.crl(ROOT), "there is no block BEGIN CERTIFICATE"),
    (ROOT.pem.replace(b"MII", b"MI!"), "is not base64"),
    (ROOT.pem + OTHER.pem[: len(OTHER.pem) // 2], "2 begin, but 1 end"),
    (ROOT.pem[: len(ROOT.pem) // 2] + OTHER.pem, "is not base64"),
    (trusted("-addreject", "serverAuth"), "restricted to some purposes"),
    (trusted("-addtrust", "clientAuth"), "restricted to some purposes"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_damaged_or_restricted_is_refused(octets, said, tmp_path):
    with pytest.raises(ValueError, match=said):
        _pem.certificates(_pem.text_of(octets))
    (tmp_path / "ca.pem").write_bytes(octets)
    with pytest.raises(ValueError, match="ca_path"):
        _trust.make_context(_trust.Trust(ca_path=str(tmp_path / "ca.pem")))


KEY = ROOT.key_pem
EC = openssl("ec", given=KEY)


@pytest.mark.parametrize("octets", [
    KEY,
    EC,
    openssl("ecparam", "-name", "prime256v1", given=b"") + EC,
    ROOT.pem + KEY,
    b"\xef\xbb\xbf# der Schl\xfcssel\r\n" + KEY.replace(b"\n", b"\r\n  "),
    ROOT.pem.rstrip() + KEY,
    "🔑".encode() + KEY,
], ids=["PKCS 8", "SEC 1", "parameters of the curve first", "a certificate first", "all sorts", "joined", "UTF-8"])
def test_a_key_is_read_however_it_is_handed_over_and_written_so_that_openssl_reads_it(octets):
    block = _pem.key(_pem.text_of(octets))
    assert block.pem.count("-----") == 4 and block.pem.endswith("-----\n") and not block.encrypted
    assert openssl("pkey", given=block.pem.encode()) == openssl("pkey", given=KEY)


@pytest.mark.parametrize("octets", [
    openssl("pkcs8", "-topk8", "-passout", "pass:secret", given=KEY),
    openssl("ec", "-aes128", "-passout", "pass:secret", given=KEY),
], ids=["PKCS 8", "SEC 1"])
def test_an_encrypted_key_is_known_as_one_and_opens_when_it_is_written_anew(octets):
    block = _pem.key(_pem.text_of(octets.replace(b"\n", b"\r\n")))
    assert block.encrypted
    assert openssl("pkey", "-passin", "pass:secret", given=block.pem.encode()) == openssl("pkey", given=KEY)


@pytest.mark.parametrize(
    ("octets", "said"),
    [(ROOT.pem, "there is no private key"), (KEY + OTHER.key_pem, "there are 2 private keys")],
    ids=["none", "two"],
)
def test_a_text_without_exactly_one_key_is_refused(octets, said):
    with pytest.raises(ValueError, match=said):
        _pem.key(_pem.text_of(octets))
