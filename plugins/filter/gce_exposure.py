# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: gce_exposure
extends_documentation_fragment:
  - tlsfront.elasticsearch.exposure
author: The tlsfront.elasticsearch authors
version_added: 0.1.0
short_description: Tell who reaches ports of instances on Google Compute Engine, through all that filters packets there
description:
  - Works out, for each network interface of each node, what hierarchical policies, firewall rules and network policies
    together let in to the given ports, and names each rule that lets in anyone else than the nodes and the permitted.
  - A rule for a network tag or a service account counts as one that lets others in, unless it is that of the nodes.
    So does a rule for what Google keeps, such as regions and threat lists.
options:
  _input:
    description: The nodes, as P(tlsfront.elasticsearch.gce_instance_firewalls_info#module) returns them.
    type: list
    elements: dict
    required: true
  hosts:
    description: The nodes' names in the inventory, by zone and name of their instances (V(europe-west1-b/es1)).
    type: dict
    required: true
  target:
    description: What the nodes are known by, network tags (C(tags)) or service accounts (C(service_accounts)).
    type: dict
    required: true
  without:
    description: Names of firewall rules to leave out, to see what would be without them.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Show who else reaches the nodes
  ansible.builtin.debug:
    msg: "{{ exposure.findings | map(attribute='line') }}"
  vars:
    exposure: >-
      {{ nodes | tlsfront.elasticsearch.gce_exposure(hosts={'europe-west1-b/es1': 'es1'}, target={'tags': ['es']},
                                                     ports=[9200, 9300], permitted=[]) }}
"""

RETURN = r"""
_value:
  description:
    - C(findings) is a list of mappings with C(host), C(interface), C(ports), C(sources), C(rule) and C(line).
    - C(cut_off) is a list of sentences, one for each interface that other nodes of its network do not reach.
  type: dict
"""

import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.gce_exposure import gce_exposure


class FilterModule:
    """Ansible looks for this class."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"gce_exposure": gce_exposure}
