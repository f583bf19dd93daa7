# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is said of a node, wherever it is said.

`hostvars` has what the inventory says. It lacks what a play says of all its hosts, as `vars` of `import_playbook` do. So the playbooks have each node note
what it sees, in one fact, and what is noted counts.
"""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["NOTED", "OPTIONS", "options"]

NOTED = "__tlsfront_noted"
"""The fact, which playbooks/tasks/note.yml sets."""
OPTIONS = (
    "tlsfront_server_names",
    "tlsfront_addresses",
    "tlsfront_https_port",
    "tlsfront_closed_ports",
    "tlsfront_ca_path",
    "tlsfront_controller_dir",
    "certificate_source",
    "certificate_provided_ca",
    "certificate_acme_ca",
    "certificate_own_ca_dir",
)


def options(node: str, hostvars: Mapping[str, t.Any], names: Iterable[str] = OPTIONS) -> dict[str, t.Any]:
    """Return of the options called `names` those that are said of the node, with their values."""
    inventory = hostvars[node]
    noted = inventory.get(NOTED) or {}
    return {name: noted[name] if name in noted else inventory[name] for name in names if name in noted or name in inventory}
