# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Would a client accept this certificate with this key?

A client and a server of TLS shake hands within this process, before anything is changed. So the answer is the one that real
clients would get: key and certificate belong together, dates, chain and names are right. Nothing is sent over a network.
"""

from __future__ import annotations

import re
import ssl
from pathlib import Path
from typing import Any, Iterable, NoReturn

from .. import _pem

# What the URL of a responder may be (RFC 6960, appendix A; RFC 3986, section 3). Whoever made the certificate could write anything there, and
# whatever else it is is not handed on.
_URL = re.compile(r"(?i:https?)://[A-Za-z0-9.\[\]:-]+(/[A-Za-z0-9._~%!$&'()*+,;=:@/-]*)?([?][A-Za-z0-9._~%!$&'()*+,;=:@/?-]*)?")


class Refused(Exception):
    """No client would accept it; the message says why."""


def client_context(ca: Path) -> ssl.SSLContext:
    """What a client trusts: the file given or, where there is none, the system's store.

    :raises ValueError: the file has no certificate
    """
    return trusting(_pem.text_of(ca.read_bytes()) if ca.exists() else "")


def trusting(ca: str) -> ssl.SSLContext:
    """What a client trusts: the certificates in the text given and, where it is empty, the system's store.

    :raises ValueError: the text has no certificate
    """
    try:
        trusted = b"".join(_pem.certificates(ca)) if ca else None
    except ValueError as error:
        raise ValueError(f"what clients are to trust holds no certificate that can be read ({error})") from None
    context = ssl.create_default_context(cadata=trusted)
    context.hostname_checks_common_name = False
    # Python 3.13 added this default, which refuses private CAs that older Pythons accept: the same verdict on every node
    context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
    return context


def presenter_context(chain: Path) -> ssl.SSLContext:
    """Trusts who has the key of this certificate, or of one beside it, and nobody else; not even their CA.

    It tells that the one who answers is this host's own server also where the certificate has ended or its CA was replaced. That a client would
    accept the certificate, it does not tell. https://docs.openssl.org/master/man3/X509_VERIFY_PARAM_set_flags/

    :param chain: in a directory for this version of the certificate, with a directory for each of the others beside it
    :raises OSError: no certificate can be read
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.hostname_checks_common_name = False
    # X509_V_FLAG_PARTIAL_CHAIN (Python has a name for it from 3.10 on): a certificate that is no CA can be the anchor; X509_V_FLAG_NO_CHECK_TIME
    context.verify_flags |= 0x80000 | 0x200000
    context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
    directory = chain.resolve().parent
    for one in sorted({chain.resolve(), *directory.parent.glob(f"*/{chain.name}")}):
        try:
            context.load_verify_locations(cadata=leaf(one))
        except (OSError, ValueError):
            if one == chain.resolve():
                raise
    return context


def leaf(chain: Path) -> bytes:
    """The first certificate in a PEM file, DER.

    :raises ValueError: there is none
    """
    return _pem.certificates(_pem.text_of(chain.read_bytes()))[0]


def asked(names: Iterable[str]) -> list[str]:
    """What a client asks for: a name in place of each wildcard, since nobody can ask for a pattern."""
    return ["tlsfront-probe" + name[1:] if name.startswith("*") else name for name in names]


def check(directory: Path, names: Iterable[str], ca: str | None = None) -> list[str]:
    """The URLs of the certificate's OCSP responders, if clients that ask for any of the names accept it.

    :param directory: has chain.pem, key.pem and, for a private CA, ca.pem
    :param ca: what they trust instead of ca.pem: certificates in PEM, or an empty text for the system's store
    :raises Refused: they do not
    """
    name = ""
    certificate: Any = {}
    try:
        server = _server_context(directory)
        client = client_context(directory / "ca.pem") if ca is None else trusting(ca)
        for name in names:
            certificate = _shake_hands(server, client, name)
    except ssl.SSLCertVerificationError as error:
        raise Refused(f"as {name}: {error.verify_message}") from error
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise Refused("key.pem does not belong to chain.pem") from error
        raise Refused(f"chain.pem, key.pem or ca.pem cannot be used: {error}") from error
    except (OSError, ValueError) as error:
        raise Refused(str(error)) from error
    return [url for url in certificate.get("OCSP", ()) if _URL.fullmatch(url)]


def judged(directory: Path, names: Iterable[str], ca: str | None = None) -> dict[str, Any]:
    """What `check` says, as a value: `accepted`, the `message` with which clients refuse it, and the URLs of its `ocsp` responders."""
    try:
        return {"accepted": True, "message": "", "ocsp": check(directory, names, ca)}
    except Refused as error:
        return {"accepted": False, "message": str(error), "ocsp": []}


def key_state(directory: Path) -> str:
    """Whether key.pem is "missing", "matching" the certificate, or "unusable" with it."""
    try:
        if not (directory / "key.pem").exists():
            return "missing"
        _server_context(directory)
    except (OSError, ValueError):  # ssl.SSLError is an OSError
        return "unusable"
    return "matching"


def _no_passphrase() -> NoReturn:
    raise ValueError("the key has a passphrase, and nobody can type it when nginx starts: give the key without one")


def _server_context(directory: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(str(directory / "chain.pem"), str(directory / "key.pem"), password=_no_passphrase)
    return context


def _shake_hands(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> Any:
    """The server's certificate as the client that asked for the name verified it; ssl.SSLError if it refused."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(to_client, to_server, server_hostname=name)
    answering = server.wrap_bio(to_server, to_client, server_side=True)
    waiting = [asking, answering]
    while asking in waiting:
        for side in list(waiting):
            try:
                side.do_handshake()
                waiting.remove(side)
            except ssl.SSLWantReadError:
                pass
    return asking.getpeercert()
