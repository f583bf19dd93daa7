# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""One request to a metadata service: over no proxy, following no redirect, and with its answer at hand in time or given up."""

from __future__ import annotations

import http.client
import re
import socket
import time
from dataclasses import dataclass
from typing import Any, Mapping
from urllib.parse import urlsplit

NO_ANSWER = -1
_LARGEST = 1 << 20  # octets
_ATTEMPTS = 3
_AGAIN_AFTER = 1.0  # seconds


class Unanswered(Exception):
    """A sentence for the user; the host's name goes before it."""


@dataclass(frozen=True)
class Answer:
    """What came of a request."""

    status: int  #: NO_ANSWER where none came
    text: str = ""
    flavor: str = ""  #: the header Metadata-Flavor


class _Socket(socket.socket):
    """One of which no read waits beyond a deadline, however slowly the other side drips."""

    deadline = 0.0

    def recv_into(self, *arguments: Any, **named: Any) -> int:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise socket.timeout("the deadline has passed")
        self.settimeout(left)
        return super().recv_into(*arguments, **named)


class Service:
    """A metadata service at an endpoint, such as http://169.254.169.254."""

    def __init__(self, endpoint: str, timeout: float) -> None:
        self.endpoint = endpoint
        self._timeout = timeout
        try:
            url = urlsplit(endpoint)
            host, port = url.hostname, url.port or 80
        except ValueError:
            host = None
        if not host or url.scheme != "http" or "@" in endpoint or url.query or url.fragment or not re.fullmatch(r"[!-~]+", endpoint):
            raise Unanswered(
                f"cannot ask {endpoint!r}: node_identity_endpoint must be a URL of http such as http://169.254.169.254, without user, query and fragment. "
                "Nothing was changed."
            )
        self._host, self._port, self._path = host, port, url.path.rstrip("/")

    def ask(self, path: str, headers: Mapping[str, str], method: str = "GET") -> Answer:
        """The answer to a request, which is made again where none comes or where the service says that it is busy."""
        for attempt in range(_ATTEMPTS):
            if attempt:
                time.sleep(_AGAIN_AFTER)
            answer = self._ask(method, path, headers)
            if answer.status not in (NO_ANSWER, 503):
                break
        return answer

    def _ask(self, method: str, path: str, headers: Mapping[str, str]) -> Answer:
        connection = http.client.HTTPConnection(self._host, self._port)
        try:
            connection.sock = self._connect(time.monotonic() + self._timeout)
            connection.request(method, f"{self._path}/{path}", headers={**headers, "Connection": "close"})
            response = connection.getresponse()
            octets = response.read(_LARGEST + 1)
            if len(octets) > _LARGEST or (response.length or 0) > 0:
                return Answer(NO_ANSWER)
            return Answer(response.status, octets.decode("utf-8"), response.headers.get("Metadata-Flavor", ""))
        except (OSError, http.client.HTTPException, ValueError):
            return Answer(NO_ANSWER)
        finally:
            connection.close()

    def _connect(self, deadline: float) -> socket.socket:
        failure: OSError = OSError("no address")
        for family, kind, protocol, _name, address in socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM):
            sock = _Socket(family, kind, protocol)
            sock.deadline = deadline
            try:
                sock.settimeout(max(deadline - time.monotonic(), 0.001))
                sock.connect(address)
                return sock
            except OSError as error:
                sock.close()
                failure = error
        raise failure
