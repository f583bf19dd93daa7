# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""A host with a firewall of its own, and a client, joined by a virtual cable: real ufw, firewalld and iptables, in namespaces of this machine.

    client 10.78.0.0/16 fd78::/64 ---- host 10.78.0.1 fd78::1

The host has its own network, processes, /run and /var/lib, and changes of /usr and /etc that nobody else sees.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import kills

TOP = Path(__file__).parents[3]
HOST = {4: "10.78.0.1", 6: "fd78::1"}
CLIENTS = {4: ("10.78.1.1", "10.78.2.1"), 6: ("fd78::1:1", "fd78::2:1")}
PORTS = (443, 8443)
EVENTS = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "run")  # the last one is a test's own; https://docs.python.org/3/library/audit_events.html

SETUP = """
mount --make-rprivate /
mount -t tmpfs tmpfs "$1"
for part in usr etc; do
  mkdir -p "$1/$part/upper" "$1/$part/work"
  mount -t overlay overlay -o "lowerdir=$2/$part:/$part,upperdir=$1/$part/upper,workdir=$1/$part/work" "/$part"
done
for part in /run /var/lib; do mount -t tmpfs -o mode=755 tmpfs "$part"; done
mkdir -p /run/dbus /run/lock
echo ready
exec sleep infinity
"""
# a server at each port, over both families
SERVER = """
import selectors, socket, sys
waiting = selectors.DefaultSelector()
for port in map(int, sys.argv[1:]):
    waiting.register(socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True), selectors.EVENT_READ)
print("ready", flush=True)
while True:
    for key, _events in waiting.select():
        key.fileobj.accept()[0].close()
"""
# asked line by line, [source, target, port]: whether the connection was accepted
CLIENT = """
import json, socket, sys
for line in sys.stdin:
    source, target, port = json.loads(line)
    try:
        socket.create_connection((target, port), 0.4, (source, 0)).close()
        print("open", flush=True)
    except OSError:
        print("shut", flush=True)
"""


class Host:
    """Lives until close(); needs root."""

    def __init__(self, directory: Path, packages: str) -> None:
        self.client_name = f"tlsfront-{os.getpid()}-client"
        command = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-ec", SETUP, "setup", str(directory), packages]
        self.processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True)]
        try:
            assert self.processes[0].stdout and self.processes[0].stdout.readline() == "ready\n"
            parent = self.processes[0].pid
            self.pid = int(Path(f"/proc/{parent}/task/{parent}/children").read_text().split()[0])
            subprocess.run(["ip", "netns", "add", self.client_name], check=True, capture_output=True)
            self._connect()
            self.spawn("/usr/bin/python3", "-c", SERVER, *map(str, PORTS))
            self.client = subprocess.Popen(
                ["ip", "netns", "exec", self.client_name, "/usr/bin/python3", "-c", CLIENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            self.processes.append(self.client)
        except BaseException:
            self.close()
            raise

    def _connect(self) -> None:
        subprocess.run(["ip", "link", "add", "eth0", "netns", self.client_name, "type", "veth", "peer", "name", "eth0", "netns", str(self.pid)], check=True)
        addresses = {"host": [f"{HOST[4]}/16", f"{HOST[6]}/64"], "client": [f"{each}/{16 if '.' in each else 64}" for each in CLIENTS[4] + CLIENTS[6]]}
        for place, its in addresses.items():
            commands = ["link set lo up", "link set eth0 up", *(f"address add {each} dev eth0{' nodad' if ':' in each else ''}" for each in its)]
            for command in commands:
                enter = ["ip", "netns", "exec", self.client_name] if place == "client" else self.entered()
                subprocess.run([*enter, "ip", *command.split()], check=True, capture_output=True)

    def entered(self) -> list[str]:
        return ["nsenter", f"--target={self.pid}", "--net", "--mount", "--pid"]

    def run(self, *command: str, text: str | None = None) -> str:
        done = subprocess.run([*self.entered(), *command], input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
        return done.stdout

    def spawn(self, *command: str) -> subprocess.Popen[str]:
        """A process that says when it is ready, by a line."""
        process = subprocess.Popen([*self.entered(), *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.processes.append(process)
        assert process.stdout and process.stdout.readline()
        return process

    def start_firewalld(self) -> None:
        if not hasattr(self, "bus"):
            self.bus = self.spawn("dbus-daemon", "--system", "--nofork", "--nopidfile", "--print-address")
        self.firewalld = subprocess.Popen([*self.entered(), "firewalld", "--nofork", "--nopid"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.processes.append(self.firewalld)
        for _attempt in range(200):
            if subprocess.run([*self.entered(), "firewall-cmd", "--state"], capture_output=True, check=False).returncode == 0:
                return
            time.sleep(0.1)
        raise AssertionError("firewalld does not start")

    def stop_firewalld(self) -> None:
        """As by a host that goes down: it takes ten seconds to end by itself."""
        self.run("pkill", "--signal=KILL", "--exact", "firewalld")  # of the host: it sees its own processes only
        self.nft("flush ruleset")
        self.firewalld.wait(30)

    def nft(self, text: str) -> None:
        self.run("nft", "--file", "-", text=text)

    def reach(self, version: int = 4, port: int = 443, client: int = 0) -> str:
        """open or shut"""
        assert self.client.stdin and self.client.stdout
        print(json.dumps([CLIENTS[version][client], HOST[version], port]), file=self.client.stdin, flush=True)
        return self.client.stdout.readline().strip()

    def do(self, step: Callable[[], Any], kill_before: int = 0) -> Any:
        """What the step returns, done inside the host by a process of its own; or "killed", before the action of that number."""
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            os.close(reader)
            self._enter()
            inner = os.fork()  # the namespace of processes is that of children
            if inner:
                status = os.waitpid(inner, 0)[1]
                os._exit(9 if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL else 0)
            try:
                if kill_before:
                    kills.WRITES = 0  # among them is the pipe to each program that is asked something
                    kills.kill_before(kill_before, EVENTS)
                said = ["done", step()]
            except Exception as error:
                said = ["failed", str(error) or type(error).__name__]
            os.write(writer, json.dumps(said).encode())
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as pipe:
            text = pipe.read()
        status = os.waitpid(child, 0)[1]
        if os.WEXITSTATUS(status) == 9 and not text:
            return "killed"
        outcome, value = json.loads(text)
        if outcome == "failed":
            raise RuntimeError(value)
        return value

    def _enter(self) -> None:
        library = ctypes.CDLL(None, use_errno=True)
        handles = [os.open(f"/proc/{self.pid}/ns/{kind}", os.O_RDONLY) for kind in ("pid", "net", "mnt")]
        for handle in handles:
            if library.setns(handle, 0):
                raise OSError(ctypes.get_errno(), "setns")

    def close(self) -> None:
        for process in reversed(self.processes):
            with contextlib.suppress(OSError):
                process.kill()
            process.wait()
        subprocess.run(["ip", "netns", "delete", self.client_name], capture_output=True, check=False)


def packages() -> str:
    """Where ufw, firewalld and iptables are; empty where they cannot be had."""
    done = subprocess.run([str(TOP / "tests/support/firewalls")], stdout=subprocess.PIPE, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
