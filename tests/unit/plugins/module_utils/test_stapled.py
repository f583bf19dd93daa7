# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Stapled OCSP answers, from a server that really staples: that of the openssl command."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from typing import Any, Iterator

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check import ocsp as _stapled
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki, servers
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.lab import Lab, verdict
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from hypothesis import given
from hypothesis import strategies as st

RESPONDER = x509.AuthorityInformationAccess(
    [
        x509.AccessDescription(
            x509.AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier("http://ocsp.test")
        )
    ]
)
MUST_STAPLE = x509.TLSFeature([x509.TLSFeatureType.status_request])


def answer(leaf: pki.Issued, issuer: pki.Issued, revoked: bool) -> bytes:
    status = ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=leaf.certificate,
        issuer=issuer.certificate,
        algorithm=hashes.SHA1(),
        cert_status=status,
        this_update=pki.now() - pki.DAY,
        next_update=pki.now() + pki.DAY,
        revocation_time=pki.now() - pki.DAY if revoked else None,
        revocation_reason=x509.ReasonFlags.key_compromise if revoked else None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, issuer.certificate)
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


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
        port = servers.closed_port()
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


def seen(lab: Lab, extra: list[Any], revoked: bool | None, *options: str) -> dict[str, Any]:
    leaf = pki.issue("es1", lab.root, extra=extra)
    response = None if revoked is None else answer(leaf, lab.root, revoked)
    with stapling(lab, leaf, response, *options) as port:
        return verdict(f"https://localhost:{port}", ca_path=lab.ca_path)


needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl command here")


@needs_openssl
@pytest.mark.parametrize("extra", [[RESPONDER], [MUST_STAPLE]], ids=["responder", "must-staple"])
def test_a_stapled_revocation_is_heeded_before_any_http(lab: Lab, extra: list[Any]) -> None:
    entry = seen(lab, extra, revoked=True)
    assert (entry["reason"], entry["tls_verified"]) == ("certificate_revoked", False)
    assert "stapled" in entry["message"]


@needs_openssl
def test_a_stapled_good_changes_nothing(lab: Lab) -> None:
    entry = seen(lab, [RESPONDER, MUST_STAPLE], revoked=False)
    assert (entry["reason"], entry["tls_verified"], entry["warnings"]) == ("not_elasticsearch", True, [])


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


def test_the_answer_for_another_certificate_does_not_count(lab: Lab) -> None:
    one, two = pki.issue("es1", lab.root), pki.issue("es2", lab.root)
    response = answer(one, lab.root, revoked=True)
    assert _stapled.revoked(response, one.certificate.serial_number)
    assert not _stapled.revoked(response, two.certificate.serial_number)


@given(st.binary(max_size=100))
def test_any_bytes_are_an_answer_or_a_value_error(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert not _stapled.revoked(data, 1)
