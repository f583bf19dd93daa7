# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan for Amazon EC2: one security group of ours in a VPC, attached to the nodes beside the groups that they have.

A security group only ever allows. So ours lets in who may come in; what other groups allow is the exposure report's
matter.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .plan import CLOSE, OPEN, Plan, Policy

if t.TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    Info = Mapping[str, t.Any]

__all__ = ["group_description", "our_group", "plan_absent", "plan_all", "plan_present"]

# Begins the description of each rule that is ours; one without it was put into our group by somebody else.
_OURS = "tlsfront "
_MEMBER, _CLIENT, _DIRECT = _OURS + "member", _OURS + "client", _OURS + "direct client"
_FIELDS = {
    "ip_ranges": ("cidr_ip", "cidr_ip"),
    "ipv6_ranges": ("cidr_ipv6", "cidr_ipv6"),
    "user_id_group_pairs": ("group_id", "group_id"),
    "prefix_list_ids": ("prefix_list_id", "ip_prefix"),
}


# Quotas, the default and the highest: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-security-groups
_RULES, _MOST_RULES = 60, 1000
_GROUPS, _MOST_GROUPS = 5, 16
_FEWER = "Put networks of tlsfront_clients and tlsfront_direct_clients together into fewer, wider ones"


@dataclass(frozen=True, order=True)
class _Rule:
    """One permission for one source, as EC2 tells them apart, and its description, which makes no difference to EC2.

    `kind` is the source's key in the rules of the module ec2_security_group.
    """

    protocol: str
    first: int
    last: int
    kind: str
    source: str
    description: str = ""

    @property
    def identity(self) -> tuple[str, int, int, str, str]:
        return (self.protocol, self.first, self.last, self.kind, self.source)

    @property
    def ours(self) -> bool:
        return self.description.startswith(_OURS)

    def covers(self, other: _Rule) -> bool:
        same = (self.protocol, self.kind, self.source) == (other.protocol, other.kind, other.source)
        return same and self.first <= other.first and other.last <= self.last

    def text(self) -> str:
        ports = "" if self.first < 0 else f" {self.first}" if self.first == self.last else f" {self.first}-{self.last}"
        said = f" ({self.description})" if self.description else ""
        return f"allow {self.protocol.replace('-1', 'all')}{ports} from {self.source}{said}"

    def for_module(self) -> dict[str, t.Any]:
        rule: dict[str, t.Any] = {"proto": self.protocol.replace("-1", "all"), self.kind: [self.source]}
        if self.first >= 0:
            rule.update(from_port=self.first, to_port=self.last)
        if self.description:
            rule["rule_desc"] = self.description
        return rule


def group_description(name: str) -> str:
    """Return the description by which a group is known as ours. It is set as the group is made, and never changes."""
    return f"tlsfront.elasticsearch keeps this group: {name}"


def plan_all(policy: Policy, groups: Sequence[Info], interfaces: Sequence[Info], tags: Mapping[str, str], state: str) -> Plan:
    """Return the plan for all VPCs of the interfaces. Its steps also have `vpc_id`, and `group_id`, None where there is no group yet.

    Raises ValueError when a group has our name but is not ours, when an interface would be left without one, or when EC2 can take so
    many groups or rules with no quota.
    """
    whole = Plan()
    for vpc_id in dict.fromkeys(interface["vpc_id"] for interface in interfaces):
        group = our_group(policy, vpc_id, groups)
        own = [interface for interface in interfaces if interface["vpc_id"] == vpc_id]
        part = plan_absent(policy, vpc_id, group, own) if state == "absent" else plan_present(policy, vpc_id, group, own, tags)
        for step in part.steps:
            step.update(vpc_id=vpc_id, group_id=group["group_id"] if group else None)
        whole += part
    return whole


def our_group(policy: Policy, vpc_id: str, groups: Sequence[Info]) -> Info | None:
    """Return our group in a VPC, or None where there is none. Raises ValueError when a group has our name but is not ours."""
    for group in groups:
        if group["group_name"] == policy.name and group["vpc_id"] == vpc_id:
            if group["description"] == group_description(policy.name):
                return group
            raise ValueError(
                f"{vpc_id} has a security group named {policy.name} ({group['group_id']}) that is not this role's: its "
                f"description is '{group['description']}'. Nothing was changed. Give cloud_firewall_name another value."
            )
    return None


def plan_present(
    policy: Policy, vpc_id: str, group: Info | None, interfaces: Sequence[Info], tags: Mapping[str, str]
) -> Plan:
    """Return the plan by which the group is there, has the policy's rules, and is attached to each of the interfaces.

    `group` and `interfaces` are as the modules ec2_security_group_info and ec2_eni_info return them; the group is None
    where there is none yet. While the run leaves nodes out, closed ports that the group has for members and for direct clients stay.

    Raises ValueError where EC2 can take so many rules or groups with no quota.
    """
    plan = Plan()
    own = group["group_id"] if group else None
    itself = own or policy.name
    live = {rule.identity: rule for rule in _live(group)} if group else {}
    wanted = {rule.identity: rule for rule in _wanted(policy, itself)}
    kept = list(_kept(policy, itself, live.values(), wanted.values())) if policy.others else []
    wanted = {rule.identity: rule for rule in [*(rule for rule in wanted.values() if not any(other.covers(rule) for other in kept)), *kept]}
    foreign = [rule for identity, rule in live.items() if not rule.ours and identity not in wanted]
    stale = [rule for identity, rule in live.items() if rule.ours and identity not in wanted]
    missing = [rule for identity, rule in wanted.items() if live.get(identity) != rule]
    untagged = {key: value for key, value in tags.items() if not group or (group.get("tags") or {}).get(key) != value}

    label = f"security group {policy.name} of {vpc_id}"
    plan.before = [f"{label}: {rule.text()}" for rule in sorted(live.values()) if rule not in foreign]
    plan.after = [f"{label}: {rule.text()}" for rule in sorted(wanted.values())]
    plan.left = [f"{label}: {rule.text()}" for rule in sorted(foreign)]
    plan.left += [f"{label}: {rule.text()}, for {' and '.join(policy.others)}" for rule in sorted(kept)]

    keep = [rule.for_module() for rule in sorted([*wanted.values(), *foreign])]
    if group is None:
        plan.add(OPEN, f"+ {label}", do="group")
    for rule in sorted(missing):
        sign = "~" if rule.identity in live else "+"
        plan.add(OPEN, f"{sign} {label}: {rule.text()}", do="group")
    for key in sorted(untagged):
        plan.add(OPEN, f"+ {label}: tag {key}={untagged[key]}", do="group")
    for step in plan.steps:
        step.update(rules=[*keep, *(rule.for_module() for rule in sorted(stale))], purge=False)
    for rule in sorted(stale):
        plan.add(CLOSE, f"- {label}: {rule.text()}", do="group", rules=keep, purge=True)

    if any(step["do"] == "group" for step in plan.steps):
        plan.remarks += _too_many_rules(label, [*wanted.values(), *foreign, *stale])

    for interface in interfaces:
        attached = [other["group_id"] for other in interface["groups"]]
        line = f"{_interface(interface)}: {label}"
        plan.after.append(line)
        if own in attached:
            plan.before.append(line)
        else:
            groups = [*attached, *([own] if own else [])]
            plan.add(OPEN, f"+ {line}", do="attach", interface=interface["network_interface_id"], groups=groups)
            plan.remarks += _too_many_groups(_interface(interface), len(attached) + 1)
    return plan


def plan_absent(policy: Policy, vpc_id: str, group: Info | None, interfaces: Sequence[Info]) -> Plan:
    """Return the plan by which the group is attached to none of the interfaces, and then gone, unless other nodes need it.

    Raises ValueError when one of them would be left without a group, which EC2 does not allow.
    """
    plan = Plan()
    if group is None:
        return plan
    own = group["group_id"]
    label = f"security group {policy.name} of {vpc_id}"
    alone = []
    for interface in interfaces:
        others = [other["group_id"] for other in interface["groups"] if other["group_id"] != own]
        if len(others) == len(interface["groups"]):
            continue
        if not others:
            alone.append(_interface(interface))
        line = f"{_interface(interface)}: {label}"
        plan.before.append(line)
        plan.add(OPEN, f"- {line}", do="detach", interface=interface["network_interface_id"], groups=others)
    if alone:
        raise ValueError(
            f"{' and '.join(alone)} would be left without a security group, which EC2 does not allow. "
            f"Nothing was changed. Attach to it the group that is to take the place of {policy.name} first."
        )
    rules = [f"{label}: {rule.text()}" for rule in sorted(_live(group))]
    plan.before += rules
    if policy.others:
        plan.after += rules
        plan.left.append(f"{label}, for {' and '.join(policy.others)}")
    else:
        plan.add(OPEN, f"- {label}", do="delete")
    return plan


def _too_many_rules(label: str, rules: Sequence[_Rule]) -> Iterator[str]:
    """EC2 counts IPv4 and IPv6 apart, and a group or a prefix list as a source for both."""
    of_v4 = sum(rule.kind != "cidr_ipv6" for rule in rules)
    of_v6 = sum(rule.kind != "cidr_ip" for rule in rules)
    for family, count in (("IPv4", of_v4), ("IPv6", of_v6)):
        if count > _MOST_RULES:
            raise ValueError(
                f"{label} would have {count} inbound rules for {family}, and no quota of EC2 is above {_MOST_RULES}. "
                f"Nothing was changed. {_FEWER}."
            )
        if count > _RULES:
            yield (
                f"{label} would have {count} inbound rules for {family}, and EC2 takes {_RULES} unless the account's quota is a "
                f"higher one. {_FEWER}, or have the quota raised (inbound or outbound rules per security group, L-0EA8095F; "
                f"times the security groups per network interface it may be at most {_MOST_RULES})."
            )


def _too_many_groups(interface: str, count: int) -> Iterator[str]:
    if count > _MOST_GROUPS:
        raise ValueError(
            f"{interface} would have {count} security groups, and no quota of EC2 is above {_MOST_GROUPS}. Nothing was changed. "
            "Detach a group that it does not need."
        )
    if count > _GROUPS:
        yield (
            f"{interface} would have {count} security groups, and EC2 takes {_GROUPS} unless the account's quota is a higher one. "
            "Detach a group that it does not need, or have the quota raised (security groups per network interface, "
            f"L-2AFB9258, at most {_MOST_GROUPS})."
        )


def _wanted(policy: Policy, itself: str) -> Iterator[_Rule]:
    """The policy's rules. A group that is not made yet is known to the module by its name."""
    own_kind = "group_id" if itself.startswith("sg-") else "group_name"
    for first, last in map(_span, policy.open_ports):
        yield from _from_networks(policy.clients, first, last, _CLIENT)
    for first, last in map(_span, policy.closed_ports):
        yield _Rule("tcp", first, last, own_kind, itself, _MEMBER)
        yield from _from_networks(policy.direct_clients, first, last, _DIRECT)
    for port, networks in policy.direct_clients_by_port.items():
        yield from _from_networks(networks, *_span(port), _DIRECT)


def _kept(policy: Policy, itself: str, live: Iterable[_Rule], wanted: Collection[_Rule]) -> Iterator[_Rule]:
    """The live rules of ours for further closed ports, of members and of who still is a direct client: nodes that the run leaves out may need them."""
    sources = {_MEMBER: (itself,), _DIRECT: policy.direct_clients}
    for rule in live:
        if rule.protocol == "tcp" and rule.source in sources.get(rule.description, ()) and not any(other.covers(rule) for other in wanted):
            yield rule


def _from_networks(networks: Iterable[str], first: int, last: int, description: str) -> Iterator[_Rule]:
    for network in networks:
        yield _Rule("tcp", first, last, "cidr_ipv6" if ":" in network else "cidr_ip", network, description)


def _live(group: Info) -> Iterator[_Rule]:
    for permission in group["ip_permissions"]:
        first, last = permission.get("from_port"), permission.get("to_port")
        ports = (-1, -1) if first is None else (int(first), int(last))
        for field, (key, kind) in _FIELDS.items():
            for source in permission.get(field) or []:
                yield _Rule(str(permission["ip_protocol"]), *ports, kind, source[key], source.get("description") or "")


def _span(ports: str) -> tuple[int, int]:
    first, _hyphen, last = ports.partition("-")
    return int(first), int(last or first)


def _interface(interface: Info) -> str:
    instance = (interface.get("attachment") or {}).get("instance_id", "no instance")
    return f"{interface['network_interface_id']} of {instance}"
