# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from ansible_collections.tlsfront.elasticsearch.plugins.filter.endpoints import endpoints


def test_a_node_without_variables_is_asked_for_by_its_own_name_where_that_resolves():
    assert endpoints(["es1"], {"es1": {}}) == [{"url": "https://es1"}]


def test_each_name_is_asked_for_at_each_address():
    node = {"tlsfront_server_names": ["a.example", "b.example"], "tlsfront_addresses": ["192.0.2.1", "2001:db8::1"]}
    assert endpoints(["es1"], {"es1": node}) == [
        {"url": "https://a.example", "connect_to": "192.0.2.1"},
        {"url": "https://a.example", "connect_to": "2001:db8::1"},
        {"url": "https://b.example", "connect_to": "192.0.2.1"},
        {"url": "https://b.example", "connect_to": "2001:db8::1"},
    ]


def test_ansible_host_is_the_address_when_it_is_one():
    hosts = {"es1": {"ansible_host": "192.0.2.1"}, "es2": {"ansible_host": "jump.example"}}
    assert endpoints(["es1", "es2"], hosts) == [{"url": "https://es1", "connect_to": "192.0.2.1"}, {"url": "https://es2"}]


def test_no_addresses_means_that_the_name_is_looked_up():
    assert endpoints(["es1"], {"es1": {"ansible_host": "192.0.2.1", "tlsfront_addresses": []}}) == [{"url": "https://es1"}]


def test_a_port_an_address_and_a_wildcard_become_a_url():
    node = {"tlsfront_https_port": "9243", "tlsfront_server_names": ["2001:db8::1", "*.es.example"]}
    assert endpoints(["es1"], {"es1": node}) == [{"url": "https://[2001:db8::1]:9243"}, {"url": "https://tlsfront-probe.es.example:9243"}]
