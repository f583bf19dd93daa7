# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Stapled OCSP answers, from a server that really staples: that of the openssl command."""

from __future__ import annotations

import contextlib
import datetime
import shutil
import socket
import subprocess
import time
from typing import Any, Iterator

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check import certificate
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.ocsp import status_of
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki, servers
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.lab import Lab, verdict
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

RESPONDER = x509.AuthorityInformationAccess(
    [
        x509.AccessDescription(
            x509.AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier("http://ocsp.test")
        )
    ]
)
MUST_STAPLE = x509.TLSFeature([x509.TLSFeatureType.status_request])


def answer(
    leaf: pki.Issued,
    issuer: pki.Issued,
    status: str = "GOOD",
    *,
    signer: pki.Issued | None = None,
    forged: bool = False,
    since: datetime.timedelta = -pki.DAY,
    until: datetime.timedelta | None = pki.DAY,
) -> bytes:
    """An OCSPResponse of the issuer, or of another signer, which sends its certificate."""
    revoked = status == "REVOKED"
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=leaf.certificate,
        issuer=issuer.certificate,
        algorithm=hashes.SHA1(),
        cert_status=ocsp.OCSPCertStatus[status],
        this_update=pki.now() + since,
        next_update=None if until is None else pki.now() + until,
        revocation_time=pki.now() - pki.DAY if revoked else None,
        revocation_reason=x509.ReasonFlags.key_compromise if revoked else None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, (signer or issuer).certificate)
    if signer is not None:
        builder = builder.certificates([signer.certificate])
    response = builder.sign((signer or issuer).key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    return response[:-1] + bytes([response[-1] ^ 1]) if forged else response  # it ends with the signature, where there is no signer


@contextlib.contextmanager
def stapling(lab: Lab, leaf: pki.Issued, response: bytes | None, *options: str) -> Iterator[int]:
    """``openssl s_server``, one for each connection, for it serves one at a time.

    Its answer to a GET is no cluster's; that comes after what is tested here.
    """
    command = ["openssl", "s_server", "-cert", leaf.write(lab.directory), "-www", "-quiet", *options]
    if response is not None:
        command += ["-status_file", lab.file(response)]

    started: list[subprocess.Popen[bytes]] = []

    def handle(client: socket.socket) -> None:
        port = servers.free_port()
        started.append(
            subprocess.Popen(
                [*command, "-accept", f"127.0.0.1:{port}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
        for _attempt in range(200):
            with contextlib.suppress(ConnectionRefusedError):
                servers.join(client, socket.create_connection(("127.0.0.1", port)))
                break
            time.sleep(0.02)

    with servers.listening(handle) as server:
        try:
            yield server.port
        finally:
            for process in started:
                process.kill()
                process.communicate()


def seen(lab: Lab, extra: list[Any], status: str | None, *options: str, **of_answer: Any) -> dict[str, Any]:
    leaf = pki.issue("es1", lab.root, extra=extra)
    response = None if status is None else answer(leaf, lab.root, status, **of_answer)
    with stapling(lab, leaf, response, *options) as port:
        return verdict(f"https://localhost:{port}", ca_path=lab.ca_path)


needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl command here")


@needs_openssl
@pytest.mark.parametrize("extra", [[RESPONDER], [MUST_STAPLE]], ids=["responder", "must-staple"])
def test_a_stapled_revocation_is_heeded_before_any_http(lab: Lab, extra: list[Any]) -> None:
    entry = seen(lab, extra, "REVOKED")
    assert (entry["reason"], entry["tls_verified"]) == ("certificate_revoked", False)
    assert "stapled" in entry["message"]


@needs_openssl
def test_a_stapled_good_changes_nothing(lab: Lab) -> None:
    entry = seen(lab, [RESPONDER, MUST_STAPLE], "GOOD")
    assert (entry["reason"], entry["tls_verified"], entry["warnings"]) == ("not_elasticsearch", True, [])


@needs_openssl
def test_a_certificate_that_its_own_issuer_does_not_know_fails(lab: Lab) -> None:
    entry = seen(lab, [RESPONDER], "UNKNOWN")
    assert (entry["reason"], entry["tls_verified"]) == ("invalid_chain", False)
    assert "CN=es1 is unknown to the OCSP responder" in entry["message"]
    assert "Ask the CA" in entry["hint"]


@needs_openssl
def test_a_revocation_that_is_not_signed_by_the_issuer_gives_a_warning_only(lab: Lab) -> None:
    entry = seen(lab, [RESPONDER, MUST_STAPLE], "REVOKED", forged=True)
    assert entry["tls_verified"]
    (warning,) = entry["warnings"]
    assert "does not count, though the certificate demands one (RFC 7633)" in warning
    assert "neither the certificate's issuer nor a responder" in warning


@needs_openssl
@pytest.mark.parametrize(("options", "says"), [((), "none is sent"), (("-tls1_3",), "cannot be looked at")])
def test_an_answer_that_is_demanded_and_missing_gives_a_warning(lab: Lab, options: tuple[str, ...], says: str) -> None:
    entry = seen(lab, [MUST_STAPLE], None, *options)
    assert entry["tls_verified"]
    assert [warning for warning in entry["warnings"] if "RFC 7633" in warning and says in warning]


def test_nothing_is_asked_where_the_certificate_names_no_responder(lab: Lab) -> None:
    with lab.serving() as server:
        assert verdict(server.url, ca_path=lab.ca_path)["verified"]
        assert server.accepted == 1


def test_a_server_that_does_not_answer_is_not_waited_for_long(lab: Lab) -> None:
    leaf = pki.issue("es1", lab.root, extra=[RESPONDER])
    context = servers.server_context(leaf.write(lab.directory))
    first = iter([True])

    def handle(connection: socket.socket) -> None:
        if next(first, False):
            servers.over_tls(context, servers.elasticsearch())(connection)
        else:
            servers.silent(connection)

    with servers.listening(handle) as server:
        start = time.monotonic()
        assert verdict(server.url, ca_path=lab.ca_path, timeout=2)["verified"]
        assert time.monotonic() - start < 2


# What of an answer counts

ROOT = pki.root("Root")
LEAF = pki.issue("es1", ROOT)
OCSP = [ExtendedKeyUsageOID.OCSP_SIGNING]


def status(response: bytes, leaf: pki.Issued = LEAF, issuer: pki.Issued = ROOT) -> str:
    return status_of(certificate.read(leaf.der), certificate.read(issuer.der), response)


@pytest.mark.parametrize("what", ["GOOD", "REVOKED", "UNKNOWN"])
@pytest.mark.parametrize("key", [pki.ec_key, pki.rsa_key])
def test_an_answer_of_the_issuer_counts(what: str, key: Any) -> None:
    root = pki.root("Root", key=key())
    leaf = pki.issue("es1", root)
    assert status(answer(leaf, root, what), leaf, root) == what


def test_an_answer_of_an_authorized_responder_counts() -> None:
    responder = pki.issue("responder", ROOT, names=None, purposes=OCSP)
    assert status(answer(LEAF, ROOT, "REVOKED", signer=responder)) == "REVOKED"


def test_an_answer_without_an_end_counts() -> None:
    assert status(answer(LEAF, ROOT, until=None)) == "GOOD"


A_GOOD_ONE = answer(LEAF, ROOT)
OTHER = pki.root("Root")  # of the same name
DOES_NOT_COUNT = {
    "forged": (lambda: answer(LEAF, ROOT, "REVOKED", forged=True), "has signed it"),
    "of another CA of the same name": (lambda: answer(LEAF, OTHER, "REVOKED"), "has signed it"),
    "of a server of the same CA": (lambda: answer(LEAF, ROOT, "REVOKED", signer=pki.issue("es2", ROOT)), "has signed it"),
    "of a responder of another CA": (
        lambda: answer(LEAF, ROOT, "REVOKED", signer=pki.issue("r", OTHER, names=None, purposes=OCSP)),
        "has signed it",
    ),
    "of a responder that has expired": (
        lambda: answer(
            LEAF, ROOT, "REVOKED", signer=pki.issue("r", ROOT, names=None, purposes=OCSP, not_before=-9 * pki.DAY, not_after=-pki.DAY)
        ),
        "has signed it",
    ),
    "of yesterday": (lambda: answer(LEAF, ROOT, since=-2 * pki.DAY, until=-pki.DAY), "valid until"),
    "of tomorrow": (lambda: answer(LEAF, ROOT, since=pki.DAY, until=2 * pki.DAY), "from the future"),
    "about another certificate": (lambda: answer(pki.issue("es2", ROOT), ROOT, "REVOKED"), "another certificate"),
    "an error": (
        lambda: ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(serialization.Encoding.DER),
        "TRY_LATER",
    ),
    "cut short": (lambda: answer(LEAF, ROOT)[:-1], "pars"),
}


@pytest.mark.parametrize("kind", DOES_NOT_COUNT)
def test_an_answer_that_does_not_count_is_told_apart(kind: str) -> None:
    made, says = DOES_NOT_COUNT[kind]
    with pytest.raises(ValueError, match=says):
        status(made())


@given(st.binary(max_size=100))
def test_any_bytes_are_an_answer_or_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError):
        status(data)


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_a_damaged_answer_never_counts(data: st.DataObject) -> None:
    damaged = bytearray(A_GOOD_ONE)
    damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(ValueError):
        assert status(bytes(damaged)) == "GOOD"
