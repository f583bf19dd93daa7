# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: ec2_firewall_plan
author: The tlsfront.elasticsearch authors
version_added: 0.1.0
short_description: Plan the security group of a cluster on Amazon EC2
description:
  - Compares what a policy asks for with what is there in a VPC, and returns the steps from one to the other.
  - The plan covers one security group, which is known by its name and its description, and its attachment to network
    interfaces. Other groups of the interfaces stay attached. Rules that others put into the group stay in it.
  - Nothing is read and nothing is changed by this filter.
positional: _input, vpc_id, groups, interfaces
options:
  _input:
    description:
      - The policy, with the keys C(name), C(open_ports), C(closed_ports), C(clients) and C(direct_clients).
      - Ports are texts such as V(9200) and V(9200-9299), clients are networks in CIDR notation.
    type: dict
    required: true
  vpc_id:
    description: The VPC.
    type: str
    required: true
  groups:
    description: Security groups, as P(amazon.aws.ec2_security_group_info#module) returns them.
    type: list
    elements: dict
    required: true
  interfaces:
    description:
      - The nodes' network interfaces, as P(amazon.aws.ec2_eni_info#module) returns them. Those of other VPCs are ignored.
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
    plan: "{{ policy | tlsfront.elasticsearch.ec2_firewall_plan('vpc-1', groups, interfaces) }}"
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
    - C(steps) is a list of mappings with C(phase) (V(open) comes first, V(close) later), C(line) for people, and C(do).
    - C(before) and C(after) are lists of lines that describe what is ours, C(left) what others put into the group.
    - C(group_id) is the group's identifier, or none. C(description) is the description that makes the group ours.
  type: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._ec2_plan import (
    group_description,
    plan_absent,
    plan_present,
)
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._plan import Policy


def ec2_firewall_plan(
    policy: t.Mapping[str, t.Any],
    vpc_id: str,
    groups: t.Sequence[t.Mapping[str, t.Any]],
    interfaces: t.Sequence[t.Mapping[str, t.Any]],
    tags: t.Mapping[str, str] | None = None,
    state: str = "present",
) -> dict[str, t.Any]:
    """The plan for one VPC; see DOCUMENTATION.

    Raises AnsibleFilterError when a group has our name but is not ours, or when an interface would be left without one.
    """
    asked = Policy.of(policy)
    description = group_description(asked.name)
    group = next((g for g in groups if g["group_name"] == asked.name and g["vpc_id"] == vpc_id), None)
    if group is not None and group["description"] != description:
        raise AnsibleFilterError(
            f"{vpc_id} has a security group named {asked.name} ({group['group_id']}) that is not this role's: its "
            f"description is '{group['description']}'. Nothing was changed. Set cloud_firewall_name to another name."
        )
    ours = [interface for interface in interfaces if interface["vpc_id"] == vpc_id]
    try:
        if state == "present":
            plan = plan_present(asked, vpc_id, group, ours, tags or {})
        else:
            plan = plan_absent(asked, vpc_id, group, ours)
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from None
    return {**plan.plain(), "group_id": group["group_id"] if group else None, "description": description}


class FilterModule:
    """Ansible looks for this class."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"ec2_firewall_plan": ec2_firewall_plan}
