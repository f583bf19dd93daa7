# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Refuses options that have another type than documented; see the module of this name."""

from __future__ import annotations

import functools
import re
import typing as t
from pathlib import Path

from ansible.errors import AnsibleError
from ansible.module_utils.common.yaml import yaml_load
from ansible.plugins.action import ActionBase
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _option_paths, _option_types
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._traffic import cut_off

_UNDEFINED = re.compile(r"'([A-Za-z0-9_ .]+)' is undefined")
_COLLECTION = Path(__file__).resolve().parents[2]


@functools.cache
def _options(of: str) -> dict[str, dict[str, t.Any]]:
    """The options of a role, `roles/NAME`, or of the playbooks, `playbooks`."""
    # each node's task reads it anew: by libyaml, in a tenth of the time
    specification = yaml_load((_COLLECTION / of / "meta" / "argument_specs.yml").read_text("utf-8"))
    options: dict[str, dict[str, t.Any]] = specification["argument_specs"]["main"]["options"]
    return options


class ActionModule(ActionBase):  # type: ignore[misc]
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: t.Any = None, task_vars: t.Any = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(
            {"roles": {"type": "list", "elements": "str", "default": []}, "complete": {"type": "bool", "default": False}}
        )
        known = task_vars or {}
        # what several roles read comes first: where it is wrong, so is each role's option that has it as default
        shared, unknown = self._values("playbooks", known)
        found = unknown if arguments["complete"] else []
        found = found or _option_types.problems(_options("playbooks"), shared)
        found = found or [*_option_paths.problems(shared), *cut_off.problems(shared, known["groups"]["all"])]
        if not found:
            found = [problem for role in arguments["roles"] for problem in self._problems(f"roles/{role}", known)]
        result.update(changed=False)
        if found:
            result.update(failed=True, msg=f"{known.get('inventory_hostname')}: {' '.join(found)} Nothing was changed.")
        return result

    def _problems(self, of: str, known: t.Mapping[str, t.Any]) -> list[str]:
        values, _unknown = self._values(of, known)
        return _option_types.problems(_options(of), values)

    def _values(self, of: str, known: t.Mapping[str, t.Any]) -> tuple[dict[str, t.Any], list[str]]:
        """Those that are known, and a sentence for each other one that was given."""
        values, unknown = {}, []
        for name in _options(of):
            if name in known:
                try:
                    values[name] = self._templar.template(known[name])
                except AnsibleError as error:
                    # it needs what is not known yet, and is looked at again where it is used
                    missing = _UNDEFINED.findall(str(error))
                    what = f"{missing[0]}, which is not defined" if missing else "what cannot be evaluated"
                    unknown.append(f"{name} refers to {what}: correct it, for no default stands in for a value that was meant.")
        return values, unknown
