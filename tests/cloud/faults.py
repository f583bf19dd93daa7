# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Faults that a cloud has and an emulator lacks, put into its answers on demand.

An emulator asks `answer()` before it works a call out, tells `remember()` what it answered, and `wrote()` when it is about
to change something. A test arms a fault by posting JSON to the emulator's path `/faults`; `{}` disarms all:

    {"call": "DescribeSecurityGroups", "times": 2, "status": 503, "code": "RequestLimitExceeded", "message": "..."}
    {"call": "DescribeSecurityGroups", "times": 2, "stale": true}     after the next write: what was answered before it

The answer has {"struck": {"DescribeSecurityGroups": 2}}, how often each fault has struck since it was armed, and
{"writes": 7}, how often something was changed.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Any

Answer = tuple[int, str, bytes]  # status, content type, body


class Faults:
    """The armed faults of one emulator; `error` writes an error of its interface as an answer's type and body."""

    def __init__(self, error: Callable[[int, str, str], tuple[str, bytes]]) -> None:
        self._error = error
        self._armed: list[dict[str, Any]] = []
        self._struck: dict[str, int] = {}
        self._writes = 0
        self._before: dict[tuple[str, bytes], Answer] = {}
        self._lock = threading.Lock()

    def arm(self, fault: dict[str, Any]) -> None:
        """Arm a fault, or with {} disarm all."""
        with self._lock:
            if fault:
                self._armed.append(dict(fault))
                self._struck.setdefault(fault["call"], 0)
            else:
                self._armed, self._struck = [], {}

    def answer(self, call: str, question: bytes) -> Answer | None:
        """Return the faulty answer to a call, or None where it is to be answered truly."""
        with self._lock:
            for fault in self._armed:
                if fault["call"] not in (call, "*") or fault["times"] < 1:
                    continue
                before = fault.get("before", {}).get((call, question))
                if fault.get("stale") and before is None:
                    continue
                fault["times"] -= 1
                self._struck[fault["call"]] += 1
                if before:
                    return before
                return (fault["status"], *self._error(fault["status"], fault["code"], fault["message"]))
        return None

    @property
    def struck(self) -> dict[str, int]:
        """How often each fault has struck since it was armed."""
        with self._lock:
            return dict(self._struck)

    @property
    def writes(self) -> int:
        """How often something was changed."""
        return self._writes

    def wrote(self) -> None:
        """Something is about to change: from now on stale answers tell what was before."""
        with self._lock:
            self._writes += 1
            for fault in self._armed:
                if fault.get("stale"):
                    fault.setdefault("before", dict(self._before))

    def remember(self, call: str, question: bytes, answer: Answer) -> None:
        """Keep a true answer, so that it can be given again when it is not true any more."""
        with self._lock:
            self._before[call, question] = answer


def end_with_parent() -> None:
    """End this process when the one that started it has ended."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
