# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A node that can be killed at any step of a change, and powered off: files, the role's own units and a kernel's nftables.

The kernel is real, in a network namespace. Of systemd there is only what the module asks for: a shell script that does what the unit files
say. Scenario firewall of Molecule does the same with systemd itself.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kills
from firewall_rules import render
from systemctl import SYSTEMCTL

EVENTS = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "subprocess.Popen")  # https://docs.python.org/3/library/audit_events.html

UNITS = ("tlsfront-firewall.service", "tlsfront-firewall-revert.service", "tlsfront-firewall-revert.timer")


class Node:
    """Lives in a directory and a network namespace until close(); needs root."""

    def __init__(self, directory: Path, name: str) -> None:
        self.directory, self.name = directory, name
        self.etc, self.run, self.active = (directory / each for each in ("etc", "run", "active"))
        self.rules_file = self.etc / "firewall.nft"
        self._snapshots = 0
        subprocess.run(["ip", "netns", "add", name], check=True, capture_output=True)

    def install(self) -> None:
        """A node on which the role has not been yet."""
        shutil.rmtree(self.directory)
        for directory in (self.etc.parent, self.run, self.active, self.directory / "units", self.directory / "loaded"):
            directory.mkdir(parents=True, exist_ok=True)
        self.systemctl_path.write_text(SYSTEMCTL)
        self.systemctl_path.chmod(0o755)
        self.inside("nft", "flush", "ruleset")

    def unit_files(self, confirm_timeout: int = 60) -> dict[Path, str]:
        """The units of the role, for the places of this node."""
        paths = {
            "__host_firewall_rules_file": str(self.rules_file),
            "__host_firewall_staged_file": f"{self.rules_file}.staged",
            "__host_firewall_refused_file": f"{self.rules_file}.refused",
            "__host_firewall_former_file": str(self.run / "tlsfront-firewall-former.nft"),
            "__host_firewall_unconfirmed_file": str(self.run / "tlsfront-firewall-unconfirmed"),
            "__host_firewall_nft": shutil.which("nft"),
            "host_firewall_confirm_timeout": confirm_timeout,
        }
        names = (*UNITS, *(f"nftables.service.d/{when}-tlsfront-firewall.conf" for when in ("00", "zz")))
        return {self.directory / "units" / name: render(f"{Path(name).name}.j2", **paths) for name in names}

    def loaded_units(self) -> dict[str, str]:
        """What systemd knows, by name."""
        return {str(file.relative_to(self.directory / "loaded")): file.read_text() for file in (self.directory / "loaded").rglob("*") if file.is_file()}

    @property
    def systemctl_path(self) -> Path:
        return self.directory / "systemctl"

    def inside(self, *command: str) -> str:
        done = subprocess.run(["ip", "netns", "exec", self.name, *command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
        return done.stdout

    def table(self) -> str:
        return self.inside("nft", "--stateless", "list", "ruleset")

    def let_the_timer_elapse(self) -> None:
        """Whether its service succeeds or not."""
        subprocess.run(["ip", "netns", "exec", self.name, str(self.systemctl_path), "fire"], capture_output=True, check=False)

    def power_off_and_boot(self) -> None:
        for directory in (self.run, self.active):
            shutil.rmtree(directory)
            directory.mkdir()
        self.inside("nft", "flush", "ruleset")
        self.inside(str(self.systemctl_path), "boot")

    def snapshot(self) -> Callable[[], None]:
        """Keeps everything; a call of what is returned brings it back."""
        self._snapshots += 1
        kept, kernel = Path(f"{self.directory}.{self._snapshots}"), self.table()
        shutil.copytree(self.directory, kept, symlinks=True)

        def restore() -> None:
            shutil.rmtree(self.directory)
            shutil.copytree(kept, self.directory, symlinks=True)
            self.load(kernel)

        return restore

    def load(self, text: str) -> None:
        """Gives the kernel these rules and no others."""
        file = self.directory / "kernel.nft"
        file.write_text(f"flush ruleset\n{text}")
        self.inside("nft", "--file", str(file))
        file.unlink()

    def do(self, step: Callable[[], Any], kill_before: int = 0) -> str:
        """Does the step in a process of its own inside the node. It kills itself before that action (a file opened to
        write, renamed, removed, a directory made or removed, a program run), counted from 1; 0 is never.

        "killed", "done", or what went wrong.
        """
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            said = "done"
            try:
                os.close(reader)
                _enter(self.name)
                if kill_before:
                    kills.kill_before(kill_before, EVENTS)
                step()
            except Exception as error:
                said = str(error) or type(error).__name__
            finally:
                os.write(writer, said.encode())
                os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as pipe:
            said = pipe.read()
        _pid, status = os.waitpid(child, 0)
        return "killed" if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL else said

    def close(self) -> None:
        subprocess.run(["ip", "netns", "delete", self.name], capture_output=True, check=False)


def _enter(namespace: str) -> None:
    with Path("/run/netns", namespace).open() as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), 0):
            raise OSError(ctypes.get_errno(), "setns")
