# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether what was found on the nodes of a group is one cluster, which answers to the check."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterable, Mapping
from itertools import chain

__all__ = ["disagreements", "is_alone"]

_MENDS = {
    401: "Correct tlsfront_check_username and tlsfront_check_password, or tlsfront_check_api_key.",
    403: "Give its user the privilege monitor.",
}
# not told, and of a node that is in none yet
_NO_CLUSTER = {"", "_na_"}


def disagreements(
    host: str,
    group: str,
    hosts: Iterable[str],
    node_of: Callable[[str], Mapping[str, t.Any] | None],
    is_shut_out: Callable[[], bool] = lambda: False,
    left_out: Mapping[str, Mapping[str, t.Any]] | None = None,
) -> list[str]:
    """A sentence for each way in which the host is unlike the first of its group of which that is known, or refuses the check.

    :param node_of: gives what node_info has found on a host; asked for no more hosts than it takes
    :param is_shut_out: says whether the rules of others keep the host out of the cluster, whose users it does not know then
    :param left_out: what was found on hosts that the run does not change, which may well speak otherwise: they are to be brought over one after the other
    """
    http = _http(node_of(host))
    if http is None:
        return []
    said = []
    if http.get("refused") and not is_shut_out():
        refusal = f"Elasticsearch on port {http['port']} of {host} answers {http['refused']} to the credentials of the check."
        said.append(f"{refusal} {_MENDS.get(http['refused'], '')}".strip())
    found = ((other, told) for other in sorted(hosts) for told in [_http(node_of(other))] if told is not None)
    first = next(found, None)
    other, its = first or ("", http)
    if its["scheme"] != http["scheme"]:
        said.append(
            f"Elasticsearch speaks {http['scheme']} on port {http['port']} of {host}, and {its['scheme']} on port {its['port']} of {other}. "
            "Set both to the same (xpack.security.http.ssl.enabled, plugins.security.ssl.http.enabled) before you go on."
        )
    if http["cluster_uuid"] in _NO_CLUSTER:
        return said
    others = chain([first] if first else [], found)
    one = next(((other, its["cluster_uuid"]) for other, its in others if its["cluster_uuid"] not in _NO_CLUSTER), None)
    untouched = [(other, told["cluster_uuid"]) for other, its in sorted((left_out or {}).items()) for told in [_http(its)] if told is not None]
    for other, uuid in [*([one] if one else []), *untouched]:
        if uuid not in _NO_CLUSTER | {http["cluster_uuid"]}:
            said.append(
                f"{host} and {other} are nodes of different clusters ({http['cluster_uuid']} and {uuid}), and both are in the group {group}. "
                "A run is for one cluster: put each into a group of its own, and name it by tlsfront_group."
            )
            break
    return said


def is_alone(node: Mapping[str, t.Any]) -> bool:
    """Whether Elasticsearch on the node is seen to be in no cluster: it says so, or that it is the only node, or nobody is connected and it does not say."""
    elasticsearch = node.get("elasticsearch") or {}
    told = {str(one.get("cluster_uuid") or "") for one in elasticsearch.get("http") or []} - {""}
    if told:
        return "_na_" in told
    cluster = elasticsearch.get("cluster") or {}
    together = [answer for answer in cluster.get("answers") or [] if len(answer.get("nodes") or ()) > 1]
    return bool(elasticsearch.get("ports")) and not cluster.get("addresses") and not together


def _http(node: Mapping[str, t.Any] | None) -> Mapping[str, t.Any] | None:
    """What the node speaks with clients, at its lowest port."""
    found = ((node or {}).get("elasticsearch") or {}).get("http") or []
    return min(found, key=lambda one: int(one["port"]), default=None)
