# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The own CA's lists of revoked certificates, as OpenSSL reads them."""

from __future__ import annotations

import datetime
import subprocess
from pathlib import Path

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _crl, _revocation
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki
from cryptography import x509
from cryptography.hazmat.primitives import serialization

PASSPHRASE = "words that open it"


class OwnCa:
    """A directory as the role makes it, on the controller."""

    def __init__(self, place: Path) -> None:
        self.place = place / "ca"
        self.place.mkdir(mode=0o700)
        self.root = pki.root()
        self.write("ca", self.root)

    def write(self, name: str, issued: pki.Issued) -> None:
        (self.place / f"{name}.pem").write_bytes(issued.pem)
        encrypted = serialization.BestAvailableEncryption(PASSPHRASE.encode())
        key = self.place / f"{name}.key"
        key.write_bytes(issued.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encrypted))
        key.chmod(0o600)

    def issue(self, host: str, issuer: pki.Issued | None = None, **given: datetime.timedelta) -> pki.Issued:
        issued = pki.issue(host, issuer or self.root, [f"{host}.example.org"], **given)
        path = Path(_revocation.record_path(str(self.place), host, issued.certificate))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(issued.pem)
        return issued

    def keep(self, *revoke: str, **given: object) -> _crl.Kept:
        return _crl.keep(str(self.place), PASSPHRASE, revoke=revoke, **given)  # type: ignore[arg-type]

    def lists(self) -> list[x509.CertificateRevocationList]:
        return _revocation.lists((self.place / "crl.pem").read_text())

    def verified(self, issued: pki.Issued, *more: str) -> str:
        """What OpenSSL says to whom the lists are given."""
        leaf = self.place / "leaf.pem"
        leaf.write_bytes(issued.pem)
        command = ["openssl", "verify", "-x509_strict", "-crl_check_all", "-CAfile", "ca.pem", "-CRLfile", "crl.pem", *more, "leaf.pem"]
        done = subprocess.run(command, cwd=self.place, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr


@pytest.fixture
def ca(tmp_path: Path) -> OwnCa:
    return OwnCa(tmp_path)


def test_what_was_issued_to_the_host_is_refused_and_what_others_have_is_not(ca: OwnCa) -> None:
    first, second, other = ca.issue("es3"), ca.issue("es3"), ca.issue("es1")
    kept = ca.keep("es3")
    assert kept.changed and sorted(kept.revoked) == sorted(_revocation.serial(one.certificate) for one in (first, second))
    assert "certificate revoked" in ca.verified(first) and "certificate revoked" in ca.verified(second)
    assert ca.verified(other).endswith("OK\n")
    assert (ca.place / "crl.pem").stat().st_mode & 0o777 == 0o644


def test_the_list_goes_on_to_have_what_was_revoked_before(ca: OwnCa) -> None:
    former = ca.issue("es3")
    ca.keep("es3")
    ca.issue("es1")
    ca.keep("es1")
    (found,) = ca.lists()
    assert "certificate revoked" in ca.verified(former) and len(found) == 2
    assert found.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 2


def test_a_host_is_revoked_once_and_again_when_it_has_got_another(ca: OwnCa) -> None:
    ca.issue("es3")
    assert ca.keep("es3").changed
    before = (ca.place / "crl.pem").read_bytes()
    assert not ca.keep("es3").changed and (ca.place / "crl.pem").read_bytes() == before
    ca.issue("es3")
    assert len(ca.keep("es3").revoked) == 1


def test_without_a_revocation_there_is_no_list(ca: OwnCa) -> None:
    assert not ca.keep().changed and not (ca.place / "crl.pem").exists()


@pytest.mark.parametrize(("days", "changed"), [(14, False), (16, True)])
def test_a_list_is_signed_anew_when_half_of_its_time_is_over(ca: OwnCa, days: int, changed: bool) -> None:
    revoked = ca.issue("es3")
    ca.keep("es3")
    (former,) = ca.lists()
    kept = ca.keep(now=pki.now() + days * pki.DAY)
    (found,) = ca.lists()
    assert kept.changed is changed and (_revocation.ends(found) > _revocation.ends(former)) is changed
    assert _revocation.holds(found, revoked.certificate)


def test_in_check_mode_it_says_what_would_be_and_writes_nothing(ca: OwnCa) -> None:
    issued = ca.issue("es3")
    kept = ca.keep("es3", write=False)
    assert kept.changed and not (ca.place / "crl.pem").exists()
    assert f"  {_revocation.serial(issued.certificate)}\n" in kept.after


def test_what_has_ended_is_on_no_list(ca: OwnCa) -> None:
    ca.issue("es3", not_before=-3 * pki.DAY, not_after=-pki.DAY)
    assert ca.keep("es3").revoked == []


def test_below_an_intermediate_both_lists_are_there_and_the_root_s_key_may_go(ca: OwnCa) -> None:
    middle = pki.intermediate("Middle", ca.root)
    ca.write("intermediate", middle)
    first, other = ca.issue("es3", middle), ca.issue("es1", middle)
    both = {"intermediate_passphrase": PASSPHRASE}
    assert ca.keep("es3", **both).changed
    served = ("-untrusted", "intermediate.pem")
    assert "certificate revoked" in ca.verified(first, *served) and ca.verified(other, *served).endswith("OK\n")
    (ca.place / "ca.key").unlink()
    kept = ca.keep("es1", **both)
    assert kept.changed and kept.warnings == [] and "certificate revoked" in ca.verified(other, *served)
    assert kept.next_update[:10] == f"{pki.now() + 30 * pki.DAY:%Y-%m-%d}"


def test_the_root_s_list_must_be_signed_once(ca: OwnCa) -> None:
    middle = pki.intermediate("Middle", ca.root)
    ca.write("intermediate", middle)
    ca.issue("es3", middle)
    (ca.place / "ca.key").unlink()
    with pytest.raises(_crl.Problem, match=r"ca[.]key is not there, and a list of revoked certificates must be signed with it: put it there for one run"):
        ca.keep("es3", intermediate_passphrase=PASSPHRASE)
    assert not (ca.place / "crl.pem").exists()


def test_another_intermediate_gets_a_list_and_what_the_former_one_has_revoked_stays_so(ca: OwnCa) -> None:
    both = {"intermediate_passphrase": PASSPHRASE}
    former = pki.intermediate("Middle", ca.root, not_after=20 * pki.DAY)
    ca.write("intermediate", former)
    revoked, kept_by_es1 = ca.issue("es3", former), ca.issue("es1", former)
    ca.keep("es3", **both)
    (ca.place / "former.pem").write_bytes(former.pem)
    middle = pki.intermediate("Middle", ca.root, not_after=300 * pki.DAY)
    ca.write("intermediate", middle)
    issued = ca.issue("es3", middle)
    assert ca.keep(**both).changed
    assert ca.verified(issued, "-untrusted", "intermediate.pem").endswith("OK\n")
    assert ca.verified(kept_by_es1, "-untrusted", "former.pem").endswith("OK\n")
    assert "certificate revoked" in ca.verified(revoked, "-untrusted", "former.pem")
    # the CA's list goes on as long as the intermediate, for its key may be away from now on
    assert _revocation.ends(ca.lists()[0]) >= middle.certificate.not_valid_after_utc
    assert not ca.keep(**both).changed and len(ca.lists()) == 3
    ca.keep(now=pki.now() + 31 * pki.DAY, **both)
    assert len(ca.lists()) == 2  # nobody can sign the former one's again


def test_what_the_ca_itself_has_issued_can_be_revoked_below_an_intermediate(ca: OwnCa) -> None:
    issued, other = ca.issue("es3"), ca.issue("es1")
    ca.write("intermediate", pki.intermediate("Middle", ca.root))
    kept = ca.keep("es3", intermediate_passphrase=PASSPHRASE)
    assert len(kept.revoked) == 1 and kept.unrevoked == []
    assert "certificate revoked" in ca.verified(issued) and ca.verified(other).endswith("OK\n")


def test_what_another_ca_has_issued_is_told_and_is_on_no_list(ca: OwnCa) -> None:
    ca.issue("es3", pki.root("Former"))
    kept = ca.keep("es3")
    assert kept.revoked == [] and "was signed by CN=Former" in kept.unrevoked[0] and "clients must trust that CA no longer" in kept.unrevoked[0]


@pytest.mark.parametrize("content", ["", "hello", "-----BEGIN X509 CRL----\nAAAA\n-----END X509 CRL-----\n", None], ids=["empty", "text", "header", "gone"])
def test_a_list_that_is_damaged_or_gone_is_not_begun_anew(ca: OwnCa, content: str | None) -> None:
    ca.issue("es3")
    ca.issue("es4")
    ca.keep("es3")
    file = ca.place / "crl.pem"
    file.unlink() if content is None else file.write_text(content)
    for again in ((), ("es4",)):
        with pytest.raises(_crl.Problem, match="restore it from a backup, for it says what"):
            ca.keep(*again)
    assert not file.exists() if content is None else file.read_text() == content


@pytest.mark.parametrize("host", ["es9", "../es3", "..", "."])
def test_a_name_that_has_got_nothing_is_refused_with_those_that_have(ca: OwnCa, host: str) -> None:
    ca.issue("es3")
    with pytest.raises(_crl.Problem, match=r"No certificate was issued to .* Hosts that have got one: es3[.] Correct the name"):
        ca.keep(host)


def test_a_host_of_another_ca_of_the_cluster_is_no_wrong_name_and_begins_no_list(ca: OwnCa, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = OwnCa(tmp_path / "other")
    ca.issue("es1")
    other.issue("es3")
    beside, others = [str(ca.place), str(other.place)], [str(other.place)]
    assert not ca.keep("es3", others=others).changed and not (ca.place / "crl.pem").exists()
    assert ca.keep("es1", "es3", others=others).revoked and other.keep("es3", others=beside).revoked
    with pytest.raises(_crl.Problem, match=r"No certificate was issued to es9 by the CA in .*/ca or .*/other/ca, .* have got one: es1, es3[.]"):
        ca.keep("es9", others=others)


@pytest.mark.parametrize("host", ["a/b", "..", ".", "es 1%2F"])
def test_whatever_a_host_is_called_its_records_are_in_a_directory_of_their_own(ca: OwnCa, host: str) -> None:
    issued = ca.issue(host)
    path = Path(_revocation.record_path(str(ca.place), host, issued.certificate))
    assert path.resolve().parents[1] == ca.place / "issued" and path.is_file()
    assert _revocation.written(str(ca.place)) == [host] and ca.keep(host).changed


def test_the_wrong_passphrase_is_told_without_it(ca: OwnCa) -> None:
    ca.issue("es3")
    with pytest.raises(_crl.Problem, match=r"ca[.]key does not open with the passphrase") as caught:
        _crl.keep(str(ca.place), "c4n4ry", revoke=["es3"])
    assert "c4n4ry" not in str(caught.value)


def test_a_key_that_others_may_read_signs_nothing(ca: OwnCa) -> None:
    ca.issue("es3")
    (ca.place / "ca.key").chmod(0o644)
    with pytest.raises(_crl.Problem, match=r"ca[.]key may be read by everybody"):
        ca.keep("es3")
