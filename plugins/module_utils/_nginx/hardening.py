# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Of a drop-in, the lines that a systemd knows. It passes over others, but complains of each in the journal whenever it reads the unit."""

from __future__ import annotations

import re

__all__ = ["known", "version"]

# The version with which each came, as systemd's NEWS says; what is not here is older than any systemd that runs a supported Python.
# https://github.com/systemd/systemd/blob/main/NEWS
_SINCE = {
    "ProtectProc": 247,
    "ProtectClock": 245,
    "ProtectKernelLogs": 244,
    "ProtectHostname": 242,
    "RestrictSUIDSGID": 242,
}


def version(said: str) -> int:
    """That of systemd, of what `systemctl --version` prints: `systemd 252 (252.38-1~deb12u1)`; 0 where it does not say it."""
    found = re.match(r"systemd ([0-9]+)", said)
    return int(found[1]) if found else 0


def known(drop_in: str, systemd: int) -> str:
    """The drop-in without what this version does not know. With 0, all of it."""
    lines = drop_in.splitlines(keepends=True)
    return "".join(line for line in lines if not 0 < systemd < _SINCE.get(line.partition("=")[0].strip(), 0))
