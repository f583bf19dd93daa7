# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is said of a node, wherever it is said.

`hostvars` has what the inventory says. It lacks what a play says of all its hosts, as `vars` of `import_playbook` do. So the playbooks have each node note
what it sees, in one fact, and what is noted counts.
"""

from __future__ import annotations

import contextlib
import typing as t

from ansible.errors import AnsibleError
from jinja2.exceptions import UndefinedError

if t.TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["NOTED", "OPTIONS", "options"]

NOTED = "__tlsfront_noted"
"""The fact, which playbooks/tasks/note.yml sets."""
OPTIONS = (
    "tlsfront_server_names",
    "tlsfront_addresses",
    "tlsfront_https_port",
    "tlsfront_sites",
    "tlsfront_closed_ports",
    "tlsfront_ca_path",
    "tlsfront_controller_dir",
    "certificate_source",
    "certificate_provided_ca",
    "certificate_acme_ca",
    "certificate_own_ca_dir",
)


def options(node: str, hostvars: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return of OPTIONS those that are said of the node, with their values.

    What cannot be told, for it rests on facts of a host that could not be asked, counts as not said.
    """
    inventory = hostvars[node]
    noted = inventory.get(NOTED) or {}
    found = {}
    for name in OPTIONS:
        with contextlib.suppress(AnsibleError, UndefinedError):
            if name in noted or name in inventory:
                value = noted[name] if name in noted else inventory[name]
                bool(value)  # what is undefined says so where it is used first
                found[name] = value
    return found
