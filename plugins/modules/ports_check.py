#!/usr/bin/python
# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks from this host that some ports of others answer, and that some do not."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ports_check
short_description: Checks that ports of other hosts are open, and that others are closed
version_added: 1.0.0
author:
  - The tlsfront.elasticsearch authors (@tlsfront)
description:
  - Connects from the host it runs on to ports of other hosts, to all of them at the same time, and fails unless those of O(open_ports)
    accept the connection and those of O(closed_ports) do not.
  - A closed port may refuse the connection or be silent. A host that is down is silent as well, and so is one that nothing from here
    reaches. So silence counts only at an address where one of O(open_ports) answers or, without O(open_ports), where another
    port answers or refuses.
  - A closed port that is silent costs three seconds - the first SYN, and its repetition after one second (RFC 6298).
  - Changes nothing.
seealso:
  - module: tlsfront.elasticsearch.https_check
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
  platform:
    support: full
    platforms: posix
options:
  hosts:
    description: Names and addresses. Of a name, each address is asked.
    type: list
    elements: str
    required: true
  open_ports:
    description: Ports, and ranges like V(9200-9299), that must accept a connection.
    type: list
    elements: raw
    default: []
  closed_ports:
    description:
      - Ports, and ranges like V(9200-9299), that must not accept a connection.
      - One that accepts it and ends it at once, without a byte, is open.
    type: list
    elements: raw
    default: []
  retry_for:
    description: How long to go on until all is as it must be, in seconds.
    type: float
    default: 10
  silent_hint:
    description: What the message is to say after the ports that do not answer.
    type: str
    default: ""
  open_hint:
    description: What the message is to say after the ports that are open and must not be.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Assert that others reach the node over https only
  tlsfront.elasticsearch.ports_check:
    hosts: [es1.example.org]
    open_ports: [443]
    closed_ports: [9200, 9300]
  delegate_to: outsider.example.org
"""

RETURN = r"""
ports:
  description: What each port has shown last.
  returned: always
  type: list
  elements: dict
  sample: [{"host": "es1.example.org", "address": "192.0.2.11", "port": 9200, "answer": "silent"}]
  contains:
    host:
      description: The host as it was given.
      type: str
    address:
      description: Its address.
      type: str
    port:
      description: The port.
      type: int
    answer:
      description:
        - V(open) - it accepts connections. V(ended) - it does, and ends them without a byte.
        - V(refused) - it refuses them. V(silent) - no answer. V(error) - this host could not ask.
      type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.ports import read_ports
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.reasons import InvalidOption
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._ports import ask_hosts


def main() -> None:
    numbers = {"type": "list", "elements": "raw", "default": []}
    hint = {"type": "str", "default": ""}
    module = AnsibleModule(
        argument_spec={
            "hosts": {"type": "list", "elements": "str", "required": True},
            "open_ports": numbers,
            "closed_ports": numbers,
            "retry_for": {"type": "float", "default": 10},
            "silent_hint": hint,
            "open_hint": hint,
        },
        supports_check_mode=True,
    )
    given = module.params
    try:
        must_answer, must_not = read_ports(given["open_ports"], "open_ports"), read_ports(given["closed_ports"])
    except InvalidOption as error:
        module.fail_json(msg=str(error))
    both = sorted(set(must_answer) & set(must_not))
    if both:
        module.fail_json(msg=f"open_ports and closed_ports both have {', '.join(map(str, both))}")
    if not given["hosts"] or not must_answer + must_not:
        module.fail_json(msg="hosts, or open_ports and closed_ports, are empty, so nothing would be proved")
    found = ask_hosts(given["hosts"], must_answer, must_not, given["retry_for"])
    ports = [{"host": port.host, "address": port.ip, "port": port.number, "answer": answer.kind} for port, answer in found.answers.items()]
    if found.is_right:
        module.exit_json(changed=False, ports=ports)
    said = [*found.lost, *(f"{each}." for each in found.silent), given["silent_hint"] if found.silent else ""]
    said += [f"{', '.join(found.open)} can still be connected to from here." if found.open else "", given["open_hint"] if found.open else ""]
    module.fail_json(msg=" ".join(filter(None, said)), ports=ports)


if __name__ == "__main__":
    main()
