# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Replaces one table of nftables by a transaction that ends in one of two states, whatever is killed on the way.

The staged file is the state. While it is there, the new rules are not confirmed, and the way back (a timer of systemd and the service that
it starts) takes them back. One rename makes it the file that is loaded at boot: by that the rules are confirmed, persistent and past the way
back at once. The way back claims the same file by a rename of its own, so exactly one of the two happens (rename(2) is atomic).

    killed or powered off                  in the kernel, without a reboot      after a reboot
    before the way back is armed           the former rules                     the former rules
    before the rules are loaded            the former rules                     the former rules
    before they are confirmed              the new ones, until the timer ends   the former rules
    after they are confirmed               the new rules                        the new rules

The service that loads the rules at boot is enabled before the rules are loaded; without a rules file it does nothing (ConditionPathExists).
What is renamed has been written to the disk before, and the directory after it (fsync(2)), so that no power loss leaves an empty file.
The next run goes on from each of these states. A change of another run that still waits for its confirmation is waited for.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

__all__ = ["Failed", "State", "Table"]

_POLL = 0.5  # seconds


class Failed(Exception):
    """The sentence is for the user."""


@dataclass(frozen=True)
class State:
    """What is there: the rules for the next boot, the kernel's table, and the table as it was when these rules were loaded."""

    rules: str
    kernel: str
    recorded: str


@dataclass(frozen=True)
class Table:
    """One table, the rules that it is to have, and where all that concerns it is."""

    family: str
    name: str
    content: str
    path: Path
    runtime_dir: Path = Path("/run")
    unit: str = "tlsfront-firewall"
    nft: str = "/usr/sbin/nft"
    systemctl: str = "systemctl"

    @property
    def staged(self) -> Path:
        return self.path.with_name(self.path.name + ".staged")

    @property
    def refused(self) -> Path:
        """Where the way back moves the staged file, for a person to look at."""
        return self.path.with_name(self.path.name + ".refused")

    @property
    def record(self) -> Path:
        """What the kernel held when the rules were confirmed."""
        return self.path.with_suffix(".loaded")

    @property
    def former(self) -> Path:
        """What the way back loads. Below /run, so that nothing of an unconfirmed change outlives a reboot."""
        return self.runtime_dir / f"{self.unit}-former.nft"

    @property
    def unconfirmed(self) -> Path:
        """What the kernel held when the rules had been loaded."""
        return self.runtime_dir / f"{self.unit}-unconfirmed"

    @property
    def timer(self) -> str:
        return f"{self.unit}-revert.timer"

    @property
    def way_back(self) -> str:
        return f"{self.unit}-revert.service"

    def state(self) -> State:
        return State(rules=_read(self.path), kernel=self._kernel(), recorded=_read(self.record).partition("\n")[2])

    def is_in_force(self) -> bool:
        """Whether these rules are for the next boot, and the kernel's table is the one that they made."""
        return self.path.exists() and _read(self.path) == self.content and _read(self.record) == self._recorded(self._kernel())

    def load(self, patience: float) -> bool:
        """Loads the rules and leaves them unconfirmed, with the way back armed; whether that was necessary.

        :param patience: seconds that the change of another run may take to be confirmed or taken back
        """
        self._run(self.nft, "--check", "--file", "-", text=self.content)
        until = time.monotonic() + patience
        while True:
            with self._lock():
                if not self._is_waiting():
                    if self.is_in_force():
                        return False
                    self._load()
                    return True
            if time.monotonic() > until:
                raise Failed(
                    f"Another run has changed the table {self.family} {self.name} and waits for the confirmation. Nothing was changed. "
                    f"Try again when {self.timer} has ended."
                )
            time.sleep(_POLL)

    def confirm(self) -> None:
        """Makes the rules that load() has loaded those of the next boot, and disarms the way back. Called over a new connection."""
        with self._lock():
            if not self.staged.exists():
                raise Failed("The new rules came too late: no new connection got through before they were taken back.")
            if _read(self.staged) != self.content:
                raise Failed("Another run has changed the rules since.")
            kernel = self._kernel()
            if self._recorded(kernel) != _read(self.unconfirmed):
                raise Failed(f"Something else has changed the table {self.family} {self.name} since the rules were loaded.")
            try:
                self.staged.rename(self.path)
            except FileNotFoundError:  # the way back was faster
                raise Failed("The new rules came too late: no new connection got through before they were taken back.") from None
            _sync(self.path.parent)
            self._run(self.systemctl, "stop", self.timer)
            _write(self.record, self._recorded(kernel), 0o644)
            for file in (self.former, self.unconfirmed, self.refused):
                _remove(file)

    def take_back(self) -> bool:
        """Brings the former rules back unless these are confirmed or were taken back already; whether that was necessary."""
        with self._lock():
            if _read(self.staged) != self.content:
                return False
            self._take_back()
            return True

    def _load(self) -> None:
        self._run(self.systemctl, "daemon-reload")
        # Left by a run that was killed, and whose timer somebody has stopped: what it goes back to is what was confirmed last.
        self._take_back()
        _write(self.former, f"{self._gone()}{self._kernel()}", 0o600)
        _write(self.staged, self.content, 0o644)
        self._run(self.systemctl, "enable", f"{self.unit}.service")
        for directory in self._unit_directories():
            _sync(directory)
        self._run(self.systemctl, "restart", self.timer)
        try:
            self._run(self.nft, "--file", str(self.staged))
        except Failed:
            self._take_back()
            raise
        _write(self.unconfirmed, self._recorded(self._kernel()), 0o600)

    def _take_back(self) -> None:
        if self.staged.exists() and self.former.exists():
            self._run(self.systemctl, "start", self.way_back)
        self._run(self.systemctl, "stop", self.timer)

    def _is_waiting(self) -> bool:
        states = [self._ask(self.systemctl, "is-active", unit).stdout.strip() for unit in (self.timer, self.way_back)]
        return any(state in ("active", "activating", "reloading") for state in states)

    def _unit_directories(self) -> list[Path]:
        """The directories of the unit's file and of the links by which it is enabled, and the file itself."""
        shown = self._run(self.systemctl, "show", "--property=FragmentPath", "--value", f"{self.unit}.service").strip()
        if not shown:
            raise Failed(f"systemd knows no {self.unit}.service, which is to load the rules at boot.")
        file = Path(shown)
        return [file, file.parent, *(link.parent for link in file.parent.glob(f"*.wants/{file.name}"))]

    def _kernel(self) -> str:
        """The kernel's table, without counters, so that equal rules have equal texts; empty where there is none."""
        try:
            listed = self._ask(self.nft, "--stateless", "list", "table", self.family, self.name)
        except FileNotFoundError:  # in check mode nft may not have been installed yet
            return ""
        if listed.returncode and "No such file or directory" not in listed.stderr:
            raise Failed(f"nft cannot list the table {self.family} {self.name}: {listed.stderr.strip()}")
        return listed.stdout

    def _gone(self) -> str:
        """Without its first line, the second one would fail where there is no such table."""
        return f"table {self.family} {self.name}\ndelete table {self.family} {self.name}\n"

    def _recorded(self, kernel: str) -> str:
        return f"# rules: sha256 {hashlib.sha256(self.content.encode()).hexdigest()}\n{kernel}"

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        """One run at a time, as long as its process lives (flock(2))."""
        with (self.runtime_dir / f"{self.unit}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _run(self, *command: str, text: str = "") -> str:
        done = self._ask(*command, text=text)
        if done.returncode:
            raise Failed(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()}")
        return done.stdout

    def _ask(self, *command: str, text: str = "") -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "LC_ALL": "C"}
        # a unit test drives this without Ansible
        return subprocess.run(  # pylint: disable=ansible-bad-function
            command, input=text, capture_output=True, text=True, check=False, env=environment
        )


def _read(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""


def _write(path: Path, content: str, mode: int) -> None:
    """Writes a whole file or none, also when the power goes."""
    fresh = path.with_name(path.name + ".new")
    _remove(fresh)
    with os.fdopen(os.open(str(fresh), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode), "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
    _sync(path.parent)


def _remove(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        path.unlink()


def _sync(path: Path) -> None:
    descriptor = os.open(str(path), os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
