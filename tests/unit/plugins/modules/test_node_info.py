# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the module finds on a node with real processes, listeners and connections, in a network namespace."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nftables import service
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki

SUPPORT = Path(__file__).parents[2] / "support" / "listeners.py"
NODE, PEER, SIDECAR = "10.79.0.1", "10.79.0.2", "10.79.1.2"
RUN = """
import sys
from ansible.module_utils import basic
from ansible.module_utils.basic import AnsibleModule
basic._ANSIBLE_PROFILE = "legacy"  # of ansible-core 2.19 and newer
basic.has_journal = False
AnsibleModule._log_to_syslog = lambda self, text: print("LOG", text, file=sys.stderr)
from ansible_collections.tlsfront.elasticsearch.plugins.modules import node_info
basic._ANSIBLE_ARGS = sys.stdin.buffer.read()
node_info.main()
"""
MAIN = "org.elasticsearch.bootstrap.Elasticsearch"


class Host:
    """Two network namespaces, the node's and a container's, and what runs in them."""

    def __init__(self) -> None:
        self.names = {place: f"tlsfront-{os.getpid()}-info-{place}" for place in ("node", "container", "other")}
        self.running: list[subprocess.Popen[str]] = []
        for place, addresses in (("node", (NODE, PEER)), ("container", (SIDECAR,)), ("other", ("10.79.2.2",))):
            subprocess.run(["ip", "netns", "add", self.names[place]], check=True, capture_output=True)
            for command in ("link set lo up", *(f"address add {address}/32 dev lo" for address in addresses)):
                subprocess.run(["ip", "-n", self.names[place], *command.split()], check=True, capture_output=True)

    def start(self, listen: str, *arguments: str, program: str = "java", place: str = "node", connect: str = "", pair: Path | str = "") -> None:
        """A program of that name, with these arguments, listens at ADDRESS:PORT:KIND..."""
        command = ["ip", "netns", "exec", self.names[place], "bash", "-c", 'exec -a "$0" "$@"', program, sys.executable, str(SUPPORT), *arguments]
        environment = dict(os.environ, LISTEN=listen, CONNECT=connect, PAIR=str(pair))
        process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.running.append(process)
        assert process.stdout and process.stdout.readline() == "ready\n"

    def info(self, **params: Any) -> Any:
        result = self.run(**params)
        assert not result.get("failed"), result
        return result["elasticsearch"]

    def run(self, **params: Any) -> Any:
        # a proxy of the environment is not to be used: nothing listens there
        proxies = dict.fromkeys(("http_proxy", "HTTP_PROXY", "https_proxy"), "http://127.0.0.1:1")
        environment = dict(os.environ, PYTHONPATH=os.pathsep.join(each for each in sys.path if each), **proxies)
        done = subprocess.run(
            ["ip", "netns", "exec", self.names["node"], sys.executable, "-c", RUN],
            input=json.dumps({"ANSIBLE_MODULE_ARGS": {"timeout": 1, **params}}),
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert "s3cret" not in done.stdout + done.stderr
        return json.loads(done.stdout)

    def stop(self) -> None:
        for process in self.running:
            process.communicate(timeout=10)
        self.running.clear()

    def close(self) -> None:
        for name in self.names.values():
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)


@pytest.fixture(scope="module")
def built_host() -> Iterator[Host]:
    if os.geteuid() != 0 or not shutil.which("ip"):
        pytest.skip("network namespaces need root and ip")
    host = Host()
    yield host
    host.close()


@pytest.fixture
def host(built_host: Host) -> Iterator[Host]:
    yield built_host
    built_host.stop()


def test_a_host_without_elasticsearch_has_no_port_and_no_node_to_cut_off(host: Host) -> None:
    host.start("0.0.0.0:9100:other", program="exporter")
    info = host.info(ports=["9200", "9300"])
    assert info["ports"] == []
    assert info["cluster"]["is_known"] and "no Elasticsearch listens" in info["cluster"]["seen"]


def test_a_second_node_at_the_next_free_ports_is_found(host: Host) -> None:
    host.start("0.0.0.0:9200:elasticsearch 0.0.0.0:9300:transport", MAIN)
    host.start("0.0.0.0:9201:elasticsearch 0.0.0.0:9301:transport", MAIN)
    info = host.info(ports=["9200", "9300"])
    assert info["ports"] == [9200, 9201, 9300, 9301]
    assert info["cluster"]["is_known"] and len(info["cluster"]["answers"]) == 2


@pytest.mark.parametrize("arguments", [(MAIN,), ("-m", f"org.elasticsearch.server/{MAIN}"), ("org.opensearch.bootstrap.OpenSearch",)])
def test_a_node_is_told_by_its_process_at_any_port_and_with_any_answer(host: Host, arguments: tuple[str, ...]) -> None:
    host.start("0.0.0.0:19200:tls 0.0.0.0:19300:silent", *arguments)
    assert host.info()["ports"] == [19200, 19300]


@pytest.mark.parametrize("kind", ["elasticsearch", "login", "transport"])
def test_a_node_is_told_by_its_answer_whatever_its_process_is_called(host: Host, kind: str) -> None:
    host.start(f"0.0.0.0:9205:{kind}", program="launcher")
    assert host.info()["ports"] == [9205]


def test_what_other_hosts_cannot_reach_or_is_meant_for_other_things_is_none_of_its_ports(host: Host) -> None:
    jmx = "-Dcom.sun.management.jmxremote.port=9010"
    host.start("127.0.0.1:9200:elasticsearch 0.0.0.0:9300:transport 0.0.0.0:9010:silent 0.0.0.0:40000:silent 0.0.0.0:9443:tls", jmx, MAIN)
    assert host.info()["ports"] == [9300]


def test_other_services_in_its_ranges_are_none_of_its_ports(host: Host) -> None:
    host.start("0.0.0.0:9256:other", program="process-exporter")
    host.start("0.0.0.0:9290:silent 0.0.0.0:9291:tls", program="something")
    info = host.info()
    assert info["ports"] == []
    assert info["cluster"]["is_known"]


def test_ipv6_counts_and_is_asked(host: Host) -> None:
    host.start(":::9201:elasticsearch :::9301:transport", MAIN)
    info = host.info()
    assert info["ports"] == [9201, 9301]
    assert len(info["cluster"]["answers"]) == 1


def test_a_port_that_docker_publishes_for_it_counts_and_that_of_another_container_does_not(host: Host) -> None:
    host.start(f"0.0.0.0:9200:elasticsearch {SIDECAR}:9305:transport", MAIN, place="container")
    # nothing of it is published: to others it is a host of its own
    host.start("0.0.0.0:9207:elasticsearch", MAIN, place="other")
    for port, container_port in ((19201, 9200), (19305, 9305), (18080, 80)):
        proxy = ["-proto", "tcp", "-host-ip", "0.0.0.0", "-host-port", str(port), "-container-ip", SIDECAR, "-container-port", str(container_port)]
        host.start(f"0.0.0.0:{port}:silent", *proxy, program="docker-proxy")
    info = host.info()
    assert info["ports"] == [9200, 9305, 19201, 19305]
    assert info["cluster"]["is_known"]


def test_a_port_that_podman_publishes_for_it_counts(host: Host) -> None:
    host.start("0.0.0.0:19200:elasticsearch", "--name", "es", program="conmon")
    host.start("0.0.0.0:15432:silent", "--name", "postgres", program="conmon")
    info = host.info()
    assert info["ports"] == [19200]
    assert info["cluster"]["is_known"]


def test_the_nodes_are_asked_where_they_are_bound_and_past_any_proxy(host: Host) -> None:
    host.start(f"{NODE}:9200:elasticsearch {NODE}:9300:transport", MAIN)
    cluster = host.info(ports=["9200", "9300"])["cluster"]
    assert cluster["is_known"] and sorted(cluster["answers"][0]["nodes"]) == ["a", "b"]
    assert [node.get("shards") for node in cluster["answers"][0]["nodes"].values()] == [None, 7], "two nodes are named es1"


@pytest.mark.parametrize("kind", ["login", "tls", "silent"])
def test_where_they_do_not_tell_their_connections_do(host: Host, kind: str) -> None:
    host.start(f"{NODE}:9200:{kind} {NODE}:9300:silent", MAIN)
    host.start(f"{PEER}:9300:other", program="elsewhere", connect=f"{PEER},{NODE},9300")
    cluster = host.info(ports=["9200", "9300"])["cluster"]
    assert cluster["is_known"]
    assert cluster["addresses"] == [PEER]
    assert PEER in cluster["seen"]


def test_a_connection_that_the_node_itself_has_opened_to_another_one_counts(host: Host) -> None:
    host.start(f"{PEER}:9300:other", program="elsewhere")
    host.start(f"{NODE}:9200:login {NODE}:9300:silent", MAIN, connect=f"{NODE},{PEER},9300")
    assert host.info()["cluster"]["addresses"] == [PEER]


def test_a_client_of_http_is_no_node(host: Host) -> None:
    host.start(f"{NODE}:9200:login {NODE}:9300:silent", MAIN)
    host.start("127.0.0.1:1234:silent", program="client", connect=f"{PEER},{NODE},9200")
    assert host.info()["cluster"]["addresses"] == []


@pytest.mark.parametrize(("kind", "says"), [("silent", "nothing"), ("tls", "with TLS"), ("other-login", "HTTP 401")])
@pytest.mark.parametrize("program", ["conmon", "something"])
def test_what_could_be_elasticsearch_and_does_not_tell_is_unknown_and_said(host: Host, program: str, kind: str, says: str) -> None:
    host.start(f"0.0.0.0:9200:{kind}", program=program)
    cluster = host.info(ports=["9200"])["cluster"]
    assert not cluster["is_known"]
    assert "port 9200 answers" in cluster["seen"] and says in cluster["seen"]


def test_a_url_is_asked_with_credentials(host: Host) -> None:
    host.start("127.0.0.1:9200:login", MAIN)
    cluster = host.info(cluster_url="http://127.0.0.1:9200", cluster_username="admin", cluster_password="s3cret")["cluster"]
    assert cluster["is_known"] and len(cluster["answers"]) == 1


@pytest.mark.parametrize(("url", "says"), [("http://127.0.0.1:9200", "HTTP 401"), ("http://127.0.0.1:9299", "refused"), ("https://127.0.0.1:9200", "SSL")])
def test_a_url_that_does_not_tell_is_unknown_whatever_the_sockets_say(host: Host, url: str, says: str) -> None:
    host.start("127.0.0.1:9200:login 127.0.0.1:9300:transport", MAIN)
    cluster = host.info(cluster_url=url)["cluster"]
    assert not cluster["is_known"]
    assert says in cluster["seen"] and url in cluster["seen"]


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"cluster_url": "ftp://127.0.0.1"}, "cluster_url is no URL"),
        ({"cluster_url": "http://127.0.0.1:9200/\r\nx: y"}, "cluster_url is no URL"),
        ({"cluster_url": "http://admin:s3cret@127.0.0.1:9200"}, "cluster_url has credentials in it"),
        ({"cluster_url": "http://192.0.2.1:9200", "cluster_username": "admin", "cluster_password": "s3cret"}, "no credentials are sent there"),
        ({"ca_paths": ["certs/ca.pem"]}, "ca_paths has 'certs/ca.pem'. Give absolute paths"),
        ({"cluster_url": "https://127.0.0.1:9200", "cluster_api_key": "a\r\nb: c"}, "cluster_api_key is no API key"),
        ({"ports": ["9200; drop"]}, "neither a port nor a range"),
    ],
)
def test_what_cannot_be_meant_is_refused_without_a_secret(host: Host, params: dict[str, Any], says: str) -> None:
    result = host.run(**params)
    assert result["failed"] and says in result["msg"]


class Ca:
    """A CA in a file that only its owner may change, and the pairs that it has issued."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.root = pki.root()
        self.path = place / "http_ca.crt"
        self.path.write_bytes(self.root.pem)
        self.path.chmod(0o640)

    def pair(self, *names: str, **options: Any) -> Path:
        path = self.place / f"{names[0]}.pem"
        issued = pki.issue(names[0], self.root, names, **options)
        path.write_bytes(issued.pem + issued.key_pem)
        return path


@pytest.fixture
def ca(tmp_path: Path) -> Ca:
    tmp_path.chmod(0o700)
    return Ca(tmp_path)


def test_https_of_its_own_is_found_with_the_ca_and_the_name_that_verify_it(host: Host, ca: Ca) -> None:
    host.start("0.0.0.0:9200:https-login 0.0.0.0:9300:silent", MAIN, pair=ca.pair("10.79.0.1", "es1.example.org", "localhost"))
    info = host.info(ca_paths=[f"{ca.place}/none.pem", str(ca.path)], names=["*.example.org", "10.79.0.1", "es1\r\n", "es1.example.org"])
    assert info["ports"] == [9200, 9300]
    (http,) = info["http"]
    assert (http["port"], http["scheme"], http["wants_login"], http["problem"]) == (9200, "https", True, "")
    assert (http["ca_path"], http["name"]) == (str(ca.path), "es1.example.org")
    assert http["ca_content"] == ca.root.pem.decode()
    # of names that are not the certificate's, the host's own is taken
    assert host.info(ca_paths=[str(ca.path)], names=["other"])["http"][0]["name"] == "localhost"


def test_a_verified_node_is_asked_for_its_nodes_with_the_credentials_and_one_of_plain_http_is_not(host: Host, ca: Ca) -> None:
    host.start(f"{NODE}:9200:https-login {NODE}:9300:silent", MAIN, pair=ca.pair("localhost"))
    host.start(f"{PEER}:9201:login {PEER}:9301:silent", MAIN)
    cluster = host.info(ca_paths=[str(ca.path)], cluster_username="admin", cluster_password="s3cret")["cluster"]
    assert cluster["is_known"] and len(cluster["answers"]) == 1
    assert "port 9200 was asked for its nodes" in cluster["seen"] and "port 9201 could not be asked for its nodes (HTTP 401)" in cluster["seen"]


def test_credentials_that_are_refused_are_said(host: Host, ca: Ca) -> None:
    host.start("0.0.0.0:9200:https-login", MAIN, pair=ca.pair("localhost"))
    (http,) = host.info(ca_paths=[str(ca.path)], cluster_username="admin", cluster_password="wrong")["http"]
    assert (http["wants_login"], http["refused"]) == (True, 401)
    (http,) = host.info(ca_paths=[str(ca.path)], cluster_username="admin", cluster_password="s3cret")["http"]
    assert (http["wants_login"], http["refused"], http["version"], http["cluster_uuid"]) == (True, 0, "7.17.13", "uuid1")


def test_without_a_login_a_verified_node_tells_its_version(host: Host, ca: Ca) -> None:
    host.start("127.0.0.1:9200:https-elasticsearch", MAIN, pair=ca.pair("localhost"))
    (http,) = host.info(ca_paths=[str(ca.path)])["http"]
    assert (http["scheme"], http["wants_login"], http["product"], http["version"]) == ("https", False, "elasticsearch", "7.17.13")


def test_behind_a_login_the_files_of_the_process_tell_the_version(host: Host, tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    for name in ("opensearch-2.19.1.jar", "opensearch-core-2.19.1.jar", "elasticsearch-x-content-8.1.0.jar"):
        (tmp_path / "lib" / name).touch()
    host.start("0.0.0.0:9200:login", "-cp", f"{tmp_path}/lib/*", MAIN)
    (http,) = host.info()["http"]
    assert (http["wants_login"], http["product"], http["version"]) == (True, "opensearch", "2.19.1")


@pytest.mark.parametrize(
    ("case", "says"),
    [
        ("another CA", "unable to get local issuer certificate"),
        ("expired", "certificate has expired"),
        ("no name", "that has none of the names localhost, "),
        ("changeable", "http_ca.crt may be changed by everybody (mode 0666)"),
        ("no CA", "there is no CA file at "),
        ("no PEM", "http_ca.crt is no file of CA certificates"),
    ],
)
def test_https_that_cannot_be_verified_is_said_with_what_is_wrong(host: Host, ca: Ca, case: str, says: str) -> None:
    dates = {"not_before": -9 * pki.DAY, "not_after": -pki.DAY} if case == "expired" else {}
    pair = ca.pair("10.79.0.1" if case == "no name" else "localhost", **dates)
    if case == "another CA":
        ca.path.write_bytes(pki.root("Other Root").pem)
    if case == "changeable":
        ca.path.chmod(0o666)
    if case == "no PEM":
        ca.path.write_text("no certificate\n")
    host.start("0.0.0.0:9200:https-login", MAIN, pair=pair)
    paths = [f"{ca.place}/none.pem"] if case == "no CA" else [str(ca.path)]
    info = host.info(ca_paths=paths, cluster_username="admin", cluster_password="s3cret")
    (http,) = info["http"]
    assert http["scheme"] == "https" and says in http["problem"], http
    assert (http["ca_path"], http["name"]) == ("", "")
    assert info["cluster"]["answers"] == []


def test_it_says_which_ports_outgoing_connections_use(host: Host) -> None:
    for name, value in (("port_range", "40000 50000"), ("reserved_ports", "40005,40010-40012")):
        subprocess.run(["ip", "netns", "exec", host.names["node"], "sysctl", "-qw", f"net.ipv4.ip_local_{name}={value}"], check=True)
    assert host.run()["outgoing_ports"] == {"first": 40000, "last": 50000, "reserved": ["40005", "40010-40012"]}


def test_it_says_whom_the_rules_in_force_let_in_to_all_closed_ports(host: Host) -> None:
    nft = shutil.which("nft")
    if not nft:
        pytest.skip("needs nft")
    sets = "set peers4 { type ipv4_addr; elements = { 192.0.2.7, 192.0.2.8 } }; set peers6 { type ipv6_addr; };"
    command = ["ip", "netns", "exec", host.names["node"], nft]
    rules = [
        "ip saddr @peers4 counter accept",
        "ip6 saddr @peers6 counter accept",
        "ip6 saddr 2001:db8::/32 counter accept",
        "ip saddr 198.51.100.9 accept",
        "tcp dport 9300 ip saddr 203.0.113.0/24 counter accept",
        "ip daddr 203.0.113.1 accept",
        "ip saddr != 203.0.113.2 accept",
        "ip saddr 203.0.113.3 drop",
        "counter drop",
    ]
    # what the role asks for before that
    asks = ["tcp dport 9200-9201 goto closed", "tcp dport 9300 goto closed", "ip daddr 203.0.113.5 goto closed", "tcp dport 9400 accept"]
    other = f"chain other {{ ip saddr 203.0.113.4 accept; {'; '.join(asks)}; }};"
    subprocess.run([*command, f"table inet tlsfront {{ {sets} chain closed {{ {'; '.join(rules)}; }}; {other} }}"], check=True)
    try:
        found = host.run(nft=nft)["nftables"]
        assert sorted(found["let_in"]) == ["192.0.2.7", "192.0.2.8", "198.51.100.9", "2001:db8::/32"]
        assert sorted(found["peers"]) == ["192.0.2.7", "192.0.2.8"]
        assert found["closed_ports"] == ["9200-9201", "9300"]
        assert found["let_in_by_port"] == [{"port": "9300", "network": "203.0.113.0/24"}]
    finally:
        subprocess.run([*command, "delete table inet tlsfront"], check=True)


def test_it_says_whether_nftables_can_be_used(host: Host, tmp_path: Path) -> None:
    nft = shutil.which("nft")
    if not nft:
        pytest.skip("needs nft")
    assert "nftables" not in host.run()
    its = subprocess.run([nft, "--version"], check=True, capture_output=True, text=True).stdout.split()[1]
    none = {"service": service.about(), "let_in": None, "peers": None, "closed_ports": None, "let_in_by_port": None}
    assert host.run(nft=nft)["nftables"] == {"is_installed": True, "version": its[1:], "problem": "", **none}
    assert host.run(nft=str(tmp_path / "nft"))["nftables"] == {"is_installed": False, "version": "", "problem": "", **none}
    powerless = tmp_path / "powerless"
    powerless.write_text(f'#!/bin/sh\nexec setpriv --bounding-set -net_admin --inh-caps -net_admin {nft} "$@"\n')
    powerless.chmod(0o755)
    problem = host.run(nft=str(powerless))["nftables"]["problem"]
    assert "Operation not permitted" in problem and "The role needs root (become), the capability CAP_NET_ADMIN" in problem
