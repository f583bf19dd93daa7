# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writes what tests/demo shows of a run, one JSON object a line, into the file TLSFRONT_PROGRESS: tasks, what they say, and what fails."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

SPEAKERS = ("ansible.builtin.debug", "ansible.builtin.assert")


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "progress"
    CALLBACK_NEEDS_ENABLED = True

    def _tell(self, **event: str) -> None:
        with Path(os.environ["TLSFRONT_PROGRESS"]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(event) + "\n")

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._tell(kind="task", text=task.get_name())

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        self._tell(kind="task", text=task.get_name())

    def v2_runner_on_ok(self, result: Any) -> None:
        if result.task.resolved_action in SPEAKERS and "results" not in result.result:
            self._tell(kind="said", task=result.task_name, host=result.host.name, text=text_of(result.result))

    v2_runner_item_on_ok = v2_runner_on_ok

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        if not ignore_errors and "results" not in result.result:  # of a loop, each item that failed was told
            self._tell(kind="failed", task=result.task_name, host=result.host.name, text=text_of(result.result))

    v2_runner_on_unreachable = v2_runner_item_on_failed = v2_runner_on_failed


def text_of(result: dict[str, Any]) -> str:
    """What a task says; of a command that failed, also what it printed."""
    said = [result.get("msg", ""), result.get("stderr") or result.get("stdout") or ""]
    return "\n".join("\n".join(map(str, part)) if isinstance(part, list) else str(part) for part in said if part)
