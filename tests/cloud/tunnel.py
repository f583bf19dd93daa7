# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A proxy that is itself the server of a few names, over TLS with a CA of its own, and refuses all other names.

A client that is told HTTPS_PROXY and REQUESTS_CA_BUNDLE goes through it unchanged: it asks for a tunnel to the name that it
always asks for (RFC 9110, section 9.3.6), and verifies chain and name in it as it always does. Nothing else on the machine
is touched, and no request can get past it to the real thing.
"""

from __future__ import annotations

import datetime
import http.server
import json
import ssl
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Answer = tuple[int, str, bytes]
# host, verb, target, authorization, body
Ask = Callable[[str, str, str, str, bytes], "Answer | None"]
Steer = Callable[[str, Any], Any]


def make_context(names: Sequence[str], ca_file: Path) -> ssl.SSLContext:
    """Make a CA, write its certificate, and return the context of a server of the names; no key outlives this call."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CA of the emulated cloud")])
    ca = _certificate(issuer, issuer, ca_key, ca_key, True).sign(ca_key, hashes.SHA256())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    server = _certificate(subject, issuer, key, ca_key, False)
    server = server.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False)
    server = server.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
    pem = serialization.Encoding.PEM
    ca_file.write_bytes(ca.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as chain:
        secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        chain.write(secret + server.sign(ca_key, hashes.SHA256()).public_bytes(pem))
        chain.flush()
        context.load_cert_chain(chain.name)
    return context


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    is_ca: bool,
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.timezone.utc)
    usage = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(is_ca, None), True)
        .add_extension(x509.KeyUsage(digital_signature=not is_ca, key_cert_sign=is_ca, crl_sign=is_ca, **usage), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False)
    )


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Proxy

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing by default: the token endpoint is asked here, too."""

    def give(self, answer: Answer) -> None:
        status, kind, body = answer
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))


class _InTunnel(_Handler):
    """One of the names."""

    def __init__(self, connection: ssl.SSLSocket, address: Any, server: Proxy, host: str) -> None:
        self._host = host
        super().__init__(connection, address, server)

    def _any(self) -> None:
        authorization = self.headers.get("Authorization") or ""
        answer = self.server.ask(self._host, self.command, self.path, authorization, self.body())
        said = answer[0] if answer else "lost"
        if answer and answer[0] >= 400:
            said = f"{said} {answer[2].decode()[:300]}"
        print(f"{self._host} {self.command} {self.path} {said}", flush=True)
        if answer:
            self.give(answer)
        else:
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any


class _Outside(_Handler):
    """Whoever asks for a tunnel, or steers."""

    disable_nagle_algorithm = True  # a body would wait for the acknowledgement of its head

    def do_CONNECT(self) -> None:
        host, _colon, port = self.path.partition(":")
        self.close_connection = True
        if host not in self.server.names or port != "443":
            print(f"refused: a tunnel to {self.path}", flush=True)
            self.give((403, "text/plain", b"this proxy leads to the emulated cloud only\n"))
            return
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            with self.server.context.wrap_socket(self.connection, server_side=True) as tunnel:
                _InTunnel(tunnel, self.client_address, self.server, host)
        except (ssl.SSLError, ConnectionError) as error:
            print(f"{host}: {error}", flush=True)

    def _steer(self) -> None:
        told = self.server.steer(self.path, json.loads(self.body() or b"null"))
        self.give((404 if told is None else 200, "application/json", json.dumps(told).encode()))

    do_GET = do_POST = _steer


class Proxy(http.server.ThreadingHTTPServer):
    """The proxy on loopback, which hands over what it is asked."""

    daemon_threads = True

    def __init__(self, port: int, context: ssl.SSLContext, names: Sequence[str], ask: Ask, steer: Steer) -> None:
        super().__init__(("127.0.0.1", port), _Outside)
        self.context, self.names, self.ask, self.steer = context, names, ask, steer


def serve(ask: Ask, steer: Steer, names: Sequence[str], ca_file: Path, port: int) -> None:
    """Serve until the process ends."""
    context = make_context(names, ca_file)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    Proxy(port, context, names, ask, steer).serve_forever()
