# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Endpoint to report: addresses, handshake, request, deadline, retries."""

from __future__ import annotations

import errno
import socket
import ssl
import time
from typing import Iterable, Mapping

from . import certificate as _certificate
from . import cluster as _cluster
from .addresses import Address, resolve
from .chain_policy import inspect
from .diagnosis import Scene, chain_of, explain, was_cut_off
from .diagnostic_handshake import Presented, look
from .endpoint import Endpoint, authority
from .limits import Alarm, AlarmClock
from .options import Check
from .reasons import Problem
from .result import (
    NOT_TRIED,
    OK,
    AddressReport,
    PortSight,
    Report,
    conclusion,
    require_same_cluster,
)
from .transport import (
    ProxyRefused,
    Route,
    get,
    make_transport,
    open_tcp,
)
from .trust import Trust
from .workers import Job, run_all

_NEVER_CHANGES = ("invalid_url", "plaintext_url")
# A closed port that drops packets costs this long: the first SYN, and its repetition after one second (RFC 6298).
_CLOSED_AFTER = 3.0
# How long to wait for a word of why a connection was cut off, seconds.
_ALERT_AFTER = 1.0
_UNREACHED = "Look at the proxy's log: it got no connection to the endpoint; is that up, and may the proxy reach it?"
_PROXY_HINTS = {
    0: "Look at the proxy's log, and whether it may open tunnels (CONNECT) to that host and port.",
    407: "The proxy, not Elasticsearch, wants a login, and https_check sends it none: let this host through without one.",
    502: _UNREACHED,
    503: _UNREACHED,
    504: _UNREACHED,
}
# How long an open port is listened to, for how it behaves, seconds.
_LISTENED = 1.0
# A SYN that is answered by a reset is ECONNREFUSED; a reset of a connection that was accepted is one of these.
_ENDED = (errno.ECONNRESET, errno.EPIPE)
# What a firewall answers, and a router for a host that is not there: alone it says nothing.
_NOT_THERE = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ETIMEDOUT)


def probe_all(
    checks: Iterable[Check],
    contexts: Mapping[Trust, ssl.SSLContext],
    concurrency: int = 32,
    retry_for: float = 0.0,
    same_cluster: bool = False,
) -> list[Report]:
    """Probes every endpoint, and again what failed until ``retry_for`` seconds have passed.

    :param contexts: the context of each trust that the checks name
    """
    reports = [Report(check) for check in checks]
    start = time.monotonic()
    pause = 0.5
    clock = AlarmClock()
    try:
        failed = reports
        while True:
            run_all([_attempt(report, contexts[report.check.trust], clock) for report in failed], concurrency)
            for report in failed:
                report.problem = conclusion(report)
            if same_cluster:
                require_same_cluster(reports)
            failed = [r for r in reports if not r.verified and r.problem.reason not in _NEVER_CHANGES]
            left = start + retry_for - time.monotonic()
            if not failed or left <= 0:
                return reports
            time.sleep(min(pause, left))
            pause = min(pause * 1.5, 5.0)
    finally:
        clock.close()


def _attempt(report: Report, context: ssl.SSLContext, clock: AlarmClock) -> Job:
    def job() -> list[Job]:
        check = report.check
        report.attempts += 1
        report.problem, report.addresses = NOT_TRIED, []
        if check.endpoint is None:
            report.problem = check.problem or NOT_TRIED
            return []
        start = time.monotonic()
        host, port = check.proxy or check.connect
        try:
            targets = resolve(host, port, check.timeout)
        except Problem as problem:
            report.problem = problem.plain()
            return []
        finally:
            report.dns = time.monotonic() - start
        if check.proxy:
            address = AddressReport(*check.connect)
            report.addresses = [address]
            return [_probe(report, check.endpoint, address, targets, context, clock)]
        report.addresses = [AddressReport(target[1][0], port) for target in targets]
        pairs = list(zip(report.addresses, targets))
        jobs = [_probe(report, check.endpoint, address, [target], context, clock) for address, target in pairs]
        return jobs + [_probe_port(check, *pair, port) for pair in pairs for port in check.closed_ports]

    return job


def _probe(
    report: Report,
    endpoint: Endpoint,
    address: AddressReport,
    targets: list[Address],
    context: ssl.SSLContext,
    clock: AlarmClock,
) -> Job:
    def job() -> None:
        check = report.check
        deadline = time.monotonic() + max(check.timeout - report.dns, 0.0)
        with Alarm(clock, deadline) as alarm:
            route = Route(
                targets=targets,
                name=check.name,
                port=endpoint.port,
                host_header=authority(check.name, endpoint.port),
                path=endpoint.path,
                context=context,
                alarm=alarm,
                sight=address.sight,
                tunnel=_tunnel(check),
            )
            route.inspect = lambda chain: inspect(check, address, route, chain)
            try:
                address.cluster = _ask(check, route)
                _cluster.require_expected(address.cluster, check.expected)
                address.problem = OK
            except Exception as error:
                address.problem = _problem(check, address, route, error).plain()
            finally:
                address.sight.answers.clear()

    return job


def _tunnel(check: Check) -> str | None:
    if check.proxy is None:
        return None
    host, port = check.connect
    return "{}:{}".format(f"[{host}]" if ":" in host else host, port)


def _ask(check: Check, route: Route) -> _cluster.Cluster:
    transport = make_transport(route)
    with_credentials = check.authorization is not None
    try:
        answer = get(transport, "/", route, check.authorization)
        cluster = _cluster.read_root(*answer, with_credentials, check.secrets)
        if check.expected.min_status is not None:
            try:
                answer = get(transport, "/_cluster/health", route, check.authorization)
            except Exception as error:
                if route.alarm.rang or isinstance(error.__cause__, socket.timeout):
                    raise Problem(
                        "cluster_unhealthy",
                        f"_cluster/health has no answer within {check.timeout:g} s, as where no master is elected.",
                    ) from error
                raise
            cluster.status = _cluster.read_health(*answer, with_credentials, check.secrets)
        return cluster
    finally:
        transport.close()


def _problem(check: Check, address: AddressReport, route: Route, error: Exception) -> Problem:
    late = route.alarm.rang or time.monotonic() >= route.alarm.deadline
    for cause in chain_of(error):
        if isinstance(cause, Problem):
            return cause
        if isinstance(cause, ProxyRefused) and not late:
            text = "The proxy {}:{} opens no tunnel to {}: {}.".format(*(check.proxy or ("", 0)), route.tunnel, cause)
            return Problem("bad_gateway", text, _PROXY_HINTS.get(cause.status, _PROXY_HINTS[0]))
    sight = route.sight
    seen = Presented()
    if not late and (sight.phase == "tls" or (sight.phase == "http" and was_cut_off(error))):
        seen = _look(route)
    certificates = _certificate.read_all(seen.chain)
    if certificates and not address.certificates:
        address.certificates = certificates
    scene = Scene(
        place="{}:{}".format(f"[{address.address}]" if ":" in address.address else address.address, address.port),
        name=check.name,
        phase=sight.phase,
        timeout=check.timeout,
        late=late,
        server_hello=sight.server_hello,
        client_cert=check.trust.client_cert is not None,
        min_tls_version=check.trust.min_tls_version,
        trust=_trusted(check),
        trusted=lambda: _certificate.read_all(route.context.get_ca_certs(binary_form=True)),
        chain=certificates,
        version=seen.version,
        first_bytes=seen.first_bytes,
        is_tls=seen.is_tls,
        strict=check.trust.x509_strict,
        alert=seen.alert,
        secrets=check.secrets,
        proxy="{}:{}".format(*check.proxy) if check.proxy else None,
    )
    return explain(error, scene)


def _trusted(check: Check) -> str:
    if check.trust.ca_content is not None:
        return "ca_content"
    return f"ca_path ({check.trust.ca_path})" if check.trust.ca_path else "the system's CA store"


def _look(route: Route) -> Presented:
    try:
        sock = open_tcp(route)
        await_alert = route.sight.phase == "http"
        sock.settimeout(min(route.left, _ALERT_AFTER) if await_alert else route.left)
    except (OSError, ProxyRefused):
        return Presented()
    return look(sock, route.name, await_alert)


def _probe_port(check: Check, address: AddressReport, target: Address, port: int) -> Job:
    def job() -> None:
        address.ports[port] = _seen_of_port(check, target, port)

    return job


def _seen_of_port(check: Check, target: Address, port: int) -> PortSight:
    family, place = target
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.settimeout(min(check.timeout, _CLOSED_AFTER))
        try:
            sock.connect((place[0], port, *tuple(place[2:])))
        except socket.timeout:
            return PortSight("silent")
        except OSError as error:
            if error.errno == errno.ECONNREFUSED:
                return PortSight("refused")
            if error.errno in _ENDED:
                return PortSight("ended")
            if error.errno in _NOT_THERE:
                return PortSight("silent")
            return PortSight("error", error.strerror or str(error))
        sock.settimeout(min(check.timeout, _LISTENED))
        try:
            ended = sock.recv(1) == b""
        except socket.timeout:
            ended = False
        except OSError:
            ended = True
        return PortSight("ended" if ended else "open")
