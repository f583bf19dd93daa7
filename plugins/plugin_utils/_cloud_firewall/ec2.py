# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""One account and region of Amazon EC2, by the modules of amazon.aws, which ask again themselves where EC2 is asked too often."""

from __future__ import annotations

import typing as t

from .cloud import GOES_ON, Answer, Caller, CloudError, Nodes, said
from .ec2_exposure import ec2_exposure
from .ec2_plan import group_description, our_group, plan_all

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .plan import Plan

__all__ = ["Ec2"]

_RETRIES = 10  # a read after a write may still answer what was before
_Infos = t.List[t.Mapping[str, t.Any]]


class Ec2:
    """See Cloud."""

    def __init__(self, call: Caller, nodes: Nodes, region: str, tags: Mapping[str, str]) -> None:
        self._call, self._nodes, self._region, self._tags = call, nodes, region, tags
        self._interfaces: _Infos = []
        self._groups: _Infos = []
        self._members: _Infos = []
        self._subnets: _Infos = []
        self._acls: _Infos = []

    def read(self) -> None:
        try:
            self._read()
        except CloudError as error:
            # Not every module above says why; this one does, and where the credentials are good, whose they are.
            caller = self._call("amazon.aws.aws_caller_info")
            asked = f"asked as {caller['arn']}" if caller.get("arn") else caller.get("msg", "")
            raise CloudError(
                f"EC2 in {self._region} could not be read for {', '.join(self._nodes.hosts.values())}: {error} ({asked}). "
                "Nothing was changed. Look at the credentials (renew them where they have expired), the region, and the rights "
                "ec2:DescribeNetworkInterfaces, DescribeSecurityGroups, DescribeSubnets and DescribeNetworkAcls. Or set tlsfront_cloud to none "
                "for hosts whose cloud is not to be looked at."
            ) from None

    def _read(self) -> None:
        self._read_interfaces()
        missing = [instance for instance in self._nodes.hosts if instance not in {i["attachment"]["instance_id"] for i in self._interfaces}]
        if missing:
            named = " and ".join(self._nodes.hosts[instance] for instance in missing)
            raise CloudError(f"these credentials see no instance {' and '.join(missing)} ({named} of the inventory)")
        self._read_groups()
        # the members of the groups that rules have as sources
        sources = {
            pair["group_id"] for group in self._groups for permission in group["ip_permissions"] for pair in permission.get("user_id_group_pairs") or []
        }
        filters: dict[str, t.Any] = {"group-id": sorted(sources) or ["none"]}
        self._members = list(self._done("amazon.aws.ec2_eni_info", filters=filters)["network_interfaces"])
        subnets = list(dict.fromkeys(interface["subnet_id"] for interface in self._interfaces))
        self._subnets = list(self._done("amazon.aws.ec2_vpc_subnet_info", subnet_ids=subnets)["subnets"])
        self._acls = list(self._done("amazon.aws.ec2_vpc_nacl_info", filters={"association.subnet-id": subnets})["nacls"])

    def _read_interfaces(self) -> None:
        filters = {"attachment.instance-id": list(self._nodes.hosts)}
        self._interfaces = list(self._done("amazon.aws.ec2_eni_info", filters=filters)["network_interfaces"])

    def _read_groups(self) -> None:
        vpcs = list(dict.fromkeys(interface["vpc_id"] for interface in self._interfaces))
        self._groups = list(self._done("amazon.aws.ec2_security_group_info", filters={"vpc-id": vpcs})["security_groups"])

    def plan(self) -> Plan:
        try:
            return plan_all(self._nodes.policy, self._groups, self._interfaces, self._tags, self._nodes.state)
        except ValueError as error:
            raise CloudError(str(error)) from None

    def exposure(self, without: Sequence[str] = ()) -> dict[str, t.Any]:
        try:
            return ec2_exposure(
                self._interfaces,
                hosts=self._nodes.hosts,
                groups=self._groups,
                members=self._members,
                acls=self._acls,
                subnets=self._subnets,
                ports=self._nodes.policy.closed_ports,
                permitted=self._nodes.permitted,
                by_port=self._nodes.policy.direct_clients_by_port,
                without=without,
                others=self._left_behind(without),
            )
        except ValueError as error:
            raise CloudError(str(error)) from None

    def _left_behind(self, without: Sequence[str]) -> _Infos:
        """The interfaces of nodes that the run leaves out, which keep these groups."""
        if not self._nodes.policy.others:
            return []
        kept = [interface for interface in self._members if {group["group_id"] for group in interface["groups"]} & set(without)]
        instances = {interface["network_interface_id"]: (interface.get("attachment") or {}).get("instance_id") for interface in kept}
        return [interface for interface in kept if instances[interface["network_interface_id"]] not in (None, *self._nodes.hosts)]

    def leaving(self, phase: str) -> list[str]:
        if phase == "close":
            return []
        ours = [our_group(self._nodes.policy, vpc_id, self._groups) for vpc_id in dict.fromkeys(i["vpc_id"] for i in self._interfaces)]
        return [group["group_id"] for group in ours if group]

    def apply(self, phase: str) -> None:
        plan = self.plan()
        try:
            self._set_groups(phase)
            self._set_interfaces(phase)
            for step in self._steps(phase, "delete"):
                self._done("amazon.aws.ec2_security_group", group_id=step["group_id"], state="absent")
        except CloudError as error:
            told = str(error)
            in_use = (
                f" Something else still uses the group {self._nodes.policy.name}: another network interface, such as a load balancer's, or a rule of "
                f"another group. Find it with: aws ec2 describe-network-interfaces --filters Name=group-name,Values={self._nodes.policy.name}"
            )
            more = in_use if "DependencyViolation" in told else ""
            more += f" {' '.join(plan.remarks)}" if "LimitExceeded" in told and plan.remarks else ""
            raise CloudError(f"{told} {GOES_ON}{more}") from None

    def _set_groups(self, phase: str) -> None:
        """Make or change our groups. purge_rules is true only to take away what was ours: the list then has the rules of others, too."""
        steps = self._steps(phase, "group")
        for step in {step["vpc_id"]: step for step in reversed(steps)}.values():
            self._done(
                "amazon.aws.ec2_security_group",
                name=self._nodes.policy.name,
                description=group_description(self._nodes.policy.name),
                vpc_id=step["vpc_id"],
                rules=step["rules"],
                purge_rules=step["purge"],
                purge_rules_egress=False,
                tags=dict(self._tags),
                purge_tags=False,
            )
        if steps:
            self._wait(self._read_groups, phase, "group")

    def _set_interfaces(self, phase: str) -> None:
        steps = self._steps(phase, "attach", "detach")
        for step in steps:
            self._done("amazon.aws.ec2_eni", eni_id=step["interface"], security_groups=list(step["groups"]))
        if steps:
            self._wait(self._read_interfaces, phase, "attach", "detach")

    def _wait(self, read: t.Callable[[], None], phase: str, *kinds: str) -> None:
        def is_done() -> bool:
            read()
            return not self._steps(phase, *kinds)

        if not self._call.until(is_done, _RETRIES):
            raise CloudError("EC2 goes on answering what was before the change.")

    def _steps(self, phase: str, *kinds: str) -> list[dict[str, t.Any]]:
        """The steps that are still to be done by what was read last."""
        return [step for step in self.plan().of(phase) if step["do"] in kinds]

    def _done(self, module: str, **arguments: t.Any) -> Answer:
        answer = self._call(module, **arguments)
        if answer.get("failed"):
            raise CloudError(said(answer))
        return answer
