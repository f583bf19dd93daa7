# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What Amazon EC2 puts before a network interface, as a path of stages.

A packet passes the network ACL of the subnet, unless it comes from the same subnet, and then needs one rule of any
security group of the interface (https://docs.aws.amazon.com/vpc/latest/userguide/infrastructure-security.html).

The inputs are what the modules `ec2_eni_info`, `ec2_security_group_info`, `ec2_vpc_nacl_info` and `ec2_vpc_subnet_info`
of amazon.aws return.
"""

from __future__ import annotations

import typing as t

from .._addresses import NOWHERE, Addresses, addresses
from .._intervals import Intervals
from .exposure import ALL_PORTS, Rule, Source, Stage

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Info = Mapping[str, t.Any]

__all__ = ["interface_addresses", "members_of", "path_of"]

_TCP = {"-1", "6", "tcp"}


def interface_addresses(interface: Info) -> list[str]:
    """Return all addresses of a network interface, private and public."""
    private = interface.get("private_ip_addresses") or []
    associations = [interface.get("association"), *(address.get("association") for address in private)]
    found = [association["public_ip"] for association in associations if association and association.get("public_ip")]
    return list(dict.fromkeys([*_inner_addresses(interface), *found]))


def members_of(interfaces: Sequence[Info]) -> dict[str, Addresses]:
    """Return the addresses at which rules know each security group's members, among these interfaces.

    Public IPv4 addresses are none of them: https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html#security-group-referencing
    """
    members: dict[str, Addresses] = {}
    for interface in interfaces:
        for group in interface["groups"]:
            members[group["group_id"]] = members.get(group["group_id"], NOWHERE) | addresses(_inner_addresses(interface))
    return members


def _inner_addresses(interface: Info) -> list[str]:
    found = [address["private_ip_address"] for address in interface.get("private_ip_addresses") or []]
    return found + [address["ipv6_address"] for address in interface.get("ipv6_addresses") or []]


def path_of(
    interface: Info,
    groups: Mapping[str, Info],
    members: Mapping[str, Addresses],
    acls: Sequence[Info],
    subnets: Sequence[Info],
) -> list[Stage]:
    """Return the stages before an interface.

    `groups` are the security groups by id, `members` their members' addresses, as far as they are known.

    Raises KeyError when a group of the interface or the ACL of its subnet is missing: then nobody knows the answer.
    """
    attached = [groups[group["group_id"]] for group in interface["groups"]]
    subnet = interface["subnet_id"]
    acl = {subnet_id: acl for acl in acls for subnet_id in acl["subnets"]}[subnet]
    neighbours = [cidr for info in subnets if info["subnet_id"] == subnet for cidr in _subnet_cidrs(info)]
    rules = tuple(rule for group in attached for rule in _group_rules(group, members))
    return [_acl_stage(acl, neighbours), Stage(rules)]


def _subnet_cidrs(subnet: Info) -> list[str]:
    return [
        subnet["cidr_block"],
        *(block["ipv6_cidr_block"] for block in subnet.get("ipv6_cidr_block_association_set") or []),
    ]


def _acl_stage(acl: Info, neighbours: Sequence[str]) -> Stage:
    """The ACL's inbound entries, each [number, protocol, action, CIDR, ICMP type, ICMP code, first port, last port]."""
    rules = [Rule("the same subnet", "next", ALL_PORTS, tuple(map(_network, neighbours)))]
    for number, protocol, action, cidr, _type, _code, first, last in sorted(acl["ingress"], key=lambda entry: entry[0]):
        if str(protocol) not in {"all", *_TCP}:
            continue
        ports = ALL_PORTS if first is None else Intervals(((int(first), int(last)),))
        verdict = "next" if action == "allow" else "deny"
        rules.append(Rule(f"network ACL {acl['nacl_id']}, entry {number}", verdict, ports, (_network(cidr),)))
    return Stage(tuple(rules))


def _group_rules(group: Info, members: Mapping[str, Addresses]) -> list[Rule]:
    rules = []
    for permission in group["ip_permissions"]:
        if str(permission["ip_protocol"]) not in _TCP:
            continue
        ports = ALL_PORTS
        if permission.get("from_port") not in (None, -1):
            ports = Intervals(((int(permission["from_port"]), int(permission["to_port"])),))
        for source, description in _sources(permission, members):
            rules.append(Rule(_name(group, description), "allow", ports, (source,)))
    return rules


def _sources(permission: Info, members: Mapping[str, Addresses]) -> list[tuple[Source, str]]:
    found = [(_network(r["cidr_ip"]), r) for r in permission.get("ip_ranges") or []]
    found += [(_network(r["cidr_ipv6"]), r) for r in permission.get("ipv6_ranges") or []]
    for pair in permission.get("user_id_group_pairs") or []:
        # a group of another account or VPC has members that cannot be seen from here
        found.append((Source(f"members of {pair['group_id']}", members.get(pair["group_id"])), pair))
    for prefixes in permission.get("prefix_list_ids") or []:
        found.append((Source(f"prefix list {prefixes['prefix_list_id']}", None), prefixes))
    return [(source, origin.get("description") or "") for source, origin in found]


def _network(cidr: str) -> Source:
    return Source(cidr, addresses([cidr]))


def _name(group: Info, description: str) -> str:
    tags = ", ".join(f"{key}={value}" for key, value in sorted((group.get("tags") or {}).items()))
    return "".join(
        [
            f"security group {group['group_id']} ({group['group_name']}) of account {group['owner_id']}",
            f", tagged {tags}" if tags else "",
            f", rule '{description}'" if description else "",
        ]
    )
