# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.filter.ca_paths import ca_paths
from ansible_collections.tlsfront.elasticsearch.plugins.filter.endpoints import endpoints
from ansible_collections.tlsfront.elasticsearch.plugins.filter.node_options import node_options
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._node_options import NOTED, OPTIONS

PLAYBOOKS = Path(__file__).parents[4] / "playbooks"


def test_what_is_noted_counts_more_than_what_the_inventory_says():
    hosts = {"es1": {"tlsfront_https_port": 443, "tlsfront_addresses": ["192.0.2.1"], NOTED: {"tlsfront_https_port": 9243}}, "es2": {}}
    assert node_options(["es1", "es2"], hosts) == [{"tlsfront_https_port": 9243, "tlsfront_addresses": ["192.0.2.1"]}, {}]
    assert endpoints(["es1"], hosts) == [{"url": "https://es1:9243", "connect_to": "192.0.2.1"}]


def test_the_playbooks_note_each_option_that_is_read():
    (task,) = yaml.safe_load((PLAYBOOKS / "tasks/note.yml").read_text("utf-8"))
    assert task["ansible.builtin.set_fact"] == {
        NOTED: {name: f"{{{{ {name} | default(omit) }}}}" for name in OPTIONS},
        "__tlsfront_waits_for_clients": "{{ tlsfront_close_when_clients_are_ready | default(false) | bool }}",
    }


def test_each_endpoint_of_a_node_has_the_ports_of_that_node():
    hosts = {"es1": {"tlsfront_addresses": ["192.0.2.1", "192.0.2.2"]}, "es2": {}, "es3": {}}
    assert endpoints(["es1", "es2", "es3"], hosts, closed_ports={"es1": [9200], "es2": [9200, "9300-9399"], "es3": []}) == [
        {"url": "https://es1", "connect_to": "192.0.2.1", "closed_ports": [9200]},
        {"url": "https://es1", "connect_to": "192.0.2.2", "closed_ports": [9200]},
        {"url": "https://es2", "closed_ports": [9200, "9300-9399"]},
        {"url": "https://es3"},
    ]


@pytest.mark.parametrize(
    ("said", "paths"),
    [
        ({}, [str(Path("~/.tlsfront/ca/ca.pem").expanduser())]),
        ({"tlsfront_controller_dir": "/srv/tls"}, ["/srv/tls/ca/ca.pem"]),
        ({"certificate_own_ca_dir": "/srv/ca", "tlsfront_controller_dir": "/srv/tls"}, ["/srv/ca/ca.pem"]),
        ({"certificate_source": "provided", "certificate_provided_ca": "/srv/company.pem"}, ["/srv/company.pem"]),
        ({"certificate_source": "provided", "certificate_acme_ca": "/srv/acme.pem"}, []),
        ({"certificate_source": "acme"}, []),
        ({"certificate_source": "acme", "certificate_acme_ca": "/srv/acme.pem", "certificate_own_ca_dir": "/srv/ca"}, ["/srv/acme.pem"]),
        ({"certificate_source": "provided", "certificate_provided_ca": "/srv/company.pem", "tlsfront_ca_path": "/srv/all.pem"}, ["/srv/all.pem"]),
        ({"tlsfront_ca_path": ""}, []),
    ],
    ids=str,
)
def test_clients_trust_the_ca_that_the_certificates_come_from(said, paths):
    assert ca_paths(["es1", "es2"], {"es1": said, "es2": {NOTED: said}}) == paths


def test_clients_trust_the_ca_of_each_node():
    provided = {"certificate_source": "provided", "certificate_provided_ca": "/srv/company.pem"}
    assert ca_paths(["es1", "es2", "es3"], {"es1": {}, "es2": provided, "es3": {}}, "/srv/tls") == ["/srv/tls/ca/ca.pem", "/srv/company.pem"]


def test_no_client_trusts_both_a_public_ca_and_one_of_its_own():
    hosts = {"es1": {"certificate_source": "acme"}, "es2": {"tlsfront_ca_path": "/srv/ca.pem"}}
    says = "the certificate of es2 comes from /srv/ca.pem, and that of es1 from a public CA, so nobody trusts both"
    with pytest.raises(AnsibleFilterError, match=re.escape(says)):
        ca_paths(["es1", "es2"], hosts)


def test_a_ca_that_somebody_else_may_change_is_refused_where_that_is_asked(tmp_path):
    ca = tmp_path / "ca/ca.pem"
    ca.parent.mkdir()
    ca.touch(mode=0o666)
    ca.chmod(0o666)
    hosts = {"es1": {"tlsfront_controller_dir": str(tmp_path)}, "es2": {"tlsfront_controller_dir": str(tmp_path)}}
    assert ca_paths(["es1", "es2"], hosts) == [str(ca)]
    says = f"{ca} may be changed by everybody (mode 0666): chmod go-w {ca}. Nothing was proved, for whoever can change the CA decides what is proved."
    with pytest.raises(AnsibleFilterError, match=re.escape(says)):
        ca_paths(["es1", "es2"], hosts, guarded=True)
    ca.chmod(0o644)
    assert ca_paths(["es1", "es2"], hosts, guarded=True) == [str(ca)]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file to a group that has others in it")
@pytest.mark.parametrize(
    ("of_node", "refused"),
    [
        ({"certificate_own_ca_dir": "{place}"}, True),
        ({"tlsfront_ca_path": "{place}/ca.pem"}, True),
        ({"certificate_source": "provided", "certificate_provided_ca": "{place}/ca.pem"}, False),
        ({"certificate_source": "acme", "certificate_acme_ca": "{place}/ca.pem"}, False),
        ({"certificate_source": "provided", "tlsfront_ca_path": "{place}/ca.pem"}, False),
    ],
    ids=str,
)
def test_what_is_provided_is_also_its_groups_and_what_is_ours_is_not(tmp_path, of_node, refused):
    (tmp_path / "ca.pem").touch()
    os.chown(tmp_path / "ca.pem", 0, 54321)
    (tmp_path / "ca.pem").chmod(0o660)
    said = {"es1": {name: value.format(place=tmp_path) for name, value in of_node.items()}}
    if refused:
        with pytest.raises(AnsibleFilterError, match="may be changed by the group 54321"):
            ca_paths(["es1"], said, guarded=True)
    else:
        assert ca_paths(["es1"], said, guarded=True) == [f"{tmp_path}/ca.pem"]
