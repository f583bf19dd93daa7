# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tells a node's names and addresses; see the module of this name, which asks the metadata service on the node."""

from __future__ import annotations

import json
import typing as t

from ansible.plugins.action import ActionBase
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _node_identity

_OPTIONS = {
    "cloud": {"type": "str", "choices": ["auto", "none", "ec2", "gce"], "default": "auto"},
    "endpoint": {"type": "str", "default": "http://169.254.169.254"},
    "timeout": {"type": "int", "default": 2},
}
_LONGEST = 4000  # characters of what a message quotes


class ActionModule(ActionBase):  # type: ignore[misc]
    _supports_check_mode = True

    def run(self, tmp: t.Any = None, task_vars: t.Any = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(_OPTIONS)
        known = task_vars or {}
        host = known["inventory_hostname"]
        result["changed"] = False
        identity: dict[str, t.Any] = {"cloud": "none"}
        if arguments["cloud"] != "none":
            told = self._execute_module(module_args=arguments, task_vars=known)
            if told.get("failed") or told.get("unreachable"):
                return {**told, "msg": str(told.get("msg", "")).replace("The node ", f"{host} ", 1)}
            identity = told["identity"]
        if identity["cloud"] == "none":
            facts = known.get("ansible_facts") or {}
            if "all_ipv4_addresses" not in facts:
                gathered = self._execute_module(module_name="ansible.builtin.setup", module_args={"gather_subset": ["network"]}, task_vars=known)
                if gathered.get("failed") or gathered.get("unreachable"):
                    return dict(gathered)
                result["ansible_facts"] = gathered["ansible_facts"]
                facts = {name[len("ansible_") :]: value for name, value in gathered["ansible_facts"].items() if name.startswith("ansible_")}
            try:
                identity = _node_identity.from_facts(host, facts)
            except ValueError as error:
                return {**result, "failed": True, "msg": str(error)}
        told_of = json.dumps(identity)[:_LONGEST]
        if not identity.get("names") or not identity.get("private_addresses"):
            said = f"{host} has no name or no address: {told_of}. Set tlsfront_server_names and tlsfront_addresses for it."
            return {**result, "failed": True, "msg": said}
        problems = _node_identity.problems(identity) if identity["cloud"] != "none" else []
        if problems:
            said = (
                f"The metadata service of {host}, {arguments['endpoint']}, told what no instance has: {told_of}. {' '.join(problems)[:_LONGEST]} "
                "Nothing was changed. Look at what answers there, or set node_identity_cloud to none, to take the host's facts."
            )
            return {**result, "failed": True, "msg": said}
        return {**result, "identity": identity}
