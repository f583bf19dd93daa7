# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether what was found on the nodes of a group is one cluster, which answers to the check."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterable, Mapping

__all__ = ["disagreements"]

_MENDS = {
    401: "Correct tlsfront_check_username and tlsfront_check_password, or tlsfront_check_api_key.",
    403: "Give its user the privilege monitor.",
}


def disagreements(host: str, group: str, hosts: Iterable[str], node_of: Callable[[str], Mapping[str, t.Any] | None]) -> list[str]:
    """A sentence for each way in which the host is unlike the first of its group of which something is known, or refuses the check.

    :param node_of: gives what node_info has found on a host; asked for no more hosts than it takes
    """
    http = _http(node_of(host))
    if http is None:
        return []
    said = []
    if http.get("refused"):
        refusal = f"Elasticsearch on port {http['port']} of {host} answers {http['refused']} to the credentials of the check."
        said.append(f"{refusal} {_MENDS.get(http['refused'], '')}".strip())
    for other in sorted(hosts):
        first = _http(node_of(other))
        if first is None:
            continue
        if first["scheme"] != http["scheme"]:
            said.append(
                f"Elasticsearch speaks {http['scheme']} on port {http['port']} of {host}, and {first['scheme']} on port {first['port']} of {other}. "
                "Set both to the same (xpack.security.http.ssl.enabled, plugins.security.ssl.http.enabled) before you go on."
            )
        known = {node["cluster_uuid"] for node in (first, http)} - {"", "_na_"}
        if len(known) > 1:
            said.append(
                f"{host} and {other} are nodes of different clusters ({http['cluster_uuid']} and {first['cluster_uuid']}), and both are in the group {group}. "
                "A run is for one cluster: put each into a group of its own, and name it by tlsfront_group."
            )
        break
    return said


def _http(node: Mapping[str, t.Any] | None) -> Mapping[str, t.Any] | None:
    """What the node speaks with clients, at its lowest port."""
    found = ((node or {}).get("elasticsearch") or {}).get("http") or []
    return min(found, key=lambda one: int(one["port"]), default=None)
