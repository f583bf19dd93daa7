# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Installs packages by the package manager of a node; see the module of this name."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):  # type: ignore[misc]
    _supports_check_mode = True

    def run(self, tmp: t.Any = None, task_vars: t.Any = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec({"name": {"type": "list", "elements": "str", "required": True}})
        names, known = arguments["name"], task_vars or {}
        result["changed"] = False
        manager = self._manager(known)
        install = self._by_apt if manager == "apt" else self._by_another
        return {**result, **install(names, known, manager)}

    def _manager(self, known: t.Any) -> str:
        """As Ansible finds it on the node, C(unknown) where it finds none that it knows."""
        found = (known.get("ansible_facts") or {}).get("pkg_mgr")
        if not found:
            asked = {"gather_subset": ["!all", "!min", "pkg_mgr", "distribution"]}
            told = self._execute_module(module_name="ansible.builtin.setup", module_args=asked, task_vars=known)
            found = (told.get("ansible_facts") or {}).get("ansible_pkg_mgr")
        return str(found or "unknown")

    def _by_another(self, names: list[str], known: t.Any, manager: str) -> dict[str, t.Any]:
        task = self._task.copy()
        task.args = {"name": names, "state": "present", "use": manager}
        package = self._shared_loader_obj.action_loader.get(
            "ansible.builtin.package",
            task=task,
            connection=self._connection,
            play_context=self._play_context,
            loader=self._loader,
            templar=self._templar,
            shared_loader_obj=self._shared_loader_obj,
        )
        try:
            done: dict[str, t.Any] = package.run(task_vars=known)
        except AnsibleError as error:  # it knows no package manager of that name
            done = {"failed": True, "msg": str(error)}
        what = ", ".join(names)
        if done.get("failed"):
            causes = " ".join([str(done.get("msg", "")), *map(str, done.get("failures") or ())]).strip(" .")
            where = f"on {known.get('inventory_hostname', 'the host')} by its package manager ({manager})"
            said = f"{what} cannot be installed {where}: {causes}. Enable the repository that has it, or install {what} by hand."
            return {"failed": True, "msg": said}
        if done.get("changed") and self._task.check_mode:
            return {"changed": True, "msg": f"{what} would be installed."}
        return {"changed": bool(done.get("changed"))}

    def _by_apt(self, names: list[str], known: t.Any, _manager: str) -> dict[str, t.Any]:
        if self._task.check_mode:
            # The lists of packages are not updated in check mode, so that a package is in none of them says nothing.
            installed = self._apt(names, known, update_cache=False)
            if installed.get("failed") or installed.get("changed"):
                return {"changed": True, "msg": f"{', '.join(names)} would be installed."}
            return {}
        installed = self._apt(names, known, update_cache=True, update_cache_retries=2)
        if not installed.get("failed"):
            return {"changed": bool(installed.get("changed"))}
        # What cannot be updated may be somebody else's, such as the list of a repository that is gone.
        again = self._apt(names, known, update_cache=False)
        changed = bool(again.get("changed"))
        host = known.get("inventory_hostname", "the host")
        causes = self._lists_in_the_way(known) or installed.get("msg", "")
        if again.get("failed"):
            said = (
                f"{', '.join(names)} cannot be installed on {host}: {again.get('msg', '')}. Before that: {causes}. "
                "Correct or disable the source of packages that this names (/etc/apt/sources.list, /etc/apt/sources.list.d), "
                f"let the host reach it, or install {', '.join(names)} by hand."
            )
            return {"changed": changed, "failed": True, "msg": said}
        said = f"{host} has {', '.join(names)} now, but not all package lists could be updated: {causes}"
        return {"changed": changed, "msg": said, "warnings": [said]}

    def _apt(self, names: list[str], known: t.Any, **arguments: t.Any) -> dict[str, t.Any]:
        arguments.update(name=names, install_recommends=False)
        done: dict[str, t.Any] = self._execute_module(module_name="ansible.builtin.apt", module_args=arguments, task_vars=known)
        return done

    def _lists_in_the_way(self, known: t.Any) -> str:
        """python-apt says only that something failed."""
        arguments = {"argv": ["env", "LC_ALL=C", "apt-get", "update", "--quiet"]}
        done = self._execute_module(module_name="ansible.builtin.command", module_args=arguments, task_vars=known)
        return " ".join(str(done.get("stderr", "")).split("\n")).strip()
