# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._host_firewall.host_addresses import host_addresses


def hostvars(**facts: dict[str, list[str]] | None) -> dict[str, dict[str, object]]:
    return {name: {} if known is None else {"ansible_facts": known} for name, known in facts.items()}


def test_that_every_useful_address_of_every_host_is_listed_once() -> None:
    es1 = {"all_ipv4_addresses": ["10.0.0.1", "172.17.0.1"], "all_ipv6_addresses": ["fe80::1", "2001:DB8::1"]}
    es2 = {"all_ipv4_addresses": ["10.0.0.2", "172.17.0.1", "127.0.1.1"], "all_ipv6_addresses": ["::1"]}
    assert host_addresses(["es1", "es2"], hostvars(es1=es1, es2=es2)) == [
        "10.0.0.1",
        "172.17.0.1",
        "2001:db8::1",
        "10.0.0.2",
    ]


def test_that_ipv4_link_local_is_kept_because_it_is_unique_on_its_network() -> None:
    es1 = {"all_ipv4_addresses": ["169.254.0.7"], "all_ipv6_addresses": []}
    assert host_addresses(["es1"], hostvars(es1=es1)) == ["169.254.0.7"]


@pytest.mark.parametrize("known", [None, {}, {"distribution": ["Debian"]}, {"all_ipv4_addresses": ["127.0.0.1"]}])
def test_that_a_host_without_facts_stops_with_its_name(known: dict[str, list[str]] | None) -> None:
    es1 = {"all_ipv4_addresses": ["10.0.0.1"], "all_ipv6_addresses": []}
    with pytest.raises(AnsibleFilterError, match=r"The addresses of es2, es3 are not known.*without --limit"):
        host_addresses(["es1", "es2", "es3"], hostvars(es1=es1, es2=known, es3=known))


def test_that_a_host_without_facts_has_the_addresses_of_its_identity() -> None:
    variables = {"es1": {"tlsfront_identity": {"addresses": ["10.0.0.1", "2001:db8::1"]}}}
    assert host_addresses(["es1"], variables) == ["10.0.0.1", "2001:db8::1"]


def test_that_an_empty_group_stops() -> None:
    with pytest.raises(AnsibleFilterError, match="There is no host"):
        host_addresses([], {})


@pytest.mark.parametrize("text", ["10.0.0.2 accept", "2001:db8::2%eth0", "2001:db8::2%a;\n\taccept", "es2", "", "10.0.0.0/8", 10])
def test_that_a_fact_which_is_no_address_stops_with_the_hosts_name(text: object) -> None:
    es1 = {"all_ipv4_addresses": ["10.0.0.1"], "all_ipv6_addresses": []}
    es2 = {"all_ipv4_addresses": [], "all_ipv6_addresses": [text]}
    with pytest.raises(AnsibleFilterError, match="A fact of es2 is no address"):
        host_addresses(["es1", "es2"], hostvars(es1=es1, es2=es2))  # type: ignore[arg-type]
