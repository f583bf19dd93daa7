# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""``broken_endpoints.py DIRECTORY``: serves every case of the unit tests at once, on loopback.

Keeps keys and certificates in DIRECTORY, writes what to ask and what to expect to DIRECTORY/cases.json when all are
served, and ends when that file is gone.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from pathlib import Path

from ansible_collections.tlsfront.elasticsearch.tests.unit.support.cases import CASES
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.lab import Lab

directory = Path(sys.argv[1])
told = directory / "cases.json"
lab = Lab(directory)
found = []
with contextlib.ExitStack() as stack:
    for case in CASES:
        endpoint, options = stack.enter_context(case.scene(lab))
        own = endpoint if isinstance(endpoint, dict) else {"url": endpoint}
        found.append({"name": case.name, "reason": case.reason, "says": case.says, "endpoint": dict(options, **own)})
    unfinished = directory / "cases.json.new"
    unfinished.write_text(json.dumps(found))
    unfinished.rename(told)
    while told.exists():
        time.sleep(0.5)
