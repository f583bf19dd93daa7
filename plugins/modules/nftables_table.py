#!/usr/bin/python
# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replaces one table of nftables, and goes back unless a new connection confirms it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: nftables_table
short_description: Replaces one table of nftables, and goes back unless a new connection confirms it
version_added: 1.0.0
author:
  - The tlsfront.elasticsearch authors (@tlsfront)
description:
  - Loads a rules file that makes one table, in one transaction of the kernel. Other tables are not touched.
  - Before it does, it arms a timer that brings the former table back. A second call with O(state=confirmed), over a new connection, makes the new rules
    those of the next boot and disarms the timer, in one step. So rules that nobody could confirm do not outlast the timer or a reboot, and rules that
    were confirmed are there after a reboot at any moment from then on, whatever is killed on the way.
  - The units C(tlsfront-firewall.service), C(tlsfront-firewall-revert.timer) and C(tlsfront-firewall-revert.service), which load the rules at boot and
    bring former ones back, are given as O(units). The role P(tlsfront.elasticsearch.host_firewall#role) has them as templates.
  - Needs root, C(nft) and systemd.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Shows the rules file, the units, and the kernel's table where something else has changed it since it was loaded.
  platform:
    support: full
    platforms: posix
options:
  content:
    description:
      - The rules. They begin with the removal of the table, so that they can be loaded over it. Required, or O(add_elements), unless O(state=absent).
      - Statements about anything else than this table are refused, C(flush ruleset), C(include) and C(define) as well.
    type: str
  add_elements:
    description:
      - In place of O(content). The rules that are for the next boot, and nothing else than these addresses in their sets besides, by the names of the sets.
    type: dict
  units:
    description:
      - Files of systemd that are written before the rules are loaded, as a whole and with mode 0644, and removed with O(state=absent).
      - Each is a unit, or a drop-in (V(/etc/systemd/system/nftables.service.d/00-tlsfront-firewall.conf)) of another one.
      - C(tlsfront-firewall.service) is enabled and started, and systemd reads the files again where one has changed.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Where it is.
        type: path
        required: true
      content:
        description: What is in it. With O(state=absent) it is not looked at.
        type: str
        default: ""
  family:
    description: Family of the table.
    type: str
    choices: [inet, ip, ip6]
    default: inet
  name:
    description: Name of the table.
    type: str
    default: tlsfront
  path:
    description: The file that C(tlsfront-firewall.service) loads at boot. Files of the same name with other endings are the module's own.
    type: path
    default: /etc/tlsfront/firewall.nft
  nft:
    description: The program nft.
    type: path
    default: /usr/sbin/nft
  patience:
    description: Seconds that the unconfirmed change of another run is waited for.
    type: int
    default: 60
  state:
    description:
      - With V(loaded) the rules are loaded, unless they are in force and confirmed already.
      - With V(confirmed) the rules that an earlier call with the same O(content) has loaded are confirmed. Fails when they are not in force any more.
      - With V(former) the rules that an earlier call with the same O(content) has loaded are taken back, unless they were confirmed.
      - With V(absent) the table, the rules for the next boot, the units and everything else of the module's are taken off. Directories go where they are empty.
        What a killed removal has left is removed by the next one.
    type: str
    choices: [loaded, confirmed, former, absent]
    default: loaded
"""

EXAMPLES = r"""
- name: Load the rules
  tlsfront.elasticsearch.nftables_table:
    content: "{{ rules }}"
  register: table

- name: Try a new connection
  ansible.builtin.wait_for_connection:
    timeout: 60
  when: table.unconfirmed

- name: Confirm the rules
  tlsfront.elasticsearch.nftables_table:
    content: "{{ rules }}"
    state: confirmed
  when: table.unconfirmed

- name: Remove the rules
  tlsfront.elasticsearch.nftables_table:
    state: absent
"""

RETURN = r"""
unconfirmed:
  description: Whether the timer is running and the rules are to be confirmed.
  returned: always
  type: bool
confirmed:
  description: Whether the rules of O(content) are those of the next boot.
  returned: O(state) is not V(absent)
  type: bool
closes:
  description: Whether there were rules before, in the kernel or for the next boot.
  returned: O(state=absent)
  type: bool
"""

import re
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils import _files
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._commands import Failed
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nftables.sets import with_elements
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nftables.statements import stray
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nftables.table import Table
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nftables.units import UnitFile

_UNIT_FILE = re.compile(r"(/[A-Za-z0-9@:_.-]+)*/[A-Za-z0-9@:_.-]+\.(service|timer|conf)", re.ASCII)


def difference(name: str, before: str, after: str) -> dict[str, str]:
    return {"before_header": name, "after_header": name, "before": before, "after": after}


def diff_of(table: Table) -> list[dict[str, str]]:
    """What loading would change: the rules file, or the kernel's table where it is not the one that this file made, and the units."""
    state = table.state()
    found = []
    if state.rules != table.content:
        found.append(difference(str(table.path), state.rules, table.content))
    elif state.kernel != state.recorded:
        found.append(difference(f"table {table.family} {table.name} in the kernel", state.kernel, state.recorded))
    return found + [difference(str(file.path), _files.read(file.path), file.content) for file in table.differing_units()]


def load(table: Table, patience: float, check_mode: bool) -> dict[str, Any]:
    diff = diff_of(table)
    if check_mode:
        # what systemd would say of units that are still to be written means nothing
        changes = bool(diff) or not table.is_in_force() or not table.is_at_boot()
        return {"changed": changes, "unconfirmed": False, "confirmed": table.is_confirmed(), "diff": diff}
    loaded = table.load(patience)
    return {"changed": loaded.changed, "unconfirmed": loaded.unconfirmed, "confirmed": table.is_confirmed(), "diff": diff}


def remove(table: Table, check_mode: bool) -> dict[str, Any]:
    remains, closes = table.remains(), table.closes()
    diff = [difference(name, content, "") for name, content in remains.items()]
    result: dict[str, Any] = {"changed": bool(remains), "unconfirmed": False, "closes": closes, "diff": diff}
    if remains and not Path(table.nft).exists():
        known = f"whether the kernel has a table {table.family} {table.name} until the next boot cannot be seen"
        result["warnings"] = [f"{table.nft} is not there: {known}."]
    if not check_mode:
        table.remove()
    return result


def run(params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    """The result of one call."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", params["name"], re.ASCII):
        raise Failed(f"name is {params['name']!r}: the name of a table has letters, digits and underscores only. Nothing was changed.")
    for unit in params["units"]:
        if not _UNIT_FILE.fullmatch(unit["path"]) or ".." in Path(unit["path"]).parts:
            raise Failed(f"units: {unit['path']!r} is not the absolute path of a .service, .timer or .conf. Nothing was changed.")
    if not params["path"].startswith("/"):
        raise Failed(f"path is {params['path']!r}. Give the absolute path of the rules file. Nothing was changed.")
    content = params["content"] or ""
    if params["add_elements"] is not None:
        content = with_elements(_files.read(Path(params["path"])), params["add_elements"])
    other = stray(content, params["family"], params["name"])
    if other:
        raise Failed(f"content has {other!r}, which is not about table {params['family']} {params['name']} alone. Take it out. Nothing was changed.")
    table = Table(
        family=params["family"],
        name=params["name"],
        content=content,
        path=Path(params["path"]),
        nft=params["nft"],
        unit_files=tuple(UnitFile(Path(unit["path"]), unit["content"]) for unit in params["units"]),
    )
    if params["state"] == "absent":
        return remove(table, check_mode)
    if params["state"] == "loaded":
        return load(table, params["patience"], check_mode)
    changed = False
    if not check_mode and params["state"] == "confirmed":
        table.confirm()
    elif not check_mode:
        changed = table.take_back()
    return {"changed": changed, "unconfirmed": False, "confirmed": table.is_confirmed()}


def main() -> None:
    """Runs as a module of Ansible."""
    module = AnsibleModule(
        argument_spec={
            "content": {"type": "str"},
            "add_elements": {"type": "dict"},
            "units": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {"path": {"type": "path", "required": True}, "content": {"type": "str", "default": ""}},
            },
            "family": {"type": "str", "choices": ["inet", "ip", "ip6"], "default": "inet"},
            "name": {"type": "str", "default": "tlsfront"},
            "path": {"type": "path", "default": "/etc/tlsfront/firewall.nft"},
            "nft": {"type": "path", "default": "/usr/sbin/nft"},
            "patience": {"type": "int", "default": 60},
            "state": {"type": "str", "choices": ["loaded", "confirmed", "former", "absent"], "default": "loaded"},
        },
        required_if=[("state", state, ["content", "add_elements"], True) for state in ("loaded", "confirmed", "former")],
        mutually_exclusive=[("content", "add_elements")],
        no_log=True,  # the journal need not have a line with all addresses of a policy
        supports_check_mode=True,
    )
    try:
        result = run(module.params, module.check_mode)
    except (Failed, OSError) as error:
        module.fail_json(msg=str(error), unconfirmed=False)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
