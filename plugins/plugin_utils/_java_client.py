# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a Java program needs to be told: where to connect to, and which store to trust."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _client_address

__all__ = ["settings"]


def settings(url: t.Any, truststore: str | None, truststore_password: str) -> dict[str, t.Any]:
    """Return the settings as plain data; raises ValueError, which says what to do."""
    at = _client_address.endpoint(url)
    properties = {} if truststore is None else _trust(truststore, truststore_password)
    return {
        "url": _client_address.url(at),
        "scheme": "https",
        "host": at.name,
        "port": at.port,
        "path_prefix": at.path,
        "properties": properties,
        "options": [f"-D{name}={value}" for name, value in properties.items()],
        "argument_file": "".join(_quoted(f"-D{name}={value}") + "\n" for name, value in properties.items()),
        "properties_file": "".join(f"{name}={_escaped(value)}\n" for name, value in properties.items()),
    }


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


def _escaped(value: str) -> str:
    """As java.util.Properties reads a value: a backslash begins an escape, blanks in front are skipped, and bytes are Latin-1."""
    text = value.replace("\\", "\\\\")
    text = re.sub("^(?=[ \t\f])", r"\\", text)
    units = text.encode("utf-16-be")
    pairs = [int.from_bytes(units[place : place + 2], "big") for place in range(0, len(units), 2)]
    return "".join(chr(unit) if 0x20 <= unit < 0x7F else f"\\u{unit:04x}" for unit in pairs)
