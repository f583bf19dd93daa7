# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What was observed as metrics for the textfile collector of Prometheus' node exporter, without addresses: https://github.com/prometheus/node_exporter"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Iterable, Mapping

from .. import _files
from .._nftables.commands import list_table

__all__ = ["HELP", "NAME", "dropped", "metrics", "write"]

NAME = "tlsfront_traffic.prom"
_HOUR = 3600
_PREFIX = "tlsfront_traffic_"
HELP = {
    "sources": "Sources that have used a port in the last hour, those that only tried left out.",
    "tries": "Sources that have tried a port in the last hour and were never answered.",
    "lost": "Whether a set was full, so that sources are not known (1).",
    "running": "Whether the table was in the kernel when this was written (1).",
    "dropped_packets_total": "Packets that the rules of the host have dropped at closed ports since they were loaded.",
    "last_run_timestamp_seconds": "When this was written, in seconds since the epoch.",
}
"""Every metric, without its prefix, and what it says."""


def metrics(told: Mapping[str, Any], dropped_packets: int | None) -> str:
    """The text. A port at which nothing was seen has the number 0, so that an alert has something to compare with."""
    recent = [source for source in told["sources"] if source["last"] > told["now"] - _HOUR]
    ports = sorted({str(source["port"]) for source in told["sources"]} | {port for port in told["ports"] if "-" not in port}, key=int)

    def of(port: str, answered: bool) -> int:
        its = [source for source in recent if str(source["port"]) == port]
        return len({source["address"] for source in its if (source["answered"] is not None) == answered})

    values: dict[str, list[tuple[str, int]]] = {
        "sources": [(f'{{port="{port}"}}', of(port, True)) for port in ports],
        "tries": [(f'{{port="{port}"}}', of(port, False)) for port in ports],
        "lost": [("", int(told["lost_at"] is not None or told["tries_lost_at"] is not None))],
        "running": [("", int(told["running"]))],
        "dropped_packets_total": [] if dropped_packets is None else [("", dropped_packets)],
        "last_run_timestamp_seconds": [("", told["now"])],
    }
    lines = []
    for name, meaning in HELP.items():
        if values[name]:
            kind = "counter" if name.endswith("_total") else "gauge"
            lines += [f"# HELP {_PREFIX}{name} {meaning}", f"# TYPE {_PREFIX}{name} {kind}"]
            lines += [f"{_PREFIX}{name}{labels} {value}" for labels, value in values[name]]
    return "\n".join(lines) + "\n"


def dropped(nft: str) -> int | None:
    """The packets that the last rule of the table of the role host_firewall has dropped; None where there is no such table."""
    listed = list_table(nft, "inet", "tlsfront", "-j")
    if not listed:
        return None
    return _last_counter(part["rule"] for part in json.loads(listed)["nftables"] if part.get("rule", {}).get("chain") == "closed")


def _last_counter(rules: Iterable[Mapping[str, Any]]) -> int | None:
    found = None
    for rule in rules:
        if any(verdict in statement for statement in rule["expr"] for verdict in ("drop", "reject")):
            found = next((int(statement["counter"]["packets"]) for statement in rule["expr"] if isinstance(statement.get("counter"), dict)), found)
    return found


def write(directory: Path, text: str) -> None:
    """As a whole: the collector reads it at any moment."""
    _files.write(directory / NAME, text, 0o644)
