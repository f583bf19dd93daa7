# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Files of systemd that belong to a table: units, and drop-ins of others' units."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Mapping

from .. import _files
from .._commands import Failed, run

__all__ = ["State", "UnitFile", "directories", "names", "remove", "remove_if_empty", "states", "stop", "write"]

_MODE = 0o644  # systemd complains of others
_PROPERTIES = ("LoadState", "ActiveState", "UnitFileState", "NeedDaemonReload", "FragmentPath")


@dataclass(frozen=True)
class UnitFile:
    """A file, and what is to be in it."""

    path: Path
    content: str = ""

    @property
    def differs(self) -> bool:
        return _files.differs(self.path, self.content, _MODE)

    @property
    def unit(self) -> str:
        """The unit whose definition it is, or is a part of."""
        return self.path.parent.name[: -len(".d")] if self.is_drop_in else self.path.name

    @property
    def is_drop_in(self) -> bool:
        return self.path.parent.name.endswith(".d")


@dataclass(frozen=True)
class State:
    """What systemd knows of a unit: systemctl(1), org.freedesktop.systemd1(5)."""

    is_loaded: bool
    is_enabled: bool
    active: str
    needs_reload: bool
    fragment: str

    @property
    def is_running(self) -> bool:
        return self.active in ("active", "activating", "reloading")


def names(files: Iterable[UnitFile]) -> list[str]:
    return list(dict.fromkeys(file.unit for file in files))


def directories(files: Iterable[UnitFile]) -> list[Path]:
    """Those that are there for drop-ins only."""
    return list(dict.fromkeys(file.path.parent for file in files if file.is_drop_in))


def write(files: Iterable[UnitFile]) -> bool:
    """Writes those that differ; whether there was one. Each of them, old or new, does no harm beside the others, old or new."""
    changed = [file for file in files if file.differs]
    for file in changed:
        _files.make_directory(file.path.parent)
        _files.write(file.path, file.content, _MODE)
    return bool(changed)


def remove(files: Iterable[UnitFile]) -> None:
    for file in files:
        _files.remove(file.path)
    for directory in directories(files):
        remove_if_empty(directory)


def remove_if_empty(directory: Path) -> None:
    """Something of others may be in it."""
    with contextlib.suppress(OSError):
        directory.rmdir()


def states(systemctl: str, units: Iterable[str]) -> dict[str, State]:
    """What systemd knows of each unit, by one question for all of them: it answers in this order, with an empty line between two."""
    asked = list(units)
    blocks = run(systemctl, "show", f"--property={','.join(_PROPERTIES)}", *asked).strip("\n").split("\n\n")
    if len(blocks) != len(asked):
        raise Failed(f"{systemctl} show answers for {len(blocks)} units, not for {', '.join(asked)}.")
    return {unit: _state(block) for unit, block in zip(asked, blocks)}


def stop(systemctl: str, known: Mapping[str, State], enabled: Iterable[str], loaded: Iterable[str]) -> None:
    """Disables what may be enabled, and then stops what may be loaded, in these orders."""
    for unit in enabled:
        if known[unit].is_enabled:
            run(systemctl, "disable", unit)
    for unit in loaded:
        if known[unit].is_loaded:
            run(systemctl, "stop", unit)


def _state(block: str) -> State:
    known = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
    return State(
        is_loaded=known.get("LoadState") == "loaded",
        is_enabled=known.get("UnitFileState") == "enabled",
        active=known.get("ActiveState", ""),
        needs_reload=known.get("NeedDaemonReload") == "yes",
        fragment=known.get("FragmentPath", ""),
    )
