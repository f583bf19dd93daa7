# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: ec2_firewall_plan
extends_documentation_fragment:
  - tlsfront.elasticsearch.firewall_plan
author: The tlsfront.elasticsearch authors
version_added: 0.1.0
short_description: Plan the security group of a cluster on Amazon EC2
description:
  - Compares what a policy asks for with what is there, and returns the steps from one to the other.
  - The plan covers one security group in each VPC that has a node, which is known by its name and its description, and
    its attachment to the nodes' network interfaces. Other groups stay attached, and rules that others put into it stay.
  - Nothing is read and nothing is changed by this filter.
positional: _input, groups, interfaces
options:
  groups:
    description: Security groups, as P(amazon.aws.ec2_security_group_info#module) returns them.
    type: list
    elements: dict
    required: true
  interfaces:
    description: The nodes' network interfaces, as P(amazon.aws.ec2_eni_info#module) returns them.
    type: list
    elements: dict
    required: true
  tags:
    description: Tags that the group is to have. Others that it has are left.
    type: dict
    default: {}
  state:
    description: Whether the group is to be there.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Show what would be done
  ansible.builtin.debug:
    msg: "{{ plan.steps | map(attribute='line') }}"
  vars:
    plan: "{{ policy | tlsfront.elasticsearch.ec2_firewall_plan(groups, interfaces) }}"
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
    - C(steps) is a list of mappings with C(phase) (V(open) comes first, V(close) later), C(line) for people, C(vpc_id),
      C(group_id) (none where the group is not made yet), C(do), and what that needs. V(group) makes or changes a group,
      V(attach) and V(detach) set the groups of an interface, V(delete) deletes the group.
    - C(before) and C(after) are lists of lines that describe what is ours, C(left) what others put into the groups.
    - C(remarks) are sentences about what EC2 may refuse, since by default it takes less; empty where there is none.
    - C(description) is the description that makes a group ours.
  type: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._ec2_plan import (
    group_description,
    plan_absent,
    plan_present,
)
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._plan import Plan, Policy


def ec2_firewall_plan(
    policy: t.Mapping[str, t.Any],
    groups: t.Sequence[t.Mapping[str, t.Any]],
    interfaces: t.Sequence[t.Mapping[str, t.Any]],
    tags: t.Mapping[str, str] | None = None,
    state: str = "present",
) -> dict[str, t.Any]:
    """The plan for all VPCs of the interfaces; see DOCUMENTATION.

    Raises AnsibleFilterError when a group has our name but is not ours, when an interface would be left without one, or when EC2
    can take so many groups or rules with no quota.
    """
    asked = Policy.of(policy)
    plan = Plan()
    for vpc_id in dict.fromkeys(interface["vpc_id"] for interface in interfaces):
        group = _ours(asked, vpc_id, groups)
        own = [interface for interface in interfaces if interface["vpc_id"] == vpc_id]
        try:
            part = (
                plan_absent(asked, vpc_id, group, own)
                if state == "absent"
                else plan_present(asked, vpc_id, group, own, tags or {})
            )
        except ValueError as error:
            raise AnsibleFilterError(str(error)) from None
        for step in part.steps:
            step.update(vpc_id=vpc_id, group_id=group["group_id"] if group else None)
        plan += part
    return {**plan.plain(), "description": group_description(asked.name)}


def _ours(policy: Policy, vpc_id: str, groups: t.Sequence[t.Mapping[str, t.Any]]) -> t.Mapping[str, t.Any] | None:
    for group in groups:
        if group["group_name"] == policy.name and group["vpc_id"] == vpc_id:
            if group["description"] == group_description(policy.name):
                return group
            raise AnsibleFilterError(
                f"{vpc_id} has a security group named {policy.name} ({group['group_id']}) that is not this role's: its "
                f"description is '{group['description']}'. Nothing was changed. Give cloud_firewall_name another value."
            )
    return None


class FilterModule:
    """Ansible looks for this class."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"ec2_firewall_plan": ec2_firewall_plan}
