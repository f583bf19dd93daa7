# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whole runs of the role on an nginx that is set up as other distributions' and nginx.org's are, with its own user, and that serves other sites.

The program is this machine's; the configuration has the shape of each (tests/unit/recorded), and says nothing else of that distribution.
"""

from __future__ import annotations

import grp
import socket
import ssl
from pathlib import Path

import nginx
import pki
import pytest
from hosts import PASSWORD, Hosts
from node import Node

RECORDED = Path(__file__).resolve().parents[2] / "recorded"
OTHER = "other.example.org"
USER = "games"  # a user of this machine, but none of nginx's
SHAPES = {"debian-12": "sites-enabled/other", "nginx-org-deb": "conf.d/other.conf", "rocky-9": "nginx.conf"}


def shaped(node: Node, distribution: str, plain_port: int) -> None:
    """Gives the node the configuration of this distribution, by the node's own paths."""
    caches = "".join(f"{name}_temp_path {node.place}/cache-{name}; " for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    changed = {
        "/etc/nginx/": f"{node.place}/nginx/",
        "/run/nginx.pid": str(node.pid_file),
        "/usr/share/nginx/modules/": f"{node.place}/none/",
        "/var/log/nginx/": f"{node.place}/",
        "http {": f"http {{ access_log {node.place}/access.log; {caches}",
        "user www-data;": f"user {USER};",
        "user nginx;": f"user {USER};",
        "listen 80;": f"listen {plain_port};",
        "listen [::]:80;": "",
    }

    def read(name: str) -> str:
        (file,) = (RECORDED / distribution).glob(f"{name}*")
        text = file.read_text("utf-8")
        for old, new in changed.items():
            text = text.replace(old, new)
        return text

    main = read("nginx.conf")
    assert f"user {USER};" in main and "/etc/" not in main
    (node.place / "nginx/nginx.conf").write_text(main)
    if distribution.startswith("nginx-org"):
        (node.place / "nginx/conf.d/default.conf").write_text(read("conf.d-default.conf"))


def others(node: Node, distribution: str, plain_port: int) -> None:
    """Sites of somebody else: one at the https port, and one in clear."""
    issued = pki.issue(OTHER, node.root, names=[OTHER])
    pair = node.place / "nginx/other.pem"
    pair.touch(0o600)
    pair.write_bytes(issued.pem + issued.key_pem)
    file = node.place / "nginx" / SHAPES[distribution]
    file.parent.mkdir(exist_ok=True)
    sites = (
        f'server {{ listen {node.port} ssl; server_name {OTHER}; ssl_certificate {pair}; ssl_certificate_key {pair}; return 200 "theirs"; }}\n'
        f'server {{ listen {plain_port}; server_name {OTHER}; return 200 "theirs in clear"; }}\n'
    )
    before, http, after = file.read_text().partition("http {") if file.exists() else ("", "", "")
    file.write_text(f"{before}{http}{sites}{after}")


def answers(node: Node, plain_port: int) -> list[str]:
    """What the clients of the other sites get."""
    request = f"GET / HTTP/1.1\r\nHost: {OTHER}\r\nConnection: close\r\n\r\n".encode()

    def body(connection: socket.socket) -> str:
        with connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(4096), b"")).decode().rpartition("\r\n\r\n")[2]

    context = ssl.create_default_context(cadata=node.root.pem.decode())
    secure = context.wrap_socket(socket.create_connection(("127.0.0.1", node.port), timeout=20), server_hostname=OTHER)
    return [body(secure), body(socket.create_connection(("127.0.0.1", plain_port), timeout=20))]


@pytest.mark.parametrize("distribution", sorted(SHAPES))
def test_beside_others_sites_the_front_comes_and_goes(hosts: Hosts, distribution: str) -> None:
    node, plain_port = hosts.add("es1"), nginx.free_port()
    shaped(node, distribution, plain_port)
    others(node, distribution, plain_port)
    node.start()
    theirs = answers(node, plain_port)
    assert theirs == ["theirs", "theirs in clear"]
    main = (node.place / "nginx/nginx.conf").read_text()

    assert hosts.run("--check").count("es1", "failures") == 0
    assert answers(node, plain_port) == theirs and not node.directory.exists()
    assert hosts.run().count("es1", "failures") == 0
    assert (node.status("anna:" + PASSWORD), node.status(), answers(node, plain_port)) == (200, 401, theirs)
    (users,) = node.directory.glob("users-*")
    assert grp.getgrgid(users.stat().st_gid).gr_name == USER and users.stat().st_mode & 0o777 == 0o640
    assert hosts.run().count("es1", "changed") == 0

    # what a reload does not change: where nginx has its number is found, for by it a restart is seen to be due
    (node.place / "asked").unlink()
    assert hosts.run(https_front_worker_connections=9000).count("es1", "failures") == 0
    assert "restart nginx" in (node.place / "asked").read_text().splitlines()

    assert hosts.run(https_front_state="absent").count("es1", "failures") == 0
    assert answers(node, plain_port) == theirs and not node.directory.exists()
    assert (node.place / "nginx/nginx.conf").read_text() == main
