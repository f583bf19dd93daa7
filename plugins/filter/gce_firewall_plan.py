# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: gce_firewall_plan
extends_documentation_fragment:
  - tlsfront.elasticsearch.firewall_plan
author: The tlsfront.elasticsearch authors
version_added: 0.1.0
short_description: Plan the firewall rules of a cluster on Google Compute Engine
description:
  - Compares what a policy asks for with what is there, and returns the steps from one to the other.
  - The plan covers the rules of this collection only, a few in each network, which are known by their names and
    descriptions.
  - Nothing is read and nothing is changed by this filter.
positional: _input, nodes, firewalls
options:
  nodes:
    description: The nodes, as P(tlsfront.elasticsearch.gce_instance_firewalls_info#module) returns them.
    type: list
    elements: dict
    required: true
  firewalls:
    description: The project's firewall rules, as P(google.cloud.gcp_compute_firewall_info#module) returns them.
    type: list
    elements: dict
    required: true
  target:
    description:
      - The instances that the rules are for, by network tags (C(tags)) or by service accounts (C(service_accounts)).
    type: dict
    default: {}
  priority:
    description: The priority of the allowing rules, from 1 (first) to 65534. The denying ones are one behind.
    type: int
    default: 100
  state:
    description: Whether the rules are to be there.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Show what would be done
  ansible.builtin.debug:
    msg: "{{ plan.steps | map(attribute='line') }}"
  vars:
    plan: "{{ policy | tlsfront.elasticsearch.gce_firewall_plan(nodes, rules, target={'tags': ['es']}) }}"
    policy:
      name: tlsfront-elasticsearch
      open_ports: ["443"]
      closed_ports: ["9200", "9300"]
      clients: [192.0.2.0/24]
      direct_clients: []
"""

RETURN = r"""
_value:
  description:
    - C(steps) is a list of mappings with C(phase) (V(open) comes first, V(close) later), C(line) for people, C(do), and
      C(name) of the firewall rule. V(present) makes or changes it as C(rule) says, V(replace) makes it anew, V(absent)
      deletes it.
    - C(before) and C(after) are lists of lines that describe the rules that are ours.
  type: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._gce_plan import plan_absent, plan_present
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._plan import Plan, Policy


def gce_firewall_plan(
    policy: t.Mapping[str, t.Any],
    nodes: t.Sequence[t.Mapping[str, t.Any]],
    firewalls: t.Sequence[t.Mapping[str, t.Any]],
    target: t.Mapping[str, t.Sequence[str]] | None = None,
    priority: int = 100,
    state: str = "present",
) -> dict[str, t.Any]:
    """The plan for all networks of the nodes; see DOCUMENTATION.

    Raises AnsibleFilterError when a node is not among those that the rules are for, when they would be for every
    instance of the network, when the priority cannot be set, or when a rule has our name but is not ours.
    """
    asked = Policy.of(policy)
    # gcp_compute_firewall does not send a 0, and Google then takes 1000
    if not 1 <= priority <= 65534:
        raise AnsibleFilterError(
            f"the priority of the rules is {priority}, and must be from 1 to 65534. Nothing was changed. "
            "Set cloud_firewall_gce_priority."
        )
    if state == "present":
        _check_target(nodes, target or {})
    plan = Plan()
    for network in dict.fromkeys(interface["network"] for node in nodes for interface in node["interfaces"]):
        try:
            if state == "absent":
                plan += plan_absent(asked, network, firewalls)
            else:
                plan += plan_present(asked, network, firewalls, target or {}, priority)
        except ValueError as error:
            raise AnsibleFilterError(str(error)) from None
    return plan.plain()


def _check_target(nodes: t.Sequence[t.Mapping[str, t.Any]], target: t.Mapping[str, t.Sequence[str]]) -> None:
    kind = "service_accounts" if target.get("service_accounts") else "tags"
    wanted = target.get(kind) or ()
    if not wanted:
        raise AnsibleFilterError(
            "without tags and service accounts the rules would be for every instance of the network. "
            "Nothing was changed. Set cloud_firewall_gce_target_tags or cloud_firewall_gce_target_service_accounts."
        )
    strangers = [node["name"] for node in nodes if not set(node[kind]) & set(wanted)]
    if strangers:
        raise AnsibleFilterError(
            f"{', '.join(strangers)} has none of the {kind.replace('_', ' ')} {', '.join(wanted)}, so the rules would "
            "not be for it. Nothing was changed. Set cloud_firewall_gce_target_tags to a network tag that the nodes "
            "have and no other instance has, or give them one, for example: "
            f"gcloud compute instances add-tags {strangers[0]} --tags={wanted[0]}"
        )


class FilterModule:
    """Ansible looks for this class."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"gce_firewall_plan": gce_firewall_plan}
