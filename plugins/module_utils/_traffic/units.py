# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The program that runs on the node without Ansible, and the units that run it. The program is this package itself."""

from __future__ import annotations

import inspect
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from .._commands import Failed
from .._nftables.units import UnitFile

__all__ = ["SAVER", "SERVICE", "TIMER", "Installed", "installed"]

SERVICE = "tlsfront-observe.service"
SAVER = "tlsfront-observe-save.service"
TIMER = "tlsfront-observe-save.timer"
_MODULES = (
    "_commands",
    "_files",
    "_nftables",
    "_nftables.commands",
    "_nftables.units",
    "_traffic",
    "_traffic.kernel",
    "_traffic.observer",
    "_traffic.program",
    "_traffic.record",
    "_traffic.rules",
    "_traffic.textfile",
    "_traffic.units",
)
_START = """# Written by the Ansible module tlsfront.elasticsearch.traffic_observer, which overwrites changes made here.
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
import sys

from module_utils._traffic.program import main

if __name__ == "__main__":
    sys.exit(main())
"""
_HEAD = "# Written by the Ansible module tlsfront.elasticsearch.traffic_observer, which overwrites changes made here."
# No NoNewPrivileges=, nor what implies it: with it, SELinux's policy of Red Hat's family does not let nft into its own domain.
_HARDENING = """CapabilityBoundingSet=CAP_NET_ADMIN CAP_DAC_OVERRIDE
ProtectSystem=full
ProtectHome=yes"""
_LOAD = """{head}
[Unit]
Description=Observe who uses the ports of Elasticsearch that are to be closed
Documentation=man:nft(8)
# From before any interface is up (systemd.special(7), network-pre.target), and after the service that flushes the ruleset when it starts.
DefaultDependencies=no
Wants=network-pre.target
Before=network-pre.target shutdown.target
Conflicts=shutdown.target
After=local-fs.target systemd-modules-load.service nftables.service
RequiresMountsFor={directory} {program}

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart={command} load
ExecStop={command} save
{hardening}

[Install]
WantedBy=sysinit.target
"""
_SAVE = """{head}
[Unit]
Description=Save who uses the ports of Elasticsearch that are to be closed
Documentation=man:nft(8)
RequiresMountsFor={directory} {program}

[Service]
Type=oneshot
ExecStart={command} save
TimeoutStartSec=120
Nice=10
{hardening}
"""
_EVERY = """{head}
[Unit]
Description=Save who uses the ports of Elasticsearch that are to be closed, every {minutes} minutes

[Timer]
OnActiveSec={minutes}min
OnUnitActiveSec={minutes}min
AccuracySec=10s

[Install]
WantedBy=timers.target
"""


class Installed(NamedTuple):
    """Files on the node."""

    program: tuple[UnitFile, ...]
    units: tuple[UnitFile, ...]


def installed(nft: str, directory: Path, program: Path, units: Path, textfile_dir: str, save_minutes: int) -> Installed:
    """What is to be there.

    :raises Failed: a path has what a unit of systemd would take for something else
    """
    for path in filter(None, [nft, str(directory), str(program), textfile_dir]):
        if not path.startswith("/") or not all(letter.isascii() and (letter.isalnum() or letter in "/._+@-") for letter in path):
            raise Failed(f"{path!r} is no absolute path of letters, digits and the characters . _ + @ - alone. Nothing was changed.")
    python = "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else sys.executable
    textfile = f" --textfile-dir {textfile_dir}" if textfile_dir else ""
    filled = {
        "head": _HEAD,
        "hardening": _HARDENING,
        "minutes": save_minutes,
        "directory": directory,
        "program": program,
        "command": f"{python} -E -s {program}/observe.py --nft {nft} --directory {directory}{textfile}",
    }
    return Installed(
        (*_program(program), UnitFile(program / "observe.py", _START)),
        (
            UnitFile(units / SERVICE, _LOAD.format(**filled)),
            UnitFile(units / SAVER, _SAVE.format(**filled)),
            UnitFile(units / TIMER, _EVERY.format(**filled)),
        ),
    )


def _program(program: Path) -> list[UnitFile]:
    """The source of the modules that this one rests on, as they run now."""
    top = __name__.rpartition("._traffic.")[0]
    found = [UnitFile(program / "module_utils/__init__.py")]
    for name in _MODULES:
        module = import_module(f"{top}.{name}")
        path = program.joinpath("module_utils", *name.split("."))
        is_package = hasattr(module, "__path__")
        found.append(UnitFile(path / "__init__.py" if is_package else path.with_suffix(".py"), _source_of(module)))
    return found


def _source_of(module: object) -> str:
    try:
        return inspect.getsource(module)  # type: ignore[arg-type]
    except OSError:  # an empty file has no source
        return ""
