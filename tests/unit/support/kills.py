# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""A process that is killed before any of the system calls by which it changes something, as by a node that goes down."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Collection
from typing import Any

FSYNC = "os.fsync"
STEPS = frozenset(
    {"os.chmod", "os.chown", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.truncate", "os.utime", "shutil.rmtree", FSYNC}
)
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def kill_before(number: int, steps: Collection[str] = STEPS, unless: Callable[[], bool] = lambda: False) -> None:
    """From here on, this process counts what its main thread does, and kills itself before the step of that number, counted from 1.

    An audit hook counts, https://docs.python.org/3/library/audit_events.html, and of fsync(2), which no hook is told of, another function.

    :param steps: events that are steps, besides files that are opened for writing
    :param unless: says while what happens is not to be counted
    """
    left, process = number, os.getpid()

    def step() -> None:
        nonlocal left
        if os.getpid() != process or threading.current_thread() is not threading.main_thread() or unless():
            return
        left -= 1
        if left == 0:
            os.kill(process, signal.SIGKILL)

    def hook(event: str, given: Any) -> None:
        writes = event == "open" and given[0] != os.devnull and isinstance(given[2], int) and given[2] & WRITES
        if writes or event in steps:
            step()

    def fsync(descriptor: int, sync: Callable[[int], None] = os.fsync) -> None:
        step()
        sync(descriptor)

    if FSYNC in steps:
        os.fsync = fsync
    sys.addaudithook(hook)


def killed(do: Callable[[], Any], before: int, steps: Collection[str] = STEPS, unless: Callable[[], bool] = lambda: False) -> bool:
    """Whether it was killed before so many of its steps; see `kill_before`."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            kill_before(before, steps, unless)
            do()
            status = 0
        finally:
            os._exit(status)
    ended = os.waitpid(child, 0)[1]
    assert ended in (0, signal.SIGKILL), ended
    return ended == signal.SIGKILL
