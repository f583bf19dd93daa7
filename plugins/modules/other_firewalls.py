#!/usr/bin/python
# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Opens ports in the ufw or firewalld that a node has already, and takes exactly that away again."""

from __future__ import annotations

DOCUMENTATION = r"""
module: other_firewalls
short_description: Opens ports in the ufw or firewalld that a node has already, and takes exactly that away again
version_added: 1.0.0
author:
  - The tlsfront.elasticsearch authors (@tlsfront)
description:
  - Lets O(clients) in to TCP O(ports), by C(ufw) where it is on, and by C(firewall-cmd) where firewalld runs, in each zone by which these clients come in,
    now and for the next start. Nothing is reloaded, so rules that others have added at run time only stay.
  - Adds nothing where a rule, an application profile, a service, a zone's target or the default lets them in already.
  - Does not overrule an administrator. A rule that keeps the clients out of a port is refused by name. Where rules let in a part of the clients at that very
    port, or by what is not known here, such as an interface, a destination or a set of addresses, it is left so, with a warning.
  - Touches no rule of other tools. A table at the hook input that certainly keeps the clients out is refused with the command that would let them in.
    So are C(before.rules) of ufw and direct rules of firewalld. What cannot be known is a warning. Rules at other hooks are not looked at.
  - Writes down what it adds before it does, in C(/var/lib/tlsfront/opened.json), so that the next run finishes what a killed one has left, takes away what has
    left O(ports) or O(clients), also from a firewall that is off, and O(state=absent) takes away all of it, and nothing else. In ufw, its rules bear the
    comment V(tlsfront); one whose comment somebody has changed is theirs.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: Shows the commands that add the rules, those that are added already and those that are to be.
  platform:
    support: full
    platforms: posix
options:
  state:
    description: Whether the ports are to be open, or what was added before is to be taken away.
    type: str
    choices: [present, absent]
    default: present
  ports:
    description: The TCP ports. With an empty list, what was added before is taken away.
    type: list
    elements: int
    default: [443]
  clients:
    description: The addresses and networks that are let in. With an empty list, what was added before is taken away.
    type: list
    elements: str
    default: ["0.0.0.0/0", "::/0"]
  purge:
    description: Whether what was added before, and has left O(ports) or O(clients) since, is taken away. With V(false), a later call does it.
    type: bool
    default: true
  nft:
    description: The program nft, by which tables of others are looked at.
    type: path
    default: /usr/sbin/nft
"""

EXAMPLES = r"""
- name: Let clients in to https, whatever firewall is there
  tlsfront.elasticsearch.other_firewalls:
    ports: [443]
    clients: [10.20.0.0/16, "2001:db8:20::/48"]
  become: true

- name: Take that away again
  tlsfront.elasticsearch.other_firewalls:
    state: absent
  become: true
"""

RETURN = r"""
firewalls:
  description: The tools that were asked, V(ufw) or V(firewalld) or both.
  returned: success
  type: list
  elements: str
  sample: [ufw]
commands:
  description: What was done, or in check mode would be.
  returned: success
  type: list
  elements: str
  sample: [ufw allow proto tcp from 0.0.0.0/0 to any port 443 comment tlsfront]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._commands import Failed
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._files import Locked, Removed
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._other_firewalls.model import text
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._other_firewalls.openings import Openings, Plan, in_diff, read_clients, read_ports


def applied(openings: Openings) -> Plan:
    """Where another run has taken away all of it in the meantime, one begins again: there may be nothing left to do."""
    try:
        return openings.apply()
    except Removed:
        return openings.apply()


def main() -> None:
    """Runs as a module of Ansible."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "ports": {"type": "list", "elements": "int", "default": [443]},
            "clients": {"type": "list", "elements": "str", "default": ["0.0.0.0/0", "::/0"]},
            "purge": {"type": "bool", "default": True},
            "nft": {"type": "path", "default": "/usr/sbin/nft"},
        },
        supports_check_mode=True,
    )
    wanted = module.params["state"] == "present"
    try:
        ports, clients = (read_ports(module.params["ports"]), read_clients(module.params["clients"])) if wanted else ([], [])
        openings = Openings(ports, clients, module.params["nft"], purge=module.params["purge"])
        before = in_diff(openings.recorded())
        plan = openings.checked() if module.check_mode else applied(openings)
    except (Failed, Locked, ValueError, OSError) as error:
        module.fail_json(msg=str(error))
    for notice in plan.notices:
        module.warn(notice)
    after = in_diff([*plan.keep, *plan.add])
    commands = list(map(text, plan.commands))
    module.exit_json(changed=bool(commands), firewalls=plan.found, commands=commands, diff={"before": before, "after": after} if commands else {})


if __name__ == "__main__":
    main()
