# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a plan for nodes cannot be made for is refused."""

from __future__ import annotations

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.gce_plan import plan_all
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.plan import Policy

POLICY = Policy("tlsfront-es", ("443",), ("9200",), ("192.0.2.0/24",))
NODE = {"name": "es1", "tags": ["es"], "service_accounts": [], "interfaces": [{"network": "net"}]}


@pytest.mark.parametrize("priority", [1, 65534])
def test_a_priority_that_leaves_room_for_the_denial_is_taken(priority: int) -> None:
    plan = plan_all(POLICY, [NODE], [], {"tags": ["es"]}, priority, "present")
    assert {step["rule"]["priority"] for step in plan.steps} == {priority, priority + 1}


@pytest.mark.parametrize("priority", [-1, 0, 65535])
def test_a_priority_that_cannot_be_set_is_refused_by_name(priority: int) -> None:
    with pytest.raises(ValueError, match=r"must be from 1 to 65534\..*Nothing was changed\..*cloud_firewall_gce_priority"):
        plan_all(POLICY, [NODE], [], {"tags": ["es"]}, priority, "present")


def test_nodes_without_the_tag_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="es1 has none of the tags web"):
        plan_all(POLICY, [NODE], [], {"tags": ["web"]}, 100, "present")


def test_rules_for_everybody_are_refused() -> None:
    with pytest.raises(ValueError, match="every instance of the network"):
        plan_all(POLICY, [NODE], [], {}, 100, "present")
