# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The program that runs on the node without Ansible, and the units that run it. The program is this package itself."""

from __future__ import annotations

import inspect
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from .. import _commands, _files, _nftables, _port_spans, _traffic
from .._commands import Failed
from .._nftables import commands, units
from .._nftables.units import UnitFile
from . import kernel, observer, program, record, rules, textfile

__all__ = ["SAVER", "SERVICE", "TIMER", "Installed", "installed"]

SERVICE = "tlsfront-observe.service"
SAVER = "tlsfront-observe-save.service"
TIMER = "tlsfront-observe-save.timer"
# imported by name, so that Ansible brings them along
_MODULES = (_commands, _files, _port_spans, _nftables, commands, units, _traffic, kernel, observer, program, record, rules, textfile)
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


def installed(nft: str, directory: Path, program_dir: Path, unit_dir: Path, textfile_dir: str, save_minutes: int) -> Installed:
    """What is to be there.

    :raises Failed: a path has what a unit of systemd would take for something else
    """
    for path in filter(None, [nft, str(directory), str(program_dir), textfile_dir]):
        if not path.startswith("/") or not all(letter.isascii() and (letter.isalnum() or letter in "/._+@-") for letter in path):
            raise Failed(f"{path!r} is no absolute path of letters, digits and the characters . _ + @ - alone. Nothing was changed.")
    python = "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else sys.executable
    to_textfile = f" --textfile-dir {textfile_dir}" if textfile_dir else ""
    filled = {
        "head": _HEAD,
        "hardening": _HARDENING,
        "minutes": save_minutes,
        "directory": directory,
        "program": program_dir,
        "command": f"{python} -E -s {program_dir}/observe.py --nft {nft} --directory {directory}{to_textfile}",
    }
    return Installed(
        (*_program(program_dir), UnitFile(program_dir / "observe.py", _START)),
        (
            UnitFile(unit_dir / SERVICE, _LOAD.format(**filled)),
            UnitFile(unit_dir / SAVER, _SAVE.format(**filled)),
            UnitFile(unit_dir / TIMER, _EVERY.format(**filled)),
        ),
    )


def _program(directory: Path) -> list[UnitFile]:
    """The source of the modules that this one rests on, as they run now."""
    top = __name__.rpartition("._traffic.")[0]
    found = [UnitFile(directory / "module_utils/__init__.py")]
    for module in _MODULES:
        path = directory.joinpath("module_utils", *module.__name__[len(top) + 1 :].split("."))
        found.append(UnitFile(path / "__init__.py" if hasattr(module, "__path__") else path.with_suffix(".py"), _source_of(module)))
    return found


def _source_of(module: ModuleType) -> str:
    try:
        return inspect.getsource(module)
    except OSError:  # an empty file has no source
        return ""
