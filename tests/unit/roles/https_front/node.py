# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A node whose nginx runs what is live in its directory, and changes of it by the transaction of nginx_config.

What is served is the role's own template with the variables of one policy. systemd is not there: who starts, stops and reloads nginx is a signal.
"""
from __future__ import annotations

import contextlib
import grp
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kills
import nginx
import pki
import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx import service, transaction


class Policy:
    """What the role makes of the variables, before the module has put in what only the node knows."""

    def __init__(self, front: nginx.Front) -> None:
        identity = re.search(r'return 200 "([0-9a-f]{64})"', front.configuration)
        assert identity
        text = front.configuration.replace(identity[1], transaction.CONFIGURATION_ID)
        self.text = re.sub(r"(auth_basic_user_file) .*;", rf"\1 {transaction.USERS_FILE};", text)
        self.drop_in = "# drop-in\n"
        self.users = front.variables.get("https_front_users", [])


class Signals(service.Service):
    """Starts, stops and reloads the nginx of a node, as its unit does. Whoever asked for it may be killed meanwhile: systemd does it by itself."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def state(self) -> service.State:
        return service.State(self._node.is_up(), True, True)

    def manager(self) -> str:
        return "systemd 252 (252.38-1~deb12u1)\n"

    def start(self) -> None:
        self._systemd(self._node.start)

    def restart(self) -> None:
        self._systemd(self._node.stop, self._node.start)

    def reload(self) -> None:
        self._systemd(self._node.reload)

    def end(self) -> None:
        self._systemd(self._node.stop)

    def _systemd(self, *jobs: Callable[[], None]) -> None:
        sys.audit("systemctl")
        self._node.is_systemd = True
        try:
            for job in jobs:
                job()
        finally:
            self._node.is_systemd = False


class Node:
    def __init__(self, port: int, root: pki.Issued) -> None:
        self.place = Path(tempfile.mkdtemp(prefix="tlsfront-node-"))
        self.place.chmod(0o755)
        self.port = port
        self.root = root
        self.directory = self.place / "front"
        (self.place / "nginx/conf.d").mkdir(parents=True)
        (self.place / "service").mkdir()
        (self.place / "nginx/mime.types").write_text("types {}\n")
        self.pid_file = self.place / "nginx.pid"
        live = (self.place / "nginx/conf.d/tlsfront.conf", self.place / "service/tlsfront.conf")
        self.is_systemd = False  # what it does now
        self.front = transaction.Front(live, self.directory, nginx.binary(), self.pid_file, Signals(self))
        caches = "".join(f"    {name}_temp_path {self.place}/cache-{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (self.place / "nginx/nginx.conf").write_text(
            f"user {nginx.worker_group()};\nworker_processes 1;\npid {self.pid_file};\nerror_log {self.place}/error.log notice;\n"
            f"events {{\n    worker_connections 256;\n}}\nhttp {{\n    access_log off;\n{caches}    include {self.place}/nginx/conf.d/*.conf;\n}}\n"
        )

    # ---- its nginx

    def start(self) -> None:
        command = [nginx.binary(), "-p", str(self.place), "-e", str(self.place / "error.log"), "-c", str(self.place / "nginx/nginx.conf")]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise service.Failed(f"nginx: {done.stderr}")
        self._until(lambda: self.is_up() and self.workers())

    def stop(self) -> None:
        if self.is_up():
            os.kill(self._pid(), signal.SIGTERM)
            self._until(lambda: not self.is_up())

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.place)
        shutil.rmtree(self.place.with_name(f"{self.place.name}-copy"), ignore_errors=True)

    def is_up(self) -> bool:
        with contextlib.suppress(OSError, ValueError):
            return Path(f"/proc/{self._pid()}/stat").read_text().split()[2] != "Z"
        return False

    def _pid(self) -> int:
        return int(self.pid_file.read_text())

    def workers(self) -> set[str]:
        pid = self._pid()
        return set(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())

    def reload(self) -> None:
        """What nginx refuses leaves the workers as they are."""
        if not self.is_up():
            raise service.Failed("it does not run")
        before = self.workers()
        os.kill(self._pid(), signal.SIGHUP)
        with contextlib.suppress(TimeoutError):
            self._until(lambda: self.workers() and not self.workers() & before, 3)

    def _until(self, condition: Any, seconds: float = 10) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError((self.place / "error.log").read_text())
            time.sleep(0.01)

    def status(self, user: str = "") -> int:
        """What a client gets who asks for the first page; 0 where nobody answers."""
        with contextlib.suppress(ConnectionError):
            return _Endpoint(self).ask("GET", "/", user=user).status
        return 0

    def snapshot(self) -> Callable[[], None]:
        """Brings all back to how it is now, nginx as well."""
        was_up, copy = self.is_up(), self.place.with_name(f"{self.place.name}-copy")
        shutil.rmtree(copy, ignore_errors=True)
        # not the caches of nginx
        subprocess.run(["cp", "-a", str(self.place), str(copy)], check=True)

        def restore() -> None:
            self.stop()
            for each in self.place.iterdir():
                shutil.rmtree(each) if each.is_dir() and not each.is_symlink() else each.unlink()
            subprocess.run(["cp", "-a", f"{copy}/.", str(self.place)], check=True)
            self.pid_file.unlink(missing_ok=True)
            if was_up:
                self.start()

        return restore

    def boot(self) -> None:
        """The node comes up again, and systemd starts what is enabled there."""
        self.stop()
        self.start()

    # ---- changes

    def wanted(self, policy: Policy, wait: float = 5) -> transaction.Wanted:
        """The policy's, with the places of this node."""
        group = grp.getgrnam(nginx.worker_group()).gr_gid
        return transaction.Wanted(policy.text, policy.drop_in, "# restart\n", policy.users, 1000, {}, group, wait)

    def change(self, policy: Policy, wait: float = 5, **given: Any) -> str:
        """What has come of it."""
        try:
            self.front.change(self.wanted(policy, wait), **given)
        except transaction.Failed as error:
            return f"{'rolled back' if error.served else 'failed'}: {error}"
        except transaction.Raced as error:
            return f"raced: {error}"
        return "done"

    def cut_off(self, step: str, policy: Policy) -> None:
        """A change that ends when it comes to this step, as one whose process is killed."""
        with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(self.front, step, self._end)
            self.front.change(self.wanted(policy))

    @staticmethod
    def _end(*_given: Any) -> None:
        raise KeyboardInterrupt

    def killed(self, do: Callable[[], Any], before: int) -> bool:
        """Whether it was killed, as by a lost node, before so many of the steps by which it changes something."""
        return kills.killed(do, before, STEPS, unless=lambda: self.is_systemd)


STEPS = {
    "os.chmod", "os.chown", "os.kill", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.truncate", "shutil.rmtree",
    "subprocess.Popen", "systemctl",
}  # fmt: skip


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
