# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whole runs of the role: what they change, what they say, and how many tasks they take."""

from __future__ import annotations

import os
import socket
from typing import Any

import nginx
import pki
import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx import proof
from hosts import HASH, PASSWORD, Hosts


def failure(run: Any, name: str) -> str:
    (failed,) = [outcome for outcome in run.outcomes(name) if outcome.get("failed")]
    return str(failed["msg"])


def test_a_node_from_nothing_to_nothing(hosts: Hosts) -> None:
    node = hosts.add("es1")
    empty = sorted(node.place.rglob("*"))
    preview = hosts.run("--check", "--diff")
    assert sorted(node.place.rglob("*")) == empty and hosts.asked("es1") == []
    shown = {each["after_header"]: each["after"] for outcome in preview.outcomes("es1") for each in outcome.get("diff") or []}
    first = hosts.run("--diff")
    assert first.count("es1", "failures") == 0 and first.count("es1", "changed") == 1
    assert hosts.asked("es1") == ["daemon-reload", "start nginx", "enable nginx"]
    assert (node.status("anna:" + PASSWORD), node.status("bert:from elsewhere"), node.status()) == (200, 200, 401)
    for path in node.front.live[1:]:
        assert shown[str(path)] == path.read_text()
    # but for the name of the file of users, which comes from a secret that is made by the first run, and what is made of it
    lines = set(shown[str(node.front.live[0])].splitlines()) ^ set(node.front.live[0].read_text().splitlines())
    assert len(lines) == 6 and sum("users-" in line for line in lines) == 2
    assert "worker_connections 4096; # 256 before tlsfront" in (node.place / "nginx/nginx.conf").read_text()

    second = hosts.run()
    assert second.count("es1", "changed") == 0 and hosts.asked("es1") == []
    # the facts, the places and the call of the role itself are the test's
    assert second.count("es1", "ok") - 3 <= 6

    changed = hosts.run("--diff", https_front_hsts_seconds=60)
    assert changed.count("es1", "changed") == 1 and hosts.asked("es1") == ["reload nginx"]
    (diff,) = [each for outcome in changed.outcomes("es1") for each in outcome.get("diff") or []]
    assert "max-age=60" in diff["after"] and "max-age=60" not in diff["before"]

    refused = hosts.run(https_front_snippet="nonsense on;")
    assert "taken back; the former one is served. Cause: nginx would refuse the configuration: " in failure(refused, "es1")
    assert 'unknown directive "nonsense"' in failure(refused, "es1") and hosts.asked("es1") == []

    hardened = hosts.run("--check", https_front_worker_connections=8192)
    assert any("would be restarted, not reloaded" in str(outcome.get("warnings")) for outcome in hardened.outcomes("es1"))
    assert hosts.run(https_front_worker_connections=8192).count("es1", "failures") == 0
    assert hosts.asked("es1") == ["daemon-reload", "restart nginx"] and node.status("anna:" + PASSWORD) == 200

    gone = hosts.run("--check", https_front_state="absent")
    assert gone.count("es1", "changed") == 1 and node.status() == 401
    assert hosts.run(https_front_state="absent").count("es1", "changed") == 1
    assert not node.directory.exists() and not node.is_up() and "disable --now nginx" in hosts.asked("es1")
    assert hosts.run(https_front_state="absent").count("es1", "changed") == 0


def test_check_mode_says_what_would_be_written_where_nginx_is_not_there_yet(hosts: Hosts) -> None:
    node = hosts.add("es1")
    (node.place / "nginx-binary").unlink()
    preview = hosts.run("--check", "--diff")
    assert preview.count("es1", "failures") == 0
    shown = {each["after_header"]: each["after"] for outcome in preview.outcomes("es1") for each in outcome.get("diff") or []}
    assert "server_name" in shown[str(node.front.live[0])]


def test_no_secret_is_told(hosts: Hosts) -> None:
    node = hosts.add("es1")
    for arguments in (["--check", "--diff", "-vvv"], ["--diff", "-vvv"], ["-vvv"]):
        told = str(hosts.run(*arguments)._told)
        assert PASSWORD not in told and HASH[-40:] not in told
    (users,) = node.directory.glob("users-*")
    assert users.read_text().splitlines()[0][-40:] not in told


@pytest.mark.parametrize("kind", ["missing", "expired"])
def test_a_certificate_that_cannot_be_served_is_told_before_nginx_is_touched(hosts: Hosts, kind: str) -> None:
    for name in ("new", "there"):
        hosts.add(name)
    assert hosts.run(names=["there"]).count("there", "failures") == 0
    hosts.asked("there")
    (hosts.nodes["new"].place / "nginx-binary").unlink()
    for name, node in hosts.nodes.items():
        if kind == "missing":
            for file in (node.place / "live").iterdir():
                file.unlink()
        else:
            hosts.certify(name, node.place / "versions/2", not_before=-2 * pki.DAY, not_after=-pki.DAY)
            (node.place / "live").unlink()
            (node.place / "live").symlink_to("versions/2")
    run = hosts.run()
    for name in hosts.nodes:
        if kind == "missing":
            assert "has no chain.pem and key.pem: run the role tlsfront.elasticsearch.certificate before this one" in failure(run, name)
            assert "Nothing was changed." in failure(run, name)
        else:
            assert "No client would accept the certificate in" in failure(run, name) and "certificate has expired" in failure(run, name)
    assert hosts.asked("there") == [] and hosts.nodes["there"].status("anna:" + PASSWORD) == 200
    if kind == "expired":
        assert "The one before it, " in failure(run, "there") and "is there again and is served on" in failure(run, "there")
        assert os.readlink(hosts.nodes["there"].place / "live") == "versions/1"


def test_a_port_that_another_program_has_is_told_before_anything_changes(hosts: Hosts) -> None:
    node = hosts.add("es1", https_front_port=hosts.backend.port)
    empty = sorted(node.place.rglob("*"))
    told = failure(hosts.run(), "es1")
    assert f"Port {hosts.backend.port} of es1 is taken by another program: " in told and f"(process {os.getpid()}) at 127.0.0.1" in told
    assert "Nothing was changed" in told and sorted(node.place.rglob("*")) == empty


def test_a_port_for_load_balancers_that_another_program_has_is_told_before_anything_changes(hosts: Hosts) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        node = hosts.add("es1", https_front_balancer_port=port, https_front_balancers=["192.0.2.0/24"])
        empty = sorted(node.place.rglob("*"))
        told = failure(hosts.run(), "es1")
    assert f"Port {port} of es1 is taken by another program: " in told and f"(process {os.getpid()}) at 127.0.0.1" in told
    assert "set https_front_balancer_port to a free port" in told
    assert "Nothing was changed" in told and sorted(node.place.rglob("*")) == empty


def test_each_further_site_is_proved_or_the_change_is_taken_back(hosts: Hosts) -> None:
    second, port, taken = nginx.Backend(), nginx.free_port(), nginx.free_port()
    site = {"port": port, "upstreams": [f"127.0.0.1:{second.port}"]}
    node = hosts.add("es1", https_front_sites=[site])
    first = hosts.run()
    assert first.count("es1", "failures") == 0, failure(first, "es1")
    text = node.front.live[0].read_text()
    assert proof.prove(text, node.front.nginx_dir, node.pid_file).served
    assert hosts.run().count("es1", "changed") == 0

    # another server of the same nginx that takes the requests of the site
    thief = node.place / "nginx/conf.d/a-thief.conf"
    pair = f"ssl_certificate {node.place}/live/chain.pem; ssl_certificate_key {node.place}/live/key.pem;"
    thief.write_text(f"server {{ listen {taken} ssl; server_name {nginx.NAME}; {pair} return 200 thief; }}\n")
    refused = failure(hosts.run(https_front_sites=[dict(site, port=taken)], https_front_reject_unknown_names=False), "es1")
    assert f"127.0.0.1 port {taken} as {nginx.NAME}: another configuration is served (thief)" in refused
    assert "taken back; the former one is served" in refused and node.front.live[0].read_text() == text
    thief.unlink()

    gone = hosts.run(https_front_sites=[])
    assert gone.count("es1", "failures") == 0 and str(port) not in node.front.live[0].read_text()
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), timeout=5):
        pass
    second.close()
