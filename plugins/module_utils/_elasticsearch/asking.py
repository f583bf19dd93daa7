# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""One question to a port, and what comes back: by plain HTTP, or over TLS with the certificate verified."""

from __future__ import annotations

import http.client
import io
import json
import re
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any, Mapping

__all__ = ["Answer", "get"]

_NO_HTTP = re.compile(rb"This is not an? HTTP port")
_TAGLINES = ("You Know, for Search", "The OpenSearch Project: https://opensearch.org/")
_LIMIT = 8 * 1024 * 1024


@dataclass
class Answer:
    """What came back: of ``kind`` http, transport (Elasticsearch says that this is no HTTP port), other or nothing."""

    kind: str
    status: int = 0
    is_elasticsearch: bool = False
    body: Any = None
    cause: str = ""
    is_tls: bool = False  #: or could be: it has closed the connection without a word of HTTP
    dashboards: str = ""  #: ``kibana`` or ``opensearch-dashboards``, where it says so itself
    location: str = ""  #: where it sends the browser, which nothing here follows


def get(
    host: str, port: int, path: str, headers: Mapping[str, str], timeout: float, context: ssl.SSLContext | None = None, name: str = "", limit: int = _LIMIT
) -> Answer:
    """Asks directly, whatever proxy the environment names, and follows nothing. With a context, by https, and ``name`` (else ``host``) is verified.

    :param limit: bytes that are read at most
    """
    lines = [f"GET {path} HTTP/1.1", f"Host: {f'[{host}]' if ':' in host else host}:{port}", "Accept: application/json", "Connection: close"]
    request = "\r\n".join([*lines, *(f"{key}: {value}" for key, value in headers.items()), "", ""]).encode()
    until = time.monotonic() + timeout
    data = b""
    try:
        with socket.create_connection((host, port), timeout) as plain:
            connection = context.wrap_socket(plain, server_hostname=name or host) if context else plain
            with connection:
                connection.sendall(request)
                while len(data) < limit and time.monotonic() < until:
                    connection.settimeout(max(0.01, until - time.monotonic()))
                    part = connection.recv(65536)
                    if not part:
                        break
                    data += part
    except (OSError, ValueError) as error:
        if not data:
            return Answer("nothing", cause=str(error) or type(error).__name__, is_tls=isinstance(error, ConnectionResetError))
    return _answer(data)


class _Received:
    """What http.client takes for a socket."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_arguments: Any) -> io.BytesIO:
        return io.BytesIO(self._data)


def _answer(data: bytes) -> Answer:
    if _NO_HTTP.search(data):
        return Answer("transport", is_elasticsearch=True, cause="that it speaks the transport protocol")
    if not data:
        return Answer("nothing", cause="nothing to plain HTTP, as with TLS", is_tls=True)
    if data[:1] == b"\x15":  # an alert (RFC 8446, section 5.1)
        return Answer("nothing", cause="with TLS", is_tls=True)
    if not data.startswith(b"HTTP/"):
        return Answer("other", cause="something that is no HTTP")
    response = http.client.HTTPResponse(_Received(data))  # type: ignore[arg-type]
    try:
        response.begin()
        text = response.read()
    except (http.client.HTTPException, ValueError, OverflowError):
        return Answer("other", cause="broken HTTP")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        body = None
    location = response.headers.get("location") or ""
    return Answer("http", response.status, _is_elasticsearch(response, body), body, dashboards=_dashboards(response), location=location)


def _dashboards(response: http.client.HTTPResponse) -> str:
    """Both name the host in each answer, also where they want a login."""
    if response.headers.get("kbn-name") is not None:
        return "kibana"
    return "opensearch-dashboards" if response.headers.get("osd-name") is not None else ""


def _is_elasticsearch(response: http.client.HTTPResponse, body: Any) -> bool:
    """By its tagline, its version, its header (since 7.14), its errors, or the realm of its login. A front's nginx has the form of its errors, too."""
    realm = response.headers.get("www-authenticate", "")
    if response.headers.get("x-elastic-product") == "Elasticsearch" or 'realm="security"' in realm or "OpenSearch Security" in realm:
        return True
    if not isinstance(body, dict):
        return False
    version, error = body.get("version"), body.get("error")
    if body.get("tagline") in _TAGLINES or (isinstance(version, dict) and "lucene_version" in version):
        return True
    return isinstance(error, dict) and "root_cause" in error and not response.headers.get("server", "").startswith("nginx")
