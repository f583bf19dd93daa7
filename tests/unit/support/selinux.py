# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Debian's reference policy without a kernel that enforces it: its file answers in place of selinuxfs, and its store is a copy that semanage changes.

On Debian: `apt-get install selinux-policy-default policycoreutils policycoreutils-python-utils selinux-utils python3-setools`
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._selinux.kernel import Kernel

NAME = "default"
STORE = Path("/var/lib/selinux")
SETTINGS = Path("/etc/selinux")
SYSTEM_PYTHON = "/usr/bin/python3"
PATHS = "/usr/sbin:/usr/bin:/sbin:/bin"
UNCONFINED = "unconfined_u:unconfined_r:unconfined_t:s0"
INIT = "system_u:system_r:init_t:s0"

__all__ = ["INIT", "NAME", "PolicyFile", "lacks", "policy_path", "programs"]


def policy_path() -> Path | None:
    return max((SETTINGS / NAME / "policy").glob("policy.*"), default=None)


def lacks() -> str:
    """What is not here; empty where all is."""
    if os.geteuid() != 0:
        return "root"
    if policy_path() is None or not (STORE / NAME).is_dir():
        return "selinux-policy-default"
    missing = [program for program in ("semanage", "matchpathcon", "restorecon", "unshare") if not shutil.which(program, path=PATHS)]
    if missing:
        return ", ".join(missing)
    done = subprocess.run([SYSTEM_PYTHON, "-c", "import setools"], capture_output=True, check=False)
    return "python3-setools" if done.returncode else ""


class PolicyFile(Kernel):
    """Stands in for selinuxfs: the rules are those of a policy's file, by setools."""

    def __init__(self, path: Path) -> None:
        super().__init__(Path("/nonexistent"))
        self.process = subprocess.Popen(
            [SYSTEM_PYTHON, str(Path(__file__).with_name("policy_file.py")), str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.switched: dict[str, bool] = {}
        self.answers: dict[str, Any] = {}

    def ask(self, *question: Any) -> Any:
        """Each question once, so that a forked process which knows the answers shares no pipe with this one."""
        assert self.process.stdin and self.process.stdout
        asked = json.dumps([self.switched, *question], sort_keys=True)
        if asked not in self.answers:
            self.process.stdin.write(asked + "\n")
            self.process.stdin.flush()
            self.answers[asked] = json.loads(self.process.stdout.readline())
        return self.answers[asked]

    def end(self) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def switch(self, boolean: str, is_on: bool) -> None:
        """As setsebool(8) does."""
        self.switched[boolean] = is_on

    def allows(self, source: str, target: str, kind: str, *permissions: str) -> bool:
        return bool(self.ask("allows", _type(source), _type(target), kind, *permissions))

    def has(self, boolean: str) -> bool:
        return self.ask("boolean", boolean) is not None

    def is_on(self, boolean: str) -> bool:
        return bool(self.ask("boolean", boolean))

    def context(self, kind: str) -> str:
        return f"system_u:object_r:{kind}:s0"

    def _context(self, process: str) -> str:
        return INIT if process == "1" else UNCONFINED

    def _create(self, source: str, target: str, kind: str) -> str:
        default = self.ask("default", _type(source), _type(target), kind)
        if kind == "process":
            return f"system_u:system_r:{default or _type(source)}:s0"
        return f"system_u:object_r:{default or _type(target)}:s0"


def programs(place: Path) -> Path:
    """A directory for PATH, by whose semanage and matchpathcon a copy of the store is asked and changed, and nothing of this host. `calls` counts them."""
    store, settings, binaries = (place / name for name in ("store", "settings", "bin"))
    shutil.copytree(STORE, store, symlinks=True)
    shutil.copytree(SETTINGS, settings, symlinks=True)
    binaries.mkdir()
    for name, options in (("semanage", f'"$1" -N -S {NAME} "${{@:2}}"'), ("matchpathcon", '"$@"')):
        script = binaries / name
        mounts = f"mount --bind {store} {STORE} && mount --bind {settings} {SETTINGS}"
        script.write_text(
            f'#!/bin/bash\necho {name} "$@" >>{place}/calls\nexec unshare --mount bash -c \'{mounts} && PATH={PATHS} exec {name} {options}\' - "$@"\n'
        )
        script.chmod(0o755)
    return binaries


def _type(context: str) -> str:
    return context.split(":")[2] if context else ""
