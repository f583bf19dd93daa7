# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which node an alert is about, as the filter C(tlsfront.elasticsearch.alerted_node)."""

from __future__ import annotations

DOCUMENTATION = r"""
name: alerted_node
author: The tlsfront.elasticsearch authors
version_added: 1.0.0
short_description: "Internal: which node an alert is about"
description:
  - Internal to this collection. Only the playbook C(tlsfront.elasticsearch.heal) calls it, and it may change in any version.
  - What an alert says comes from somebody else. It is held against what the inventory says, and is never itself a name or a pattern of hosts.
positional: _input
options:
  _input:
    description: The URL that the alert is about, as the metrics have it in C(endpoint).
    type: str
    required: true
  nodes:
    description: The nodes of the cluster.
    type: list
    elements: str
    required: true
  hostvars:
    description: The variable C(hostvars).
    type: dict
    required: true
  groups:
    description: The variable C(groups). A node that is called like one of them is refused, for C(--limit) would take all hosts of it.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Show which node it is
  ansible.builtin.debug:
    msg: "{{ 'https://es1.example.org' | tlsfront.elasticsearch.alerted_node(groups['elasticsearch'], hostvars, groups) }}"
"""

RETURN = r"""
_value:
  description: C(node), its name in the inventory, and C(problem), a sentence where it is not exactly one.
  type: dict
"""

import json
import re
import typing as t

from ansible.errors import AnsibleFilterError

# what --limit takes for one host, whatever else is in the inventory: https://docs.ansible.com/ansible/latest/inventory_guide/intro_patterns.html
_ONE_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", re.ASCII)


def alerted_node(
    endpoint: t.Any, nodes: list[str], hostvars: t.Mapping[str, t.Mapping[str, t.Any]], groups: t.Iterable[str] = ()
) -> dict[str, str]:
    """See DOCUMENTATION."""
    from ansible_collections.tlsfront.elasticsearch.plugins.filter.endpoints import endpoints

    asked = json.dumps(str(endpoint))
    try:
        found = [node for node in nodes if any(one["url"] == endpoint for one in endpoints([node], hostvars, sites=True))]
    except AnsibleFilterError as error:
        return {"node": "", "problem": str(error)}
    if not found:
        return {"node": "", "problem": f"No node of the inventory is asked at {asked}."}
    if len(found) > 1:
        several = f"{', '.join(found)} are all asked at {asked}: which of them is meant cannot be told."
        return {"node": "", "problem": f"{several} Run the playbook site for all of them."}
    if not _ONE_HOST.fullmatch(found[0]) or found[0] in {"all", "ungrouped", *groups}:
        return {"node": "", "problem": f"{json.dumps(found[0])} cannot be the name of one host in --limit."}
    return {"node": found[0], "problem": ""}


class FilterModule:
    """Ansible looks for this class."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"alerted_node": alerted_node}
