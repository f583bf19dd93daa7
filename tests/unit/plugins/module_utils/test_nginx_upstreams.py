# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Before nginx is changed: would it believe what it is to pass requests on to?"""

from __future__ import annotations

import datetime
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx import upstreams
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.servers import (
    closed_port,
    elasticsearch,
    listening,
    over_tls,
    response,
    server_context,
    silent,
)

CA = "/etc/tlsfront/front/upstream-ca-1.pem"


def configuration(*servers: str, name: str = "es1.example.org", ca: str = CA, to: str = "https://tlsfront_elasticsearch") -> str:
    lines = "".join(f"    server {server} max_fails=1{' backup' if place else ''};\n" for place, server in enumerate(servers))
    return (
        f"upstream tlsfront_elasticsearch {{\n{lines}    keepalive 64;\n}}\n"
        f"server {{\n  proxy_ssl_trusted_certificate {ca};\n  proxy_ssl_name {name};\n  location / {{ proxy_pass {to}; }}\n"
        f"  location /_search {{ proxy_pass {to}; }}\n}}\n"
    )


@pytest.fixture(scope="module")
def root() -> pki.Issued:
    return pki.root()


@pytest.fixture(scope="module")
def upstream(root: pki.Issued, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    pair = pki.issue("es1", root, names=["es1.example.org"]).write(tmp_path_factory.mktemp("upstream"))
    with listening(over_tls(server_context(pair), elasticsearch())) as server:
        yield f"127.0.0.1:{server.port}"


def plain_http(connection: socket.socket) -> None:
    """As Elasticsearch does when it is sent what is no request."""
    connection.recv(4096)
    connection.sendall(response(b"", 400))


def refusal(text: str, ca: pki.Issued, live: str = "") -> str:
    try:
        upstreams.require(text, live, {CA: ca.pem.decode()})
    except upstreams.Refused as error:
        return str(error)
    return ""


def test_one_that_the_ca_and_the_name_verify_is_passed_on_to(upstream: str, root: pki.Issued) -> None:
    assert refusal(configuration(upstream), root) == ""


def test_a_ca_that_is_in_its_file_is_read_there(upstream: str, root: pki.Issued, tmp_path: Path) -> None:
    right, wrong = tmp_path / "right.pem", tmp_path / "wrong.pem"
    right.write_bytes(root.pem)
    wrong.write_bytes(pki.root("Another").pem)
    assert refusal(configuration(upstream, ca=str(right)), root) == ""
    assert "unable to get local issuer certificate" in refusal(configuration(upstream, ca=str(wrong)), root)


def test_another_ca_is_refused_with_what_to_do(upstream: str) -> None:
    said = refusal(configuration(upstream), pki.root("Another"))
    assert f"{upstream} does not pass as es1.example.org by the CA in {CA}: unable to get local issuer certificate" in said
    assert "https_front_upstream_ca" in said and "Nothing that is served was changed" in said


def test_a_name_that_the_certificate_lacks_is_refused(upstream: str, root: pki.Issued) -> None:
    assert "Hostname mismatch" in refusal(configuration(upstream, name="es2.example.org"), root)


def test_one_whose_certificate_has_ended_is_refused(root: pki.Issued, tmp_path: Path) -> None:
    ended = pki.issue("es1", root, names=["es1.example.org"], not_after=-datetime.timedelta(hours=1))
    with listening(over_tls(server_context(ended.write(tmp_path)), elasticsearch())) as server:
        assert "certificate has expired" in refusal(configuration(f"127.0.0.1:{server.port}"), root)


def test_one_that_speaks_plain_http_is_refused(root: pki.Issued) -> None:
    with listening(plain_http) as server:
        assert "no TLS handshake was finished" in refusal(configuration(f"127.0.0.1:{server.port}"), root)


def test_what_stands_around_the_certificates_of_a_ca_may_have_any_letter(upstream: str, root: pki.Issued) -> None:
    text = f"# CA von Müller\n{root.pem.decode()}"
    assert upstreams.problem(upstreams.Upstream(upstream, CA, "es1.example.org"), text) == ""
    assert upstreams.problem(upstreams.Upstream(upstream, CA, "es1.example.org"), "# Müller\n").startswith("the CA cannot be read")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_one_that_wants_a_certificate_of_nginx_says_nothing(root: pki.Issued, tmp_path: Path, version: ssl.TLSVersion) -> None:
    (tmp_path / "ca.pem").write_bytes(root.pem)
    pair = pki.issue("es1", root, names=["es1.example.org"]).write(tmp_path)
    context = server_context(pair, versions=(version, version), client_ca=str(tmp_path / "ca.pem"))
    with listening(over_tls(context, elasticsearch())) as server:
        assert refusal(configuration(f"127.0.0.1:{server.port}"), root) == ""
        said = refusal(configuration(f"127.0.0.1:{server.port}"), pki.root("Another"))
        assert "self-signed certificate in certificate chain" in said, "its own is verified all the same"


def test_each_of_several_is_looked_at(upstream: str, root: pki.Issued) -> None:
    with listening(plain_http) as plain:
        said = refusal(configuration(upstream, f"127.0.0.1:{plain.port}"), root)
    assert f"127.0.0.1:{plain.port} does not pass" in said and f"{upstream} does not" not in said


def test_one_that_does_not_answer_says_nothing(root: pki.Issued) -> None:
    assert refusal(configuration(f"127.0.0.1:{closed_port()}"), root) == ""
    with listening(silent) as server:
        assert upstreams.problem(upstreams.Upstream(f"127.0.0.1:{server.port}", CA, "es1"), root.pem.decode(), timeout=0.2) == ""


def test_what_is_live_in_the_same_way_is_no_reason_to_refuse_a_change(upstream: str, root: pki.Issued) -> None:
    """A user who must go can be taken out while the certificate behind is wrong."""
    wrong = configuration(upstream, name="es2.example.org")
    assert refusal(wrong + "# another\n", root, live=wrong) == ""
    assert refusal(wrong, root, live=configuration(upstream)) != ""


def test_what_speaks_tls_is_not_passed_on_to_in_clear(upstream: str, root: pki.Issued) -> None:
    plain = configuration(upstream, to="http://tlsfront_elasticsearch")
    said = refusal(plain, root)
    assert f"it is to pass them on to {upstream} by plain http, which is not spoken there" in said and "set https_front_upstream_tls" in said
    assert refusal(plain, root, live=configuration(upstream)) != "", "it is passed on to by https now"
    assert refusal(plain + "# another\n", root, live=plain) == "", "nothing gets worse"


def test_what_answers_in_clear_or_not_at_all_is_passed_on_to_in_clear(root: pki.Issued) -> None:
    for handler in (elasticsearch(), plain_http):
        with listening(handler) as server:
            assert refusal(configuration(f"127.0.0.1:{server.port}", to="http://tlsfront_elasticsearch"), root) == ""
    assert refusal(configuration(f"127.0.0.1:{closed_port()}", to="http://tlsfront_elasticsearch"), root) == ""
    with listening(silent) as server:
        assert not upstreams.speaks_no_http(f"127.0.0.1:{server.port}", timeout=0.2)


@pytest.mark.parametrize(
    "text",
    [
        configuration("127.0.0.1:1", to="http://tlsfront_elasticsearch"),
        configuration("127.0.0.1:1", to="https://another"),
        configuration("127.0.0.1:1", to="https://$host"),
        configuration("127.0.0.1:1", name="$host"),
        "server {",
        "",
    ],
)
def test_what_is_not_passed_on_by_https_or_is_known_with_a_request_only_is_left_out(text: str) -> None:
    assert upstreams.verified(text) == []


def test_a_location_has_what_its_server_says_unless_it_says_another() -> None:
    text = configuration("10.0.0.1:9200", "[::1]:9201").replace("/_search { ", "/_search { proxy_ssl_name other; ")
    assert upstreams.verified(text) == [
        upstreams.Upstream(server, CA, name) for name in ("es1.example.org", "other") for server in ("10.0.0.1:9200", "[::1]:9201")
    ]
