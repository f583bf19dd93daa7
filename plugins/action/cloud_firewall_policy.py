# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks what a host asks for in its cloud; see the module of this name."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.policy import found_ports, known_peers, policy_of

_LIST = {"type": "list", "elements": "raw", "required": True}
_NETWORKS = {"type": "list", "elements": "raw", "default": []}
_OPTIONS: dict[str, dict[str, t.Any]] = {
    "provider": {"type": "str", "choices": ["ec2", "gce"], "required": True},
    "name": {"type": "str", "required": True},
    "group": {"type": "str", "default": "elasticsearch"},
    "open_ports": _LIST,
    "closed_ports": _LIST,
    "clients": _NETWORKS,
    "direct_clients": _NETWORKS,
    "peers": _NETWORKS,
    "ec2_connection": {"type": "dict", "default": {}},
    "ec2_region": {"type": "str", "default": ""},
    "ec2_instance_id": {"type": "str", "default": ""},
    "gce_connection": {"type": "dict", "default": {}},
    "gce_project": {"type": "str", "default": ""},
    "gce_zone": {"type": "str", "default": ""},
    "gce_instance": {"type": "str", "default": ""},
}


class ActionModule(ActionBase):  # type: ignore[misc]
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: t.Any = None, task_vars: t.Any = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(_OPTIONS)
        known = task_vars or {}
        host = known["inventory_hostname"]
        group = (known.get("groups") or {}).get(arguments["group"], [])
        nodes = [known["hostvars"][name] for name in group]
        try:
            found = found_ports([*nodes, known["hostvars"][host]])
        except ValueError as cause:
            return {**result, "changed": False, "failed": True, "msg": f"{host}: {cause}. Nothing was changed."}
        asked, problems = policy_of(arguments, host, found, known_peers(nodes), set(group) - set(known["ansible_play_hosts_all"]))
        if problems:
            return {**result, "changed": False, "failed": True, "msg": f"{host}: {' '.join(problems)} Nothing was changed."}
        return {**result, "changed": False, **asked}
