# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A node whose nginx runs what is live in its directory, and runs of the role on it, each step by itself.

What a run makes live are the role's own templates with the variables of one policy. systemd is not there: a reload is a signal.
"""
from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nginx
import pki
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx import candidate, transaction

PATTERNS = ["users-*", "client-ca-*", "client-crl-*", "upstream-ca-*"]


class Policy:
    """What the role makes of the variables: two texts, and the files that they name."""

    def __init__(self, front: nginx.Front) -> None:
        self.text = front.configuration
        self.drop_in = f"# {front.name}\n"
        self.files = {path.name: path.read_bytes() for path in (front.place / "front").glob("*") if path.is_file()}
        self.place = front.place


class Node:
    def __init__(self, port: int, root: pki.Issued) -> None:
        self.place = Path(tempfile.mkdtemp(prefix="tlsfront-node-"))
        self.place.chmod(0o755)
        self.port = port
        self.root = root
        self.directory = self.place / "front"
        (self.directory / "proved").mkdir(parents=True)
        (self.place / "nginx/conf.d").mkdir(parents=True)
        (self.place / "nginx/mime.types").write_text("types {}\n")
        self.pid_file = self.place / "nginx.pid"
        self.live = (self.place / "nginx/conf.d/tlsfront.conf", self.place / "drop-in.conf")
        self.front = transaction.Front(self.live, self.directory, nginx.binary(), self.pid_file)
        caches = "".join(f"    {name}_temp_path {self.place}/cache-{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (self.place / "nginx/nginx.conf").write_text(
            f"user {nginx.worker_group()};\nworker_processes 1;\ndaemon off;\npid {self.pid_file};\nerror_log {self.place}/error.log notice;\n"
            f"events {{\n    worker_connections 256;\n}}\nhttp {{\n    access_log off;\n{caches}    include {self.place}/nginx/conf.d/*.conf;\n}}\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [nginx.binary(), "-p", str(self.place), "-e", str(self.place / "error.log"), "-c", str(self.place / "nginx/nginx.conf")]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._until(lambda: self.pid_file.exists() and self.workers())

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.place)

    def workers(self) -> set[str]:
        assert self._process is not None
        return set(Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split())

    def reload(self) -> None:
        """Takes what is live, as "systemctl reload-or-restart" does. What nginx refuses leaves the workers as they are."""
        if self._process is None:
            self.start()
            return
        before = self.workers()
        self._process.send_signal(signal.SIGHUP)
        with contextlib.suppress(TimeoutError):
            self._until(lambda: self.workers() and not self.workers() & before, 3)

    def _until(self, condition: Any, seconds: float = 10) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError((self.place / "error.log").read_text())
            time.sleep(0.01)

    def bring(self, policy: Policy) -> None:
        """What access_files.yml does."""
        for name, octets in policy.files.items():
            (self.directory / name).write_bytes(octets)
            shutil.chown(self.directory / name, group=nginx.worker_group())
            (self.directory / name).chmod(0o640 if name.startswith("users") else 0o644)

    def text(self, policy: Policy) -> str:
        """The policy's, with the places of this node."""
        return policy.text.replace(str(policy.place / "front"), str(self.directory))

    def status(self, user: str = "") -> int:
        """What a client gets who asks for the first page."""
        front = _Endpoint(self)
        return front.ask("GET", "/", user=user).status

    def run(self, policy: Policy, wait: float = 5) -> Iterator[str]:
        """One run of the role, step by step; the last thing that it gives is what came of it."""
        began = self.front.look()[0]
        yield "looked"
        self.bring(policy)
        yield "brought"
        written = began.token
        try:
            written, _changed = self.front.write(self.text(policy), policy.drop_in, began)
            yield "wrote"
            self.reload()
            yield "reloaded"
            self.front.verify(written, wait, PATTERNS)
            yield "done"
            return
        except transaction.Raced:
            yield "raced"
            return
        except (candidate.Refused, transaction.NotServed, OSError):
            yield "failed"
        try:
            _contents, token = self.front.go_back(began, written)
            yield "went back"
            self.reload()
            self.front.verify(token, wait, PATTERNS)
            yield "rolled back"
        except transaction.Raced:
            yield "raced"
        except transaction.NotServed:
            yield "rolled back, not served"

    def finish(self, policy: Policy, wait: float = 5) -> str:
        return list(self.run(policy, wait))[-1]

    def killed_after(self, step: str, policy: Policy) -> None:
        """A run that ends there, as one whose terminal or whose memory is lost."""
        for reached in self.run(policy):
            if reached == step:
                return
        raise AssertionError(f"it never {step}")


class _Endpoint(nginx.Running):
    """Asks the node as a client does."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._connection = None

    def context(self) -> Any:
        context = ssl.create_default_context(cadata=self._node.root.pem.decode())
        context.hostname_checks_common_name = False
        return context

    def connect(self, context: Any = None, name: str = nginx.NAME, **options: Any) -> Any:
        plain = socket.create_connection(("127.0.0.1", self._node.port), timeout=20)
        return (context or self.context()).wrap_socket(plain, server_hostname=name, **options)
