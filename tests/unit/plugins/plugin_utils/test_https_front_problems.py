# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._https_front.problems import problems
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

SITES: dict[str, Any] = {
    "present": True,
    "problem": "",
    "server_names_hash_bucket_size": None,
    "has_default_server": False,
    "default_site": None,
}
OTHER = {"place": "/etc/nginx/sites-enabled/other:3", "names": ["other.example.org"], "keeps_sessions": True}
SPECIFICATION = Path(__file__).parents[4] / "roles/https_front/meta/argument_specs.yml"


def beside(sites: dict[str, Any], **given: Any) -> dict[str, Any]:
    """What the module nginx_info returns of a host with these sites."""
    return {"nginx": sites, "listeners": [], "access": [], "certificate": {"files": ["chain.pem", "key.pem"], "accepted": True, "message": ""}, **given}


@pytest.fixture
def certificate(tmp_path: Path, authority: Any) -> str:
    path = tmp_path / "ca.pem"
    path.write_bytes(authority.pem)
    return str(path)


@pytest.fixture
def authority() -> Any:
    return pki.root()


def test_that_the_defaults_of_the_role_are_right() -> None:
    specified = yaml.safe_load(SPECIFICATION.read_text("utf-8"))["argument_specs"]["main"]["options"]
    defaults = {name: option["default"] for name, option in specified.items() if "{{" not in str(option["default"])}
    assert len(defaults) > 20
    assert problems(defaults, [9200, 9300], beside(SITES)) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "4_43"),
        ("port", "8443.0"),
        ("port", 8443.0),
        ("port", "\uff14\uff14\uff13"),
        ("port", "443\n"),
        ("port", " 443"),
        ("port", "+443"),
        ("port", 0),
        ("port", 65536),
        ("port", True),
        ("port", None),
        ("port", ""),
        ("port", "443 default_server"),
        ("redirect_port", "80 default_server"),
        ("redirect_port", -1),
        ("rate_burst", "5; evil"),
        ("rate_limit", 10**7),
        ("rate_limit", "9" * 20),
        ("hsts_seconds", "1d"),
        ("client_depth", "1;"),
        ("client_depth", 0),
        ("response_timeout", 10**9),
        ("response_timeout", 0),
        ("upstream_keepalive", 10**8),
        ("worker_connections", 255),
        ("max_body", "9" * 20),
        ("max_body", "9" * 18 + "g"),
        ("max_body", "100mb"),
        ("max_body", "1\uff10m"),
        ("max_body", "100m;\n"),
        ("max_body", ""),
        ("tls_profile", "old"),
        ("tls_profile", None),
        ("state", "gone"),
        ("reject_unknown_names", "maybe"),
        ("ipv6", 2),
        ("hardening", ""),
        ("access_log", "/var/log/a b"),
        ("access_log", "/var/log/x\n"),
        ("access_log", "off"),
        ("access_log", "/var/log/nginx/"),
        ("certificate_dir", "/etc/$host"),
        ("certificate_dir", "/etc/a\nb"),
        ("certificate_dir", "certs"),
        ("server_names", []),
        ("server_names", "es1.example.org"),
        ("server_names", ["es1;"]),
        ("server_names", ["es1\n"]),
        ("server_names", ["b\u00fccher.example"]),
        ("server_names", ["-a.example.org"]),
        ("server_names", ["a..b"]),
        ("server_names", ["a.*.b"]),
        ("server_names", ["x" * 64 + ".org"]),
        ("server_names", [".".join(["x" * 49] * 6)]),
        ("server_names", ["192.0.2.300"]),
        ("server_names", ["es1", "ES1"]),
        ("server_names", [7]),
        ("server_names", ["2001:db8::7%eth0"]),
        ("upstreams", ["127.0.0.1:99999"]),
        ("upstreams", ["127.0.0.1:0"]),
        ("upstreams", ["127.0.0.1"]),
        ("upstreams", ["300.0.0.1:9200"]),
        ("upstreams", ["2001:db8::7:9200"]),
        ("upstreams", ["[es1]:9200"]),
        ("upstreams", ["es1:9200", "es1:9200"]),
        ("upstreams", ["es1:9200 weight=5"]),
        ("upstreams", ["es1:9_200"]),
        ("client_ca", "ca.pem"),
        ("client_ca", "/nowhere/ca.pem"),
        ("snippet", ["a"]),
    ],
)
def test_that_what_nginx_would_refuse_or_misread_is_named_with_its_value(name: str, value: Any) -> None:
    found = problems({f"https_front_{name}": value})
    assert len(found) == 1, found
    assert found[0].startswith(f"https_front_{name} ")
    if value not in ([], None):
        shown = value[0] if isinstance(value, list) else value
        assert str(shown)[:20].strip().partition("\n")[0].partition("$")[0] in found[0] or repr(shown) in found[0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "443"),
        ("port", 65535),
        ("redirect_port", "0"),
        ("max_body", "0"),
        ("max_body", "2G"),
        ("max_body", 104857600),
        ("reject_unknown_names", "no"),
        ("ipv6", "False"),
        ("access_log", ""),
        ("certificate_dir", "/etc/my certificates/;{}'#"),
        ("server_names", ["default", "hostnames", "es_1", "ES2.example.org", "*.example.org", "192.0.2.7", "2001:db8::7"]),
        ("server_names", [".".join(["x" * 61] * 4)]),
        ("upstreams", []),
        ("upstreams", ["127.0.0.1:9200", "[2001:db8::7]:9200", "es_1.internal:1"]),
    ],
)
def test_that_what_is_possible_is_not_refused(name: str, value: Any) -> None:
    assert problems({f"https_front_{name}": value}, [9200, 9300], beside(SITES)) == []


def test_that_all_problems_are_said_at_once() -> None:
    found = problems({"https_front_port": "x", "https_front_tls_profile": "old", "https_front_server_names": ["a b"], "https_front_max_body": "x"})
    assert [each.split()[0] for each in found] == [f"https_front_{name}" for name in ("tls_profile", "port", "server_names", "max_body")]


def test_that_no_secret_is_said() -> None:
    users = [{"name": "x y", "password": "dragon42"}]
    assert "dragon42" not in str(problems({"https_front_users": users, "https_front_port": "x"}))


def test_that_ports_go_together() -> None:
    assert "both 443" in problems({"https_front_port": "443", "https_front_redirect_port": 443})[0]
    balancer = {"https_front_balancer_port": 8443, "https_front_balancers": ["192.0.2.0/24"]}
    assert problems(balancer) == []
    assert "both 8443" in problems({**balancer, "https_front_port": "8443"})[0]
    assert "both 8443" in problems({**balancer, "https_front_redirect_port": 8443})[0]
    assert "https_front_balancers is empty" in problems({**balancer, "https_front_balancers": []})[0]
    assert "https_front_balancers: 'lb.example.org' is not an IPv4" in problems({**balancer, "https_front_balancers": ["lb.example.org"]})[0]
    assert "https_front_balancer_protocol" in problems({**balancer, "https_front_balancer_protocol": "proxy"})[0]
    assert "tlsfront_closed_ports" in problems({"https_front_port": 9201}, list(range(9200, 9210)))[0]
    assert "tlsfront_closed_ports" in problems({"https_front_port": 443, "https_front_redirect_port": "9300"}, [9300])[0]
    assert problems({"https_front_port": 443, "https_front_redirect_port": 0}, [9200, 9300]) == []


def test_that_files_of_trust_are_read(tmp_path: Path, certificate: str, authority: Any) -> None:
    assert problems({"https_front_client_ca": certificate}) == []
    broken = tmp_path / "broken.pem"
    broken.write_text("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
    assert "holds no certificate that can be read" in problems({"https_front_client_ca": str(broken)})[0]
    both = tmp_path / "both.pem"
    both.write_bytes(authority.pem + authority.key_pem)
    assert "private key" in problems({"https_front_client_ca": str(both)})[0]
    assert "X509 CRL" in problems({"https_front_client_crl": certificate, "https_front_client_ca": certificate})[0]
    latin = tmp_path / "latin.pem"
    latin.write_bytes("# Zertifikate f\u00fcr alle\n".encode("latin-1") + authority.pem)
    assert problems({"https_front_client_ca": str(latin)}) == []


@pytest.mark.parametrize("name", ["client_ca", "client_crl", "upstream_ca"])
def test_that_what_others_can_change_is_not_trusted(tmp_path: Path, authority: Any, name: str) -> None:
    path = tmp_path / "directory" / "trusted.pem"
    path.parent.mkdir()
    path.write_bytes(authority.pem if name != "client_crl" else b"-----BEGIN X509 CRL-----\n")
    assert not [each for each in problems({f"https_front_{name}": str(path)}) if "changed by" in each]
    path.chmod(0o666)
    found = problems({f"https_front_{name}": str(path)})
    assert f"https_front_{name} ({path}) can be changed by others: {path} may be changed by everybody (mode 0666): chmod o-w {path}." in found
    path.chmod(0o644)
    path.parent.chmod(0o777)
    (found_above,) = [each for each in problems({f"https_front_{name}": str(path)}) if "changed by others" in each]
    assert f"chmod o-w {path.parent}." in found_above


def test_that_tls_to_elasticsearch_can_be_verified(certificate: str) -> None:
    found = problems({"https_front_upstream_tls": "yes"})
    assert [each.split()[0] for each in found] == ["https_front_upstream_tls", "https_front_upstream_name"]
    given = {"https_front_upstream_tls": True, "https_front_upstream_ca": certificate}
    assert "https_front_upstream_name" in problems({**given, "https_front_upstream_name": "a b"})[0]
    assert problems({**given, "https_front_upstream_name": "es1"}) == []


@pytest.mark.parametrize("given", [["upstream_ca"], ["upstream_name"], ["upstream_ca", "upstream_name"]])
def test_that_upstreams_that_are_to_be_verified_are_not_passed_on_to_by_plain_http(certificate: str, given: list[str]) -> None:
    values = {"upstream_ca": certificate, "upstream_name": "es1"}
    options = {f"https_front_{name}": values[name] for name in given}
    both = " and ".join(options)
    (found,) = problems({**options, "https_front_upstreams": ["es1:9200"]})
    assert found.startswith(f"the front has {both}, and not https_front_upstream_tls") and found.endswith(f"to true, or take {both} out.")
    assert problems({**options, "https_front_upstreams": ["es1:9200"], "https_front_upstream_tls": "no"}) == [found]
    assert problems(options) == problems({**options, "https_front_upstreams": []}) == [], "these are for what is found"


def own(*upstreams: str, listening: Any = (), **more: Any) -> list[str]:
    """What is said of the front's own upstreams."""
    given = {"https_front_upstreams": list(upstreams), **more}
    facts = {"all_ipv4_addresses": ["10.0.0.7"]}
    certificate = {"files": [], "accepted": False, "message": ""}
    gathered = {"nginx": {"present": False}, "listeners": [], "access": [], "certificate": certificate, "https_upstreams": ["127.0.0.1:9200"]}
    return problems(given, host="es1", facts=facts, listening=listening, gathered=gathered)


def test_that_what_is_named_and_answers_on_the_node_is_looked_at() -> None:
    http = {"address": "127.0.0.1", "port": 9200, "scheme": "http", "wants_login": False, "ca_content": "", "name": "", "problem": ""}
    https = {**http, "scheme": "https", "wants_login": True, "ca_content": "PEM", "name": "es1"}
    assert own("127.0.0.1:9200", listening=[https]) == own("127.0.0.1:9200", listening=[http]) == own("10.0.0.8:9200") == []
    (found,) = own("127.0.0.1:9200", listening=[http], https_front_upstream_tls=True)
    assert "to which the front passes on, speaks plain http, and https_front_upstream_tls is true. Set it to false." in found
    (found,) = own("127.0.0.1:9200", listening=[{**https, "problem": "no CA"}])
    assert "speaks https and cannot be verified: no CA." in found and "set https_front_upstream_ca to one on the controller" in found
    (found,) = own("127.0.0.1:9200", listening=[https], https_front_users=[{"name": "anna", "password": "secret secret"}])
    assert "wants a login itself" in found
    (found,) = own("127.0.0.1:9200", "10.0.0.8:9200", listening=[https], https_front_upstream_name="es1")
    assert found == (
        "the front passes on by https, and not all of its upstreams answer on the node: then https_front_upstream_ca must be the file of the CA that signed "
        "the certificate of each."
    )


@pytest.mark.parametrize("upstream", ["127.0.0.1:9200", "localhost:9200", "10.0.0.7:9200", "es1:9200"])
def test_that_a_front_that_verifies_does_not_fall_to_plain_http_however_its_upstream_is_written(upstream: str) -> None:
    (found,) = own(upstream)
    assert found.startswith(f"No Elasticsearch is found at {upstream} of es1, to which the front passes on, and the front that is there passes on to it by")


def test_that_a_client_certificate_is_verified_by_our_authority(certificate: str) -> None:
    given = {"https_front_client_ca": certificate, "https_front_reject_unknown_names": "false", "https_front_server_names": ["es1", "192.0.2.7"]}
    assert "192.0.2.7" in problems(given)[0]
    assert problems({**given, "https_front_reject_unknown_names": True}) == []
    assert problems({**given, "https_front_server_names": ["es1"]}) == []


def test_that_other_sites_are_fitted_in_with(certificate: str) -> None:
    long = ["x" * 60 + ".example.org"]
    assert "set it to 128 there" in problems({"https_front_server_names": long}, (), beside({**SITES, "server_names_hash_bucket_size": 64}))[0]
    assert problems({"https_front_server_names": long}, (), beside({**SITES, "server_names_hash_bucket_size": 128})) == []
    taken = {**SITES, "has_default_server": True, "default_site": OTHER}
    assert "other.example.org" in problems({"https_front_port": 443}, (), beside(taken))[0]
    shared = {"https_front_reject_unknown_names": False, "https_front_client_ca": certificate}
    assert "ssl_session_cache off" in problems(shared, (), beside(taken))[0]
    assert problems(shared, (), beside({**taken, "default_site": {**OTHER, "keeps_sessions": False}})) == []
    assert problems({"https_front_reject_unknown_names": False}, (), beside(taken)) == []
    assert problems(shared, (), beside({"present": False})) == []


def test_that_other_sites_at_the_port_of_the_balancers_are_fitted_in_with() -> None:
    options = {"https_front_port": 443, "https_front_balancer_port": 8443, "https_front_balancers": ["192.0.2.0/24"], "https_front_reject_unknown_names": False}
    at = {"port": 8443, "has_default_server": True, "default_site": OTHER}
    (found,) = problems(options, (), beside({**SITES, "further": [at]}))
    assert "Another site (other.example.org, /etc/nginx/sites-enabled/other:3) is the default_server of port 8443" in found
    assert "give the load balancers another port (https_front_balancer_port)" in found
    assert problems(options, (), beside({**SITES, "further": [{**at, "has_default_server": False}]})) == []
    assert problems({**options, "https_front_balancer_port": 0}, (), beside({**SITES, "further": [at]})) == []


def test_that_what_is_wrong_on_the_host_is_said() -> None:
    port = {"port": 443, "address": "0.0.0.0", "program": "python3", "pid": 7}
    (taken,) = problems({"https_front_port": 443}, (), beside(SITES, listeners=[port, {**port, "address": "::", "program": "", "pid": None}]), "es1")
    assert taken.startswith("Port 443 of es1 is taken by another program: python3 (process 7) at 0.0.0.0; a program that cannot be seen at ::. ")
    ports = {"https_front_port": 443, "https_front_redirect_port": 80, "https_front_balancer_port": 8443, "https_front_balancers": ["192.0.2.0/24"]}
    sites = {"https_front_sites": [{"port": 9243, "upstreams": ["127.0.0.1:9201"]}]}
    for number, option in ((443, "tlsfront_https_port"), (80, "https_front_redirect_port"), (8443, "https_front_balancer_port"), (9243, "tlsfront_sites")):
        (taken,) = problems({**ports, **sites}, (), beside(SITES, listeners=[{**port, "port": number}]), "es1")
        assert taken.startswith(f"Port {number} of es1 is taken by another program: python3") and f"set {option} to a free port" in taken
    (access,) = problems({"https_front_certificate_dir": "/x"}, (), beside(SITES, access=["/x may be changed by everybody: chmod go-w /x"]), "es1")
    assert "at es1" in access and "chmod go-w /x" in access


@pytest.mark.parametrize(
    ("nginx", "said"),
    [
        ({"version": "1.17.10"}, "nginx of es1 is 1.17.10, and the role https_front needs 1.18.0 or newer. Take the distribution's nginx or nginx.org's"),
        ({"version": "1.18.0", "tls_library": "OpenSSL 1.1.1", "lacks": ["realip"], "includes_site": True}, ""),
        ({"version": "1.29.0", "tls_library": "LibreSSL 3.9.2", "lacks": []}, ""),
        ({"version": "1.29.0", "tls_library": "OpenSSL 1.0.2"}, "was built with OpenSSL 1.0.2, which knows no TLS 1.3: 1.1.1 or newer is needed"),
        ({"lacks": ["v2", "realip", "map"]}, "was built without what the role https_front needs (http_v2, http_map)"),
        ({"unit_obstacle": ""}, ""),
        ({"unit_obstacle": "masked"}, "nginx.service of es1 is masked, so nginx cannot be started there: systemctl unmask nginx"),
        ({"unit_obstacle": "not-found"}, "nginx of es1 cannot be started by systemd: nginx.service is not-found. "),
        ({"main": "/opt/n/nginx.conf", "includes_site": False}, "nginx of es1 reads /opt/n/nginx.conf. The role https_front needs /etc/nginx/nginx.conf, with"),
    ],
    ids=str,
)
def test_what_an_nginx_lacks_is_named_before_anything_changes(nginx: dict[str, Any], said: str) -> None:
    found = problems({}, (), beside(SITES | nginx), "es1")
    assert said in "".join(found) and len(found) == bool(said)


def test_while_an_installation_is_finished_its_unit_may_be_missing() -> None:
    assert problems({}, (), beside(SITES | {"unit_obstacle": "not-found"}, installing=True), "es1") == []


def test_an_nginx_that_cannot_run_is_nobodys_to_install_unless_that_was_cut_off() -> None:
    broken = {"present": False, "version": "1.18.0", "group": "", "broken": "nginx: error while loading shared libraries: libssl.so.3"}
    (said,) = problems({}, (), beside(broken), "es1")
    assert said.startswith("nginx of es1 is there, but cannot be run: nginx: error while loading") and "so that the role installs its package" in said
    assert problems({}, (), beside(broken, installing=True), "es1") == []


def test_a_listener_of_load_balancers_needs_more_of_nginx() -> None:
    options = {"https_front_balancer_port": 8443, "https_front_balancers": ["192.0.2.0/24"]}
    (said,) = problems(options, (), beside(SITES | {"lacks": ["realip", "auth_request"]}), "es1")
    assert "(http_realip, http_auth_request)" in said


def test_that_a_certificate_is_asked_for_only_where_it_must_be_there() -> None:
    options = {"https_front_certificate_dir": "/x"}
    none: dict[str, Any] = {"certificate": {"files": ["ca.pem"], "accepted": False, "message": "No such file"}}
    bad: dict[str, Any] = {"certificate": {"files": ["chain.pem", "key.pem"], "accepted": False, "message": "certificate has expired"}}
    assert problems(options, (), beside(SITES, **none)) == []
    assert "has no chain.pem and key.pem" in problems(options, (), beside(SITES, **none), needs_certificate=True)[0]
    assert problems(options, (), beside(SITES, **bad), needs_certificate=True) == [], "the former one is brought back"
    assert "certificate has expired" in problems(options, (), beside({"present": False}, **bad), needs_certificate=True)[0]


def test_that_all_is_said_at_once_of_users_paths_and_clients() -> None:
    given = {
        "https_front_users": [{"name": "a b", "password": "dragon42"}, {"name": "c", "hash": "plaintext"}, {"name": "d"}],
        "https_front_password_rounds": 5,
        "https_front_blocked_paths": ["snapshot"],
        "https_front_read_only_endpoints": ["search"],
        "https_front_clients": ["192.0.2.7/24"],
    }
    found = problems(given)
    for part in ("the names [", "gives a password to", "does not accept for c.", "password_rounds is 5", 'blocked_paths is ["snapshot"]', "host bits set"):
        assert any(part in each for each in found), part
    assert any('read_only_endpoints is ["search"]' in each for each in found) and len(found) == 7
    assert "dragon42" not in str(found) and "plaintext" not in str(found)


@pytest.mark.parametrize("days", [-1, 1])
def test_that_a_list_of_revoked_certificates_must_be_in_force(tmp_path: Path, certificate: str, authority: Any, days: int) -> None:
    path = tmp_path / "crl.pem"
    now = datetime.datetime.now(datetime.timezone.utc)
    lists = [
        x509.CertificateRevocationListBuilder(x509.load_pem_x509_certificate(authority.pem).subject)
        .last_update(now - datetime.timedelta(days=9))
        .next_update(now + datetime.timedelta(days=end))
        .sign(serialization.load_pem_private_key(authority.key_pem, None), hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
        for end in (9, days)
    ]
    path.write_bytes(b"".join(lists))
    found = problems({"https_front_client_ca": certificate, "https_front_client_crl": str(path)})
    assert [each for each in found if "with it, nginx would refuse every client" in each] == found and len(found) == (days < 0)
    path.write_bytes(b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n")
    assert "cannot be read" in problems({"https_front_client_ca": certificate, "https_front_client_crl": str(path)})[0]
