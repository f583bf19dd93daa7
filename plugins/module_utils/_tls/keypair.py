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

# What the URL of a responder may be (RFC 6960, appendix A; RFC 3986, section 3). Whoever made the certificate could write anything there, and
# whatever else it is is not handed on.
_URL = re.compile(r"(?i:https?)://[A-Za-z0-9.\[\]:-]+(/[A-Za-z0-9._~%!$&'()*+,;=:@/-]*)?([?][A-Za-z0-9._~%!$&'()*+,;=:@/?-]*)?")


class Refused(Exception):
    """No client would accept it; the message says why."""


def client_context(ca: Path) -> ssl.SSLContext:
    """What a client trusts: the file given or, where there is none, the system's store.

    :raises ssl.SSLError: the file has no certificate
    """
    context = ssl.create_default_context(cafile=str(ca) if ca.exists() else None)
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
    pem, end, _rest = chain.read_text("latin-1").partition("-----END CERTIFICATE-----")
    return ssl.PEM_cert_to_DER_cert(pem[pem.index("-----BEGIN CERTIFICATE-----") :] + end)


def check(directory: Path, names: Iterable[str]) -> list[str]:
    """The URLs of the certificate's OCSP responders, if clients that ask for any of the names accept it.

    :param directory: has chain.pem, key.pem and, for a private CA, ca.pem
    :raises Refused: they do not
    """
    name = ""
    certificate: Any = {}
    try:
        server, client = _server_context(directory), client_context(directory / "ca.pem")
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
