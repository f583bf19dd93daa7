# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What was seen of an endpoint, its one verdict, and both as the module's result."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Sequence

from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._certificate import Certificate
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._cluster import Cluster
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._node import Sight
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._options import Check, port_ranges
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._verdict import Problem

OK = Problem("ok", "Verified.")
NOT_TRIED = Problem("unreachable", "It was not tried.")


@dataclass
class AddressReport:
    """What one address has shown."""

    address: str
    port: int
    problem: Problem = NOT_TRIED  #: a success has to be said, it is never what is left over
    sight: Sight = field(default_factory=Sight)
    certificates: Sequence[Certificate] = ()
    cluster: Cluster | None = None
    tried_ports: list[int] = field(default_factory=list)  #: open or closed, but known
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
            "tried_ports": port_ranges(self.tried_ports),
            "timings": {
                key: None if value is None else round(value, 4) for key, value in dict(dns=dns, **timings).items()
            },
        }


@dataclass
class Report:
    """What one endpoint has shown, in the latest attempt."""

    check: Check
    attempts: int = 0
    problem: Problem = NOT_TRIED
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


def _enough(check: Check, outcomes: list[bool]) -> bool:
    return all(outcomes) if check.all_addresses else any(outcomes)


def conclusion(report: Report) -> Problem:
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
    return OK


def require_same_cluster(reports: Sequence[Report]) -> None:
    """Whatever differs from the uuid that most addresses have is another cluster."""
    addresses = [a for report in reports for a in report.addresses if a.cluster is not None]
    uuids = [a.cluster.uuid for a in addresses if a.cluster is not None and a.cluster.uuid is not None]
    usual = max(dict.fromkeys(uuids), key=uuids.count) if uuids else None
    for report in reports:
        for address in report.addresses:
            if address.cluster is None or address.problem.reason != "ok":
                continue
            if address.cluster.uuid is None:
                address.problem = Problem(
                    "cluster_mismatch", "The node names no cluster uuid, so it cannot be compared."
                )
            elif address.cluster.uuid != usual:
                text = f"The cluster's uuid is {address.cluster.uuid}; most endpoints have {usual}."
                address.problem = Problem("cluster_mismatch", text)
        if report.verified:
            report.problem = conclusion(report)


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
