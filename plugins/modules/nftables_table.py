#!/usr/bin/python
# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replaces one table of nftables, and goes back unless a new connection confirms it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: nftables_table
short_description: Replaces one table of nftables, and goes back unless a new connection confirms it
version_added: 0.1.0
author:
  - The tlsfront.elasticsearch authors (@tlsfront)
description:
  - Loads a rules file that makes one table, in one transaction of the kernel. Other tables are not touched.
  - Before it does, it arms a timer that brings the former table back. A second call with O(state=confirmed), over a new connection, makes the new rules
    those of the next boot and disarms the timer, in one step. So rules that nobody could confirm do not outlast the timer or a reboot, and rules that
    were confirmed are there after a reboot at any moment from then on, whatever is killed on the way.
  - It belongs to the role P(tlsfront.elasticsearch.host_firewall#role), which puts the units C(tlsfront-firewall.service),
    C(tlsfront-firewall-revert.timer) and C(tlsfront-firewall-revert.service) in place.
  - Needs root, C(nft) and systemd.
attributes:
  check_mode:
    description: Can run in check mode without changing anything.
    support: full
  diff_mode:
    description: Says what has changed, or would change, in diff mode.
    support: full
    details:
      - Shows the rules file, and the kernel's table where something else has changed it since it was loaded.
options:
  content:
    description: The rules. They begin with the removal of the table, so that they can be loaded over it.
    type: str
    required: true
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
    type: str
    choices: [loaded, confirmed, former]
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
  when: table is changed

- name: Confirm the rules
  tlsfront.elasticsearch.nftables_table:
    content: "{{ rules }}"
    state: confirmed
  when: table is changed
"""

RETURN = r"""
unconfirmed:
  description: Whether the timer is running and the rules are to be confirmed.
  returned: always
  type: bool
"""

import re
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nftables import Failed, Table


def diff_of(table: Table) -> list[dict[str, str]]:
    """What loading would change: the file, and the kernel's table where it is not the one that this file made."""
    state = table.state()
    found = []
    if state.rules != table.content:
        found.append({"before_header": str(table.path), "after_header": str(table.path), "before": state.rules, "after": table.content})
    elif state.kernel != state.recorded:
        kernel = f"table {table.family} {table.name} in the kernel"
        found.append({"before_header": kernel, "after_header": kernel, "before": state.kernel, "after": state.recorded})
    return found


def run(params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    """The result of one call."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", params["name"], re.ASCII):
        raise Failed(f"name is {params['name']!r}: the name of a table has letters, digits and underscores only. Nothing was changed.")
    table = Table(family=params["family"], name=params["name"], content=params["content"], path=Path(params["path"]), nft=params["nft"])
    if params["state"] == "confirmed":
        if not check_mode:
            table.confirm()
        return {"changed": False, "unconfirmed": False}
    if params["state"] == "former":
        return {"changed": False if check_mode else table.take_back(), "unconfirmed": False}
    diff = diff_of(table)
    if check_mode:
        return {"changed": not table.is_in_force(), "unconfirmed": False, "diff": diff}
    loaded = table.load(params["patience"])
    return {"changed": loaded, "unconfirmed": loaded, "diff": diff}


def main() -> None:
    """Runs as a module of Ansible."""
    module = AnsibleModule(
        argument_spec={
            "content": {"type": "str", "required": True},
            "family": {"type": "str", "choices": ["inet", "ip", "ip6"], "default": "inet"},
            "name": {"type": "str", "default": "tlsfront"},
            "path": {"type": "path", "default": "/etc/tlsfront/firewall.nft"},
            "nft": {"type": "path", "default": "/usr/sbin/nft"},
            "patience": {"type": "int", "default": 60},
            "state": {"type": "str", "choices": ["loaded", "confirmed", "former"], "default": "loaded"},
        },
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
