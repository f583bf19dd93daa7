# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keeps a cluster's rules in the firewall of its cloud, by the clouds' own modules; see the module of this name."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.cloud import Caller, Cloud, CloudError, Nodes
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.ec2 import Ec2
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.gce import Gce
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.parts import PARTS, Options, Outcome, run
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.plan import Policy

_OPTIONS: dict[str, dict[str, t.Any]] = {
    "part": {"type": "str", "choices": list(PARTS), "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "policies": {"type": "str", "required": True},
    "connection": {"type": "dict", "default": {}},
    "region": {"type": "str", "default": ""},
    "tags": {"type": "dict", "default": {}},
    "target_tags": {"type": "list", "elements": "str", "default": []},
    "target_service_accounts": {"type": "list", "elements": "str", "default": []},
    "priority": {"type": "int", "default": 100},
    "fail_on_exposure": {"type": "bool", "default": True},
    "leave_closed_ports_open": {"type": "bool", "default": False},
    "leave_members_cut_off": {"type": "bool", "default": False},
}


class ActionModule(ActionBase):  # type: ignore[misc]
    _supports_check_mode = True

    def run(self, tmp: t.Any = None, task_vars: t.Any = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(_OPTIONS)
        known = task_vars or {}
        host = known["inventory_hostname"]
        result["changed"] = False
        asked = _policy(known, host, arguments["policies"])
        if asked is None:
            said = f"{host} has no policy: the module cloud_firewall_policy must be run on it before, and be registered as {arguments['policies']}."
            return {**result, "failed": True, "msg": said}
        # Those that failed before are nodes, too: others must not take them for strangers.
        every = [_policy(known, name, arguments["policies"]) for name in known["ansible_play_hosts_all"]]
        nodes = [found["node"] for found in every if found and found["node"]["scope"] == asked["node"]["scope"]]
        # One of them speaks with the cloud for all: one question instead of a hundred, and nothing is made twice at the same time.
        names = [node["host"] for node in nodes]
        result["speaker"] = next(name for name in known["ansible_play_hosts"] if name in names)
        if host != result["speaker"]:
            return result
        try:
            outcome = run(arguments["part"], self._cloud(arguments, asked, nodes, known), self._how(arguments, asked))
        except CloudError as error:
            return {**result, "failed": True, "msg": str(error)}
        return {**result, **self._told(arguments, outcome, asked), "_ansible_verbose_always": True}

    def _cloud(self, arguments: t.Mapping[str, t.Any], asked: t.Mapping[str, t.Any], nodes: list[dict[str, t.Any]], known: t.Any) -> Cloud:
        connection = dict(arguments["connection"])
        if asked["node"]["provider"] == "ec2":
            connection["region"] = arguments["region"]

        def call(module: str, given: dict[str, t.Any]) -> dict[str, t.Any]:
            done: dict[str, t.Any] = self._execute_module(module_name=module, module_args={**connection, **given}, task_vars=known)
            return done

        hosts = {node["instance"]: node["host"] for node in nodes}
        wanted = Nodes(Policy.of(asked["policy"]), hosts, asked["permitted"], arguments["state"])
        if asked["node"]["provider"] == "ec2":
            return Ec2(Caller(call), wanted, arguments["region"], arguments["tags"])
        accounts = arguments["target_service_accounts"]
        target = {"tags": [] if accounts else arguments["target_tags"], "service_accounts": accounts}
        instances = [{key: node[key] for key in ("project", "zone", "name")} for node in nodes]
        return Gce(Caller(call), wanted, instances, target, arguments["priority"])

    def _how(self, arguments: t.Mapping[str, t.Any], asked: t.Mapping[str, t.Any]) -> Options:
        leave = {name: arguments[name] for name in ("leave_closed_ports_open", "leave_members_cut_off")}
        return Options(arguments["state"], bool(self._task.check_mode), asked["node"]["provider"] == "gce", **leave)

    def _told(self, arguments: t.Mapping[str, t.Any], outcome: Outcome, asked: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        told: dict[str, t.Any] = {"changed": bool(outcome.steps)}
        if outcome.plan:
            told["plan"] = outcome.plan
            if self._task.diff:  # a diff of what changes nothing is not shown
                told.update(before=outcome.before, after=outcome.after)
        if outcome.steps:
            told["steps"] = outcome.steps
            told["diff"] = {"before": _lines(outcome.before), "after": _lines(outcome.after)}
            if self._task.check_mode and arguments["part"] != "all":  # what is ours between the parts is not known before
                told["diff"] = {"prepared": _lines(outcome.steps)}
        if outcome.exposure is not None:
            findings = outcome.exposure["findings"]
            lines = [finding["line"] for finding in findings] + outcome.exposure["cut_off"]
            told["exposure"] = lines or [f"only who may reaches {' and '.join(map(str, asked['policy']['closed_ports']))}"]
            told["opened"], told["opened_ports"] = {}, {}
            if arguments["fail_on_exposure"] and not outcome.is_only_planned:
                for finding in findings:
                    told["opened"].setdefault(finding["host"], []).append(finding["line"])
                    told["opened_ports"].setdefault(finding["host"], []).extend(finding["ports"])
        return told


def _policy(known: t.Mapping[str, t.Any], host: str, registered: str) -> dict[str, t.Any] | None:
    """What the module cloud_firewall_policy has said of a host, or None where it was not run there, or has refused."""
    found = known["hostvars"][host].get(registered) if host in known["hostvars"] else None
    return t.cast("dict[str, t.Any]", found) if found and not found.get("failed") and "node" in found else None


def _lines(texts: t.Sequence[str]) -> str:
    return "".join(f"{text}\n" for text in texts)
