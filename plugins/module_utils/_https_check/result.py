# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What was seen of an endpoint, and all of it as the module's result."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Iterator, Sequence

from .certificate import Certificate
from .cluster import Cluster
from .options import Target
from .ports import PortAnswer, port_ranges
from .reasons import NOT_TRIED, Verdict


@dataclass
class AddressResult:
    """What one address has shown; filled as it goes, so that a failure leaves what came before it."""

    address: str
    port: int
    verdict: Verdict = NOT_TRIED  #: a success has to be said, it is never what is left over
    phase: str = "connect"  #: how far it came: connect, tls, http
    tls: dict[str, Any] | None = None
    tls_verified: bool = False
    certificates: Sequence[Certificate] = ()
    cluster: Cluster | None = None
    ports: dict[int, PortAnswer] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)

    @contextlib.contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        """Within it the check is in that phase."""
        self.phase = phase
        start = time.monotonic()
        try:
            yield
        finally:
            self.timings[phase] = self.timings.get(phase, 0.0) + time.monotonic() - start

    @property
    def open_ports(self) -> list[int]:
        return self._ports("open", "ended")

    @property
    def closed_ports(self) -> list[int]:
        """A host that has just been verified is there, so its silence is a firewall's; any other may be down."""
        return self._ports("refused", *(["silent"] if self.tls_verified else []))

    @property
    def unknown_ports(self) -> list[int]:
        return self._ports("error", *([] if self.tls_verified else ["silent"]))

    def _ports(self, *kinds: str) -> list[int]:
        return sorted(port for port, seen in self.ports.items() if seen.kind in kinds)

    def facts(self, dns: float, now: datetime) -> dict[str, Any]:
        timings = {name: self.timings.get(name) for name in ("connect", "tls", "http")}
        return {
            "address": self.address,
            "port": self.port,
            "verified": self.verdict.ok,
            "tls_verified": self.tls_verified,
            "reason": self.verdict.reason,
            "message": self.verdict.message,
            "hint": self.verdict.hint,
            "tls": self.tls,
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
class EndpointResult:
    """What one endpoint has shown, in the latest attempt."""

    target: Target
    attempts: int = 0
    verdict: Verdict = NOT_TRIED
    dns: float = 0.0
    addresses: list[AddressResult] = field(default_factory=list)

    def facts(self, now: datetime) -> dict[str, Any]:
        days = [c.days_left(now) for address in self.addresses for c in address.certificates]
        passed = [address for address in self.addresses if address.verdict.ok]
        cluster = next((address.cluster for address in passed + self.addresses if address.cluster), None)
        ports = sorted((address.address, port) for address in self.addresses for port in address.open_ports)
        warnings = [warning for address in self.addresses for warning in address.warnings]
        if not self.target.all_addresses and passed:
            for address in self.addresses:
                if not address.verdict.ok:
                    warnings.append(f"{address.address}: {address.verdict.reason}: {address.verdict.message}")
        return {
            "url": self.target.url,
            "verified": self.verdict.ok,
            "tls_verified": bool(self.addresses) and self.target.is_enough([address.tls_verified for address in self.addresses]),
            "reason": self.verdict.reason,
            "message": self.verdict.message,
            "hint": self.verdict.hint,
            "addresses": [address.facts(self.dns, now) for address in self.addresses],
            "cluster": cluster.facts() if cluster else None,
            "days_left": min(days) if days else None,
            "open_ports": [{"address": address, "port": port} for address, port in ports],
            "warnings": list(dict.fromkeys(warnings)),
            "attempts": self.attempts,
        }


def result_of(results: Sequence[EndpointResult]) -> dict[str, Any]:
    """The module's result, JSON-plain."""
    now = datetime.now(timezone.utc)
    failed = [result for result in results if not result.verdict.ok]
    summary = f"{len(results) - len(failed)} of {len(results)} endpoints verified"
    if failed:
        shown = ", ".join(f"{result.target.url} ({result.verdict.reason})" for result in failed[:5])
        more = ", and %s more" % (len(failed) - 5) if len(failed) > 5 else ""
        summary += f"; failed: {shown}{more}"
    return {
        "changed": False,
        "endpoints": [result.facts(now) for result in results],
        "failed_endpoints": [result.target.url for result in failed],
        "summary": summary,
    }


def failure_text(results: Sequence[EndpointResult]) -> str:
    """One line for each endpoint that failed: url, address, reason, message, hint."""
    lines = []
    for result in results:
        if not result.verdict.ok:
            failed = [address for address in result.addresses if not address.verdict.ok]
            where = f" ({failed[0].address})" if failed else ""
            lines.append(
                f"{result.target.url}{where}: {result.verdict.reason}: {result.verdict.message} {result.verdict.hint}"
            )
    return "\n".join(lines)
