# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Replaces one table of nftables by a transaction that ends in one of two states, whatever is killed on the way.

The staged file is the state. While it is there, the new rules are not confirmed, and the way back (a timer of systemd and the service that
it starts) takes them back. One rename makes it the file that is loaded at boot: by that the rules are confirmed, persistent and past the way
back at once. The way back claims the same file by a rename of its own, so exactly one of the two happens (rename(2) is atomic).

    killed or powered off                  in the kernel, without a reboot      after a reboot
    while the units are written            the former rules                     the former rules
    before the way back is armed           the former rules                     the former rules
    before the rules are loaded            the former rules                     the former rules
    before they are confirmed              the new ones, until the timer ends   the former rules
    after they are confirmed               the new rules                        the new rules
    while all of it is removed             the former rules, then none          the former rules or none

The service that loads the rules at boot is enabled before the rules are loaded; without a rules file it does nothing (ConditionPathExists).
What is renamed has been written to the disk before, and the directory after it (fsync(2)), so that no power loss leaves an empty file.
The next run goes on from each of these states. A change of another run that still waits for its confirmation is waited for.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, NamedTuple

from .. import _files
from .._commands import Failed, run
from .._selinux import kernel as selinux
from . import units
from .commands import gone, kernel_problem, list_table

__all__ = ["Loaded", "State", "Table"]

_POLL = 0.5  # seconds


class Loaded(NamedTuple):
    """Whether anything was changed, and whether the rules are loaded and wait for their confirmation."""

    changed: bool
    unconfirmed: bool


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
    unit_files: tuple[units.UnitFile, ...] = ()

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
    def lock(self) -> Path:
        return self.runtime_dir / f"{self.unit}.lock"

    @property
    def service(self) -> str:
        return f"{self.unit}.service"

    @property
    def timer(self) -> str:
        return f"{self.unit}-revert.timer"

    @property
    def way_back(self) -> str:
        return f"{self.unit}-revert.service"

    @property
    def own_files(self) -> list[Path]:
        """In the order in which they are removed. The rules for the next boot come last."""
        return [self.former, self.unconfirmed, self.refused, self.staged, self.record, self.path]

    def state(self) -> State:
        return State(rules=_files.read(self.path), kernel=self.kernel(), recorded=_files.read(self.record).partition("\n")[2])

    def differing_units(self) -> list[units.UnitFile]:
        return [file for file in self.unit_files if file.differs]

    def is_in_force(self) -> bool:
        """Whether these rules are for the next boot, and the kernel's table is the one that they made."""
        return self.is_confirmed() and _files.read(self.record) == self._recorded(self.kernel())

    def is_confirmed(self) -> bool:
        """Whether these rules are for the next boot, whatever the kernel has."""
        return self.path.exists() and _files.read(self.path) == self.content

    def is_at_boot(self) -> bool:
        """Whether systemd knows the units as they are on the disk, loads the rules at boot, and has done so."""
        return self._is_at_boot(self._states())

    def load(self, patience: float) -> Loaded:
        """Writes the units, loads the rules and leaves them unconfirmed, with the way back armed; what of that was necessary.

        :param patience: seconds that the change of another run may take to be confirmed or taken back
        """
        try:
            run(self.nft, "--check", "--file", "-", text=self.content)
        except Failed as error:
            raise Failed(kernel_problem(self.nft) or str(error)) from None
        until = time.monotonic() + patience
        while True:
            with self._locked():
                states = self._states()
                if not any(states[unit].is_running for unit in (self.timer, self.way_back)):
                    changed = units.write(self.unit_files)
                    if self.is_in_force():
                        return Loaded(self._keep_at_boot(changed) or changed, False)
                    self._load()
                    return Loaded(True, True)
            if time.monotonic() > until:
                raise Failed(
                    f"Another run has changed the table {self.family} {self.name} and waits for the confirmation. Nothing was changed. "
                    f"Try again when {self.timer} has ended."
                )
            time.sleep(_POLL)

    def confirm(self) -> None:
        """Makes the rules that load() has loaded those of the next boot, and disarms the way back. Called over a new connection."""
        with self._locked():
            if not self.staged.exists():
                raise Failed("The new rules came too late: no new connection got through before they were taken back.")
            if _files.read(self.staged) != self.content:
                raise Failed("Another run has changed the rules since.")
            kernel = self.kernel()
            if self._recorded(kernel) != _files.read(self.unconfirmed):
                raise Failed(f"Something else has changed the table {self.family} {self.name} since the rules were loaded.")
            try:
                self.staged.rename(self.path)
            except FileNotFoundError:  # the way back was faster
                raise Failed("The new rules came too late: no new connection got through before they were taken back.") from None
            _files.sync(self.path.parent)
            run(self.systemctl, "stop", self.timer)
            _files.write(self.record, self._recorded(kernel), 0o644)
            for file in (self.former, self.unconfirmed, self.refused):
                _files.remove(file)
            run(self.systemctl, "start", self.service)  # it loads the same rules

    def take_back(self) -> bool:
        """Brings the former rules back unless these are confirmed or were taken back already; whether that was necessary."""
        with self._locked():
            if _files.read(self.staged) != self.content:
                return False
            self._take_back()
            return True

    def remains(self) -> dict[str, str]:
        """All that is there of it, with what is in it. A lock that nobody holds is one, too: a removal that was killed ends with it."""
        places = [*(file.path for file in self.unit_files), *self.own_files]
        found = {str(each): _files.read(each) for place in places for each in (place, _files.beside(place)) if os.path.lexists(each)}
        kernel = self.kernel()
        if kernel:
            found[f"table {self.family} {self.name} in the kernel"] = kernel
        for directory in (self.path.parent, *units.directories(self.unit_files)):
            if directory.is_dir() and not any(directory.iterdir()):
                found[f"{directory}/"] = ""
        if self.lock.exists():
            found[str(self.lock)] = ""
        return found

    def closes(self) -> bool:
        """Whether any rules of it are in the kernel, or come at the next boot."""
        return bool(self.kernel()) or self.path.exists()

    def remove(self) -> bool:
        """Takes all of it off, so that nothing of it comes back at boot either; whether anything was there."""
        if not self.remains():
            return False
        with self._locked():
            units.stop(self.systemctl, self._states(), [self.service], [self.timer, self.way_back, self.service])
            if self.kernel():  # stopping the service leaves it, on purpose
                run(self.nft, "--file", "-", text=gone(self.family, self.name))
            units.remove(self.unit_files)
            run(self.systemctl, "daemon-reload")
            for file in self.own_files:
                _files.remove(file)
            units.remove_if_empty(self.path.parent)
            self.lock.unlink()
        return True

    def kernel(self) -> str:
        """The kernel's table, without counters, so that equal rules have equal texts; empty where there is none."""
        try:
            return list_table(self.nft, self.family, self.name, "--stateless")
        except FileNotFoundError:  # in check mode nft may not have been installed yet, and at the removal not any more
            return ""

    def _load(self) -> None:
        run(self.systemctl, "daemon-reload")
        # Left by a run that was killed, and whose timer somebody has stopped: what it goes back to is what was confirmed last.
        self._take_back()
        _files.make_directory(self.path.parent)
        _files.write(self.former, gone(self.family, self.name) + self.kernel(), 0o600)
        self._let_nft_read()
        _files.write(self.staged, self.content, 0o644)
        self._enable()
        run(self.systemctl, "restart", self.timer)
        try:
            run(self.nft, "--file", str(self.staged))
        except Failed:
            self._take_back()
            raise
        _files.write(self.unconfirmed, self._recorded(self.kernel()), 0o600)

    def _let_nft_read(self) -> None:
        """The way back, and the rules. With SELinux, what systemd starts as nft reads what is in /etc, but not any file in /run: so that gets the same label.

        :raises Failed: it may not read one of them
        """
        if selinux.mode() == "disabled":
            return
        policy, etc = selinux.Kernel(), self.path.parent
        rules = policy.made_in(selinux.label(etc), "file")
        selinux.set_label(self.former, rules)
        domain = policy.runs_as(selinux.label(Path(os.path.realpath(self.nft))))
        if selinux.mode() == "enforcing" and not policy.allows(domain, rules, "file", "open", "read", "getattr"):
            _files.remove(self.former)
            raise Failed(
                f"SELinux does not let {self.nft} ({domain}) read what is in {etc} ({rules}), at boot and for the way back. "
                f"See whether 'restorecon -R -v {etc} {self.nft}' puts the labels right. Nothing was loaded."
            )

    def _take_back(self) -> None:
        if self.staged.exists() and self.former.exists():
            run(self.systemctl, "start", self.way_back)
        run(self.systemctl, "stop", self.timer)

    def _keep_at_boot(self, units_changed: bool) -> bool:
        """Where the rules are in force already: systemd knows the units, and has the service enabled and started. Whether it had to be told."""
        states = self._states()
        if self._is_at_boot(states) and not units_changed:
            return False
        if units_changed or any(state.needs_reload for state in states.values()):
            run(self.systemctl, "daemon-reload")
        if not states[self.service].is_enabled:
            self._enable()
        run(self.systemctl, "start", self.service)
        return True

    def _is_at_boot(self, states: dict[str, units.State]) -> bool:
        service = states[self.service]
        return service.is_enabled and service.active == "active" and not any(state.needs_reload for state in states.values())

    def _enable(self) -> None:
        run(self.systemctl, "enable", self.service)
        for directory in self._unit_directories():
            _files.sync(directory)

    def _states(self) -> dict[str, units.State]:
        return units.states(self.systemctl, dict.fromkeys([self.service, self.timer, self.way_back, *units.names(self.unit_files)]))

    def _unit_directories(self) -> list[Path]:
        """The directories of the unit's file and of the links by which it is enabled, and the file itself."""
        shown = self._states()[self.service].fragment
        if not shown:
            raise Failed(f"systemd knows no {self.service}, which is to load the rules at boot.")
        file = Path(shown)
        return [file, file.parent, *(link.parent for link in file.parent.glob(f"*.wants/{file.name}"))]

    def _recorded(self, kernel: str) -> str:
        return f"# rules: sha256 {hashlib.sha256(self.content.encode()).hexdigest()}\n{kernel}"

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One run at a time, as long as its process lives (flock(2)). A removal takes the file away: who has waited for that one makes another."""
        while True:
            with self.lock.open("w") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                if os.fstat(file.fileno()).st_nlink:
                    yield
                    return
