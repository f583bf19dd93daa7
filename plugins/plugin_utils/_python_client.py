# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keyword arguments of the official Python client, for each of its majors."""

from __future__ import annotations

import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.endpoint import Endpoint
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _client_address
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._client_address import Credentials

__all__ = ["MAJORS", "kwargs"]

MAJORS = (7, 8, 9)


def kwargs(urls: t.Sequence[t.Any], major: int, ca_path: str | None, given: Credentials) -> dict[str, t.Any]:
    """Return the arguments as plain data; raises ValueError, which says what to do."""
    if major not in MAJORS:
        raise ValueError(f"major is {major!r}: give the major version of the client, one of 7, 8, 9.")
    if not urls:
        raise ValueError("No URL was given: give one at least, such as https://es.example.org.")
    endpoints = [_client_address.endpoint(url) for url in urls]
    found = _seven(endpoints, given) if major == 7 else _eight(endpoints, given)
    # ca_certs would add the CA to those of the system: to trust it alone takes a context, here by its arguments
    trust = (
        {"verify_certs": True}
        if ca_path is None
        else {"ssl_context": {"cafile": _client_address.absolute(ca_path, "ca_path")}}
    )
    return {**found, **trust}


def _seven(endpoints: list[Endpoint], given: Credentials) -> dict[str, t.Any]:
    """A host without use_ssl is asked by plain http, on port 9200 where none is said."""
    found: dict[str, t.Any] = {
        "hosts": [
            {"host": at.host, "port": at.port, "use_ssl": True, **({"url_prefix": at.path} if at.path else {})}
            for at in endpoints
        ]
    }
    if given.username:
        found["http_auth"] = [given.username, given.password]
    if given.api_key:
        found["api_key"] = given.api_key
    if given.bearer_token:
        found["headers"] = {"authorization": f"Bearer {given.bearer_token}"}
    return found


def _eight(endpoints: list[Endpoint], given: Credentials) -> dict[str, t.Any]:
    """A host without a port is refused."""
    found: dict[str, t.Any] = {
        "hosts": [
            {"scheme": "https", "host": at.host, "port": at.port, **({"path_prefix": at.path} if at.path else {})}
            for at in endpoints
        ]
    }
    if given.username:
        found["basic_auth"] = [given.username, given.password]
    if given.api_key:
        found["api_key"] = given.api_key
    if given.bearer_token:
        found["bearer_auth"] = given.bearer_token
    return found
