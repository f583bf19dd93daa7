# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""One project of Google Compute Engine, by the modules of google.cloud, which have no check mode and give up at once."""

from __future__ import annotations

import re
import typing as t

from .cloud import GOES_ON, Answer, Caller, CloudError, Nodes, said
from .gce_exposure import gce_exposure
from .gce_plan import plan_all, rule_names

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .plan import Plan

__all__ = ["Gce"]

# What Google answers when it is asked too often, or when a server of its own fails.
_BUSY = re.compile(r"rateLimitExceeded|userRateLimitExceeded|RESOURCE_EXHAUSTED|backendError|'code': (429|500|502|503|504)")
_RETRIES = 5
_READ_RETRIES = 10  # a read after a write may still answer what was before
_FIELDS = ("allowed", "denied", "source_ranges", "source_tags", "source_service_accounts", "target_tags", "target_service_accounts")


class Gce:
    """See Cloud. `instances` are the nodes' projects, zones and names."""

    def __init__(self, call: Caller, nodes: Nodes, instances: Sequence[Mapping[str, str]], target: Mapping[str, Sequence[str]], priority: int) -> None:
        self._call, self._nodes, self._instances, self._target, self._priority = call, nodes, instances, target, priority
        self._project = instances[0]["project"]
        self._read_nodes: list[dict[str, t.Any]] = []
        self._rules: list[dict[str, t.Any]] = []

    def read(self) -> None:
        try:
            self._read_instances()
            self._rules = list(self._done("google.cloud.gcp_compute_firewall_info", project=self._project)["resources"])
        except CloudError as error:
            raise CloudError(
                f"Project {self._project} could not be read for {', '.join(self._nodes.hosts.values())}: {re.sub('[.]$', '', str(error))}. "
                "Nothing was changed. Look at the credentials (renew them where they have expired), the project, and the permissions "
                "compute.instances.get, compute.instances.getEffectiveFirewalls, compute.networks.get and compute.firewalls.list."
            ) from None

    def _read_instances(self) -> None:
        # it retries by itself
        answer = self._call("tlsfront.elasticsearch.gce_instance_firewalls_info", instances=[dict(instance) for instance in self._instances])
        if answer.get("failed"):
            raise CloudError(said(answer))
        self._read_nodes = list(answer["instances"])

    def plan(self) -> Plan:
        try:
            return plan_all(self._nodes.policy, self._read_nodes, self._rules, self._target, self._priority, self._nodes.state)
        except ValueError as error:
            raise CloudError(str(error)) from None

    def exposure(self, without: Sequence[str] = ()) -> dict[str, t.Any]:
        return gce_exposure(
            self._read_nodes,
            hosts=self._nodes.hosts,
            target=self._target,
            ports=self._nodes.policy.closed_ports,
            permitted=self._nodes.permitted,
            by_port=self._nodes.policy.direct_clients_by_port,
            without=without,
        )

    def leaving(self, phase: str) -> list[str]:
        if phase == "close":
            return [step["name"] for step in self.plan().of(phase)]
        # what denied went before, and the cloud may not tell yet that it is gone
        networks = dict.fromkeys(interface["network"] for node in self._read_nodes for interface in node["interfaces"])
        return [name for network in networks for name in rule_names(self._nodes.policy, network, self._rules)]

    def apply(self, phase: str) -> None:
        try:
            steps = self.plan().of(phase)
            # gcp_compute_firewall neither sees nor clears a field that only the live rule has, or only ours.
            for step in steps:
                if step["do"] in ("replace", "absent"):
                    self._done("google.cloud.gcp_compute_firewall", project=self._project, name=step["name"], state="absent")
            for step in steps:
                if step["do"] in ("replace", "present"):
                    self._put(_arguments(step))
            if steps:
                self._wait(phase)
        except CloudError as error:
            raise CloudError(f"{error} {GOES_ON}") from None
        if phase == "close" and self._nodes.state == "present" and steps:
            self._settle()

    def _put(self, rule: dict[str, t.Any]) -> None:
        """Make or change a rule. For the module a list that has lost entries is the one that was, and it sends nothing; but with another text it sends all."""
        if self._done("google.cloud.gcp_compute_firewall", project=self._project, **rule).get("changed"):
            return
        for description in (f"{rule['description']} (being changed)", rule["description"]):
            self._done("google.cloud.gcp_compute_firewall", project=self._project, **{**rule, "description": description})

    def _wait(self, phase: str) -> None:
        problem = "Compute Engine goes on answering what was before the change."

        def is_done() -> bool:
            nonlocal problem
            answer = self._call("google.cloud.gcp_compute_firewall_info", project=self._project)
            if answer.get("failed"):
                problem = said(answer)
                return False
            problem = "Compute Engine goes on answering what was before the change."
            self._rules = list(answer["resources"])
            return not self.plan().of(phase)

        if not self._call.until(is_done, _READ_RETRIES):
            raise CloudError(problem)

    def _settle(self) -> None:
        """Wait for what is in force, which may still be told as it was before, too. A finding that stays is one, as the report will tell."""

        def is_settled() -> bool:
            try:
                self._read_instances()
            except CloudError:
                return True
            return not self.exposure()["findings"]

        self._call.until(is_settled, _RETRIES)

    def _done(self, module: str, **arguments: t.Any) -> Answer:
        answer: Answer = {}

        def is_answered() -> bool:
            nonlocal answer
            answer = self._call(module, **arguments)
            return not (answer.get("failed") and _BUSY.search(str(answer.get("msg", ""))))

        self._call.until(is_answered, _RETRIES)
        if answer.get("failed"):
            raise CloudError(said(answer))
        return answer


def _arguments(step: Mapping[str, t.Any]) -> dict[str, t.Any]:
    rule = step["rule"]
    return {
        "name": step["name"],
        "description": rule["description"],
        "network": {"selfLink": f"global/networks/{step['network']}"},
        "direction": "INGRESS",
        "priority": rule["priority"],
        "disabled": False,
        **{field: rule[field] for field in _FIELDS if field in rule},
    }
