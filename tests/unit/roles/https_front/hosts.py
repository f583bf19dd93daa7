# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Nodes of this machine, and whole runs of the role on them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nginx
import pki
from node import Node

HERE = Path(__file__).parent
PASSWORD, HASH = "correct horse", "$6$saltsaltsaltsalt$5LDDkA4b7dqbD.CngEX17HaAqegstygA4.wVgMAxsYcrt2vVS7l.qpiZmokg7i.Ss6xCpy3Pb6V0cd3BYgyri1"
USERS = [{"name": "anna", "password": PASSWORD}, {"name": "bert", "hash": HASH}]


class Hosts:
    """Nodes, and runs of the role on all of them."""

    def __init__(self, play: Callable[..., Any]) -> None:
        self._play = play
        self.root = pki.root()
        self.backend = nginx.Backend()
        self.nodes: dict[str, Node] = {}
        self.variables: dict[str, dict[str, Any]] = {}

    def add(self, name: str, **variables: Any) -> Node:
        node = Node(nginx.free_port(), self.root)
        shutil.copy(HERE / "systemctl", node.place / "systemctl")
        (node.place / "nginx-binary").symlink_to(nginx.binary())
        certificate = node.place / "versions/1"
        certificate.mkdir(parents=True)
        (node.place / "live").symlink_to("versions/1")
        self.certify(name, certificate)
        self.nodes[name] = node
        self.variables[name] = {
            "case_dir": str(node.place),
            "https_front_server_names": [nginx.NAME],
            "https_front_port": node.port,
            "https_front_upstreams": [f"127.0.0.1:{self.backend.port}"],
            "https_front_certificate_dir": str(node.place / "live"),
            "https_front_access_log": "",
            "https_front_users": USERS,
            **variables,
        }
        return node

    def certify(self, _name: str, directory: Path, **given: Any) -> None:
        issued = pki.issue(nginx.NAME, self.root, names=[nginx.NAME, "127.0.0.1"], **given)
        directory.mkdir(exist_ok=True)
        (directory / "chain.pem").write_bytes(issued.pem)
        (directory / "key.pem").touch(0o600)
        (directory / "key.pem").write_bytes(issued.key_pem)
        (directory / "ca.pem").write_bytes(self.root.pem)

    def run(self, *arguments: str, names: Any = None, **changes: Any) -> Any:
        return self._play(HERE / "role.yml", {name: {**self.variables[name], **changes} for name in names or self.nodes}, *arguments)

    def asked(self, name: str) -> list[str]:
        """What systemd was asked for since the last time."""
        file = self.nodes[name].place / "asked"
        told = file.read_text().splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return [line for line in told if not line.startswith("show ")]

    def close(self) -> None:
        for node in self.nodes.values():
            node.close()
        self.backend.close()
