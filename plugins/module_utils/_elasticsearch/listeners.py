# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Where Elasticsearch and OpenSearch listen on this host.

A listener is told by its process (the command line of the JVM, or what a container engine publishes) and by what it answers. Elasticsearch takes
the first free port of 9200-9300 and of 9300-9400 unless it is told one port:
https://www.elastic.co/docs/reference/elasticsearch/configuration-reference/networking-settings
"""

from __future__ import annotations

import concurrent.futures
import ipaddress
import re
from dataclasses import dataclass, field
from typing import Any, Collection, Mapping

from .._sockets import Process, ephemeral_ports, local_addresses, processes, sockets
from .asking import Answer, get
from .installed import product_of
from .secured import Trust, Verified, certificates_of, context_of, verify

__all__ = ["ENGINES", "TRANSPORT_RANGE", "Listener", "Node", "ask", "find", "is_docker_proxy", "published_by", "runs_it"]

HTTP_RANGE, TRANSPORT_RANGE = range(9200, 9301), range(9300, 9401)
# made for others, who come with TLS and a key: https://www.elastic.co/docs/deploy-manage/remote-clusters/remote-clusters-api-key
REMOTE_CLUSTER_PORT = 9443
_MAIN_CLASS = re.compile(r"(org\.elasticsearch\.server/)?org\.(elasticsearch|opensearch)\.bootstrap\.")
_NAME = re.compile(r"elasticsearch|opensearch", re.IGNORECASE)
# what stands for a port that a container publishes; docker-proxy says in its arguments for which one
ENGINES = ("docker-proxy", "conmon", "rootlessport", "rootlesskit", "slirp4netns", "pasta", "pasta.avx2")


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
    host: str = ""  #: the address at which it answered
    tls: Verified | None = None  #: how it was verified, where it speaks TLS
    wants_login: bool = False
    refused: int = 0  #: the status with which it refuses the credentials that were given
    limit: int = 8 * 1024 * 1024  #: bytes of an answer that are read at most

    @property
    def scheme(self) -> str:
        return "https" if self.tls else "http"

    @property
    def program(self) -> str:
        """The name of its process; empty where that cannot be seen."""
        return self.process.program if self.process else ""

    @property
    def is_loopback(self) -> bool:
        return ipaddress.ip_address(self.address).is_loopback

    @property
    def is_transport(self) -> bool:
        if self.answer.kind in ("http", "transport"):
            return self.answer.kind == "transport"
        return self.port in TRANSPORT_RANGE or self.port not in HTTP_RANGE

    @property
    def is_http(self) -> bool:
        """Whether clients are meant here, and not other nodes."""
        return self.is_elasticsearch and self.is_here and not self.is_transport and (self.answer.kind == "http" or self.tls is not None)

    def ask(self, path: str, timeout: float, headers: Mapping[str, str] | None = None) -> Answer:
        """What it answers at the address that has answered before, by its own scheme."""
        if not self.tls:
            return get(self.host or self.address, self.port, path, headers or {}, timeout, limit=self.limit)
        if not self.tls.name:
            return Answer("nothing", cause=self.tls.problem)
        return get(self.host, self.port, path, headers or {}, timeout, context_of(self.tls.ca_path), self.tls.name, self.limit)

    def product(self) -> tuple[str, str]:
        """Its name and its version, as it says them or its process shows them; empty where neither does."""
        version = self.answer.body.get("version") if isinstance(self.answer.body, dict) else None
        said = version if isinstance(version, dict) else {}
        # looked for in files only where it does not say: a server has thousands of them open
        name, number = product_of(self.process) if self.process and not said.get("number") else ("", "")
        return str(said.get("distribution") or ("elasticsearch" if "number" in said else name)), str(said.get("number") or number)

    def http(self) -> dict[str, Any]:
        """What a front must know of it."""
        product, version = self.product()
        return {
            "address": self.host or self.address,
            "port": self.port,
            "scheme": self.scheme,
            "wants_login": self.wants_login,
            "refused": self.refused,
            "cluster_uuid": str(self.answer.body.get("cluster_uuid") or "") if isinstance(self.answer.body, dict) else "",
            "product": product,
            "version": version,
            "ca_path": self.tls.ca_path if self.tls else "",
            "ca_content": certificates_of(self.tls.ca_path) if self.tls and self.tls.ca_path else "",
            "name": self.tls.name if self.tls else "",
            "problem": self.tls.problem if self.tls else "",
        }

    def plain(self) -> dict[str, Any]:
        return {
            "address": self.address,
            "port": self.port,
            "program": self.program,
            "elasticsearch": self.is_elasticsearch,
            "scheme": self.scheme,
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


def find(closed: Collection[int], timeout: float = 5, trust: Trust | None = None, credentials: Mapping[str, str] | None = None) -> Node:
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
    published = {published_by(each.process) for each in here if each.process and is_docker_proxy(each.process)}
    in_containers = [_in_container(process) for process in everything if not process.is_here and runs_it(process)]
    # a container that publishes nothing is another host, with an address of its own
    elsewhere = [each for listeners in in_containers if _targets(listeners) & published for each in listeners]
    asked = [each for each in here if _is_asked(each, closed)]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda each: ask(each, timeout, trust or Trust(), credentials or {}), asked))
    _judge(here, elsewhere, closed)
    return Node(here + elsewhere, timeout)


def _is_asked(listener: Listener, closed: Collection[int]) -> bool:
    """Elasticsearch warns in its log of HTTP at its transport port, and docker-proxy says itself what it stands for."""
    process = listener.process
    if process is not None and (runs_it(process) or _could_run_it(process)):
        return listener.port not in TRANSPORT_RANGE
    return not is_docker_proxy(process) or listener.port in closed or _in_range(listener.port)


def _in_range(port: int) -> bool:
    return port in HTTP_RANGE or port in TRANSPORT_RANGE


def _is_candidate(process: Process | None) -> bool:
    return process is not None and (_could_run_it(process) or process.program in ENGINES)


def runs_it(process: Process) -> bool:
    return any(_MAIN_CLASS.match(argument) for argument in process.arguments)


def _could_run_it(process: Process) -> bool:
    """A JVM with other arguments: an argument file, or a launcher that embeds it."""
    return process.program == "java" and any(_NAME.search(argument) for argument in process.arguments)


def is_docker_proxy(process: Process | None) -> bool:
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
    if process.program in ENGINES:
        return is_docker_proxy(process) and published_by(process) in published
    if runs_it(process) or process.pid in answering:
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


def published_by(process: Process) -> tuple[str, int]:
    """docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 9201 -container-ip 172.17.0.2 -container-port 9200"""
    given = dict(zip(process.arguments[1:], process.arguments[2:]))
    port = given.get("-container-port", "")
    return given.get("-container-ip", ""), int(port) if port.isdigit() else 0


def ask(listener: Listener, timeout: float, trust: Trust, credentials: Mapping[str, str]) -> None:
    """Keeps what the listener answers to ``GET /`` by http or by https.

    Credentials are sent over verified TLS only: by plain http, whoever listens on loopback would have them.
    """
    for host in _hosts(listener):
        listener.host = host
        listener.answer = get(host, listener.port, "/", {}, timeout, limit=listener.limit)
        if listener.answer.kind != "nothing" or listener.answer.is_tls:
            break
    if listener.answer.is_tls:
        tls = verify(listener.host, listener.port, trust, timeout)
        if tls.is_tls:
            listener.tls = tls
            listener.answer = listener.ask("/", timeout)
    listener.wants_login = listener.answer.kind == "http" and listener.answer.status in (401, 403)
    if listener.wants_login and listener.answer.is_elasticsearch and credentials and listener.tls:
        answer = listener.ask("/", timeout, credentials)
        if answer.status == 200:
            listener.answer = answer
        elif answer.kind == "http":
            listener.refused = answer.status


def _hosts(listener: Listener) -> list[str]:
    if not ipaddress.ip_address(listener.address).is_unspecified:
        return [listener.address]
    # a port that a container engine publishes may answer at loopback, or not
    hosts = ["127.0.0.1", *sorted(local_addresses(), key=lambda text: ipaddress.ip_address(text).version)[:1]]
    return [*hosts, "::1"] if ":" in listener.address else hosts
