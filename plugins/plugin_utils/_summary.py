# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""All checks in one line."""

from __future__ import annotations

import collections
import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._ports import Ports

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._checks import Check

__all__ = ["and_join", "probes_of", "summary"]


def summary(checks: Sequence[Check]) -> str:
    """Return the verdict on all `checks`, how many there are of each state, who looked, and the ports, in one line."""
    states = collections.Counter(check.state for check in checks)
    endpoints = len({check.url for check in checks if check.url})
    if states["failed"]:
        verdict = f"NOT VERIFIED: {states['failed']} of {_count(len(checks), 'check')} failed"
    else:
        verdict = f"VERIFIED: {_count(len(checks), 'check')}, none failed"
    parts = [f"{verdict} ({_count(endpoints, 'endpoint')}, seen from {and_join(probes_of(checks))})"]
    if states["warning"]:
        parts.append(f"{states['warning']} with a warning")
    for state in ("open", "unknown", "closed"):
        ports = list(dict.fromkeys(port for check in checks for port in getattr(check.ports, state)))
        wrong = state != "closed"
        if ports and (wrong or all(check.ports.proved for check in checks)):
            parts.append(f"ports {state.upper() if wrong else state}: {', '.join(ports)}")
    parts += _unasked(checks)
    return "; ".join(parts) + "."


def _unasked(checks: Sequence[Check]) -> list[str]:
    """Return what is to be said of addresses that are reachable, and of which no port was to be closed: nothing is known of their ports."""
    reached = [check for check in checks if check.verified]
    unasked = [check for check in reached if check.ports == Ports()]
    if not unasked:
        return []
    nodes = list(dict.fromkeys(check.node for check in unasked))
    return ["no closed port was asked for" + ("" if len(unasked) == len(reached) else f" of {and_join(nodes)}")]


def probes_of(checks: Iterable[Check]) -> list[str]:
    """Return the hosts that looked, each once, in their order."""
    return list(dict.fromkeys(check.probe for check in checks))


def and_join(words: Sequence[str]) -> str:
    """Return `a`, `a and b` or `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), *words[-1:]] if len(words) > 1 else words)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
