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
