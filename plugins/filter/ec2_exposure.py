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
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._addresses import addresses
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._ec2_path import (
    interface_addresses,
    members_of,
    path_of,
)
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._node_exposure import Exposure, port_set

Infos = t.Sequence[t.Mapping[str, t.Any]]


def ec2_exposure(
    interfaces: Infos,
    hosts: t.Mapping[str, str],
    groups: Infos,
    members: Infos,
    acls: Infos,
    subnets: Infos,
    ports: t.Sequence[t.Any],
    permitted: t.Sequence[str],
    without: t.Sequence[str] = (),
) -> dict[str, t.Any]:
    """What the interfaces' filters let in; see DOCUMENTATION.

    Raises AnsibleFilterError when a group or an ACL of an interface is not given, for then nobody knows.
    """
    nodes = [_without(interface, without) for interface in interfaces]
    own = [address for interface in nodes for address in interface_addresses(interface)]
    exposure = Exposure(port_set(ports), addresses([*permitted, *own]))
    by_id = {group["group_id"]: group for group in groups}
    known = {interface["network_interface_id"]: interface for interface in [*members, *nodes]}
    sources = members_of(list(known.values()))
    for node in nodes:
        try:
            path = path_of(node, by_id, sources, acls, subnets)
        except KeyError as error:
            raise AnsibleFilterError(
                f"ec2_exposure: {error.args[0]}, which {node['network_interface_id']} has, is not among what was read: "
                "read it again, or give the credentials the right to read it."
            ) from None
        where = f"{node['network_interface_id']}, {', '.join(interface_addresses(node))}"
        exposure.look_at(hosts[_instance(node)], where, path, _peers(node, nodes, hosts))
    return exposure.plain()


def _instance(interface: t.Mapping[str, t.Any]) -> str:
    return str(interface["attachment"]["instance_id"])


def _peers(interface: t.Mapping[str, t.Any], nodes: Infos, hosts: t.Mapping[str, str]) -> dict[str, str]:
    """The first private addresses of other nodes, which first interfaces in a VPC must let in."""
    if interface["attachment"]["device_index"] != 0:
        return {}
    return {
        other["private_ip_address"]: hosts[_instance(other)]
        for other in nodes
        if _instance(other) != _instance(interface)
        and other["vpc_id"] == interface["vpc_id"]
        and other["attachment"]["device_index"] == 0
    }


def _without(interface: t.Mapping[str, t.Any], group_ids: t.Sequence[str]) -> t.Mapping[str, t.Any]:
    return {**interface, "groups": [group for group in interface["groups"] if group["group_id"] not in group_ids]}


class FilterModule:
    """Ansible looks for this class."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"ec2_exposure": ec2_exposure}
