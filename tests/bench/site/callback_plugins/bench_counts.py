# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Adds to the file that BENCH_COUNTS names, as JSON, what each host executed and skipped."""

from __future__ import annotations

import collections
import json
import os
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: bench_counts
type: aggregate
short_description: Writes how many tasks each host executed and skipped
description: One JSON object, host to numbers. An item of a loop counts as a task, for it costs as much.
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "bench_counts"

    def __init__(self) -> None:
        super().__init__()
        self.counts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)

    def _count(self, result: Any, what: str) -> None:
        self.counts[result._host.get_name()][what] += 1

    def v2_runner_on_ok(self, result: Any) -> None:
        self._count(result, "executed")
        items = result._result.get("results") if result._task.loop is not None else None
        self.counts[result._host.get_name()]["items"] += len(items) if items else 1

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._count(result, "executed")

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._count(result, "skipped")

    def v2_playbook_on_stats(self, stats: Any) -> None:
        Path(os.environ["BENCH_COUNTS"]).write_text(json.dumps(self.counts))
