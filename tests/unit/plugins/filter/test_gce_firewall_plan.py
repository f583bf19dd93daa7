# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter refuses what the plan cannot be made for; the plan itself is tested with plugin_utils."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.filter.gce_firewall_plan import gce_firewall_plan

POLICY = {"name": "tlsfront-es", "open_ports": ["443"], "closed_ports": ["9200"], "clients": ["192.0.2.0/24"], "direct_clients": []}
NODE = {"name": "es1", "tags": ["es"], "service_accounts": [], "interfaces": [{"network": "net"}]}


@pytest.mark.parametrize("priority", [1, 65534])
def test_a_priority_that_leaves_room_for_the_denial_is_taken(priority: int) -> None:
    plan = gce_firewall_plan(POLICY, [NODE], [], {"tags": ["es"]}, priority)
    assert {step["rule"]["priority"] for step in plan["steps"]} == {priority, priority + 1}


@pytest.mark.parametrize("priority", [-1, 0, 65535])
def test_a_priority_that_cannot_be_set_is_refused_by_name(priority: int) -> None:
    with pytest.raises(AnsibleFilterError, match=r"must be from 1 to 65534\..*Nothing was changed\..*cloud_firewall_gce_priority"):
        gce_firewall_plan(POLICY, [NODE], [], {"tags": ["es"]}, priority)


def test_nodes_without_the_tag_are_refused_by_name() -> None:
    with pytest.raises(AnsibleFilterError, match="es1 has none of the tags web"):
        gce_firewall_plan(POLICY, [NODE], [], {"tags": ["web"]})


def test_rules_for_everybody_are_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="every instance of the network"):
        gce_firewall_plan(POLICY, [NODE], [], {})
