# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Where Elasticsearch and OpenSearch listen on this host, and which other nodes they are connected with.

A listener is told by its process (the command line of the JVM, or what a container engine publishes) and by what it answers. Elasticsearch takes
the first free port of 9200-9300 and of 9300-9400 unless it is told one port:
https://www.elastic.co/docs/reference/elasticsearch/configuration-reference/networking-settings
"""

from __future__ import annotations

import base64
import concurrent.futures
import http.client
import io
import ipaddress
import json
import re
import socket
import ssl
import time
from dataclasses import dataclass, field
from typing import Any, Collection, Mapping
from urllib.parse import urlsplit

from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._sockets import (
    Process,
    Socket,
    ephemeral_ports,
    local_addresses,
    processes,
    sockets,
)

__all__ = ["Access", "Cluster", "Listener", "Node", "cluster_of", "find"]

HTTP_RANGE, TRANSPORT_RANGE = range(9200, 9301), range(9300, 9401)
# made for others, who come with TLS and a key: https://www.elastic.co/docs/deploy-manage/remote-clusters/remote-clusters-api-key
REMOTE_CLUSTER_PORT = 9443
_MAIN_CLASS = re.compile(r"(org\.elasticsearch\.server/)?org\.(elasticsearch|opensearch)\.bootstrap\.")
_NAME = re.compile(r"elasticsearch|opensearch", re.IGNORECASE)
# what stands for a port that a container publishes; docker-proxy says in its arguments for which one
_ENGINES = ("docker-proxy", "conmon", "rootlessport", "rootlesskit", "slirp4netns", "pasta", "pasta.avx2")
_NO_HTTP = re.compile(rb"This is not an? HTTP port")
_TAGLINES = ("You Know, for Search", "The OpenSearch Project: https://opensearch.org/")
_NODES = "/_nodes/transport?filter_path=nodes.*.name,nodes.*.transport_address,nodes.*.transport.publish_address"
_LIMIT = 8 * 1024 * 1024


@dataclass
class Answer:
    """What came back: of ``kind`` http, transport (Elasticsearch says that this is no HTTP port), other or nothing."""

    kind: str
    status: int = 0
    is_elasticsearch: bool = False
    body: Any = None
    cause: str = ""


@dataclass
class Listener:
    """A socket that listens, on this host or in a container on it."""

    address: str
    port: int
    process: Process | None = None
    is_here: bool = True
    answer: Answer = field(default_factory=lambda: Answer("nothing", cause="not asked"))
    is_elasticsearch: bool = False
    is_other: bool = False

    @property
    def is_loopback(self) -> bool:
        return ipaddress.ip_address(self.address).is_loopback

    @property
    def is_transport(self) -> bool:
        if self.answer.kind in ("http", "transport"):
            return self.answer.kind == "transport"
        return self.port in TRANSPORT_RANGE or self.port not in HTTP_RANGE

    def plain(self) -> dict[str, Any]:
        return {
            "address": self.address,
            "port": self.port,
            "program": self.process.program if self.process else "",
            "elasticsearch": self.is_elasticsearch,
            "answer": str(self.answer.status) if self.answer.kind == "http" else self.answer.kind,
        }


@dataclass
class Node:
    """What was found on this host."""

    listeners: list[Listener]
    timeout: float = 5

    @property
    def ports(self) -> list[int]:
        """The ports of Elasticsearch that other hosts could reach."""
        return sorted({each.port for each in self.listeners if each.is_elasticsearch and not each.is_loopback})


@dataclass(frozen=True)
class Access:
    """How to ask the cluster, where it does not answer everybody over loopback."""

    url: str = ""
    ca_path: str = ""
    username: str = ""
    password: str = ""
    api_key: str = ""


@dataclass
class Cluster:
    """The addresses of other nodes, and the sentence that says how they are known, or why they are not."""

    is_known: bool
    seen: str
    answers: list[Mapping[str, Any]] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)


def find(closed: Collection[int], timeout: float = 5) -> Node:
    """What listens here that is Elasticsearch, or could be it: its processes, and who listens at the ports to close or of its ranges."""
    closed = set(closed)
    everything = processes()
    owners = {inode: process for process in everything for inode in process.inodes}
    found: dict[tuple[str, int], Listener] = {}
    for each in sockets():
        if each.state == "listening":
            owner = owners.get(each.inode)
            if each.port in closed or _in_range(each.port) or _is_candidate(owner):
                found.setdefault((each.address, each.port), Listener(each.address, each.port, owner))
    here = list(found.values())
    published = {_published(each.process) for each in here if each.process and _is_docker_proxy(each.process)}
    in_containers = [_in_container(process) for process in everything if not process.is_here and _runs_it(process)]
    # a container that publishes nothing is another host, with an address of its own
    elsewhere = [each for listeners in in_containers if _targets(listeners) & published for each in listeners]
    asked = [each for each in here if _is_asked(each, closed)]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        for listener, answer in zip(asked, pool.map(lambda each: ask(each, timeout), asked)):
            listener.answer = answer
    _judge(here, elsewhere, closed)
    return Node(here + elsewhere, timeout)


def _is_asked(listener: Listener, closed: Collection[int]) -> bool:
    """Elasticsearch warns in its log of HTTP at its transport port, and docker-proxy says itself what it stands for."""
    process = listener.process
    if process is not None and (_runs_it(process) or _could_run_it(process)):
        return listener.port not in TRANSPORT_RANGE
    return not _is_docker_proxy(process) or listener.port in closed or _in_range(listener.port)


def _in_range(port: int) -> bool:
    return port in HTTP_RANGE or port in TRANSPORT_RANGE


def _is_candidate(process: Process | None) -> bool:
    return process is not None and (_could_run_it(process) or process.program in _ENGINES)


def _runs_it(process: Process) -> bool:
    return any(_MAIN_CLASS.match(argument) for argument in process.arguments)


def _could_run_it(process: Process) -> bool:
    """A JVM with other arguments: an argument file, or a launcher that embeds it."""
    return process.program == "java" and any(_NAME.search(argument) for argument in process.arguments)


def _is_docker_proxy(process: Process | None) -> bool:
    return process is not None and process.program == "docker-proxy"


def _in_container(process: Process) -> list[Listener]:
    """What Elasticsearch listens at in a network namespace of its own. It cannot be asked from here."""
    return [
        Listener(each.address, each.port, process, is_here=False)
        for each in sockets(process.pid)
        if each.state == "listening" and each.inode in process.inodes and _is_its(process, each.port)
    ]


def _is_its(process: Process, port: int) -> bool:
    """Whether clients or nodes are meant at that port of Elasticsearch, and not for example JMX."""
    if _in_range(port):
        return True
    monitoring = {f"-Dcom.sun.management.jmxremote.{which}={port}" for which in ("port", "rmi.port")}
    first, last = ephemeral_ports()
    return port != REMOTE_CLUSTER_PORT and not first <= port <= last and not monitoring & set(process.arguments)


def _judge(here: list[Listener], elsewhere: list[Listener], closed: Collection[int]) -> None:
    """Tells Elasticsearch, others, and what cannot be told."""
    for listener in elsewhere:
        listener.is_elasticsearch = True
    answering = {each.process.pid for each in here if each.process and each.answer.is_elasticsearch}
    published = _targets(elsewhere)
    for listener in here:
        listener.is_elasticsearch = listener.answer.is_elasticsearch or _belongs(listener, answering, published)
        if not listener.is_elasticsearch:
            is_told = listener.answer.kind in ("http", "other") and listener.answer.status not in (401, 403)
            is_far = listener.port not in closed and not _in_range(listener.port)
            is_near = listener.port in closed and _in_range(listener.port)
            is_known = listener.process is not None and not _is_candidate(listener.process)
            listener.is_other = is_told or is_far or (is_known and not is_near)


def _belongs(listener: Listener, answering: Collection[int], published: Collection[tuple[str, int]]) -> bool:
    """Whether the process that listens is Elasticsearch, or publishes a port of it."""
    process = listener.process
    if process is None:
        return False
    if process.program in _ENGINES:
        return _is_docker_proxy(process) and _published(process) in published
    if _runs_it(process) or process.pid in answering:
        return _is_its(process, listener.port)
    return _could_run_it(process) and _in_range(listener.port)


def _targets(elsewhere: list[Listener]) -> set[tuple[str, int]]:
    found = set()
    for listener in elsewhere:
        if listener.process is None:
            continue
        own = local_addresses(listener.process.pid)
        found |= {(address, listener.port) for address in (own if ipaddress.ip_address(listener.address).is_unspecified else {listener.address})}
    return found


def _published(process: Process) -> tuple[str, int]:
    """docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 9201 -container-ip 172.17.0.2 -container-port 9200"""
    given = dict(zip(process.arguments[1:], process.arguments[2:]))
    port = given.get("-container-port", "")
    return given.get("-container-ip", ""), int(port) if port.isdigit() else 0


def ask(listener: Listener, timeout: float) -> Answer:
    """What the listener answers to ``GET /`` without credentials."""
    hosts = [listener.address]
    if ipaddress.ip_address(listener.address).is_unspecified:
        # a port that a container engine publishes may answer at loopback, or not
        hosts = ["127.0.0.1", *sorted(local_addresses(), key=lambda text: ipaddress.ip_address(text).version)[:1]]
        if ":" in listener.address:
            hosts.append("::1")
    answer = Answer("nothing")
    for host in hosts:
        answer = _get(host, listener.port, "/", {}, timeout)
        if answer.kind != "nothing":
            break
    return answer


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
        answers = [_ask_nodes(each, node.timeout) for each in doors]
        good = [answer for answer in answers if _has_nodes(answer)]
        if good:
            cluster.answers.append(good[0].body)
            said.append(f"port {doors[0].port} was asked for its nodes")
        elif pid and not any(each.process and each.process.program in _ENGINES for each in group):
            addresses = _connected(group)
            cluster.addresses += [address for address in addresses if address not in cluster.addresses]
            connected = f"is connected with {', '.join(addresses)}" if addresses else "has no connection to another node"
            said.append(f"port {group[0].port} could not be asked for its nodes ({_cause(group, answers)}), and by its sockets {connected}")
        elif not _is_published(group, listeners):
            unknown += group
    if unknown:
        cluster.is_known = False
        said = [f"port {each.port} answers {_said(each.answer)}" for each in unknown]
    cluster.seen = "; ".join(said)
    return cluster


def _is_published(group: list[Listener], listeners: list[Listener]) -> bool:
    """A port published by docker-proxy is that of a process in a container, which is looked at itself."""
    return all(_is_docker_proxy(each.process) for each in group) and any(not each.is_here for each in listeners)


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
        # requires a certificate and checks the name: https://docs.python.org/3/library/ssl.html#ssl.PROTOCOL_TLS_CLIENT
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            if access.ca_path:
                context.load_verify_locations(cafile=access.ca_path)
            else:
                context.load_default_certs()
        except (OSError, ssl.SSLError) as error:
            return Cluster(False, f"the CA file {access.ca_path} cannot be read ({error})")
    answer = _get(host, port, url.path.rstrip("/") + _NODES, _credentials(access), timeout, context)
    if _has_nodes(answer):
        return Cluster(True, f"{access.url} was asked for its nodes", [answer.body])
    return Cluster(False, f"{access.url} answers {_said(answer)}")


def _ask_nodes(listener: Listener, timeout: float) -> Answer:
    address = ipaddress.ip_address(listener.address)
    host = ("127.0.0.1" if address.version == 4 else "::1") if address.is_unspecified else listener.address
    answer = _get(host, listener.port, _NODES, {}, timeout)
    if answer.kind == "nothing" and host == "::1":
        answer = _get("127.0.0.1", listener.port, _NODES, {}, timeout)
    return answer


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


def _credentials(access: Access) -> dict[str, str]:
    if access.api_key:
        return {"Authorization": f"ApiKey {access.api_key}"}
    if access.username:
        return {"Authorization": "Basic " + base64.b64encode(f"{access.username}:{access.password}".encode()).decode()}
    return {}


def _get(host: str, port: int, path: str, headers: Mapping[str, str], timeout: float, context: ssl.SSLContext | None = None) -> Answer:
    """Asks directly, whatever proxy the environment names, and follows nothing."""
    name = f"[{host}]" if ":" in host else host
    lines = [f"GET {path} HTTP/1.1", f"Host: {name}:{port}", "Accept: application/json", "Connection: close"]
    request = "\r\n".join([*lines, *(f"{key}: {value}" for key, value in headers.items()), "", ""]).encode()
    until = time.monotonic() + timeout
    data = b""
    try:
        with socket.create_connection((host, port), timeout) as plain:
            connection = context.wrap_socket(plain, server_hostname=host) if context else plain
            with connection:
                connection.sendall(request)
                while len(data) < _LIMIT and time.monotonic() < until:
                    connection.settimeout(max(0.01, until - time.monotonic()))
                    part = connection.recv(65536)
                    if not part:
                        break
                    data += part
    except (OSError, ValueError) as error:
        if not data:
            return Answer("nothing", cause=str(error) or type(error).__name__)
    return _answer(data)


class _Received:
    """What http.client takes for a socket."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_arguments: Any) -> io.BytesIO:
        return io.BytesIO(self._data)


def _answer(data: bytes) -> Answer:
    if _NO_HTTP.search(data):
        return Answer("transport", is_elasticsearch=True, cause="that it speaks the transport protocol")
    if not data:
        return Answer("nothing", cause="nothing to plain HTTP, as with TLS")
    if data[:1] == b"\x15":  # an alert (RFC 8446, section 5.1)
        return Answer("nothing", cause="with TLS")
    if not data.startswith(b"HTTP/"):
        return Answer("other", cause="something that is no HTTP")
    response = http.client.HTTPResponse(_Received(data))  # type: ignore[arg-type]
    try:
        response.begin()
        text = response.read()
    except (http.client.HTTPException, ValueError):
        return Answer("other", cause="broken HTTP")
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    return Answer("http", response.status, _is_elasticsearch(response, body), body)


def _is_elasticsearch(response: http.client.HTTPResponse, body: Any) -> bool:
    """By its tagline, its version, its header (since 7.14), its errors, or the realm of its login."""
    realm = response.headers.get("www-authenticate", "")
    if response.headers.get("x-elastic-product") == "Elasticsearch" or 'realm="security"' in realm or "OpenSearch Security" in realm:
        return True
    if not isinstance(body, dict):
        return False
    version, error = body.get("version"), body.get("error")
    if body.get("tagline") in _TAGLINES or (isinstance(version, dict) and "lucene_version" in version):
        return True
    return isinstance(error, dict) and "root_cause" in error
