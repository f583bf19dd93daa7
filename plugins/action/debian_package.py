# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Installs packages of Debian; see the module of this name."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):  # type: ignore[misc]
    _supports_check_mode = True

    def run(self, tmp: t.Any = None, task_vars: t.Any = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec({"name": {"type": "list", "elements": "str", "required": True}})
        names, known = arguments["name"], task_vars or {}
        result["changed"] = False
        if self._task.check_mode:
            # The lists of packages are not updated in check mode, so that a package is in none of them says nothing.
            installed = self._apt(names, known, update_cache=False)
            if installed.get("failed") or installed.get("changed"):
                result.update(changed=True, msg=f"{', '.join(names)} would be installed.")
            return result
        installed = self._apt(names, known, update_cache=True, update_cache_retries=2)
        if not installed.get("failed"):
            result["changed"] = bool(installed.get("changed"))
            return result
        # What cannot be updated may be somebody else's, such as the list of a repository that is gone.
        again = self._apt(names, known, update_cache=False)
        result["changed"] = bool(again.get("changed"))
        host = known.get("inventory_hostname", "the host")
        causes = self._lists_in_the_way(known) or installed.get("msg", "")
        if again.get("failed"):
            result.update(
                failed=True,
                msg=f"{', '.join(names)} cannot be installed on {host}: {again.get('msg', '')}. Before that: {causes}. "
                "Correct or disable the source of packages that this names (/etc/apt/sources.list, /etc/apt/sources.list.d), "
                f"let the host reach it, or install {', '.join(names)} by hand.",
            )
        else:
            result["msg"] = f"{host} has {', '.join(names)} now, but not all package lists could be updated: {causes}"
            result["warnings"] = [result["msg"]]
        return result

    def _apt(self, names: list[str], known: t.Any, **arguments: t.Any) -> dict[str, t.Any]:
        arguments.update(name=names, install_recommends=False)
        done: dict[str, t.Any] = self._execute_module(module_name="ansible.builtin.apt", module_args=arguments, task_vars=known)
        return done

    def _lists_in_the_way(self, known: t.Any) -> str:
        """python-apt says only that something failed."""
        arguments = {"argv": ["env", "LC_ALL=C", "apt-get", "update", "--quiet"]}
        done = self._execute_module(module_name="ansible.builtin.command", module_args=arguments, task_vars=known)
        return " ".join(str(done.get("stderr", "")).split("\n")).strip()
