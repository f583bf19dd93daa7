# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._addresses import addresses
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.ec2_path import (
    interface_addresses,
    members_of,
    path_of,
)
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.exposure import findings
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._intervals import Intervals

CLOSED = Intervals.of([(9200, 9200), (9300, 9300)])
SUBNET = {"subnet_id": "subnet-1", "cidr_block": "10.0.0.0/24", "ipv6_cidr_block_association_set": []}
ALL = [100, "all", "allow", "0.0.0.0/0", None, None, 0, 65535]
ALL_6 = [101, "all", "allow", "::/0", None, None, 0, 65535]
ETH0 = {
    "network_interface_id": "eni-1",
    "subnet_id": "subnet-1",
    "private_ip_address": "10.0.0.1",
    "private_ip_addresses": [
        {"private_ip_address": "10.0.0.1", "primary": True, "association": {"public_ip": "198.51.100.1"}},
        {"private_ip_address": "10.0.0.11", "primary": False},
    ],
    "ipv6_addresses": [{"ipv6_address": "2001:db8::1"}],
    "association": {"public_ip": "198.51.100.1"},
    "groups": [{"group_id": "sg-1"}],
}


def group(*permissions, **fields):
    common = {"group_id": "sg-1", "group_name": "legacy", "owner_id": "123456789012", "tags": {}}
    return {**common, **fields, "ip_permissions": list(permissions)}


def permission(protocol="tcp", ports=(9200, 9200), **sources):
    return {"ip_protocol": protocol, "from_port": ports[0], "to_port": ports[1], **sources}


def opened(*groups, acl=(ALL, ALL_6), members=None, attached=("sg-1",)):
    interface = {**ETH0, "groups": [{"group_id": group_id} for group_id in attached]}
    acls = [{"nacl_id": "acl-1", "subnets": ["subnet-1"], "ingress": list(acl)}]
    path = path_of(interface, {g["group_id"]: g for g in groups}, members or {}, acls, [SUBNET])
    return [(f.rule, f.ports.spans, f.sources) for f in findings(path, CLOSED, addresses(["10.0.0.0/24"]))]


WORLD = {"ip_ranges": [{"cidr_ip": "0.0.0.0/0", "description": "for now"}], "ipv6_ranges": [{"cidr_ipv6": "::/0"}]}


def test_every_address_of_an_interface_is_known():
    assert interface_addresses(ETH0) == ["10.0.0.1", "10.0.0.11", "2001:db8::1", "198.51.100.1"]


def test_the_finding_names_the_group_its_owner_its_tags_and_the_rule():
    (first, _ports, sources), (second, *_rest) = opened(group(permission(**WORLD), tags={"team": "search"}))
    assert first == "security group sg-1 (legacy) of account 123456789012, tagged team=search, rule 'for now'"
    assert sources == ("0.0.0.0/0",)
    assert second == "security group sg-1 (legacy) of account 123456789012, tagged team=search"


@pytest.mark.parametrize(
    ("given", "ports"),
    [
        (permission("tcp", (9200, 9300), **WORLD), ((9200, 9200), (9300, 9300))),
        (permission("6", (9300, 9300), **WORLD), ((9300, 9300),)),
        ({"ip_protocol": "-1", **WORLD}, ((9200, 9200), (9300, 9300))),
        (permission("tcp", (0, 65535), **WORLD), ((9200, 9200), (9300, 9300))),
    ],
)
def test_a_protocol_that_means_tcp_opens_its_ports(given, ports):
    assert opened(group(given))[0][1] == ports


@pytest.mark.parametrize(
    "given", [permission("udp", **WORLD), permission("icmp", (-1, -1), **WORLD), permission("tcp", (443, 443), **WORLD)]
)
def test_other_protocols_and_ports_are_no_finding(given):
    assert opened(group(given)) == []


def test_any_group_of_the_interface_opens_and_no_other():
    quiet, loud = group(), group(permission(**WORLD), group_id="sg-2")
    assert opened(quiet, loud, attached=("sg-1",)) == []
    assert opened(quiet, loud, attached=("sg-1", "sg-2"))


def test_a_group_as_source_means_its_members():
    pair = {"user_id_group_pairs": [{"group_id": "sg-2"}]}
    assert opened(group(permission(**pair)), members={"sg-2": addresses(["10.0.0.2"])}) == []
    told = opened(group(permission(**pair)), members={"sg-2": addresses(["10.0.0.2", "10.0.7.7"])})
    assert told[0][2] == ("members of sg-2",)


def test_a_group_whose_members_cannot_be_seen_is_a_finding():
    assert opened(group(permission(user_id_group_pairs=[{"group_id": "sg-of-others"}])))


def test_a_prefix_list_is_a_finding():
    assert opened(group(permission(prefix_list_ids=[{"prefix_list_id": "pl-1"}])))[0][2] == ("prefix list pl-1",)


def test_what_the_network_acl_denies_is_no_finding():
    deny = [90, "tcp", "deny", "0.0.0.0/0", None, None, 9000, 9999]
    assert [sources for *_rest, sources in opened(group(permission(**WORLD)), acl=[ALL, ALL_6, deny])] == [("::/0",)]


def test_entries_of_the_network_acl_count_by_their_numbers():
    late = [200, "tcp", "deny", "0.0.0.0/0", None, None, 9000, 9999]
    assert len(opened(group(permission(**WORLD)), acl=[late, ALL_6, ALL])) == 2


def test_the_network_acl_does_not_protect_from_the_same_subnet():
    subnet = permission(ip_ranges=[{"cidr_ip": "10.0.0.0/8"}])
    wide = {**SUBNET, "cidr_block": "10.0.0.0/16"}
    acls = [{"nacl_id": "acl-1", "subnets": ["subnet-1"], "ingress": []}]
    path = path_of(ETH0, {"sg-1": group(subnet)}, {}, acls, [wide])
    assert findings(path, CLOSED, addresses(["10.0.0.0/24"]))


def test_without_the_group_or_the_acl_there_is_no_answer():
    with pytest.raises(KeyError, match="sg-9"):
        opened(group(), attached=("sg-9",))
    with pytest.raises(KeyError, match="subnet-1"):
        path_of(ETH0, {"sg-1": group()}, {}, [], [SUBNET])


def test_members_of_a_group_are_known_by_their_addresses_inside():
    other = {
        **ETH0,
        "private_ip_addresses": [{"private_ip_address": "10.0.0.2"}],
        "ipv6_addresses": [],
        "association": None,
    }
    assert members_of([ETH0, other])["sg-1"] == addresses(["10.0.0.1", "10.0.0.2", "10.0.0.11", "2001:db8::1"])
