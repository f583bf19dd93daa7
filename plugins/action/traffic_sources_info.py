# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Puts together who uses the ports of all nodes; see the module of this name."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._traffic.sources import Asked, sources

_OPTIONS: dict[str, dict[str, t.Any]] = {
    "nodes": {"type": "list", "elements": "str", "required": True},
    "registered": {"type": "list", "elements": "str", "default": []},
    "answers": {"type": "dict", "default": {}},
    "group": {"type": "str", "default": "elasticsearch"},
    "client_group": {"type": "str", "default": "clients"},
    "probe_hosts": {"type": "list", "elements": "str", "default": []},
    "observed_days": {"type": "int", "default": 7},
    "cut_off": {"type": "raw", "default": "refuse"},
    "dns": {"type": "bool", "default": True},
}
_DNS_SECONDS = 5.0


class ActionModule(ActionBase):  # type: ignore[misc]
    _supports_check_mode = True

    def run(self, tmp: t.Any = None, task_vars: t.Any = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(_OPTIONS)
        known = task_vars or {}
        groups = known["groups"]

        def call(module: str, given: dict[str, t.Any]) -> dict[str, t.Any]:
            try:
                done: dict[str, t.Any] = self._execute_module(module_name=module, module_args=given, task_vars=known)
            except AnsibleError as error:  # the collection is not there
                return {"failed": True, "msg": str(error)}
            return done

        asked = Asked(
            nodes=arguments["nodes"],
            group=groups.get(arguments["group"], []),
            clients=groups.get(arguments["client_group"], []),
            probes=arguments["probe_hosts"],
            registered=arguments["registered"],
            answers=arguments["answers"],
            days=arguments["observed_days"],
            cut_off=arguments["cut_off"],
            dns_seconds=_DNS_SECONDS if arguments["dns"] else 0,
        )
        try:
            report = sources(asked, known["hostvars"], groups, call)
        except ValueError as error:
            return {**result, "failed": True, "changed": False, "msg": str(error)}
        return {**result, "changed": False, **report}
