# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""How a listener that speaks TLS is verified: with which CA, and by which name.

Both are found by handshakes that verify: nothing is read of a certificate that no CA of this host vouches for. A name is one of DNS, for nginx verifies no
address (``proxy_ssl_name``, https://nginx.org/en/docs/http/ngx_http_proxy_module.html).
"""

from __future__ import annotations

import os
import re
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

from .. import _access

__all__ = ["CA_PATHS", "Trust", "Verified", "certificates_of", "context_of", "verify"]

# where the products' own installation puts the CA of their certificates: elasticsearch.yml of Elasticsearch 8 and newer (Debian, RPM), and the demo
# configuration of OpenSearch's security plugin
CA_PATHS = ("/etc/elasticsearch/certs/http_ca.crt", "/etc/opensearch/root-ca.pem")
_CERTIFICATE = re.compile("-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\\s]+-----END CERTIFICATE-----")
_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?", re.ASCII)
_NAME_DIFFERS = 62  # X509_V_ERR_HOSTNAME_MISMATCH, https://docs.openssl.org/master/man3/X509_STORE_CTX_get_error/


@dataclass(frozen=True)
class Trust:
    """CA files of this host, of which one may be the right one, and the names that a certificate may have."""

    ca_paths: Sequence[str] = CA_PATHS
    names: Sequence[str] = ()

    def every_name(self) -> list[str]:
        """Those given, then those that this host has; no patterns and no addresses."""
        own = socket.gethostname()
        names = dict.fromkeys([*self.names, "localhost", own, own.partition(".")[0]])
        return [name for name in names if _NAME.fullmatch(name) and len(name) < 254 and not name.replace(".", "").isdigit()]


@dataclass(frozen=True)
class Verified:
    """The CA file and the name with which a listener was verified; or the ``problem``, a sentence that says why it was not."""

    ca_path: str = ""
    name: str = ""
    problem: str = ""
    is_tls: bool = True  #: whether a handshake came as far as the certificate


def context_of(ca_path: str) -> ssl.SSLContext:
    """Requires a certificate and checks the name: https://docs.python.org/3/library/ssl.html#ssl.PROTOCOL_TLS_CLIENT

    :param ca_path: the only CA to trust; without it, those of the system
    :raises OSError: the file cannot be read, or is none of PEM (``ssl.SSLError`` is an OSError)
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca_path:
        context.load_verify_locations(cafile=ca_path)
    else:
        context.load_default_certs()
    return context


def certificates_of(ca_path: str) -> str:
    """The certificates of a file, and nothing else that may be in it."""
    blocks = _CERTIFICATE.findall(Path(ca_path).read_text("ascii", errors="replace"))
    return "".join(block + "\n" for block in blocks)


def verify(host: str, port: int, trust: Trust, timeout: float) -> Verified:
    """Finds the CA and the name with which the listener can be verified."""
    why: list[str] = []
    tried: list[Verified] = []
    for path in [*(path for path in trust.ca_paths if os.path.exists(path)), ""]:  # noqa: PTH110
        changeable = _access.problems(path)
        if changeable:
            why.append(f"{path} cannot be trusted: {'; '.join(changeable)}")
            continue
        found = _verify_by(host, port, path, trust.every_name(), timeout)
        if found.name:
            return found
        tried.append(found)
        if path or not why:
            why.append(found.problem)
    if len(tried) == 1 and len(why) == 1:
        why.append(f"there is no CA file at {' or '.join(trust.ca_paths) or 'any place that was named'}")
    return Verified(problem="; ".join(why), is_tls=any(each.is_tls for each in tried))


def _verify_by(host: str, port: int, ca_path: str, names: Sequence[str], timeout: float) -> Verified:
    ca = ca_path or "the CAs of the system"
    try:
        context = context_of(ca_path)
    except OSError as error:
        return Verified(problem=f"{ca} is no file of CA certificates ({_first_line(error)})", is_tls=False)
    for name in names:
        try:
            with socket.create_connection((host, port), timeout) as plain, context.wrap_socket(plain, server_hostname=name):
                return Verified(ca_path, name)
        except ssl.SSLCertVerificationError as error:
            if error.verify_code == _NAME_DIFFERS:
                continue
            return Verified(problem=f"{ca}: {error.verify_message}")
        except (OSError, ValueError) as error:
            return Verified(problem=f"no TLS handshake was finished ({_first_line(error)})", is_tls=False)
    return Verified(problem=f"{ca} vouches for its certificate, but that has none of the names {', '.join(names)}")


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
