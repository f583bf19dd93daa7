# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Endpoint to report: addresses, handshake, request, deadline, retries."""

from __future__ import annotations

import errno
import socket
import ssl
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Callable, Iterable, Mapping, Sequence

from ansible_collections.tlsfront.elasticsearch.plugins.module_utils import _certificate, _cluster
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._bounds import Alarm, AlarmClock
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._cause import Scene, chain_of, explain, was_cut_off
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._certificate import Certificate
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._chain import require_sound, strict_findings
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._endpoint import Endpoint, authority
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._node import (
    ProxyRefused,
    Route,
    Sight,
    get,
    make_transport,
    open_tcp,
)
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._options import Check
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._presented import Presented, look
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._resolve import Address, resolve
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._trust import Trust
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._verdict import Problem
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._workers import Job, run_all

_OK = Problem("ok", "Verified.", "")
_NEVER_CHANGES = ("invalid_url", "plaintext_url")
# A closed port that drops packets costs this long: the first SYN, and its repetition after one second (RFC 6298).
_CLOSED_AFTER = 3.0
# How long to wait for a word of why a connection was cut off, seconds.
_ALERT_AFTER = 1.0
_CLOSED = (
    errno.ECONNREFUSED,
    errno.EHOSTUNREACH,
    errno.ENETUNREACH,
    errno.EACCES,
    errno.EPERM,
    errno.ECONNRESET,
    errno.ETIMEDOUT,
)


@dataclass
class AddressReport:
    """What one address has shown."""

    address: str
    port: int
    problem: Problem = _OK
    sight: Sight = field(default_factory=Sight)
    certificates: Sequence[Certificate] = ()
    cluster: _cluster.Cluster | None = None
    warnings: list[str] = field(default_factory=list)

    def facts(self, dns: float, now: datetime) -> dict[str, Any]:
        timings = {name: self.sight.timings.get(name) for name in ("connect", "tls", "http")}
        return {
            "address": self.address,
            "port": self.port,
            "verified": self.problem.reason == "ok",
            "tls_verified": self.sight.verified,
            "reason": self.problem.reason,
            "message": self.problem.message,
            "hint": self.problem.hint,
            "tls": self.sight.tls,
            "certificates": [certificate.facts(now) for certificate in self.certificates],
            "cluster": self.cluster.facts() if self.cluster else None,
            "timings": {
                key: None if value is None else round(value, 4) for key, value in dict(dns=dns, **timings).items()
            },
        }


@dataclass
class Report:
    """What one endpoint has shown, in the latest attempt."""

    check: Check
    attempts: int = 0
    problem: Problem = _OK
    dns: float = 0.0
    addresses: list[AddressReport] = field(default_factory=list)
    open_ports: list[tuple[str, int]] = field(default_factory=list)
    unknown_ports: list[str] = field(default_factory=list)

    @property
    def verified(self) -> bool:
        return self.problem.reason == "ok"

    def facts(self, now: datetime) -> dict[str, Any]:
        days = [c.days_left(now) for address in self.addresses for c in address.certificates]
        passed = [address for address in self.addresses if address.problem.reason == "ok"]
        cluster = next((address.cluster for address in passed + self.addresses if address.cluster), None)
        warnings = [warning for address in self.addresses for warning in address.warnings]
        if not self.check.all_addresses and passed:
            for address in self.addresses:
                if address.problem.reason != "ok":
                    warnings.append(f"{address.address}: {address.problem.reason}: {address.problem.message}")
        return {
            "url": self.check.url,
            "verified": self.verified,
            "tls_verified": bool(self.addresses) and _enough(self.check, [a.sight.verified for a in self.addresses]),
            "reason": self.problem.reason,
            "message": self.problem.message,
            "hint": self.problem.hint,
            "addresses": [address.facts(self.dns, now) for address in self.addresses],
            "cluster": cluster.facts() if cluster else None,
            "days_left": min(days) if days else None,
            "open_ports": [{"address": address, "port": port} for address, port in sorted(self.open_ports)],
            "warnings": list(dict.fromkeys(warnings)),
            "attempts": self.attempts,
        }


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
                report.problem = _conclusion(report)
            if same_cluster:
                _require_same_cluster(reports)
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
        report.problem, report.addresses, report.open_ports, report.unknown_ports = _OK, [], [], []
        if check.endpoint is None:
            report.problem = check.problem or _OK
            return []
        start = time.monotonic()
        host, port = check.proxy or check.connect
        try:
            targets = resolve(host, port, check.timeout)
        except Problem as problem:
            report.problem = problem
            return []
        finally:
            report.dns = time.monotonic() - start
        if check.proxy:
            address = AddressReport(*check.connect)
            report.addresses = [address]
            return [_probe(report, check.endpoint, address, targets, context, clock)]
        report.addresses = [AddressReport(target[1][0], port) for target in targets]
        probes = zip(report.addresses, targets)
        jobs = [_probe(report, check.endpoint, a, [target], context, clock) for a, target in probes]
        return jobs + [_probe_port(report, target, port) for target in targets for port in check.closed_ports]

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
                inspect=_inspector(check, address),
                tunnel=_tunnel(check),
            )
            try:
                address.cluster = _ask(check, route)
                _cluster.require_expected(address.cluster, check.expected)
            except Exception as error:
                address.problem = _problem(check, address, route, error)

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
        cluster = _cluster.read_root(answer.status, answer.headers, answer.body, with_credentials)
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
            cluster.status = _cluster.read_health(answer.status, answer.headers, answer.body, with_credentials)
        return cluster
    finally:
        transport.close()


def _inspector(check: Check, address: AddressReport) -> Callable[[Sequence[bytes]], None]:
    """What is asked of a chain that OpenSSL has verified, before any byte of HTTP is sent."""

    def inspect(chain: Sequence[bytes]) -> None:
        now = datetime.now(timezone.utc)
        certificates = [_certificate.read(der) for der in chain]
        address.certificates = certificates
        require_sound(certificates)
        if check.fingerprints and not any(c.fingerprint in check.fingerprints for c in certificates):
            raise Problem(
                "pin_mismatch",
                f"{certificates[0].label} has {certificates[0].fingerprint}, which is none of the fingerprints.",
            )
        first = min(certificates, key=lambda certificate: certificate.not_after)
        days = first.days_left(now)
        if days < check.min_days_valid:
            raise Problem(
                "certificate_expires_soon",
                f"{first.label} has {days} days left, until {first.not_after:%Y-%m-%d}; wanted {check.min_days_valid}.",
            )
        if days < check.warn_days_valid:
            address.warnings.append(f"{first.label} has {days} days left, until {first.not_after:%Y-%m-%d}.")
        findings = () if check.trust.x509_strict else strict_findings(certificates)
        if findings:
            address.warnings.append(
                "Python 3.13 and newer refuse this chain by default (RFC 5280): " + "; ".join(findings)
            )

    return inspect


def _problem(check: Check, address: AddressReport, route: Route, error: Exception) -> Problem:
    late = route.alarm.rang or time.monotonic() >= route.alarm.deadline
    for cause in chain_of(error):
        if isinstance(cause, Problem):
            return cause
        if isinstance(cause, ProxyRefused) and not late:
            return Problem(
                "bad_gateway", "The proxy {}:{} opens no tunnel: {}.".format(*(check.proxy or ("", 0)), cause)
            )
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
        trust=f"ca_path ({check.trust.ca_path})" if check.trust.ca_path else "the system's CA store",
        trusted=lambda: _certificate.read_all(route.context.get_ca_certs(binary_form=True)),
        chain=certificates,
        version=seen.version,
        first_bytes=seen.first_bytes,
        is_tls=seen.is_tls,
        strict=check.trust.x509_strict,
        alert=seen.alert,
        proxy="{}:{}".format(*check.proxy) if check.proxy else None,
    )
    return explain(error, scene)


def _look(route: Route) -> Presented:
    try:
        sock = open_tcp(route)
        await_alert = route.sight.phase == "http"
        sock.settimeout(min(route.left, _ALERT_AFTER) if await_alert else route.left)
    except (OSError, ProxyRefused):
        return Presented()
    return look(sock, route.name, await_alert)


def _probe_port(report: Report, target: Address, port: int) -> Job:
    def job() -> None:
        family, address = target
        with socket.socket(family, socket.SOCK_STREAM) as sock:
            sock.settimeout(min(report.check.timeout, _CLOSED_AFTER))
            try:
                sock.connect((address[0], port, *tuple(address[2:])))
            except socket.timeout:
                return
            except OSError as error:
                if error.errno not in _CLOSED:
                    report.unknown_ports.append(f"{address[0]} port {port}: {error.strerror or error}")
                return
            report.open_ports.append((address[0], port))

    return job


def _enough(check: Check, outcomes: list[bool]) -> bool:
    return all(outcomes) if check.all_addresses else any(outcomes)


def _conclusion(report: Report) -> Problem:
    """The endpoint's one verdict: that of the first address that fails it, then that of its ports."""
    if not report.addresses:
        return report.problem
    failed = [address for address in report.addresses if address.problem.reason != "ok"]
    if not _enough(report.check, [address.problem.reason == "ok" for address in report.addresses]):
        first = failed[0]
        prefix = "" if len(report.addresses) == 1 else f"{first.address}: "
        return Problem(first.problem.reason, prefix + first.problem.message, first.problem.hint)
    if report.open_ports:
        shown = ", ".join("{} port {}".format(*item) for item in sorted(report.open_ports)[:10])
        return Problem("port_open", f"Open from here: {shown}.")
    if report.unknown_ports:
        return Problem(
            "unreachable", "Whether ports are closed cannot be told: {}.".format("; ".join(report.unknown_ports[:3]))
        )
    return _OK


def _require_same_cluster(reports: Sequence[Report]) -> None:
    """Whatever differs from the uuid that most addresses have is another cluster."""
    addresses = [a for report in reports for a in report.addresses if a.cluster is not None]
    uuids = [a.cluster.uuid for a in addresses if a.cluster is not None and a.cluster.uuid is not None]
    if not uuids:
        return
    usual = max(dict.fromkeys(uuids), key=uuids.count)
    for report in reports:
        for address in report.addresses:
            if address.cluster is not None and address.problem.reason == "ok" and address.cluster.uuid != usual:
                address.problem = Problem(
                    "cluster_mismatch",
                    f"The cluster's uuid is {address.cluster.uuid}; most endpoints have {usual}.",
                )
        if report.verified:
            report.problem = _conclusion(report)


def result_of(reports: Sequence[Report]) -> dict[str, Any]:
    """The module's result, JSON-plain."""
    now = datetime.now(timezone.utc)
    failed = [report for report in reports if not report.verified]
    summary = f"{len(reports) - len(failed)} of {len(reports)} endpoints verified"
    if failed:
        shown = ", ".join(f"{report.check.url} ({report.problem.reason})" for report in failed[:5])
        more = ", and %s more" % (len(failed) - 5) if len(failed) > 5 else ""
        summary += f"; failed: {shown}{more}"
    return {
        "changed": False,
        "endpoints": [report.facts(now) for report in reports],
        "failed_endpoints": [report.check.url for report in failed],
        "summary": summary,
    }


def failure_text(reports: Sequence[Report]) -> str:
    """One line for each endpoint that failed: url, address, reason, message, hint."""
    lines = []
    for report in reports:
        if not report.verified:
            failed = [address for address in report.addresses if address.problem.reason != "ok"]
            where = f" ({failed[0].address})" if failed else ""
            lines.append(
                f"{report.check.url}{where}: {report.problem.reason}: {report.problem.message} {report.problem.hint}"
            )
    return "\n".join(lines)
