# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks as metrics for the textfile collector of Prometheus' node exporter.

Sources: text format (https://prometheus.io/docs/instrumenting/exposition_formats/), names and units
(https://prometheus.io/docs/practices/naming/), textfile collector
(https://github.com/prometheus/node_exporter#textfile-collector).
"""

from __future__ import annotations

import math
import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._checks import NOT_RUN
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._summary import probes_of

if t.TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._checks import Check

__all__ = ["HELP", "prometheus"]

_PREFIX = "tlsfront_https_check_"
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})

HELP = {
    "verified": "Whether the endpoint answers over verified https at this address (1) or not (0).",
    "tls_verified": "Whether the TLS part alone is verified (1) or not (0).",
    "reason_info": "Why the endpoint is not verified, or that it is ok.",
    "warnings": "Number of warnings about an endpoint.",
    "certificate_expiry_timestamp_seconds": "When the first certificate of the chain expires, in seconds since the epoch.",
    "closed_port_open": "Whether a port that must be closed answers (1); not there where that is unknown.",
    "closed_port_unknown": "Whether it could not be told if a port is closed (1).",
    "phase_duration_seconds": "How long each phase of the check took.",
    "tls_info": "Version of TLS and cipher agreed on.",
    "cluster_info": "The cluster that answered.",
    "probe_success": "Whether the check ran on this host (1) or gave no result (0).",
    "last_run_timestamp_seconds": "When the checks were made, in seconds since the epoch.",
}
"""Every metric, without its prefix, and what it says. All are gauges."""


class _Sample(t.NamedTuple):
    metric: str
    labels: dict[str, str]
    value: float


def prometheus(checks: Sequence[Check], generated_at: datetime.datetime) -> str:
    """Return the metrics of all `checks`, each with `HELP` and `TYPE`, every series once.

    Where two checks have the same labels (an endpoint listed twice), the worse one counts: an alert that is wrong is
    looked at, one that is missing is not. `generated_at` becomes the time of the last run.
    """
    samples = [_Sample("last_run_timestamp_seconds", {}, generated_at.timestamp())]
    for probe in probes_of(checks):
        ran = all(check.reason != NOT_RUN for check in checks if check.probe == probe)
        samples.append(_Sample("probe_success", {"probe": probe}, ran))
    for check in _worst(check for check in checks if check.reason != NOT_RUN):
        samples += _samples(check)
    lines = []
    for metric, meaning in HELP.items():
        series = {_series(sample): sample.value for sample in samples if sample.metric == metric}
        if series:
            lines += [f"# HELP {_PREFIX}{metric} {meaning}", f"# TYPE {_PREFIX}{metric} gauge"]
            lines += [f"{name} {value:.15g}" for name, value in series.items()]
    return "\n".join(lines) + "\n"


def _worst(checks: Iterable[Check]) -> list[Check]:
    """Return one check for each probe, endpoint and address: the one that is worst off."""
    worst: dict[tuple[str, str, str], Check] = {}
    for check in checks:
        labels = (check.probe, check.url, check.address)
        worst[labels] = max(worst.get(labels, check), check, key=_badness)
    return list(worst.values())


def _badness(check: Check) -> tuple[bool, bool, float]:
    return not check.verified, not check.ports.proved, -check.expires.timestamp() if check.expires else -math.inf


def _samples(check: Check) -> Iterator[_Sample]:
    labels = {"probe": check.probe, "endpoint": check.url, "address": check.address}
    yield _Sample("verified", labels, check.verified)
    yield _Sample("tls_verified", labels, check.tls_verified)
    yield _Sample("reason_info", {**labels, "reason": check.reason}, 1)
    yield _Sample("warnings", labels, len(check.warnings))
    if check.expires:
        yield _Sample("certificate_expiry_timestamp_seconds", labels, check.expires.timestamp())
    for port, state in check.ports.states():
        if state != "unknown":
            yield _Sample("closed_port_open", {**labels, "port": port}, state == "open")
        yield _Sample("closed_port_unknown", {**labels, "port": port}, state == "unknown")
    for phase, seconds in check.timings.items():
        yield _Sample("phase_duration_seconds", {**labels, "phase": phase}, seconds)
    if tls := _known(check.tls, "version", "cipher"):
        yield _Sample("tls_info", {**labels, **tls}, 1)
    if cluster := _known(check.cluster, "name", "uuid", "distribution", "version"):
        yield _Sample("cluster_info", {**labels, **cluster}, 1)


def _known(facts: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: facts[name] for name in names if name in facts}


def _series(sample: _Sample) -> str:
    labels = ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in sample.labels.items())
    return f"{_PREFIX}{sample.metric}{{{labels}}}" if labels else f"{_PREFIX}{sample.metric}"
