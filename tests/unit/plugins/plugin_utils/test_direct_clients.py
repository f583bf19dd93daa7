# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who may use all of the closed ports, and who some of them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._direct_clients import DirectClients, direct_clients

CLOSED = [*range(9200, 9211), 9300]


def read(entries: Any, **how: Any) -> DirectClients:
    return direct_clients(entries, CLOSED, "direct", **how)


def only(*ports: Any, networks: Any = ("192.0.2.0/24",)) -> dict[str, Any]:
    return {"networks": list(networks), "ports": list(ports)}


def test_who_names_no_port_may_use_all_of_them() -> None:
    assert read(["2001:db8::7", "192.0.2.7"]) == DirectClients(["192.0.2.7", "2001:db8::7"])
    assert read(["192.0.2.7"], cidr=True).everywhere == ["192.0.2.7/32"]
    assert read([]) == DirectClients()


def test_who_names_ports_may_use_those_in_as_few_ranges_as_there_are() -> None:
    assert read([only(9300, "9201", "9202-9203"), only("9204")]).by_port == {"9201-9204": ["192.0.2.0/24"], "9300": ["192.0.2.0/24"]}


def test_networks_of_one_port_stand_together_and_ports_in_their_order() -> None:
    entries = [only(9300, networks=["198.51.100.7", "2001:db8::/64"]), only(9300), only(9200)]
    assert list(read(entries).by_port.items()) == [("9200", ["192.0.2.0/24"]), ("9300", ["192.0.2.0/24", "198.51.100.7", "2001:db8::/64"])]


def test_who_may_use_all_of_them_needs_no_port_besides() -> None:
    found = read(["192.0.0.0/16", only(9300), only(9300, networks=["::ffff", "198.51.100.7"])])
    assert found == DirectClients(["192.0.0.0/16"], {"9300": ["198.51.100.7", "::ffff"]})


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ("192.0.2.7", "direct: expected a list"),
        (only(9300), "direct: expected a list"),
        ([{"networks": ["192.0.2.7"]}], "must have networks and ports, and nothing else: write for example {networks: [192.0.2.0/24], ports: [9300]}"),
        ([{**only(9300), "port": 1}], "must have networks and ports, and nothing else"),
        ([only()], "has no port"),
        ([only(9400)], "9400 of {'networks': ['192.0.2.0/24'], 'ports': [9400]} is not among the closed ports"),
        ([only("9200-9220")], "9211, 9212, 9213 of"),
        ([only("9300; drop")], "direct: "),
        ([only(True)], "direct: "),
        ([{"networks": ["192.0.2.7"], "ports": "9300"}], "direct: "),
        ([only(9300, networks=["client.example"])], "direct: 'client.example' is not an IPv4 or IPv6 address"),
        ([{"networks": "192.0.2.7", "ports": [9300]}], "direct: expected a list of addresses"),
        ([only(9300, networks=["192.0.2.7/24"])], "has host bits set"),
        ([9300], "direct: 9300 is not a text"),
    ],
)
def test_what_can_be_neither_is_refused(entries: Any, says: str) -> None:
    with pytest.raises(AnsibleFilterError) as refused:
        read(entries)
    assert says in str(refused.value)
