# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""nginx as a service of systemd."""

from __future__ import annotations

import contextlib
from typing import NamedTuple

from .._commands import Run

# with those that systemctl enable has nothing to do for: systemctl(1), is-enabled
_ENABLED = ("enabled", "static", "generated", "alias", "indirect")


class Failed(Exception):
    """A program that starts, stops or reloads nginx has failed; the message has its command and what it said."""


class State(NamedTuple):
    active: bool
    enabled: bool
    read: bool  # whether systemd has read its files as they are now


class Service:
    """The unit nginx.service. https://www.freedesktop.org/software/systemd/man/latest/systemctl.html"""

    def __init__(self, run: Run, systemctl: str) -> None:
        self._run = run
        self._systemctl = systemctl

    def state(self) -> State:
        told = dict(line.partition("=")[::2] for line in self._do("show", "--property=ActiveState,UnitFileState,NeedDaemonReload", "nginx").splitlines())
        # "reloading" and "refreshing" are active, too; "activating" is what is waited for after it was killed
        active = told.get("ActiveState") in ("active", "reloading", "refreshing")
        return State(active, told.get("UnitFileState") in _ENABLED, told.get("NeedDaemonReload") != "yes")

    def manager(self) -> str:
        """What systemd says of itself; empty where it does not, or is not there."""
        return self._asked("--version")

    def obstacle(self) -> str:
        """Why systemd cannot start it, in its own words: `not-found`, `masked`; empty where it can, or where that is not known."""
        told = self._asked("show", "--property=LoadState", "nginx").split()
        return next((each[len("LoadState=") :] for each in told if each.startswith("LoadState=") and each != "LoadState=loaded"), "")

    def read_again(self) -> None:
        """Has systemd read its files."""
        self._do("daemon-reload")

    def start(self) -> None:
        self._do("start", "nginx")

    def restart(self) -> None:
        self._do("restart", "nginx")

    def reload(self) -> None:
        self._do("reload", "nginx")

    def enable(self) -> None:
        self._do("enable", "nginx")

    def end(self) -> None:
        """Stops it, and does not start it at the next boot."""
        self._do("disable", "--now", "nginx")

    def _asked(self, *arguments: str) -> str:
        with contextlib.suppress(OSError):
            code, out, _err = self._run([self._systemctl, *arguments])
            return out if code == 0 else ""
        return ""

    def _do(self, *arguments: str) -> str:
        command = [self._systemctl, *arguments]
        code, out, err = self._run(command)
        if code != 0:
            raise Failed(f"{' '.join(command)}: {(err or out).strip() or f'status {code}'}")
        return out
