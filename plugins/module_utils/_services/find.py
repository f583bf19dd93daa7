# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What of Elasticsearch, OpenSearch, Kibana and OpenSearch Dashboards answers on a host, at whatever port.

Each listener is asked once for ``GET /``, by plain HTTP and, where it speaks TLS, with its certificate verified: with no credentials, no more than
an answer is read, and nothing is followed. A program that speaks something else is not asked: some of them count such a request as an attack.
"""

from __future__ import annotations

import concurrent.futures
import ipaddress
import os
import re
from dataclasses import dataclass
from typing import Any, Collection, Mapping

from .._elasticsearch.installed import product_of
from .._elasticsearch.listeners import TRANSPORT_RANGE, Listener, ask, is_docker_proxy, published_by, runs_it
from .._elasticsearch.secured import Trust
from .._nftables.commands import Rules, rules
from .._other_firewalls import openings
from .._port_spans import span
from .._sockets import Process, processes, sockets

__all__ = ["MOST", "Found", "find", "told"]

MOST = 200
"""Listeners that are asked on one host."""
_PATIENCE = 12  # times the time for one answer, for all of them
_AT_ONCE = 16
_LIMIT = 64 * 1024  # none of the products says more of itself
# none of them speaks HTTP; MySQL and MariaDB shut out a host whose connections they do not understand (max_connect_errors)
_OTHERS = {
    "apt-cacher", "chronyd", "cupsd", "dhclient", "dnsmasq", "dovecot", "dropbear", "epmd", "exim4", "inetd", "master", "mariadbd", "memcached", "mongod",
    "mysqld", "named", "ntpd", "postgres", "postmaster", "redis-server", "rpc.mountd", "rpc.statd", "rpcbind", "rsyslogd", "sendmail", "slapd", "smbd",
    "sshd", "systemd-resolved", "unbound", "valkey-server", "vsftpd", "winbindd", "xinetd",
}
# /login and /s/team/login, /app/login of OpenSearch Dashboards, and what Kibana has in front of a provider of SAML or OpenID Connect; a base path before each
_TO_LOGIN = re.compile(r"[^?#]*/(login|internal/security/capture-url|api/security/[^?#]*|auth/(saml|openid|basic)[^?#]*)/?(\?[^#]*)?(#.*)?", re.DOTALL)
_EVERYBODY = ("0.0.0.0/0", "::/0")


@dataclass
class Found:
    """What is known of a host's listeners."""

    listeners: list[Listener]
    elsewhere: list[Process]
    """Those of the products in a network namespace of their own, which cannot be asked from here."""
    left_out: int
    """Listeners beyond the number and the time for all of them."""


def find(timeout: float, trust: Trust, exclude: Collection[int]) -> Found:
    """All listeners of this host; those that could be one of the products have been asked."""
    everything = processes()
    elsewhere = [process for process in everything if not process.is_here and runs_it(process)]
    owners = {inode: process for process in everything for inode in process.inodes}
    found: dict[tuple[str, int], Listener] = {}
    for each in sockets():
        if each.state == "listening":
            found.setdefault((each.address, each.port), Listener(each.address, each.port, owners.get(each.inode), limit=_LIMIT))
    wanted = [each for each in found.values() if _is_asked(each, exclude)]
    wanted.sort(key=lambda each: (not _is_likely(each.process), each.port))
    asked = wanted[:MOST]
    with concurrent.futures.ThreadPoolExecutor(_AT_ONCE) as pool:
        futures = {pool.submit(ask, listener, timeout, trust, {}): listener for listener in asked}
        concurrent.futures.wait(futures, timeout * _PATIENCE)
        late = [listener for future, listener in futures.items() if future.cancel()]
    for future in futures:
        if not future.cancelled():
            future.result()
    return Found([listener for listener in asked if listener not in late], elsewhere, len(wanted) - len(asked) + len(late))


def told(found: Found, nft: str) -> dict[str, Any]:
    """What is found, for people and for inventories."""
    in_force = rules(nft, "inet", "tlsfront", "closed") if os.path.exists(nft) else None  # noqa: PTH110
    services, unknown = [], []
    for listener in found.listeners:
        product, version = _product(listener)
        if product:
            services.append(_service(listener, product, version, in_force, nft))
        elif listener.tls is not None and listener.tls.problem:
            unknown.append(f"port {listener.port} speaks TLS, and what it is cannot be told without a CA that vouches for it: {listener.tls.problem}")
    published = {published_by(listener.process)[1] for listener in found.listeners if listener.process is not None and is_docker_proxy(listener.process)}
    for process in found.elsewhere:
        ports = sorted({each.port for each in sockets(process.pid) if each.state == "listening" and each.inode in process.inodes})
        if not published & set(ports):
            product = product_of(process)[0] or "elasticsearch"
            unknown.append(f"{product} runs in a container with a network of its own, at {', '.join(map(str, ports))}, and was not asked")
    return {"services": services, "unknown": unknown, "left_out": found.left_out, "is_complete": os.geteuid() == 0}


def _is_asked(listener: Listener, exclude: Collection[int]) -> bool:
    """A port of the transport protocol is told by its process: Elasticsearch warns in its log of HTTP there."""
    if listener.port in exclude or (listener.process is not None and listener.process.program in _OTHERS):
        return False
    return not (listener.process is not None and runs_it(listener.process) and listener.port in TRANSPORT_RANGE)


def _is_likely(process: Process | None) -> bool:
    return process is not None and (runs_it(process) or process.program in ("java", "node", "docker-proxy", "nginx", "haproxy"))


def _product(listener: Listener) -> tuple[str, str]:
    """Its name and version; empty where it is none of them, or does not say it."""
    answer = listener.answer
    if answer.dashboards:
        return answer.dashboards, ""
    # where no CA vouches for its certificate it was not asked, and its process alone tells
    by_process = listener.process is not None and runs_it(listener.process) and listener.tls is not None
    if not by_process and not (answer.is_elasticsearch and answer.kind == "http"):
        return "", ""
    name, version = listener.product()
    return name or "elasticsearch", version


def _service(listener: Listener, product: str, version: str, in_force: Rules | None, nft: str) -> dict[str, Any]:
    body = listener.answer.body if isinstance(listener.answer.body, Mapping) else {}
    return {
        "address": listener.address,
        "port": listener.port,
        "program": listener.program,
        "scheme": listener.scheme,
        "product": product,
        "version": version,
        "wants_login": _wants_login(listener),
        "cluster_uuid": _text(body.get("cluster_uuid")),
        "cluster_name": _text(body.get("cluster_name")),
        "problem": listener.tls.problem if listener.tls else "",
        **_open_to(listener, in_force, nft),
    }


def _wants_login(listener: Listener) -> bool | None:
    """None where it does not say. A console sends the browser to its login, or from its host's name to its base path, behind which it was not asked."""
    answer = listener.answer
    if answer.kind != "http":
        return None
    if answer.dashboards and not listener.wants_login:
        if 300 <= answer.status < 400:
            return _TO_LOGIN.fullmatch(answer.location) is not None
        return False if answer.status == 200 else None
    return listener.wants_login


def _open_to(listener: Listener, in_force: Rules | None, nft: str) -> dict[str, Any]:
    """Whom the rules of this host let in: ``itself``, ``everybody``, ``some`` with whom in ``let_in``, or ``unknown`` with why."""
    if ipaddress.ip_address(listener.address).is_loopback:
        return {"open_to": "itself", "let_in": [], "why": ""}
    if in_force is not None and _closes(in_force, listener.port):
        return {"open_to": "some", "let_in": in_force.let_in, "why": "table inet tlsfront"}
    try:
        others = openings.Openings(openings.read_ports([listener.port]), openings.read_clients(_EVERYBODY), nft).plan()
    except (ValueError, OSError) as error:
        return {"open_to": "unknown", "let_in": [], "why": str(error)}
    if others.problems:
        return {"open_to": "unknown", "let_in": [], "why": "; ".join(others.problems)}
    if others.commands or others.by_hand:
        return {"open_to": "unknown", "let_in": [], "why": f"{' and '.join(others.found) or 'another firewall'} keeps out some or all"}
    return {"open_to": "everybody", "let_in": [], "why": ""}


def _closes(in_force: Rules, port: int) -> bool:
    return any(first <= port <= last for first, last in map(span, in_force.closed_ports))


def _text(value: Any) -> str:
    return value[:200] if isinstance(value, str) else ""
