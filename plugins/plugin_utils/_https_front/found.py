# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What node_info has found that listens for clients, as upstreams of nginx."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._sites import address_of

__all__ = ["Found", "found_at", "server_of"]

Found = t.Sequence[t.Mapping[str, t.Any]]


def found_at(server: str, found: Found) -> t.Mapping[str, t.Any] | None:
    """Return what was found where an upstream leads, if it leads to this node."""
    host, _colon, port = server.rpartition(":")
    host = host.strip("[]")
    address = address_of(host)
    if address is not None:
        host = "localhost" if address.is_loopback or address.is_unspecified else str(address)
    return next((one for one in found if str(one["port"]) == port and host.lower() in ("localhost", str(one["address"]))), None)


def server_of(one: t.Mapping[str, t.Any]) -> str:
    """Return what was found as an upstream of nginx."""
    address, port = ipaddress.ip_address(str(one["address"])), int(one["port"])
    return f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"
