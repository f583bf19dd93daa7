# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What was seen of an endpoint, its one verdict, and both as the module's result."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, NamedTuple, Sequence

from .certificate import Certificate
from .cluster import Cluster
from .options import Check, port_ranges
from .reasons import Problem
from .transport import Sight

OK = Problem("ok", "Verified.")
NOT_TRIED = Problem("unreachable", "It was not tried.")


class PortSight(NamedTuple):
    """What a port that must be closed has shown.

    ``open`` and ``ended`` (accepted, then closed without a byte) are answers; ``refused`` is one too, and says closed;
    ``silent`` is none; ``error`` is one of this host.
    """

    kind: str
    text: str = ""


@dataclass
class AddressReport:
    """What one address has shown."""

    address: str
    port: int
    problem: Problem = NOT_TRIED  #: a success has to be said, it is never what is left over
    sight: Sight = field(default_factory=Sight)
    certificates: Sequence[Certificate] = ()
    cluster: Cluster | None = None
    ports: dict[int, PortSight] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @property
    def open_ports(self) -> list[int]:
        return self._ports("open", "ended")

    @property
    def closed_ports(self) -> list[int]:
        """A host that has just been verified is there, so its silence is a firewall's; any other may be down."""
        return self._ports("refused", *(["silent"] if self.sight.verified else []))

    @property
    def unknown_ports(self) -> list[int]:
        return self._ports("error", *([] if self.sight.verified else ["silent"]))

    def _ports(self, *kinds: str) -> list[int]:
        return sorted(port for port, seen in self.ports.items() if seen.kind in kinds)

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
            "open_ports": port_ranges(self.open_ports),
            "closed_ports": port_ranges(self.closed_ports),
            "unknown_ports": port_ranges(self.unknown_ports),
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

    @property
    def verified(self) -> bool:
        return self.problem.reason == "ok"

    @property
    def open_ports(self) -> list[tuple[str, int]]:
        return sorted((address.address, port) for address in self.addresses for port in address.open_ports)

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
            "open_ports": [{"address": address, "port": port} for address, port in self.open_ports],
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
        return _open(report)
    unknown = [address for address in report.addresses if address.unknown_ports]
    if unknown:
        return Problem("unreachable", "Whether ports are closed cannot be told: " + "; ".join(map(_unknown, unknown[:3])))
    return OK


def _open(report: Report) -> Problem:
    shown = ", ".join("{} port {}".format(*item) for item in report.open_ports[:10])
    seen = [address.ports[port].kind for address in report.addresses for port in address.open_ports]
    if "open" in seen:
        return Problem("port_open", f"Open from here: {shown}.")
    return Problem(
        "port_open",
        f"Open from here, though each connection was closed at once, without a byte: {shown}.",
        "So does a transparent proxy or a load balancer on the way, for any port; and a service that turns this host away. "
        "Ask from a host that has none in between; if the node itself answers, close the port in its firewall and the cloud's.",
    )


def _unknown(address: AddressReport) -> str:
    ports = address.unknown_ports
    errors = sorted({address.ports[port].text for port in ports if address.ports[port].kind == "error"})
    why = ", ".join(errors) or "no answer, and none over verified https either, as from a host that is down"
    return f"{address.address} port {', '.join(port_ranges(ports))}: {why}."


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
