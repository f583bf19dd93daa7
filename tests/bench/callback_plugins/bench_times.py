# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Writes the seconds that each task took to the file that BENCH_TIMES names, as JSON."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: bench_times
type: aggregate
short_description: Writes how long each task took
description: One JSON object, task name to seconds.
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "bench_times"

    def __init__(self) -> None:
        super().__init__()
        self.times: dict[str, float] = {}
        self.running: tuple[str, float] | None = None

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._end()
        self.running = (task.get_name(), time.monotonic())

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._end()
        Path(os.environ["BENCH_TIMES"]).write_text(json.dumps(self.times))

    def _end(self) -> None:
        if self.running:
            name, start = self.running
            self.times[name] = time.monotonic() - start
