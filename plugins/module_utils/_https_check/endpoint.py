# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Text to endpoint. The scheme decides: http is refused, a bare host means https on port 443.

No message has the text in it: what is not an endpoint may be a password that has got into the wrong place.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote

from .reasons import CheckFailed

HTTPS_PORT = 443

# One label of a host name: RFC 1123 section 2.1, and the underscore that DNS itself allows (RFC 2181 section 11).
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
# Characters that IDNA 2003 (the codec of Python) and IDNA 2008 (what registries follow) map to different names:
# https://www.unicode.org/reports/tr46/#IDNA_Deviations
_IDNA_DEVIATIONS = re.compile("[\u00df\u03c2\u200c\u200d]")


@dataclass(frozen=True)
class Endpoint:
    """Where to ask. ``host`` is an A-label name (perhaps with the final dot) or the text of an IP address."""

    host: str
    port: int
    path: str

    @property
    def url(self) -> str:
        return "https://" + authority(self.host, self.port) + self.path

    @property
    def name(self) -> str:
        """The name to verify: without the dot that only DNS knows."""
        return self.host.rstrip(".")


def authority(host: str, port: int) -> str:
    """The text ``host:port`` of a URL or a Host header (RFC 3986 section 3.2), the port left out where it is 443."""
    return bracketed(host) if port == HTTPS_PORT else place_of(host, port)


def bracketed(host: str) -> str:
    """A host as it stands before a port: RFC 3986 section 3.2.2."""
    return f"[{host}]" if ":" in host else host


def place_of(host: str, port: int) -> str:
    return f"{bracketed(host)}:{port}"


def is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def parse(text: str) -> Endpoint:
    """Reads ``https://host[:port][/path]``, ``host[:port][/path]`` or an IP address.

    :raises CheckFailed: ``plaintext_url`` for http, ``invalid_url`` for all else that is not such a text
    """
    text = text.strip()
    if not text:
        raise CheckFailed("invalid_url", "The endpoint is empty.")
    if re.search(r"[\x00-\x20\x7f\\]", text):
        raise CheckFailed("invalid_url", "The endpoint has a space, a backslash or a control character in it.")
    scheme = _SCHEME.match(text)
    rest = text[scheme.end() :] if scheme else text
    if "@" in rest:  # anywhere: a password may have a slash or a question mark in it, and must not be shown
        raise CheckFailed(
            "invalid_url",
            "The endpoint has a user name in it.",
            "Take it out: give url_username and url_password, which are kept out of logs.",
        )
    if scheme and scheme.group(1).lower() == "http":
        raise CheckFailed("plaintext_url", f"{shown(text) or 'The endpoint'} asks for http; wanted is https.")
    if scheme and scheme.group(1).lower() != "https":
        raise CheckFailed("invalid_url", f"The scheme {scheme.group(1)} is not https.")
    if "?" in rest or "#" in rest:
        raise CheckFailed("invalid_url", "The endpoint has a query or a fragment.")
    place, slash, path = rest.partition("/")
    host, port = _host_and_port(place)
    return Endpoint(host, HTTPS_PORT if port is None else port, _path(slash + path))


def parse_address(text: str, default_port: int) -> tuple[str, int]:
    """Reads ``address``, ``address:port`` or ``[v6]:port``.

    :raises CheckFailed: ``invalid_url``
    :return: host and port
    """
    host, port = _host_and_port(text.strip())
    return host, default_port if port is None else port


def shown(text: str) -> str | None:
    """As much of a text that is not an endpoint as can be shown: scheme, host and port; None where they cannot be told.

    Nothing else: what stands before an ``@``, in a query, or where a port was meant, may be a password.
    """
    found = re.fullmatch(r"(?:(https?)://)?([^/?#]*)([/?#].*)?", text.strip(), re.IGNORECASE | re.DOTALL)
    if not found or "@" in (found.group(3) or ""):  # a password with a slash, or an address after a question mark
        return None
    try:
        host, port = _host_and_port(found.group(2).rpartition("@")[2])
    except CheckFailed:
        return None
    return (found.group(1) or "https").lower() + "://" + (bracketed(host) if port is None else place_of(host, port))


def _host_and_port(text: str) -> tuple[str, int | None]:
    bracketed = re.fullmatch(r"\[([^\[\]]*)\](?::(.*))?", text)
    if bracketed:
        host, port = bracketed.group(1), bracketed.group(2)
        if ":" not in host:
            raise CheckFailed("invalid_url", "What stands in brackets is not an IPv6 address.")
    elif text.count(":") > 1:
        host, port = text, None
    else:
        host, colon, digits = text.partition(":")
        port = digits if colon else None
    return normal_host(host), None if port is None else _port(port)


def _port(digits: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", digits) or not 1 <= int(digits) <= 65535:
        raise CheckFailed("invalid_url", "The port is not a number from 1 to 65535.")
    return int(digits)


def normal_host(text: str) -> str:
    """A host in the one form in which it is asked for, compared and shown: lower case, A-labels, shortest IP text.

    :raises CheckFailed: ``invalid_url``
    """
    if not text:
        raise CheckFailed("invalid_url", "The host is missing.")
    if ":" in text:
        if "%" in text:
            raise CheckFailed("invalid_url", "The address has a zone identifier, which no certificate can name.")
        try:
            return str(ipaddress.IPv6Address(text))
        except ValueError:
            raise CheckFailed("invalid_url", "The host has colons in it and is not an IPv6 address.") from None
    name = _ascii_name(text).lower()
    dot = "." if name.endswith(".") else ""
    labels = (name[:-1] if dot else name).split(".")
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1]):
        # Resolvers read 127.1 and 0x7f000001 as addresses too; a certificate never names them so.
        try:
            return str(ipaddress.IPv4Address(".".join(labels)))
        except ValueError:
            raise CheckFailed("invalid_url", "The host is not an IPv4 address of four decimal numbers.") from None
    if len(name) - len(dot) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise CheckFailed("invalid_url", "The host is not a host name.")
    return name


def _ascii_name(text: str) -> str:
    if text.isascii():
        return text
    advice = "Write the name as DNS has it, with xn-- labels."
    if _IDNA_DEVIATIONS.search(text):
        raise CheckFailed("invalid_url", "The host has a character that two standards map to different names.", advice)
    try:
        return text.encode("idna").decode("ascii")
    except UnicodeError:
        raise CheckFailed("invalid_url", "The host is not a valid internationalised name.", advice) from None


def _path(text: str) -> str:
    segments = text.rstrip("/").split("/")
    if "." in segments or ".." in segments:
        raise CheckFailed("invalid_url", "The path has a dot segment.")
    return quote("/".join(segments), safe="/%:!$&'()*+,;=~-._")
