# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""watch_secret.py VARIABLES COMMAND...: runs the command, and looks at command line and environment of every process until it ends.

VARIABLES is a JSON file, whose values are secrets. Ends with the command's status; with 99, and who it was, where a process had one.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

secrets = [secret.encode() for secret in json.loads(Path(sys.argv[1]).read_text()).values()]
told: set[str] = set()


def look() -> None:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            found = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
        except OSError:  # it has ended
            continue
        if any(secret in each for secret in secrets for each in found):
            told.add(found[0].split(b"\0")[0].decode(errors="replace"))


with subprocess.Popen(sys.argv[2:]) as command:
    while command.poll() is None:
        look()
        time.sleep(0.02)
if told:
    print("A secret was in the command line or the environment of " + ", ".join(sorted(told)), file=sys.stderr)
sys.exit(99 if told else command.returncode)
