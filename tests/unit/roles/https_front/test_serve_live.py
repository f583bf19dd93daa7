# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A certificate that was renewed under a configuration that stays as it is. The nginx and the certificates are real."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nginx
import pki
import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx import transaction
from cryptography import x509
from node import Node, Policy, _Endpoint


@pytest.fixture(scope="module")
def fronts() -> Iterator[nginx.Fronts]:
    cases = nginx.Fronts()
    cases.add("everybody")
    cases.render()
    yield cases
    cases.close()


@pytest.fixture
def node(fronts: nginx.Fronts) -> Iterator[Node]:
    node = Node(fronts["everybody"].port, fronts.root)
    assert node.change(Policy(fronts["everybody"])) == "done"
    yield node
    node.close()


@pytest.fixture
def certificate(fronts: nginx.Fronts) -> Iterator[Path]:
    """The directory of the certificate; afterwards it is as it was."""
    live = fronts["everybody"].certificate_dir
    before = {path: path.read_bytes() for path in live.iterdir()}
    yield live
    for path, octets in before.items():
        path.write_bytes(octets)


def renew(fronts: nginx.Fronts, certificate: Path, **given: object) -> int:
    """Its serial number."""
    issued = pki.issue(nginx.NAME, fronts.root, names=[nginx.NAME, "127.0.0.1"], **given)  # type: ignore[arg-type]
    (certificate / "chain.pem").write_bytes(issued.pem)
    (certificate / "key.pem").write_bytes(issued.key_pem)
    return issued.certificate.serial_number


def served(node: Node) -> int:
    with _Endpoint(node).connect() as connection:
        return x509.load_der_x509_certificate(connection.getpeercert(True)).serial_number


def test_another_certificate_is_served_after_one_call_and_a_second_one_changes_nothing(node: Node, fronts: nginx.Fronts, certificate: Path) -> None:
    files = {path: path.stat().st_mtime_ns for path in node.place.rglob("*") if path.is_file() and path.suffix != ".log"}
    pid = node.pid_file.read_text()
    serial = renew(fronts, certificate)
    assert served(node) != serial
    assert node.front.serve_live(5, write=False).changed and served(node) != serial
    assert node.front.serve_live(5).changed and served(node) == serial
    workers = node.workers()
    assert not node.front.serve_live(5).changed and node.workers() == workers
    assert node.pid_file.read_text() == pid and {path: path.stat().st_mtime_ns for path in files} == files


def test_an_nginx_that_was_stopped_is_started(node: Node) -> None:
    node.stop()
    assert node.front.serve_live(5).changed and node.status() == 200


def test_a_configuration_that_nginx_refuses_by_now_leaves_the_former_certificate_served_and_is_told(
    node: Node, fronts: nginx.Fronts, certificate: Path
) -> None:
    before = served(node)
    (node.place / "nginx/conf.d/another.conf").write_text("nonsense on;\n")
    renew(fronts, certificate)
    with pytest.raises(transaction.NotServed):
        node.front.serve_live(1)
    assert served(node) == before


def test_a_certificate_that_no_client_would_accept_is_not_served(node: Node, fronts: nginx.Fronts, certificate: Path) -> None:
    before = served(node)
    renew(fronts, certificate, not_before=-2 * pki.DAY, not_after=-pki.DAY)
    with pytest.raises(transaction.PairRefused, match="certificate has expired"):
        node.front.serve_live(5)
    assert served(node) == before


def test_where_there_is_no_front_it_says_what_to_run(node: Node) -> None:
    node.front.remove()
    with pytest.raises(transaction.NotServed, match=r"is not there, so nothing is served: run the playbook tlsfront[.]elasticsearch[.]site first"):
        node.front.serve_live(5)
