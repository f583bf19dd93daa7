# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a node is by its facts, and which values of a metadata service are refused."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._node_identity import from_facts, problems

EC2 = {
    "cloud": "ec2",
    "instance_id": "i-0a45c8b2a33e9c2f7",
    "region": "us-gov-west-1",
    "zone": "us-west-2-lax-1a",
    "names": ["ip-10-0-3-11.eu-central-1.compute.internal"],
    "addresses": ["10.0.3.11", "2001:db8::1"],
    "private_addresses": ["10.0.3.11"],
    "public_addresses": [],
}
GCE = {**EC2, "cloud": "gce", "instance": "es-1", "project": "example.org:my-project"}
del GCE["instance_id"]


@pytest.mark.parametrize("identity", [EC2, GCE], ids=["ec2", "gce"])
def test_what_instances_have_is_taken(identity: dict[str, Any]) -> None:
    assert problems(identity) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"instance_id": "i-0a1b\n"},
        {"instance_id": ["i-0a1b"]},
        {"instance_id": "i-0a1b; reboot"},
        {"region": "eu-central-1\nevil"},
        {"region": ""},
        {"zone": "b/../../x"},
        {"zone": "{{ lookup('pipe', 'id') }}"},
        {"instance": "Es1"},
        {"instance": "es1-"},
        {"project": "my project$(id)"},
        {"names": ["es1; } location = /x { return 200; }"]},
        {"names": "es1"},
        {"addresses": ["10.0.3.11; evil"]},
        {"private_addresses": ["10.0.3.11/8"]},
        {"public_addresses": ["fe80::1%eth0"]},
        {"public_addresses": None},
    ],
    ids=str,
)
def test_what_no_instance_has_is_refused(wrong: dict[str, Any]) -> None:
    assert problems({**(GCE if {"instance", "project"} & set(wrong) else EC2), **wrong})


def test_a_host_in_no_cloud_has_its_name_and_the_addresses_that_others_can_use() -> None:
    facts = {"all_ipv4_addresses": ["127.0.0.1", "192.0.2.7"], "all_ipv6_addresses": ["fe80::1", "2001:DB8::7", "::1"]}
    assert from_facts("es1", facts) == {
        "cloud": "none",
        "names": ["es1"],
        "addresses": ["192.0.2.7", "2001:db8::7"],
        "private_addresses": ["192.0.2.7", "2001:db8::7"],
        "public_addresses": [],
    }


@pytest.mark.parametrize("text", ["2001:db8::1%eth0; evil", "evil", ""])
def test_a_fact_that_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a fact of es1 is no address"):
        from_facts("es1", {"all_ipv6_addresses": [text]})
