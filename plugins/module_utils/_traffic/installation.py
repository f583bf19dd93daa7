# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""All of it on a node: the program, its units, the table and the record. Whatever is cut off, the next call goes on."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from .. import _files
from .._commands import run
from .._nftables import units as systemd
from .observer import Observer
from .rules import Wanted
from .textfile import NAME as TEXTFILE
from .units import SAVER, SERVICE, TIMER, Installed

__all__ = ["Installation"]

_TEXTFILE_DIR = re.compile(r" --textfile-dir (/\S+)")


@dataclass(frozen=True)
class Installation:
    """What is to be there, or not any more."""

    observer: Observer
    files: Installed
    program: Path
    textfile_dir: str
    systemctl: str = "systemctl"

    def differing(self) -> list[systemd.UnitFile]:
        """The files that are not as they are to be."""
        return [file for file in (*self.files.program, *self.files.units) if file.differs]

    def is_there(self, what: Wanted) -> bool:
        return not self.differing() and self.observer.observes(what) and self._is_running()

    def install(self, what: Wanted) -> bool:
        """Whether something had to be changed. What was remembered stays, whatever else changes.

        :raises Failed: nft or systemd refuses
        """
        if not self.differing() and self._is_running():
            return self.observer.load(what)  # which saves
        for path in self._textfiles():
            if str(path.parent) != self.textfile_dir:
                _files.remove(path)
        systemd.write(self.files.program)
        units_changed = systemd.write(self.files.units)
        # before it is enabled: a boot in between would have nothing to load
        self.observer.load(what)
        if units_changed or any(state.needs_reload for state in self._states().values()):
            run(self.systemctl, "daemon-reload")
        for unit in (SERVICE, TIMER):
            run(self.systemctl, "enable", unit)
        run(self.systemctl, "start", SERVICE)
        run(self.systemctl, "restart", TIMER)  # by the schedule that is there now
        return True

    def remains(self) -> list[str]:
        """What is there of it, for people."""
        files = [str(file.path) for file in self.files.units if file.path.exists()]
        textfile = [str(path) for path in self._textfiles() if path.exists()]
        return [*files, *([f"{self.program}/"] if self.program.exists() else []), *textfile, *self.observer.remains()]

    def remove(self) -> bool:
        """Takes all of it off; whether anything was there."""
        if not self.remains():
            return False
        systemd.stop(self.systemctl, self._states(), [SERVICE, TIMER], [TIMER, SAVER, SERVICE])
        self.observer.remove()
        for path in self._textfiles():
            _files.remove(path)
        systemd.remove(self.files.units)
        run(self.systemctl, "daemon-reload")
        if self.program.exists():
            shutil.rmtree(self.program)
        return True

    def _textfiles(self) -> list[Path]:
        """Where the unit that is there writes it, and where it is to be written."""
        written = [directory for file in self.files.units for directory in _TEXTFILE_DIR.findall(_files.read(file.path))]
        return [Path(directory) / TEXTFILE for directory in dict.fromkeys([*written, *filter(None, [self.textfile_dir])])]

    def _is_running(self) -> bool:
        states = self._states()
        return all(states[unit].is_enabled and states[unit].active == "active" and not states[unit].needs_reload for unit in (SERVICE, TIMER))

    def _states(self) -> dict[str, systemd.State]:
        return systemd.states(self.systemctl, [SERVICE, SAVER, TIMER])
