# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: gce_firewall_plan
author: The tlsfront.elasticsearch authors
version_added: 0.1.0
short_description: Plan the firewall rules of a cluster on Google Compute Engine
description:
  - Compares what a policy asks for with what is there in a network, and returns the steps from one to the other.
  - The plan covers the rules of this collection only, which are known by their names and their descriptions.
  - Nothing is read and nothing is changed by this filter.
positional: _input, network, firewalls
options:
  _input:
    description:
      - The policy, with the keys C(name), C(open_ports), C(closed_ports), C(clients) and C(direct_clients).
      - Ports are texts such as V(9200) and V(9200-9299), clients are networks in CIDR notation.
    type: dict
    required: true
  network:
    description: The network's name.
    type: str
    required: true
  firewalls:
    description: The project's firewall rules, as P(google.cloud.gcp_compute_firewall_info#module) returns them.
    type: list
    elements: dict
    required: true
  target:
    description:
      - The instances that the rules are for, by network tags (C(tags)) or by service accounts (C(service_accounts)).
    type: dict
    default: {}
  priority:
    description: The priority of the allowing rules, from 0 (first) to 65534. The denying ones are one behind.
    type: int
    default: 100
  state:
    description: Whether the rules are to be there.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Show what would be done
  ansible.builtin.debug:
    msg: "{{ plan.steps | map(attribute='line') }}"
  vars:
    plan: "{{ policy | tlsfront.elasticsearch.gce_firewall_plan('default', rules, target={'tags': ['es']}) }}"
    policy:
      name: tlsfront-elasticsearch
      open_ports: ["443"]
      closed_ports: ["9200", "9300"]
      clients: [192.0.2.0/24]
      direct_clients: []
"""

RETURN = r"""
_value:
  description:
    - C(steps) is a list of mappings with C(phase) (V(open) comes first, V(close) later), C(line) for people, C(do) and
      C(name).
    - C(before) and C(after) are lists of lines that describe the rules that are ours.
  type: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._gce_plan import plan_absent, plan_present
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._plan import Policy


def gce_firewall_plan(
    policy: t.Mapping[str, t.Any],
    network: str,
    firewalls: t.Sequence[t.Mapping[str, t.Any]],
    target: t.Mapping[str, t.Sequence[str]] | None = None,
    priority: int = 100,
    state: str = "present",
) -> dict[str, t.Any]:
    """The plan for one network; see DOCUMENTATION.

    Raises AnsibleFilterError when the rules would be for every instance, or when a rule has our name but is not ours.
    """
    asked = Policy.of(policy)
    if state == "present" and not any((target or {}).values()):
        raise AnsibleFilterError(
            "gce_firewall_plan: without target tags or accounts the rules would be for every instance."
        )
    try:
        if state == "present":
            plan = plan_present(asked, network, firewalls, target or {}, priority)
        else:
            plan = plan_absent(asked, network, firewalls)
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from None
    return plan.plain()


class FilterModule:
    """Ansible looks for this class."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"gce_firewall_plan": gce_firewall_plan}
