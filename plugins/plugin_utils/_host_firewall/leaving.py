# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a cluster would lose with nodes that are to be let in no longer, and so what comes first where they are to leave it."""

from __future__ import annotations

import typing as t
from collections.abc import Collection, Iterable, Mapping

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._outside import outside

from .transport_addresses import transport_addresses

__all__ = ["before_they_leave"]

_ELECTABLE = {"master", "cluster_manager"}
"""The roles of a node that can be elected, in Elasticsearch, and in OpenSearch since 2."""
_VOTES_ONLY = "voting_only"
"""Of one that has the role master as well, and takes part in elections without being elected.
https://www.elastic.co/guide/en/elasticsearch/reference/7.17/modules-node.html#voting-only-node"""
_UNKNOWN = (
    "If it is a node that is to leave the cluster, have its shards moved away (cluster.routing.allocation.exclude._name) and stop its Elasticsearch first. "
    "With tlsfront_check_username and tlsfront_check_password, or tlsfront_check_api_key, this run says how many shards it holds, and whether no other node "
    "can be elected master, where the cluster wants a login."
)


def before_they_leave(answers: Iterable[Mapping[str, t.Any]], allowed: Collection[str]) -> list[str]:
    """Return a sentence for each node of the cluster none of whose addresses is among those that are let in, or what to do where none of them is known.

    answers  what Elasticsearch has answered to `GET /_nodes`, each node with the number of its shards where that is known
    """
    said: dict[str, None] = {}
    told = list(answers)
    for answer in told:
        nodes: list[Mapping[str, t.Any]] = sorted(answer["nodes"].values(), key=lambda node: str(node.get("name")))
        leaving = [node for node in nodes if outside(transport_addresses({"nodes": {"": node}}), allowed)]
        names = ", ".join(map(_name, leaving))
        for node in leaving:
            said[_of_shards(_name(node), node.get("shards"))] = None
        roles = [node.get("roles") for node in nodes if node not in leaving]
        if leaving and all(isinstance(its, list) and not _can_be_elected(its) for its in roles):
            said[f"No other node than {names} can be elected master: have one that can be, before."] = None
    return list(said) if told else [_UNKNOWN]


def _can_be_elected(roles: Collection[str]) -> bool:
    return not _ELECTABLE.isdisjoint(roles) and _VOTES_ONLY not in roles


def _name(node: Mapping[str, t.Any]) -> str:
    return str(node.get("name"))[:80]


def _of_shards(name: str, shards: t.Any) -> str:
    if shards == 0:
        return f"If {name} is to leave the cluster, stop its Elasticsearch first. It holds no shards."
    holds = "holds shards perhaps" if shards is None else f"holds {shards} shard{'s' if shards != 1 else ''}"
    return (
        f"If {name} is to leave the cluster, it {holds}: have them moved away (cluster.routing.allocation.exclude._name), "
        "then stop its Elasticsearch, and run this again."
    )
