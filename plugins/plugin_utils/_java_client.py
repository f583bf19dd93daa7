# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a Java program needs to be told: where to connect to, and which store to trust."""

from __future__ import annotations

import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._endpoint import Endpoint
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _client_address

__all__ = ["settings"]


def settings(url: t.Any, truststore: str | None, truststore_password: str) -> dict[str, t.Any]:
    """Return the settings as plain data; raises ValueError, which says what to do."""
    at = _client_address.endpoint(url)
    properties = {} if truststore is None else _trust(truststore, truststore_password)
    return {
        "url": _url(at),
        "scheme": "https",
        "host": at.name,
        "port": at.port,
        "path_prefix": at.path,
        "properties": properties,
        "options": [f"-D{name}={value}" for name, value in properties.items()],
        "argument_file": "".join(_quoted(f"-D{name}={value}") + "\n" for name, value in properties.items()),
    }


def _url(at: Endpoint) -> str:
    """With its port: some programs take 9200 where none is said, whatever the scheme."""
    host = f"[{at.name}]" if ":" in at.name else at.name
    return f"https://{host}:{at.port}{at.path}"


def _trust(truststore: str, password: str) -> dict[str, str]:
    """With them, JSSE trusts this store alone: the JVM's own cacerts is not read."""
    if not password or not password.isascii() or not password.isprintable():
        raise ValueError(
            "truststore_password must be of printable ASCII characters, one at least: not all of Java reads others alike."
        )
    return {
        "javax.net.ssl.trustStore": _client_address.absolute(truststore, "truststore"),
        "javax.net.ssl.trustStoreType": "PKCS12",
        "javax.net.ssl.trustStorePassword": password,
    }


def _quoted(argument: str) -> str:
    """As java(1) reads it in an argument file: in quotes, a backslash stands for itself only when doubled."""
    escaped = argument.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
