# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The demo on loopback, for a machine that cannot run containers.

Five nodes, each an address of 127.0.0.0/8 with something that answers as Elasticsearch does. Four speak https, each with another fault in its
certificate, and one speaks plain http. Behind each of them is plain http, and the role https_front puts a real nginx in front of that. The nodes'
files are in a directory, and a script stands for their systemd: tests/unit/roles/https_front/systemctl. There are no firewalls in it.
"""

from __future__ import annotations

import contextlib
import grp
import json
import os
import pwd
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from steps import Steps, last_table

TOP = Path(__file__).resolve().parents[3]
ROLE = TOP / "tests/unit/roles/https_front"
sys.path.insert(0, str(TOP / "tests/unit/support"))

import pki  # noqa: E402
import servers  # noqa: E402


def plain_http(node: str) -> servers.Handler:
    """Elasticsearch without TLS, which refuses whoever speaks TLS to it."""
    answers = servers.elasticsearch({**servers.ROOT, "name": node})

    def handle(connection: socket.socket) -> None:
        if connection.recv(1, socket.MSG_PEEK) == b"\x16":  # of a handshake: RFC 8446, section 5.1
            connection.recv(65536)
            connection.sendall(servers.response(b"This is not an HTTP request", 400, reason="Bad Request"))
        else:
            answers(connection)

    return handle


class Nodes:
    def __init__(self, place: Path, nginx: str) -> None:
        self._place, self._nginx = place, nginx
        self._root = pki.root("Demo Root", organization="Demo")
        intermediate = pki.intermediate("Demo Intermediate", self._root, organization="Demo")
        day = timedelta(days=1)
        # node: what it serves (nothing: plain http), and what https_check must say of it
        self._faults: dict[str, tuple[pki.Issued | None, str]] = {
            "es1": (None, "plaintext_service"),
            "es2": (pki.issue("es2", intermediate, ["es2"], not_before=-90 * day, not_after=-1.5 * day), "certificate_expired"),
            "es3": (pki.issue("es4", intermediate, ["es4"]), "hostname_mismatch"),
            "es4": (pki.issue("es4", None, ["es4"]), "self_signed_certificate"),
            "es5": (pki.issue("es5", intermediate, ["es5"]), "missing_intermediate"),
        }
        self._good = {name: pki.issue(name, intermediate, [name]) for name in self._faults}

    @contextlib.contextmanager
    def serving(self) -> Iterator[Path]:
        """Starts what the nodes are before the role; an inventory of them."""
        hosts: dict[str, dict[str, Any]] = {}
        before, after = [], []
        with contextlib.ExitStack() as stack:
            for number, (name, (issued, _reason)) in enumerate(self._faults.items(), 11):
                address = f"127.0.0.{number}"
                backend = server = stack.enter_context(servers.listening(plain_http(name), address))
                if issued:
                    context = servers.server_context(issued.write(self._place, above=name != "es5"))
                    server = stack.enter_context(servers.listening(servers.over_tls(context, servers.elasticsearch()), address))
                hosts[name] = self._node(name, address, backend.port)
                stack.callback(stop, self._place / name / "nginx.pid")
                before.append({"url": f"https://{name}", "connect_to": f"{address}:{server.port}"})
                after.append({"url": f"https://{name}", "connect_to": f"{address}:{hosts[name]['https_front_port']}"})
            everywhere = {
                "ansible_connection": "local",
                "ansible_python_interpreter": "{{ ansible_playbook_python }}",
                "demo_ca": self._root.write_certificate(self._place),
                "demo_before": {"endpoints": before, "reasons": [reason for _issued, reason in self._faults.values()]},
                "demo_after": {"endpoints": after, "reasons": ["ok"] * len(after)},
            }
            inventory = self._place / "inventory.json"
            inventory.write_text(json.dumps({"all": {"hosts": hosts, "vars": everywhere}}))
            yield inventory

    def _node(self, name: str, address: str, backend: int) -> dict[str, Any]:
        place = self._place / name
        for directory in ("nginx/conf.d", "service", "certificate"):
            (place / directory).mkdir(parents=True)
        shutil.copy(ROLE / "systemctl", place / "systemctl")
        (place / "nginx-binary").symlink_to(self._nginx)
        (place / "nginx/mime.types").write_text("types {}\n")
        caches = "".join(f"    {each}_temp_path {place}/cache-{each};\n" for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (place / "nginx/nginx.conf").write_text(
            f"user {worker()};\nworker_processes 1;\npid {place}/nginx.pid;\nerror_log {place}/error.log notice;\n"
            f"events {{\n    worker_connections 256;\n}}\nhttp {{\n    access_log off;\n{caches}    include {place}/nginx/conf.d/*.conf;\n}}\n"
        )
        issued = self._good[name]
        (place / "certificate/chain.pem").write_bytes(b"".join([issued.pem, *(pki.Issued(each, None).pem for each in issued.above)]))
        (place / "certificate/key.pem").touch(0o600)
        (place / "certificate/key.pem").write_bytes(issued.key_pem)
        (place / "certificate/ca.pem").write_bytes(self._root.pem)
        return {
            "case_dir": str(place),
            "https_front_server_names": [name],
            "https_front_port": servers.free_port(),
            "https_front_upstreams": [f"{address}:{backend}"],
            "https_front_certificate_dir": str(place / "certificate"),
            "https_front_access_log": "",
        }


def worker() -> str:
    """User and group of nginx's workers; who is not root runs them himself."""
    return "www-data" if os.geteuid() == 0 else f"{pwd.getpwuid(os.geteuid()).pw_name} {grp.getgrgid(os.getegid()).gr_name}"


def stop(pid_file: Path) -> None:
    """Ends an nginx, and waits for it: the last that it does is to remove its file."""
    with contextlib.suppress(OSError, ValueError):
        os.kill(int(pid_file.read_text()), signal.SIGTERM)
        deadline = time.monotonic() + 20
        while pid_file.exists() and time.monotonic() < deadline:
            time.sleep(0.05)


def show(steps: Steps, nginx: str, show_table: Callable[..., None]) -> str:
    """Shows it; the verdict."""
    place = Path(tempfile.mkdtemp(prefix="tlsfront-demo-"))
    place.chmod(0o755)  # nginx's workers are another user where this one is root
    check = str(TOP / "tests/support/demo/check.yml")
    try:
        with Nodes(place, nginx).serving() as inventory:
            play = ["ansible-playbook", "-i", str(inventory)]
            said = steps.run("look at five nodes, each with another fault", *play, "-e", "demo_now=before", check)
            show_table("Before", *last_table(said))
            steps.run("run the role https_front, a real nginx for each", *play, str(ROLE / "role.yml"))
            said = steps.run("look at them again", *play, "-e", "demo_now=after", check)
            *table, verdict = last_table(said)
            show_table("After", *table, "There are no firewalls in this one: that plain http is closed, tests/demo shows.")
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return verdict
