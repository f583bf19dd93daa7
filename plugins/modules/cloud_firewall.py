#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation of an action, which has its code in plugins/action."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cloud_firewall
short_description: Keeps a cluster's rules in the firewall of its cloud, and tells who gets in
version_added: 1.0.0
author:
  - The tlsfront.elasticsearch authors (@tlsfront)
description:
  - Reads what filters packets before the nodes, plans, applies, waits until the cloud tells what was applied, and works out who gets in. It calls the
    modules of C(amazon.aws) or C(google.cloud), and so must be run where they are, with C(delegate_to=localhost).
  - What lets in goes first, what keeps out goes last, and the reverse when it is taken off, so that a run that is cut off anywhere cuts nobody off. The next
    run finishes it.
  - Rules of others are never changed.
  - Of the hosts that share an account and region, or a project, the first one asks and changes the cloud for all. The others get its name, RV(speaker).
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    support: full
    platforms: posix
options:
  part:
    description:
      - V(plan) plans, and refuses a removal that leaves the nodes worse off. V(open) carries out what lets in, V(close) what keeps out and then reports,
        V(all) both in the order that never shuts out. V(exposure) only reports.
    type: str
    choices: [plan, open, close, all, exposure]
    required: true
  state:
    description: Whether the rules are to be there.
    type: str
    choices: [present, absent]
    default: present
  policies:
    description: Name of the variable in which each host has the result of M(tlsfront.elasticsearch.cloud_firewall_policy).
    type: str
    required: true
  connection:
    description: Arguments with credentials for the modules of the cloud.
    type: dict
    default: {}
  region:
    description: The region, on EC2.
    type: str
    default: ""
  tags:
    description: Tags that the security group is to have, on EC2.
    type: dict
    default: {}
  target_tags:
    description: Network tags of the nodes, on Compute Engine.
    type: list
    elements: str
    default: []
  target_service_accounts:
    description: Service accounts of the nodes, on Compute Engine, in place of tags.
    type: list
    elements: str
    default: []
  priority:
    description: Priority of the allowing rules, on Compute Engine, from 1 (first) to 65534. The denying ones get the next number.
    type: int
    default: 100
  fail_on_exposure:
    description: Whether RV(opened) is to have what opens a closed port to others.
    type: bool
    default: true
  leave_closed_ports_open:
    description: Whether O(state=absent) may leave the closed ports open.
    type: bool
    default: false
  leave_members_cut_off:
    description: Whether O(state=absent) may leave nodes that do not reach each other at the closed ports.
    type: bool
    default: false
seealso:
  - module: tlsfront.elasticsearch.cloud_firewall_policy
"""

EXAMPLES = r"""
- name: Let in clients and nodes, and keep out all others
  tlsfront.elasticsearch.cloud_firewall:
    part: all
    policies: policy
    region: eu-central-1
  delegate_to: localhost
  register: firewall

- name: Assert that no rule of anyone opens a closed port of this node
  ansible.builtin.assert:
    that: opened | length == 0
    fail_msg: "{{ opened | join(' ') }}"
  vars:
    opened: "{{ hostvars[firewall.speaker].firewall.opened.get(inventory_hostname, []) }}"
"""

RETURN = r"""
speaker:
  description: The host that has asked the cloud for this one. Only its result has more than this.
  returned: always
  type: str
plan:
  description: What is to be done, what is left as it is, and what the cloud may refuse, a line for each.
  returned: O(part=plan)
  type: list
  elements: str
before:
  description: Our rules before the plan, and RV(after) it.
  returned: O(part=plan), in diff mode
  type: list
  elements: str
after:
  description: Our rules after the plan.
  returned: O(part=plan), in diff mode
  type: list
  elements: str
steps:
  description: What was done, or in check mode would be done.
  returned: something is to be done
  type: list
  elements: str
exposure:
  description: Who gets in to a closed port that may not, and which nodes do not reach each other, a line for each; one line where all is well.
  returned: O(part=exposure), and for O(state=present) O(part=close) and O(part=all)
  type: list
  elements: str
opened:
  description:
    - By host, a line for each rule that lets others in to a closed port. It is empty in check mode where the cloud's rules can deny and are still to be made.
  returned: O(part=exposure), and for O(state=present) O(part=close) and O(part=all)
  type: dict
opened_ports:
  description: By host, the ports, and ranges of them such as V(9200-9299), that the rules of RV(opened) let others in to.
  returned: as RV(opened)
  type: dict
"""
