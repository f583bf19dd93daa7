# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which other nodes the Elasticsearch of this host is connected with."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Callable, Collection, Mapping
from urllib.parse import urlsplit

from .._sockets import Socket, sockets
from .asking import Answer, get
from .listeners import ENGINES, TRANSPORT_RANGE, Listener, Node, is_docker_proxy
from .secured import context_of

__all__ = ["Access", "Cluster", "cluster_of"]

_NODES = (
    "/_nodes/transport,http?filter_path="
    "nodes.*.name,nodes.*.roles,nodes.*.transport_address,nodes.*.transport.publish_address,nodes.*.http.publish_address"
)
_SHARDS = "/_cat/allocation?format=json&h=node,shards"


@dataclass(frozen=True)
class Access:
    """How to ask the cluster, where it does not answer everybody over loopback."""

    url: str = ""
    ca_path: str = ""
    username: str = ""
    password: str = ""
    api_key: str = ""

    @property
    def credentials(self) -> dict[str, str]:
        """The header of the request."""
        if self.api_key:
            return {"Authorization": f"ApiKey {self.api_key}"}
        if self.username:
            return {"Authorization": "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()}
        return {}


@dataclass
class Cluster:
    """The addresses of other nodes, and the sentence that says how they are known, or why they are not."""

    is_known: bool
    seen: str
    answers: list[Mapping[str, Any]] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)


def cluster_of(node: Node, access: Access) -> Cluster:
    """Which nodes are connected with those of this host, as the cluster says, or as their sockets show."""
    if access.url:
        return _named(access, node.timeout)
    listeners = [each for each in node.listeners if each.is_elasticsearch]
    unknown = [each for each in node.listeners if not each.is_elasticsearch and not each.is_other]
    if not listeners and not unknown:
        return Cluster(True, "no Elasticsearch listens on this host")
    cluster = Cluster(True, "")
    said = []
    by_process: dict[int, list[Listener]] = {}
    for listener in listeners:
        by_process.setdefault(listener.process.pid if listener.process else 0, []).append(listener)
    for pid, group in sorted(by_process.items()):
        doors = [each for each in group if each.answer.kind == "http"]
        asked = [partial(_ask, each, access, node.timeout) for each in doors]
        answers = [ask(_NODES) for ask in asked]
        good = [(answer, ask) for answer, ask in zip(answers, asked) if _has_nodes(answer)]
        if good:
            cluster.answers.append(_with_shards(*good[0]))
            said.append(f"port {doors[0].port} was asked for its nodes")
        elif pid and not any(each.process and each.process.program in ENGINES for each in group):
            addresses = _connected(group)
            cluster.addresses += [address for address in addresses if address not in cluster.addresses]
            connected = f"is connected with {', '.join(addresses)}" if addresses else "has no connection to another node"
            said.append(f"port {(doors or group)[0].port} could not be asked for its nodes ({_cause(group, answers)}), and by its sockets {connected}")
        elif not _is_published(group, listeners):
            unknown += group
    if unknown:
        cluster.is_known = False
        said = [f"port {each.port} answers {_said(each.answer)}" for each in unknown]
    cluster.seen = "; ".join(said)
    return cluster


def _is_published(group: list[Listener], listeners: list[Listener]) -> bool:
    """A port published by docker-proxy is that of a process in a container, which is looked at itself."""
    return all(is_docker_proxy(each.process) for each in group) and any(not each.is_here for each in listeners)


def _cause(group: list[Listener], answers: list[Answer]) -> str:
    return _said(answers[0] if answers else group[0].answer)


def _said(answer: Answer) -> str:
    return f"HTTP {answer.status}" if answer.kind == "http" else answer.cause or answer.kind


def _named(access: Access, timeout: float) -> Cluster:
    """The answer of the URL that was given."""
    url = urlsplit(access.url)
    host = url.hostname or ""
    port = url.port or (443 if url.scheme == "https" else 80)
    context = None
    if url.scheme == "https":
        try:
            context = context_of(access.ca_path)
        except OSError as error:
            return Cluster(False, f"the CA file {access.ca_path} cannot be read ({error})")

    def ask(path: str) -> Answer:
        return get(host, port, url.path.rstrip("/") + path, access.credentials, timeout, context)

    answer = ask(_NODES)
    if _has_nodes(answer):
        return Cluster(True, f"{access.url} was asked for its nodes", [_with_shards(answer, ask)])
    return Cluster(False, f"{access.url} answers {_said(answer)}")


def _ask(listener: Listener, access: Access, timeout: float, path: str) -> Answer:
    return listener.ask(path, timeout, access.credentials if listener.tls and listener.wants_login else {})


def _with_shards(nodes: Answer, ask: Callable[[str], Answer]) -> Mapping[str, Any]:
    """The answer with the number of shards that each node holds, where the cluster says so of one node of that name."""
    rows = ask(_SHARDS).body
    held: dict[str, list[int]] = {}
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict) and str(row.get("shards")).isdecimal():
            held.setdefault(str(row.get("node")), []).append(int(row["shards"]))
    for node in nodes.body["nodes"].values():
        shards = held.get(str(node.get("name"))) if isinstance(node, dict) else None
        if shards and len(shards) == 1:
            node["shards"] = shards[0]
    return nodes.body  # type: ignore[no-any-return]


def _has_nodes(answer: Answer) -> bool:
    return answer.status == 200 and isinstance(answer.body, dict) and isinstance(answer.body.get("nodes"), dict)


def _connected(group: list[Listener]) -> list[str]:
    """The hosts at the other ends of the transport connections of a process."""
    process = group[0].process
    if process is None:
        return []
    transport = {each.port for each in group if each.is_transport}
    ends = [each for each in sockets(process.pid) if each.state == "established" and each.inode in process.inodes]
    return sorted({each.remote_address for each in ends if _is_transport(each, transport)})


def _is_transport(end: Socket, transport: Collection[int]) -> bool:
    outgoing = end.remote_port in transport or end.remote_port in TRANSPORT_RANGE
    return (end.port in transport or outgoing) and not end.is_loopback and end.remote_address != end.address
