# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Revokes what the own CA has issued, and renews its lists; see the module of this name."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _crl

_OPTIONS: dict[str, dict[str, t.Any]] = {
    "directory": {"type": "path", "required": True},
    "passphrase": {"type": "str", "default": "", "no_log": True},
    "intermediate": {"type": "bool", "default": False},
    "intermediate_passphrase": {"type": "str", "default": "", "no_log": True},
    "days": {"type": "int", "default": 30},
    "revoke": {"type": "list", "elements": "str", "default": []},
    "other_directories": {"type": "list", "elements": "path", "default": []},
}


class ActionModule(ActionBase):  # type: ignore[misc]
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: t.Any = None, task_vars: t.Any = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, given = self.validate_argument_spec(_OPTIONS)
        try:
            kept = _crl.keep(
                given["directory"],
                str(given["passphrase"]),
                str(given["intermediate_passphrase"]) if given["intermediate"] else None,
                given["days"],
                given["revoke"],
                write=not self._task.check_mode,
                others=given["other_directories"],
            )
        except _crl.Problem as problem:
            return {**result, "changed": False, "failed": True, "msg": f"{problem} Nothing was changed."}
        if kept.changed:
            header = f"{given['directory']}/crl.pem"
            result["diff"] = {"before_header": header, "after_header": header, "before": kept.before, "after": kept.after}
        if kept.warnings:
            result["warnings"] = kept.warnings
        return {**result, "changed": kept.changed, "revoked": kept.revoked, "unrevoked": kept.unrevoked, "next_update": kept.next_update}
