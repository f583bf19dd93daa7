# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The policy of the role host_firewall, as the filter C(tlsfront.elasticsearch.host_firewall_policy)."""

from __future__ import annotations

DOCUMENTATION = r"""
name: host_firewall_policy
author: The tlsfront.elasticsearch authors
version_added: 1.0.0
short_description: "Internal: whom the role host_firewall lets in to which ports, and what speaks against it"
description:
  - Internal to this collection. Only the role P(tlsfront.elasticsearch.host_firewall#role) calls it, and it may change in any version.
  - Writes the ports and addresses of the role in canonical form, adds the ports at which Elasticsearch was
    found, and says all that is wrong at once, before anything changes.
  - Nothing secret is looked at.
positional: _input
options:
  _input:
    description:
      - The options of the role without their prefix C(host_firewall_). Looked at are C(closed_ports), C(ports_left_open), C(peers), C(direct_clients),
        C(container_networks), C(confirm_timeout), C(accept_unknown_cluster), C(probe_hosts), C(probe_addresses), C(https_ports), C(https_clients) and
        C(open_others).
      - V(auto) among C(container_networks) stands for the networks that O(facts) tell of.
    type: dict
    required: true
  node:
    description: What M(tlsfront.elasticsearch.node_info) has returned.
    type: dict
    default: {}
  facts:
    description: The facts of the host.
    type: dict
    default: {}
  host:
    description: Its name in the inventory.
    type: str
    default: ""
  group:
    description: The name of the group of the cluster's nodes, for the message.
    type: str
    default: elasticsearch
  hosts:
    description: The hosts of this group, whose addresses are the peers where none are named.
    type: list
    elements: str
    default: []
  hostvars:
    description: The variable C(hostvars).
    type: dict
    default: {}
  https_port:
    description: The port that clients are to use by https. It is never closed.
    type: int
    default: 443
  sites:
    description: C(tlsfront_sites) of the host. Their ports are never closed, and what of this host is behind them is.
    type: list
    elements: dict
    default: []
  ansible_port:
    description: The port that Ansible connects to.
    type: int
    default: 22
"""

EXAMPLES = r"""
- name: Decide which ports are closed to whom
  ansible.builtin.set_fact:
    policy: >-
      {{ (options | tlsfront.elasticsearch.host_firewall_policy(node=node, facts=ansible_facts, host=inventory_hostname)).policy }}
  vars:
    options:
      closed_ports: [9200, 9300]
      ports_left_open: []
      peers: [192.0.2.0/24]
      direct_clients: []
      container_networks: []
      confirm_timeout: 60
      accept_unknown_cluster: false
"""

RETURN = r"""
_value:
  description:
    - C(policy) has nothing but addresses and ports. C(ports) are closed to all but C(peers), C(direct_clients), and at single ports
      C(direct_clients_by_port), and so are C(container_networks); C(https_clients) are to get in to C(https_ports), whatever firewall is there;
      C(named_ports), C(found_ports) and C(unnamed_ports) say where the ports come from.
    - C(lacks_a_peer) is the name of the host where the rules in force lack one of the peers, and must let it in before it can join; else it is empty.
    - C(wants_login) is the name of the host where nothing of Elasticsearch answers without a login; else it is empty.
    - C(problems) has a sentence for each thing that is wrong, and C(seen) says how the nodes of the cluster are known. There may be texts of others in them.
  type: dict
"""

import typing as t


def host_firewall_policy(options: t.Mapping[str, t.Any], **more: t.Any) -> dict[str, t.Any]:
    """See DOCUMENTATION."""
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._host_firewall.policy import policy

    return policy(options, **more)


class FilterModule:
    """Ansible looks for this class."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"host_firewall_policy": host_firewall_policy}
