# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: ec2_exposure
extends_documentation_fragment:
  - tlsfront.elasticsearch.exposure
author: The tlsfront.elasticsearch authors
version_added: 0.1.0
short_description: Tell who reaches ports of instances on Amazon EC2, through all that filters packets there
description:
  - Works out, for each network interface of each node, what its network ACL and all rules of all its security groups
    together let in to the given ports, and names each rule that lets in anyone else than the nodes and the permitted.
  - A rule for another security group is judged by that group's members. Where they cannot be seen, as with a group of
    another account or with a prefix list, the rule counts as one that lets others in.
  - Whether a route leads to an interface is not looked at, because a route is no protection.
options:
  _input:
    description: All network interfaces of the nodes, as P(amazon.aws.ec2_eni_info#module) returns them.
    type: list
    elements: dict
    required: true
  hosts:
    description: The nodes' names in the inventory, by the identifiers of their instances.
    type: dict
    required: true
  groups:
    description: All security groups of the interfaces, as P(amazon.aws.ec2_security_group_info#module) returns them.
    type: list
    elements: dict
    required: true
  members:
    description: The network interfaces in security groups that rules have as sources, beside those of the nodes.
    type: list
    elements: dict
    required: true
  acls:
    description: The network ACLs of the interfaces' subnets, as P(amazon.aws.ec2_vpc_nacl_info#module) returns them.
    type: list
    elements: dict
    required: true
  subnets:
    description: The interfaces' subnets, as P(amazon.aws.ec2_vpc_subnet_info#module) returns them.
    type: list
    elements: dict
    required: true
  without:
    description: Identifiers of security groups to leave out, to see what would be without them.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Show who else reaches the nodes
  ansible.builtin.debug:
    msg: "{{ exposure.findings | map(attribute='line') }}"
  vars:
    exposure: >-
      {{ interfaces | tlsfront.elasticsearch.ec2_exposure(hosts={'i-1': 'es1'}, groups=groups, members=[], acls=acls,
                                                          subnets=subnets, ports=[9200, 9300], permitted=[]) }}
"""

RETURN = r"""
_value:
  description:
    - C(findings) is a list of mappings with C(host), C(interface), C(ports), C(sources), C(rule) and C(line).
    - C(cut_off) is a list of sentences, one for each interface that other nodes of its VPC do not reach.
  type: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall import ec2_exposure as exposure


def ec2_exposure(*given: t.Any, **named: t.Any) -> dict[str, t.Any]:
    """See DOCUMENTATION. Raises AnsibleFilterError when a group or an ACL of an interface is not given, for then nobody knows."""
    try:
        return exposure.ec2_exposure(*given, **named)
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """Ansible looks for this class."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"ec2_exposure": ec2_exposure}
