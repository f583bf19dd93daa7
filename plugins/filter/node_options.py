# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: node_options
short_description: "Internal: what is said of each node, by the inventory or by the play"
version_added: 1.0.0
description:
  - Internal to this collection. Only its playbooks call it, and it may change in any version.
  - Returns of each host the variables that the playbooks read of nodes while they work on other hosts.
  - C(hostvars) has what the inventory says. What C(vars) of C(import_playbook) say is not in it; each node that a playbook works on notes it, and what is
    noted counts more. Of a node that C(--limit) leaves out, only the inventory is known.
positional: _input
options:
  _input:
    description: Names of hosts in the inventory.
    type: list
    elements: str
    required: true
  hostvars:
    description: The variables of all hosts.
    type: dict
    required: true
author: The tlsfront.elasticsearch authors
"""

EXAMPLES = r"""
- name: Show the https port of each node
  ansible.builtin.debug:
    msg: "{{ groups['elasticsearch'] | tlsfront.elasticsearch.node_options(hostvars) | map(attribute='tlsfront_https_port', default=443) }}"
"""

RETURN = r"""
_value:
  description: One mapping for each host, in their order; a variable that is not said is not in it.
  type: list
  elements: dict
"""

import typing as t


def node_options(nodes: t.Iterable[str], hostvars: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """See DOCUMENTATION."""
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._node_options import options

    return [options(node, hostvars) for node in nodes]


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"node_options": node_options}
