#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation of an action, which has its code in plugins/action."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cloud_firewall_policy
short_description: Checks what a host asks for in its cloud's firewall
version_added: 1.0.0
author:
  - The tlsfront.elasticsearch authors (@tlsfront)
description:
  - Checks ports, networks, names and the place of the host's instance, and on the controller the files with credentials and CA certificates that the modules
    of C(amazon.aws) or C(google.cloud) read. All that is wrong is said at once. No cloud is asked.
  - What it returns is read by M(tlsfront.elasticsearch.cloud_firewall), for which it must be registered on each host.
  - Closed are also the ports at which Elasticsearch was found on a host of O(group) before in this run (C(tlsfront_found_ports)). Permitted are also the
    addresses of all hosts of O(group) that are known.
  - Runs on the controller, and changes nothing.
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
  provider:
    description: The cloud.
    type: str
    choices: [ec2, gce]
    required: true
  name:
    description: Name of the security group, and beginning of the names of the firewall rules.
    type: str
    required: true
  group:
    description: Inventory group of the cluster's nodes.
    type: str
    default: elasticsearch
  open_ports:
    description: TCP ports that O(clients) may use, numbers and ranges (V(9200-9299)).
    type: list
    elements: raw
    required: true
  closed_ports:
    description: TCP ports that only the nodes and O(direct_clients) may reach.
    type: list
    elements: raw
    required: true
  clients:
    description: Addresses and networks that may use the open ports.
    type: list
    elements: raw
    default: []
  direct_clients:
    description: Addresses and networks that may reach the closed ports; for some of them only, dictionaries of C(networks) and C(ports).
    type: list
    elements: raw
    default: []
  peers:
    description: Further addresses of nodes of the cluster.
    type: list
    elements: raw
    default: []
  ec2_connection:
    description: Arguments with credentials for the modules of C(amazon.aws).
    type: dict
    default: {}
  ec2_region:
    description: The region of the instance.
    type: str
    default: ""
  ec2_instance_id:
    description: The identifier of the instance.
    type: str
    default: ""
  gce_connection:
    description: Arguments with credentials for the modules of C(google.cloud).
    type: dict
    default: {}
  gce_project:
    description: The project of the instance.
    type: str
    default: ""
  gce_zone:
    description: The zone of the instance.
    type: str
    default: ""
  gce_instance:
    description: The name of the instance.
    type: str
    default: ""
seealso:
  - module: tlsfront.elasticsearch.cloud_firewall
"""

EXAMPLES = r"""
- name: Check the policy and the instance
  tlsfront.elasticsearch.cloud_firewall_policy:
    provider: ec2
    name: tlsfront-elasticsearch
    open_ports: [443]
    closed_ports: [9200, 9300]
    clients: [192.0.2.0/24]
    ec2_region: "{{ placement.region }}"
    ec2_instance_id: "{{ instance_id }}"
  register: policy
"""

RETURN = r"""
node:
  description: The host, its instance, and a C(scope) that hosts of one account and region, or of one project, have in common. It tells none of its parts.
  returned: success
  type: dict
policy:
  description: The policy in canonical form.
  returned: success
  type: dict
permitted:
  description: Addresses and networks that may reach the closed ports.
  returned: success
  type: list
  elements: str
"""
