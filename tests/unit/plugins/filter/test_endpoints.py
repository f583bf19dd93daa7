# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import re

import pytest
from ansible.errors import AnsibleFilterError
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


def test_ansible_host_is_where_the_node_is_whether_an_address_or_a_name():
    hosts = {"es1": {"ansible_host": "192.0.2.1"}, "es2": {"ansible_host": "es2.internal"}, "es3": {"ansible_host": "es3"}}
    assert endpoints(["es1", "es2", "es3"], hosts) == [
        {"url": "https://es1", "connect_to": "192.0.2.1"},
        {"url": "https://es2", "connect_to": "es2.internal"},
        {"url": "https://es3"},
    ]


@pytest.mark.parametrize("connection", ["containers.podman.podman", "community.docker.docker", "amazon.aws.aws_ssm", "local"])
def test_a_name_in_ansible_host_is_no_host_name_where_the_connection_is_not_ssh(connection):
    assert endpoints(["es1"], {"es1": {"ansible_host": "i-0a1b2c", "ansible_connection": connection}}) == [{"url": "https://es1"}]
    assert endpoints(["es1"], {"es1": {"ansible_host": "192.0.2.1", "ansible_connection": connection}}) == [{"url": "https://es1", "connect_to": "192.0.2.1"}]


@pytest.mark.parametrize("connection", ["ssh", "ansible.builtin.ssh", "smart", "ansible.netcommon.libssh", "paramiko_ssh"])
def test_it_is_one_over_every_kind_of_ssh(connection):
    assert endpoints(["es1"], {"es1": {"ansible_host": "a.internal", "ansible_connection": connection}}) == [
        {"url": "https://es1", "connect_to": "a.internal"}
    ]


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"tlsfront_addresses": "127.0.0.1"}, "tlsfront_addresses of es1 is '127.0.0.1', and must be a list"),
        ({"tlsfront_server_names": "es1.example"}, "tlsfront_server_names of es1 is 'es1.example', and must be a list"),
        ({"tlsfront_server_names": []}, "es1 has no name to ask for: set tlsfront_server_names"),
        ({"tlsfront_https_port": None}, "tlsfront_https_port of es1 is None, and must be a port"),
        ({"tlsfront_https_port": True}, "tlsfront_https_port of es1 is True, and must be a port"),
        ({"tlsfront_https_port": 4.9}, "tlsfront_https_port of es1 is 4.9, and must be a port"),
        ({"tlsfront_https_port": 0}, "tlsfront_https_port of es1 is 0, and must be a port"),
        ({"tlsfront_server_names": ["a/b"]}, "tlsfront_server_names of es1 has 'a/b', which is neither a host name nor an address"),
        ({"tlsfront_server_names": ["a@b"]}, "has 'a@b'"),
        ({"tlsfront_server_names": [""]}, "has ''"),
        ({"tlsfront_https_port": "5; evil"}, "tlsfront_https_port of es1 is '5; evil', and must be a port"),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused_by_name(variables, says):
    with pytest.raises(AnsibleFilterError, match=re.escape(says)):
        endpoints(["es1"], {"es1": variables})


@pytest.mark.parametrize(
    ("nodes", "closed_ports", "says"),
    [
        ("ab", None, "the nodes are 'ab', and must be a list"),
        (None, None, "the nodes are None, and must be a list"),
        (["es1", "elsewhere"], None, "elsewhere is not in the inventory"),
        (["es1"], "x", "closed_ports is 'x', and must be a mapping"),
    ],
)
def test_what_is_no_list_of_nodes_is_refused(nodes, closed_ports, says):
    with pytest.raises(AnsibleFilterError, match=says):
        endpoints(nodes, {"es1": {}}, closed_ports=closed_ports)


def test_each_node_is_asked_for_its_own_days():
    found = endpoints(["es1", "es2"], {"es1": {}, "es2": {}}, min_days_valid={"es1": 30, "es2": 0})
    assert found == [{"url": "https://es1", "min_days_valid": 30}, {"url": "https://es2"}]
    with pytest.raises(AnsibleFilterError, match="min_days_valid is 30, and must be a mapping"):
        endpoints(["es1"], {"es1": {}}, min_days_valid=30)


def test_no_addresses_means_that_the_name_is_looked_up():
    assert endpoints(["es1"], {"es1": {"ansible_host": "192.0.2.1", "tlsfront_addresses": []}}) == [{"url": "https://es1"}]


def test_nodes_that_share_a_name_are_asked_one_by_one_by_their_own_names():
    shared = {"tlsfront_server_names": ["es1"]}
    assert endpoints(["es1", "es2"], {"es1": shared, "es2": shared}) == [{"url": "https://es1"}, {"url": "https://es1", "connect_to": "es2"}]
    addressed = {**shared, "ansible_host": "192.0.2.2"}
    assert endpoints(["es1", "es2"], {"es1": shared, "es2": addressed}) == [{"url": "https://es1"}, {"url": "https://es1", "connect_to": "192.0.2.2"}]


def test_a_port_an_address_and_a_wildcard_become_a_url():
    node = {"tlsfront_https_port": "9243", "tlsfront_server_names": ["2001:db8::1", "*.es.example"]}
    assert endpoints(["es1"], {"es1": node}) == [{"url": "https://[2001:db8::1]:9243"}, {"url": "https://tlsfront-probe.es.example:9243"}]


SITES = [
    {"server_names": ["second.example"], "upstreams": ["127.0.0.1:9201"]},
    {"port": "9243", "upstreams": ["127.0.0.1:9202"], "same_cluster": "yes"},
    {"server_names": ["kibana.example"], "kind": "dashboards", "upstreams": ["127.0.0.1:5601"]},
]


def test_further_sites_are_asked_where_they_are_wanted_and_only_there():
    node = {"tlsfront_addresses": ["192.0.2.1"], "tlsfront_sites": SITES}
    own = {"url": "https://es1", "connect_to": "192.0.2.1"}
    assert endpoints(["es1"], {"es1": node}) == [own]
    assert endpoints(["es1"], {"es1": node}, {"es1": [5601]}, sites=True) == [
        {**own, "closed_ports": [5601]},
        {"url": "https://second.example", "same_cluster": False, "connect_to": "192.0.2.1", "closed_ports": [5601]},
        {"url": "https://es1:9243", "connect_to": "192.0.2.1", "closed_ports": [5601]},
        {"url": "https://kibana.example", "product": "dashboards", "connect_to": "192.0.2.1", "closed_ports": [5601]},
    ]


@pytest.mark.parametrize("wrong", [["x"], [{"server_names": ["a/b"], "upstreams": []}], [{"port": 70000, "upstreams": []}]])
def test_a_site_that_cannot_be_asked_is_no_site_less(wrong):
    with pytest.raises(AnsibleFilterError, match="es1"):
        endpoints(["es1"], {"es1": {"tlsfront_sites": wrong}}, sites=True)


def test_where_some_have_revoked_and_others_have_not_each_endpoint_has_the_lists_of_its_own_ca(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "one/crl.pem").write_text("the lists")
    hosts = {
        "es1": {"certificate_own_ca_dir": f"{tmp_path}/one"},
        "es2": {"certificate_source": "provided"},
        "es3": {"certificate_own_ca_dir": f"{tmp_path}/other"},
    }
    asked = {one["url"]: one.get("crl_content") for one in endpoints(list(hosts), hosts, lists=True)}
    assert asked == {"https://es1": "the lists", "https://es2": None, "https://es3": None}
    assert endpoints(["es1"], hosts, lists=True) == endpoints(["es1"], hosts) == [{"url": "https://es1"}], "ca_paths names the file of all"
    (tmp_path / "one/crl.pem").rename(tmp_path / "one/revoked")
    with pytest.raises(AnsibleFilterError, match="restore it from a backup"):
        endpoints(list(hosts), hosts, lists=True)
