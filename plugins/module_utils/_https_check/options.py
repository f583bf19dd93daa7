# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The module's options, for one endpoint, to the target of a check; what is wrong with them is said here.

No error has a value in it, only the option and its place: a value that is wrong may be a secret in the wrong place.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Any, Mapping, Sequence

from .._secrets import Secrets
from .cluster import Expected, version_key
from .dashboards import PRODUCT as DASHBOARDS
from .endpoint import (
    Endpoint,
    normal_host,
    parse,
    parse_address,
    shown,
)
from .ports import read_ports
from .reasons import CheckFailed, InvalidOption, Verdict
from .trust import Trust

CREDENTIALS = ("url_username", "url_password", "api_key", "bearer_token")
_MAX_TIMEOUT = 3600
_OF_A_CLUSTER = ("min_status", "cluster_name", "cluster_uuid")
_PATHS = ("ca_path", "crl_path", "client_cert", "client_key")
_SHAPES = {
    "connect_to": "It must be an address, address:port or [IPv6 address]:port, without user name.",
    "server_name": "It must be a name alone, without port and user name.",
}


@dataclass(frozen=True)
class Target:
    """One endpoint and all that is asked of it."""

    url: str
    endpoint: Endpoint | None
    verdict: Verdict | None  #: why there is no endpoint
    name: str
    connect: tuple[str, int]
    trust: Trust
    proxy: tuple[str, int] | None
    authorization: str | None
    fingerprints: tuple[str, ...]
    min_days_valid: int
    warn_days_valid: int
    all_addresses: bool
    closed_ports: tuple[int, ...]
    expected: Expected
    same_cluster: bool
    timeout: float
    secrets: Secrets  #: of the whole run

    @property
    def is_dashboards(self) -> bool:
        """Whether it is Kibana or OpenSearch Dashboards that is wanted, and no cluster."""
        return self.expected.product == DASHBOARDS

    def is_enough(self, passed: Sequence[bool]) -> bool:
        """Whether an endpoint has what its addresses have: all of them, or any."""
        return all(passed) if self.all_addresses else any(passed)

    @property
    def trusted(self) -> str:
        """What is trusted, as a person reads it."""
        if self.trust.ca_content is not None:
            return "ca_content"
        return f"ca_path ({self.trust.ca_path})" if self.trust.ca_path else "the system's CA store"


def merged(common: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The options of one endpoint: what it gives itself counts; credentials, and a client certificate, as a whole."""
    given = {key: value for key, value in own.items() if value is not None}
    result = dict(common)
    for group in (CREDENTIALS, ("client_cert", "client_key"), ("ca_path", "ca_content"), ("crl_path", "crl_content")):
        if any(key in given for key in group):
            result.update(dict.fromkeys(group))
    result.update(given)
    return result


def make_target(options: Mapping[str, Any], where: str, secrets: Secrets) -> Target:
    """:param options: as validated by the argument spec, ``url`` among them
    :param where: what to call the endpoint if its ``url`` cannot be shown

    :raises InvalidOption: an option is wrong; the text names it. A wrong ``url`` is a verdict
        instead.
    """
    for option in _PATHS:
        if re.search(r"[\x00-\x1f]|-----BEGIN", options.get(option) or ""):
            raise InvalidOption(f"{option}: must be the path of a file, not its content")
    text = str(options["url"])
    endpoint, verdict = None, None
    try:
        endpoint = parse(text)
    except CheckFailed as failed:
        verdict = failed.verdict
    connect = (endpoint.host, endpoint.port) if endpoint else ("", 0)
    if options.get("connect_to"):
        connect = _address("connect_to", options["connect_to"], connect[1] or 443)
    name = endpoint.name if endpoint else ""
    if options.get("server_name"):
        name = _address("server_name", options["server_name"], 443)[0].rstrip(".")
    closed_ports = read_ports(options.get("closed_ports") or ())
    proxy = _proxy(options["proxy"]) if options.get("proxy") else None
    if proxy and closed_ports:
        raise InvalidOption(
            "closed_ports cannot be asked through a proxy: whether a port is closed is a question from here"
        )
    if options.get("ca_path") and options.get("ca_content"):
        raise ValueError("ca_path and ca_content cannot be given together")
    if options.get("crl_path") and options.get("crl_content"):
        raise ValueError("crl_path and crl_content cannot be given together")
    if options.get("client_key") and not options.get("client_cert"):
        raise InvalidOption("client_key: client_cert is missing")
    if not 0 < options["timeout"] <= _MAX_TIMEOUT:
        raise InvalidOption(f"timeout: must be more than 0 and at most {_MAX_TIMEOUT} seconds")
    return Target(
        url=endpoint.url if endpoint else shown(text) or where,
        endpoint=endpoint,
        verdict=verdict,
        name=name,
        connect=connect,
        trust=Trust(
            ca_path=options.get("ca_path"),
            ca_content=options.get("ca_content"),
            crl_path=options.get("crl_path"),
            crl_content=options.get("crl_content"),
            x509_strict=bool(options.get("x509_strict")),
            min_tls_version=options["min_tls_version"],
            client_cert=options.get("client_cert"),
            client_key=options.get("client_key"),
        ),
        proxy=proxy,
        authorization=_authorization(options),
        fingerprints=tuple(_fingerprint(*item) for item in enumerate(options.get("fingerprints") or ())),
        min_days_valid=options["min_days_valid"],
        warn_days_valid=options["warn_days_valid"],
        all_addresses=options["all_addresses"],
        closed_ports=closed_ports,
        expected=_expected(options),
        same_cluster=bool(options.get("same_cluster")),
        timeout=float(options["timeout"]),
        secrets=secrets,
    )


def _expected(options: Mapping[str, Any]) -> Expected:
    if options.get("min_version") is not None:
        try:
            version_key(options["min_version"])
        except ValueError:
            raise InvalidOption("min_version: must be a version like 8.11 or 7.17.29") from None
    if options.get("product") == DASHBOARDS:
        asked = [name for name in _OF_A_CLUSTER if options.get(name) is not None]
        if asked:
            raise InvalidOption(f"{asked[0]}: is asked of a cluster, and Kibana and OpenSearch Dashboards are none; give it to the other endpoints")
    return Expected(**{key: options.get(key) for key in Expected.__dataclass_fields__})


def _address(option: str, text: str, default_port: int) -> tuple[str, int]:
    try:
        if option == "server_name":
            return normal_host(text.strip()), default_port
        return parse_address(text, default_port)
    except CheckFailed as failed:
        raise InvalidOption(f"{option}: {failed.verdict.message} {_SHAPES[option]}") from None


def _proxy(text: str) -> tuple[str, int]:
    found = re.fullmatch(r"(?:([a-z]+)://)?([^/@?#\s]+)/?", text.strip(), re.IGNORECASE)
    if not found or (found.group(1) or "http").lower() != "http":
        raise InvalidOption("proxy: must be host:port or http://host:port, without user name; it is asked to CONNECT")
    try:
        return parse_address(found.group(2), 3128)
    except CheckFailed as failed:
        raise InvalidOption(f"proxy: {failed.verdict.message}") from None


def _fingerprint(number: int, text: str) -> str:
    pin = re.sub("[:\\s]", "", text).lower()
    if not re.fullmatch("[0-9a-f]{64}", pin):
        raise InvalidOption(f"fingerprints[{number}]: not a SHA-256 fingerprint of 64 hexadecimal digits")
    return pin


def _authorization(options: Mapping[str, Any]) -> str | None:
    """The header of RFC 9110 section 11.6.2, or None."""
    user, password, key, token = (options.get(name) for name in CREDENTIALS)
    for name in CREDENTIALS:
        if re.search(r"[\x00-\x1f\x7f]", options.get(name) or ""):
            raise InvalidOption(f"{name}: has a control character, perhaps the end of a line, in it")
    if sum(item is not None for item in (user, key, token)) > 1:
        raise InvalidOption("only one of url_username, api_key and bearer_token can be given")
    if (user is None) != (password is None):
        raise InvalidOption("url_username and url_password must be given together")
    if user is not None:
        if ":" in user:
            raise InvalidOption("url_username: cannot have a colon in it (RFC 7617)")
        return "Basic " + _base64(f"{user}:{password}")
    if key is not None:
        # as the official client: id and key joined by a colon, or both encoded already
        return "ApiKey " + (_base64(key) if ":" in key else _header_text("api_key", key))
    if token is not None:
        return "Bearer " + _header_text("bearer_token", token)
    return None


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8")).decode("ascii")


def _header_text(option: str, text: str) -> str:
    if not text.isascii():
        raise InvalidOption(f"{option}: must be ASCII")
    return text
