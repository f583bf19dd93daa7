# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keeps what Ansible packs for each module, from one run to the next, in TLSFRONT_CACHE.

Ansible follows the imports of each module, packs them into a zip file and keeps that in a directory of the run, which it takes away at its end
(https://docs.ansible.com/ansible/latest/dev_guide/developing_program_flow_modules.html#ansiballz). In a test, which is a short run, that is a sixth
of the time. What is kept counts for the same core and collections, and for the same files of this collection.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from pathlib import Path

from ansible import constants
from ansible.plugins.callback import CallbackBase
from ansible.release import __file__ as release

PLUGINS = Path(__file__).resolve().parents[3] / "plugins"
DAY = 86400  # seconds


def state_of(path: Path) -> str:
    stat = path.stat()
    return f"{path} {stat.st_size} {stat.st_mtime_ns}"


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "kept_payloads"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        sources = [state_of(Path(release)), os.environ["ANSIBLE_COLLECTIONS_PATH"], *sorted(map(state_of, PLUGINS.rglob("*.py")))]
        key = hashlib.sha256("\n".join(sources).encode()).hexdigest()[:16]
        self.kept = Path(os.environ["TLSFRONT_CACHE"], "payloads", key)
        if not self.kept.exists():
            self.kept.mkdir(parents=True, exist_ok=True)
            forget_former(self.kept.parent)
        self.packed = Path(constants.DEFAULT_LOCAL_TMP, "ansiballz_cache")
        self.packed.mkdir()
        for payload in payloads(self.kept):
            (self.packed / payload.name).symlink_to(payload)

    def v2_playbook_on_stats(self, stats: object) -> None:
        for payload in payloads(self.packed):
            if not payload.is_symlink():
                mine = self.kept / f"{payload.name}.{os.getpid()}-part"
                shutil.copyfile(payload, mine)
                mine.replace(self.kept / payload.name)


def payloads(directory: Path) -> list[Path]:
    """Those that are whole, of modules whose names tell where they are from: of a test's own module, the name does not."""
    known = ("ansible.modules.", "ansible_collections.")
    return [file for file in directory.iterdir() if file.name.startswith(known) and not file.name.endswith((".lock", "-part"))]


def forget_former(directory: Path) -> None:
    for former in directory.iterdir():
        if former.stat().st_mtime < time.time() - DAY:
            shutil.rmtree(former, ignore_errors=True)
