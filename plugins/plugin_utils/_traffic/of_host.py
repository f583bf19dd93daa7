# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether one host of the inventory still uses the ports."""

from __future__ import annotations

import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._summary import and_join
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._text import one_line

from .times import length

if t.TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["of_host"]


def of_host(told: t.Any, host: str, minutes: int) -> list[str]:
    """Return a sentence for each port that the host has used within so many minutes, and for what of it is not known.

    told  the result of traffic_sources_info. Of an address that others have, too, it is not known who of them it was. A client host that is a node talks to
          its peers at all times, and goes on: that is no reason.

    Raises ValueError where it is no such result.
    """
    try:
        its_own = [row for row in told["rows"] if host in row["hosts"] and not (row["state"] == "let in" and row["kind"] in ("node", "this node"))]
        rows = [row for row in its_own if row["answered"] is not None and row["answered"] <= minutes * 60]
        found: dict[int, dict[str, int]] = {}
        for row in rows:
            its = found.setdefault(int(row["port"]), {})
            its[str(row["node"])] = min(its.get(str(row["node"]), row["answered"]), row["answered"])
        unseen = [(one_line(node["name"]), problem) for node in told["nodes"] if (problem := _unseen(node, minutes))]
    except (KeyError, TypeError, AttributeError):
        raise ValueError("this is no result of the module traffic_sources_info") from None
    used = [
        f"{and_join(sorted(map(one_line, its)))} saw it at {port} {length(min(its.values()))} ago: restart what still holds the old setting"
        for port, its in sorted(found.items())
    ]
    return used + [f"It is not known whether it still uses a port of {name}: {problem}" for name, problem in unseen]


def _unseen(node: Mapping[str, t.Any], minutes: int) -> str:
    """Why the node cannot tell of all those minutes. One on which nothing observes claims nothing of them."""
    if node["problem"] or not node["observed"]:
        return one_line(node["problem"])
    if node["seconds"] is None or node["seconds"] < minutes * 60:
        return f"it was observed for {length(node['seconds'] or 0)} only, not for {length(minutes * 60)}"
    if node["lost"] is not None and node["lost"] <= minutes * 60:
        return f"it saw more sources than it has place for, {length(node['lost'])} ago (traffic_observer_size)"
    return ""
