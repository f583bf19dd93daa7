# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The playbook that a timer runs, where things are wrong: nodes are directories of this machine. Where all is right: molecule/rotation."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _crl, _revocation
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki
from cryptography import x509

pytestmark = pytest.mark.slow

RENEW, REVOKE = "tlsfront.elasticsearch.renew", "tlsfront.elasticsearch.revoke"
# the role would install it, and any file tells it that it is there
INSTALLED = ("-e", "__certificate_package_path=/etc/hostname", "-e", "tlsfront_check_retry_for=0")


class Cluster:
    """es1 and es2, with certificates that end in 20 days; es3 is a node that is down."""

    def __init__(self, play: Any, place: Path) -> None:
        self._play, self.place, self.ca = play, place, place / "controller/ca"
        ssh = place / "ssh"
        ssh.write_text("#!/bin/sh\nexit 255\n")  # what ssh says of a host that is not there: no packet leaves this machine
        ssh.chmod(0o755)
        self.away = {"ansible_ssh_executable": str(ssh), "ansible_host": "127.0.0.1", "ansible_port": 1}
        root = pki.root()
        self.ca.mkdir(parents=True)
        self.ca.chmod(0o700)
        self.write(self.ca / "ca.pem", root.pem)
        self.write(self.ca / "ca.key", root.key_pem)
        self.first = {node: self.issue(node, root) for node in ("es1", "es2")}

    @staticmethod
    def write(path: Path, content: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o600 if path.suffix == ".key" else 0o644)

    def issue(self, node: str, root: pki.Issued) -> x509.Certificate:
        """As the role does it."""
        issued = pki.issue(node, root, [node], not_after=20 * pki.DAY)
        self.write(Path(_revocation.record_path(str(self.ca), node, issued.certificate)), issued.pem)
        place = self.place / node / "certificate"
        for name, content in (("chain.pem", issued.pem), ("key.pem", issued.key_pem), ("ca.pem", root.pem)):
            self.write(place / "versions/1" / name, content)
        (place / "versions/1/key.pem").chmod(0o600)
        (place / "live").symlink_to("versions/1")
        return issued.certificate

    def run(
        self, playbook: Any, *arguments: str, nodes: tuple[str, ...] = ("es1", "es2", "es3"), others: tuple[str, ...] = (), **of_all: Any
    ) -> Any:
        """:param others: hosts of another group"""
        here = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        hosts = {node: self.away if node == "es3" else here | {"certificate_dir": f"{self.place}/{node}/certificate"} for node in nodes}
        variables = {"tlsfront_controller_dir": f"{self.place}/controller", "node_identity_cloud": "none", "tlsfront_https_port": 1} | of_all
        inventory: dict[str, Any] = {"elasticsearch": {"hosts": hosts, "vars": variables}, "others": {"hosts": dict.fromkeys(others, self.away)}}
        return self._play(playbook, inventory, *INSTALLED, *arguments)

    def certificate(self, node: str) -> x509.Certificate:
        return x509.load_pem_x509_certificate((self.place / node / "certificate/live/chain.pem").read_bytes())


@pytest.fixture
def cluster(play: Any, tmp_path: Path) -> Cluster:
    return Cluster(play, tmp_path)


def test_a_node_that_is_down_and_one_that_fails_keep_no_other_from_being_renewed(cluster: Cluster) -> None:
    (cluster.place / "es2/certificate/versions").rename(cluster.place / "es2/gone")  # it has none any more
    done = cluster.run(RENEW)
    said = " ".join(done.stdout.replace("\\n", " ").split())
    assert done.returncode != 0
    assert cluster.certificate("es1").serial_number != cluster.first["es1"].serial_number
    # nginx is not there, so that it is not served, and nobody has seen it
    assert "es1: /etc/nginx/conf.d/tlsfront.conf is not there, so nothing is served: run the playbook tlsfront.elasticsearch.site first" in said
    assert "es2: es2 has no certificate yet: run the playbook tlsfront.elasticsearch.site." in said
    assert not (cluster.place / "es2/certificate/live/chain.pem").exists()
    assert "connection_refused" in said and "nftables" not in said
    assert [one.serial_number for one in _revocation.recorded(str(cluster.ca), "es1")].count(cluster.certificate("es1").serial_number) == 1


def test_no_other_ca_is_begun_while_nobody_watches(cluster: Cluster) -> None:
    cluster.ca.rename(cluster.place / "elsewhere")
    done = cluster.run(RENEW, tlsfront_ca_path=f"{cluster.place}/elsewhere/ca.pem")
    assert done.returncode != 0 and not cluster.ca.exists()
    said = " ".join(done.stdout.split())
    assert f"es1 needs another certificate (it has fewer than 30 days left), and the own CA is not in {cluster.ca} on the controller" in said
    assert cluster.certificate("es1") == cluster.first["es1"]


def test_in_check_mode_nothing_changes(cluster: Cluster) -> None:
    done = cluster.run(REVOKE, "--check", "-e", '{"tlsfront_revoke": ["es1"]}')
    assert "es1 gets a new certificate: it has fewer than 30 days left" in " ".join(done.stdout.split())
    assert not (cluster.ca / "crl.pem").exists() and cluster.certificate("es1") == cluster.first["es1"]


def test_what_is_revoked_is_on_the_list_and_replaced_and_what_others_have_is_not(cluster: Cluster) -> None:
    cluster.run(REVOKE, "-e", '{"tlsfront_revoke": ["es1"]}', certificate_renew_days=10)
    (found,) = _revocation.lists((cluster.ca / "crl.pem").read_text())
    assert [entry.serial_number for entry in found] == [cluster.first["es1"].serial_number]
    assert cluster.certificate("es1").serial_number != cluster.first["es1"].serial_number
    assert cluster.certificate("es2") == cluster.first["es2"]


def test_a_list_that_has_ended_is_signed_anew_and_keeps_no_certificate_from_being_renewed(cluster: Cluster) -> None:
    began = pki.now() - 3 * pki.DAY
    _crl.keep(str(cluster.ca), days=1, revoke=["es2"], now=began)
    assert "es1 gets a new certificate: it has fewer than 30 days left" in " ".join(cluster.run(RENEW, "--check").stdout.split())
    said = " ".join(cluster.run(RENEW).stdout.split())
    (found,) = _revocation.lists((cluster.ca / "crl.pem").read_text())
    assert _revocation.ends(found) > pki.now() and _revocation.holds(found, cluster.first["es2"])
    assert cluster.certificate("es1") != cluster.first["es1"] and "ended at" not in said


def test_a_wrong_name_is_refused_before_anything_is_revoked_or_renewed(cluster: Cluster) -> None:
    done = cluster.run(REVOKE, "-e", '{"tlsfront_revoke": ["es2", "es9"]}')
    said = " ".join(done.stdout.split())
    assert done.returncode != 0 and "No certificate was issued to es9 by the CA in" in said and "Nothing was changed." in said
    assert {node: cluster.certificate(node) for node in ("es1", "es2")} == cluster.first and not (cluster.ca / "crl.pem").exists()


def test_of_several_cas_the_one_that_has_issued_it_revokes(cluster: Cluster) -> None:
    first, root = cluster.ca, pki.root()
    cluster.ca = cluster.place / "controller/es4"
    cluster.ca.mkdir(mode=0o700)
    cluster.write(cluster.ca / "ca.pem", root.pem)
    cluster.write(cluster.ca / "ca.key", root.key_pem)
    issued = cluster.issue("es4", root)
    of_es4 = "{{ tlsfront_controller_dir }}/{{ 'es4' if inventory_hostname == 'es4' else 'ca' }}"
    done = cluster.run(REVOKE, "-e", '{"tlsfront_revoke": ["es4"]}', nodes=("es1", "es4"), certificate_own_ca_dir=of_es4, certificate_renew_days=10)
    (found,) = _revocation.lists((cluster.ca / "crl.pem").read_text())
    assert _revocation.holds(found, issued) and not (first / "crl.pem").exists()
    assert "No certificate was issued" not in done.stdout
    assert cluster.certificate("es4") != issued and cluster.certificate("es1") == cluster.first["es1"]


def test_a_host_of_another_group_that_may_serve_what_was_revoked_is_named_in_the_end(cluster: Cluster) -> None:
    done = cluster.run(REVOKE, "-e", '{"tlsfront_revoke": ["es2"]}', nodes=("es1",), others=("es2",))
    said = " ".join(done.stdout.replace("\\n", " ").replace('\\"', '"').split())
    assert 'es2 is in the inventory, but not in the group "elasticsearch", so it got no other certificate' in said


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("{}", "tlsfront_revoke is empty, so nothing would be revoked"),
        ('{"tlsfront_revoke": "es1"}', 'tlsfront_revoke is the text "es1", and must be a list'),
        ('{"tlsfront_revoke": ["es9"]}', "No certificate was issued to es9 by the CA in"),
    ],
)
def test_a_revocation_of_nothing_is_refused(play: Any, tmp_path: Path, given: str, says: str) -> None:
    (tmp_path / "ca").mkdir(mode=0o700)
    variables = {"certificate_own_ca_dir": f"{tmp_path}/ca", "node_identity_cloud": "none", "tlsfront_ca_path": __file__}
    ready = {"elasticsearch": {"hosts": {"es1": {"ansible_host": "127.0.0.1", "ansible_port": 1}}, "vars": variables}}
    (tmp_path / "ca/ca.pem").write_bytes(pki.root().pem)
    done = play(REVOKE, ready, "-e", given, *INSTALLED)
    assert done.returncode != 0 and says in " ".join(done.stdout.split())
