# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""command_lines.py SECRETS COMMAND...: runs the command, and looks at the command line of every process of this machine until it ends.

SECRETS is a file with a JSON list of texts. Ends with the command's status; with 99, and who it was, where a command line had one of
them: those of containers on this machine are seen as well. A command line changes with exec, so that a process is looked at again and
again in its first second.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

secrets = [secret.encode() for secret in json.loads(Path(sys.argv[1]).read_text())]
seen: dict[str, float] = {}
told: set[str] = set()


def look() -> None:
    now = time.monotonic()
    with os.scandir("/proc") as entries:
        running = [entry.name for entry in entries if entry.name.isdigit()]
    for pid in running:
        if now - seen.setdefault(pid, now) < 1:
            try:
                line = Path("/proc", pid, "cmdline").read_bytes()
            except OSError:  # it has ended
                continue
            if any(secret in line for secret in secrets):
                told.add(line.split(b"\0")[0].decode(errors="replace"))
    if len(seen) > len(running):
        for pid in set(seen) - set(running):
            del seen[pid]


with subprocess.Popen(sys.argv[2:]) as command:
    while command.poll() is None:
        look()
        time.sleep(0.01)
if told:
    print("A secret was on the command line of " + ", ".join(sorted(told)), file=sys.stderr)
sys.exit(99 if told else command.returncode)
