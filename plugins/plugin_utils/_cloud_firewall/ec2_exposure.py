# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who reaches ports of instances on Amazon EC2, through all that filters packets there."""

from __future__ import annotations

import typing as t

from .ec2_path import interface_addresses, members_of, path_of
from .node_exposure import Exposure

__all__ = ["ec2_exposure"]

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
    by_port: t.Mapping[str, t.Sequence[str]] | None = None,
    without: t.Sequence[str] = (),
    others: Infos = (),
) -> dict[str, t.Any]:
    """Return what the network ACL and all rules of all security groups of each interface together let in to the ports.

    `findings` names each rule that lets in anyone else than the nodes and the permitted; `cut_off` has a sentence for each interface that other nodes of its
    VPC do not reach. A rule for another security group is judged by that group's members; where they cannot be seen, it counts as one that lets others in.
    Whether a route leads to an interface is not looked at, because a route is no protection.

    interfaces  the nodes' network interfaces, as amazon.aws.ec2_eni_info returns them
    hosts       the nodes' names, by the identifiers of their instances
    groups      the security groups of the interfaces, as amazon.aws.ec2_security_group_info returns them
    members     the interfaces in security groups that rules have as sources, beside those of the nodes
    acls        the network ACLs of the subnets, as amazon.aws.ec2_vpc_nacl_info returns them
    subnets     the interfaces' subnets, as amazon.aws.ec2_vpc_subnet_info returns them
    permitted   addresses and networks that may reach the ports, beside the nodes
    by_port     those that may reach one of the ports, or a range of them, only
    without     identifiers of security groups to leave out, to see what would be without them
    others      the interfaces of further nodes of the cluster, which must reach these

    Raises ValueError when a group or an ACL of an interface is not given, for then nobody knows.
    """
    nodes = [_without(interface, without) for interface in interfaces]
    own = [address for interface in nodes for address in interface_addresses(interface)]
    exposure = Exposure.of(ports, [*permitted, *own], by_port or {})
    by_id = {group["group_id"]: group for group in groups}
    known = {interface["network_interface_id"]: interface for interface in [*members, *nodes]}
    sources = members_of(list(known.values()))
    for node in nodes:
        try:
            path = path_of(node, by_id, sources, acls, subnets)
        except KeyError as error:
            raise ValueError(
                f"{error.args[0]}, which {node['network_interface_id']} has, is not among what was read: "
                "read it again, or give the credentials the right to read it."
            ) from None
        where = f"{node['network_interface_id']}, {', '.join(interface_addresses(node))}"
        exposure.look_at(hosts[_instance(node)], where, path, _peers(node, [*nodes, *others], hosts))
    return exposure.plain()


def _instance(interface: t.Mapping[str, t.Any]) -> str:
    return str(interface["attachment"]["instance_id"])


def _peers(interface: t.Mapping[str, t.Any], nodes: Infos, hosts: t.Mapping[str, str]) -> dict[str, str]:
    """The first private addresses of other nodes, which first interfaces in a VPC must let in."""
    if interface["attachment"]["device_index"] != 0:
        return {}
    return {
        other["private_ip_address"]: hosts.get(_instance(other), _instance(other))
        for other in nodes
        if _instance(other) != _instance(interface)
        and other["vpc_id"] == interface["vpc_id"]
        and other["attachment"]["device_index"] == 0
    }


def _without(interface: t.Mapping[str, t.Any], group_ids: t.Sequence[str]) -> t.Mapping[str, t.Any]:
    return {**interface, "groups": [group for group in interface["groups"] if group["group_id"] not in group_ids]}
