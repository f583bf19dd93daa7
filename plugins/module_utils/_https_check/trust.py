# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Trust options to the one ``SSLContext``. There is no path through this file that skips verification."""

from __future__ import annotations

import os
import re
import ssl
import tempfile
from pathlib import Path
from typing import NamedTuple

from .. import _pem
from .peer import record_certificates
from .reasons import InvalidOption

_CERTIFICATE = re.compile("-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----")
# For TLS 1.2 what Python 3.10 and newer have by default: forward secrecy, no SHA-1. The security level stays the
# system's. https://docs.python.org/3/whatsnew/3.10.html#ssl
_CIPHERS = "ECDH+AESGCM:ECDH+CHACHA20:ECDH+AES:DHE+AES:!aNULL:!eNULL:!aDSS:!SHA1:!AESCCM"
_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class Trust(NamedTuple):
    """What decides whether a chain is trusted, and who we are. Endpoints that agree on it share a context."""

    ca_path: str | None = None
    ca_content: str | None = None
    crl_path: str | None = None
    crl_content: str | None = None
    x509_strict: bool = False
    min_tls_version: str = "1.2"
    client_cert: str | None = None
    client_key: str | None = None


def make_context(trust: Trust) -> ssl.SSLContext:
    """Makes the context that verifies.

    Not ``ssl.create_default_context()``: its flags differ between versions of Python (3.13 adds VERIFY_X509_STRICT and
    VERIFY_X509_PARTIAL_CHAIN), and it writes session keys to the file that SSLKEYLOGFILE names.

    :raises InvalidOption: a file is missing or useless; the text says which and what to do
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_mode = ssl.CERT_REQUIRED
    context.check_hostname = True
    context.hostname_checks_common_name = False  # RFC 9525 section 2: only subjectAltName identifies
    context.minimum_version = _VERSIONS[trust.min_tls_version]
    context.set_ciphers(_CIPHERS)
    context.verify_flags = ssl.VERIFY_X509_TRUSTED_FIRST
    if trust.x509_strict:
        context.verify_flags |= ssl.VERIFY_X509_STRICT
    if trust.ca_content is not None:
        _load_authorities(context, [trust.ca_content.encode()], "ca_content: the text")
    elif trust.ca_path is not None:
        _load_authorities(context, _read(trust.ca_path, "ca_path"), f"ca_path: {_shown(trust.ca_path)}")
    else:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    if trust.crl_content is not None or trust.crl_path is not None:
        if trust.crl_content is not None:
            _load_crls(context, [trust.crl_content.encode()], "crl_content: the text")
        else:
            _load_crls(context, _read(trust.crl_path or "", "crl_path"), f"crl_path: {_shown(trust.crl_path or '')}")
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
    if trust.client_cert is not None:
        _load_client_certificate(context, trust.client_cert, trust.client_key)
    context.set_alpn_protocols(["http/1.1"])
    record_certificates(context)
    require_verification(context)
    return context


def require_verification(context: ssl.SSLContext) -> None:
    """The last look before a context is used: nobody may have weakened it.

    :raises RuntimeError: somebody has; a bug, never the fault of the other side
    """
    if context.verify_mode != ssl.CERT_REQUIRED or not context.check_hostname:
        raise RuntimeError("the TLS context does not verify: refusing to use it")


def _load_authorities(context: ssl.SSLContext, sources: list[bytes], what: str) -> None:
    texts = [text for text in map(_pem.text_of, sources) if _CERTIFICATE.search(text)]
    if not texts:
        raise InvalidOption(f"{what} has no certificate in PEM form")
    try:
        context.load_verify_locations(cadata=b"".join(certificate for text in texts for certificate in _pem.certificates(text)))
    except (ssl.SSLError, ValueError) as error:
        raise InvalidOption(f"{what} has a certificate that cannot be read: {error}") from error


def _load_crls(context: ssl.SSLContext, sources: list[bytes], what: str) -> None:
    """OpenSSL takes CRLs only from a file, and trusts every certificate in it: so a file of the CRLs alone is made."""
    from cryptography import x509  # where no list is given, none needs to be read

    try:
        blocks = [block for octets in sources for block in _pem.blocks(_pem.text_of(octets)) if block.label == "X509 CRL"]
        for block in blocks:
            x509.load_der_x509_crl(block.content)
    except ValueError as error:
        raise InvalidOption(f"{what} has a revocation list that cannot be read: {error}") from error
    if not blocks:
        raise InvalidOption(f"{what} has no certificate revocation list in PEM form")
    before = context.cert_store_stats()["x509"]
    with tempfile.NamedTemporaryFile("w", encoding="ascii", suffix=".pem") as copy:
        copy.write("".join(block.pem for block in blocks))
        copy.flush()
        context.load_verify_locations(cafile=copy.name)
    if context.cert_store_stats()["x509"] != before:
        raise RuntimeError("a revocation list has widened the trust")


def _shown(path: str) -> str:
    """A path as it may be shown: what is not one from the root on may be a file's content, in the wrong place."""
    return path if path.startswith("/") and path.isprintable() and len(path) < 256 else "the file"


def _read(path: str, option: str) -> list[bytes]:
    place = Path(path)
    try:
        files = sorted(entry for entry in place.iterdir() if entry.is_file()) if place.is_dir() else [place]
        return [file.read_bytes() for file in files]
    except OSError as error:
        raise InvalidOption(f"{option}: {_shown(path)} cannot be read: {error.strerror}") from error


def _load_client_certificate(context: ssl.SSLContext, certificate: str, key: str | None) -> None:
    for option, path in (("client_cert", certificate), ("client_key", key)):
        if path is not None and not os.access(path, os.R_OK):
            raise InvalidOption(f"{option}: {_shown(path)} is missing or cannot be read")
    encrypted = []

    def refuse() -> str:
        encrypted.append(True)  # without this, OpenSSL would ask on the terminal
        return ""

    try:
        context.load_cert_chain(certificate, key, password=refuse)
    except (ssl.SSLError, OSError) as error:
        if encrypted:
            raise InvalidOption("client_key: the key is encrypted; give one without a passphrase") from error
        reason = getattr(error, "reason", None) or error
        raise InvalidOption(f"client_cert: not a certificate with its key, both in PEM form: {reason}") from error
