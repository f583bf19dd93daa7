# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A node, two containers on it and the world outside, as network namespaces joined by virtual cables.

    world 10.77.0.0/16 fd77::/64 ---- node 10.77.0.1 fd77::1 ---- container 172.31.0.2 fd31::2
                                                             `--- sidecar   172.32.0.2 fd32::2

The container's port 9200 is published on the node as 9200 and as 19200.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

NODE = ("10.77.0.1", "fd77::1")
CONTAINER = ("172.31.0.2", "fd31::2")
SIDECAR = ("172.32.0.2", "fd32::2")
CONTAINER_NETWORKS = ["172.31.0.0/24", "172.32.0.0/24", "fd31::/64", "fd32::/64"]
WORLD = tuple(f"10.77.1.{n}" for n in range(1, 7)) + tuple(f"fd77::1:{n}" for n in range(1, 7))

# What a container engine does to publish a port.
ENGINE = """
table inet engine {
    chain publish {
        type nat hook prerouting priority dstnat;
        fib daddr type local tcp dport { 9200, 19200 } dnat ip to 172.31.0.2:9200
        fib daddr type local tcp dport { 9200, 19200 } dnat ip6 to [fd31::2]:9200
    }
    chain hairpin {
        type nat hook postrouting priority srcnat;
        ip saddr 172.31.0.2 ip daddr 172.31.0.2 masquerade
        ip6 saddr fd31::2 ip6 daddr fd31::2 masquerade
    }
}
"""


_numbers = itertools.count()


class Try(NamedTuple):
    """One attempt to connect."""

    place: str
    source: str
    target: str
    port: int


class Network:
    """Namespaces that live until close(); needs root."""

    def __init__(self) -> None:
        number = next(_numbers)  # tests of several roles may have one each, in the same process
        self.names = {place: f"tlsfront-{os.getpid()}-{number}-{place}" for place in ("world", "node", "container", "sidecar")}
        self.workers: dict[str, subprocess.Popen[str]] = {}
        try:
            self._build()
        except BaseException:
            self.close()
            raise

    def _build(self) -> None:
        for place, name in self.names.items():
            subprocess.run(["ip", "netns", "add", name], check=True, capture_output=True)
            self.ip(place, "link set lo up")
        self.ip("world", f"link add eth0 type veth peer name eth0 netns {self.names['node']}")
        self._address("world", "eth0", *(f"{address}/{112 if ':' in address else 16}" for address in WORLD))
        self._address("node", "eth0", "10.77.0.1/16", "fd77::1/64")
        self.ip("world", "-6 route add fd77::/64 dev eth0")
        self._add_container("container", 31)
        self._add_container("sidecar", 32)
        self.run("node", "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        self.nft(ENGINE)
        for place in self.names:
            self.workers[place] = subprocess.Popen(
                [
                    "ip",
                    "netns",
                    "exec",
                    self.names[place],
                    sys.executable,
                    str(Path(__file__).with_name("firewall_worker.py")),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )

    def _add_container(self, place: str, number: int) -> None:
        """Puts the container on a bridge of its own, as a container engine does, and tells the world the way there."""
        bridge, cable = f"bridge{number}", f"veth{number}"
        self.ip(place, f"link add eth0 type veth peer name {cable} netns {self.names['node']}")
        self.ip("node", f"link add {bridge} type bridge", f"link set {cable} master {bridge} up")
        self.ip("node", f"link set {cable} type bridge_slave hairpin on")
        self._address("node", bridge, f"172.{number}.0.1/24", f"fd{number}::1/64")
        self._address(place, "eth0", f"172.{number}.0.2/24", f"fd{number}::2/64")
        self.ip(place, f"route add default via 172.{number}.0.1", f"-6 route add default via fd{number}::1")
        self.ip("world", f"route add 172.{number}.0.0/24 via 10.77.0.1", f"-6 route add fd{number}::/64 via fd77::1")

    def _address(self, place: str, device: str, *addresses: str) -> None:
        self.ip(place, f"link set {device} up")
        for address in addresses:
            self.ip(place, f"address add {address} dev {device}" + (" nodad" if ":" in address else ""))

    def run(self, place: str, *command: str, text: str | None = None) -> str:
        done = subprocess.run(
            ["ip", "netns", "exec", self.names[place], *command], input=text, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
        return done.stdout

    def ip(self, place: str, *commands: str) -> None:
        for command in commands:
            self.run(place, "ip", *command.split())

    def nft(self, text: str) -> None:
        """Loads a rules file on the node, having checked it first as the role does."""
        self.run("node", "nft", "--check", "--file", "-", text=text)
        self.run("node", "nft", "--file", "-", text=text)

    def flush(self) -> None:
        """What somebody does who does not know of the table; the container engine comes back."""
        self.run("node", "nft", "flush", "ruleset")
        self.nft(ENGINE)

    def ask(self, place: str, question: str, **arguments: Any) -> Any:
        worker = self.workers[place]
        assert worker.stdin and worker.stdout
        print(json.dumps({"question": question, **arguments}), file=worker.stdin, flush=True)
        return json.loads(worker.stdout.readline())

    def hang_up(self) -> None:
        for place in self.names:
            self.ask(place, "hang_up")

    def answered(self, tries: Iterable[Try], expected: set[Try]) -> set[Try]:
        """Those tries that got any answer, be it a refusal of the port: their packets passed the rules.

        The expected ones get five seconds; when they are through, the others get a moment to prove us wrong.
        """
        found: set[Try] = set()
        for place in self.names:
            here = [t for t in tries if t.place == place]
            wait_for = [here.index(t) for t in here if t in expected]
            got = self.ask(place, "connect", tries=[t[1:] for t in here], wait_for=wait_for)
            found |= {here[index] for index in got}
        return found

    def close(self) -> None:
        for worker in self.workers.values():
            if worker.stdin:
                worker.stdin.close()
            worker.wait(timeout=10)
        for name in self.names.values():
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)
