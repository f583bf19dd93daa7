#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation of an action, which has its code in plugins/action."""

from __future__ import annotations

DOCUMENTATION = r"""
module: traffic_sources_info
short_description: Says who uses the ports of a cluster that are to be closed, and what becomes of each when they are
version_added: 1.0.0
author:
  - The tlsfront.elasticsearch authors (@tlsfront)
description:
  - Puts together what M(tlsfront.elasticsearch.node_info) has told of the nodes. Each source gets its name from the inventory, the networks of a node's own
    containers, the cloud in which nodes are, or the DNS; whether the policy of the role P(tlsfront.elasticsearch.host_firewall#role) lets it in; and what to
    do about it.
  - On EC2 it is told which instance, load balancer or NAT gateway is at an address, on Compute Engine which instance. That needs C(amazon.aws) or
    C(google.cloud), with the connection of the role P(tlsfront.elasticsearch.cloud_firewall#role). Where they cannot be asked, names are missing, which is
    said, and nothing fails.
  - A host of the inventory is known by its facts, by the addresses that the inventory tells, and where it tells a name, by those of that name. Another name
    from the DNS counts where it leads back to the address. The DNS is asked for five seconds each.
  - Says what speaks against closing the ports. A source would be cut off that has completed a handshake within the days that count, is let in no more
    afterwards, and is not kept out already. SYNs alone may be forged and are no reason; what could not be seen is one.
  - Run it once for all nodes, delegated to the controller. Changes nothing.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  platform:
    support: full
    platforms: posix
options:
  nodes:
    description: The nodes that were asked, by their names in the inventory.
    type: list
    elements: str
    required: true
  registered:
    description:
      - The names of the variables in which each of them has the result of M(tlsfront.elasticsearch.node_info), with its option O(ignore:nft), or of
        M(tlsfront.elasticsearch.traffic_observer), the newest first.
    type: list
    elements: str
    default: []
  answers:
    description: The same result by the name of the node, of nodes that another host was delegated to. They come first.
    type: dict
    default: {}
  group:
    description: The group of all nodes of the cluster, which are let in by each other.
    type: str
    default: elasticsearch
  client_group:
    description: The group of the client hosts.
    type: str
    default: clients
  probe_hosts:
    description: The hosts that prove from outside what is reachable.
    type: list
    elements: str
    default: []
  observed_days:
    description: Days within which a source counts that has used a port.
    type: int
    default: 7
  cut_off:
    description: Either V(refuse) or V(accept), or a list of addresses, networks and names of the inventory that may be cut off.
    type: raw
    default: refuse
  dns:
    description: Whether the DNS is asked for names.
    type: bool
    default: true
seealso:
  - module: tlsfront.elasticsearch.traffic_observer
  - plugin: tlsfront.elasticsearch.traffic_table
    plugin_type: filter
  - plugin: tlsfront.elasticsearch.traffic_html
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Ask each node
  tlsfront.elasticsearch.node_info:
    nft: /usr/sbin/nft
  become: true
  register: node

- name: Put together who uses the ports
  tlsfront.elasticsearch.traffic_sources_info:
    nodes: "{{ ansible_play_hosts }}"
    registered: [node]
  delegate_to: localhost
  run_once: true
  register: report

- name: Show it
  ansible.builtin.debug:
    msg: "{{ (report | tlsfront.elasticsearch.traffic_table).splitlines() }}"
  run_once: true
"""

RETURN = r"""
rows:
  description:
    - One for each source at each address and port of each node. Ages (C(first), C(last), C(answered)) are seconds by the clock of the node. C(answered) is
      null where a source has only sent what may be forged.
    - The C(state) is one of V(cut off) (would be), V(unknown) (whether it would be), V(accepted) (would be, which O(cut_off) allows), V(earlier) (would be,
      and has not used a port for longer), V(unproven) (SYNs only), V(probe) (would be, and is a probe host), V(knocks) (kept out by the rules in
      force, and has tried since), V(gone) (kept out, and has not), V(passes) (passes through the node, to another host) and V(let in).
    - The C(kind) is one of V(this node), V(node), V(client host), V(probe host), V(inventory host), V(container), V(instance), V(load balancer),
      V(NAT gateway), V(NAT instance), V(shared address), V(cloud service), V(DNS name) and V(unknown).
  returned: success
  type: list
  elements: dict
  sample:
    - node: es1
      address: 192.0.2.50
      to: 192.0.2.1
      port: 9200
      name: app1
      kind: client host
      hosts: [app1]
      first: 604800
      last: 180
      packets: 5123
      answered: 180
      let_in: false
      closed: false
      state: cut off
      do: Move it over with the playbook cutover, and restart what still holds the old setting.
nodes:
  description: Of each node whether anything is C(observed) there, for how many C(seconds), and what could not be seen.
  returned: success
  type: list
  elements: dict
  sample:
    - {name: es1, observed: true, problem: "", seconds: 604800, lost: null, policy_problem: ""}
refuse:
  description: What speaks against closing the ports, a line each.
  returned: success
  type: list
  elements: str
unknown:
  description: What could not be seen, a line each.
  returned: success
  type: list
  elements: str
notes:
  description: What else is to be said, a line each.
  returned: success
  type: list
  elements: str
"""
