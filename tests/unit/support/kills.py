# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""A process that is killed before any of the system calls by which it changes something, as by a node that goes down."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

STEPS = {"os.chmod", "os.chown", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.truncate", "os.utime", "shutil.rmtree"}
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def killed(do: Callable[[], Any], before: int) -> bool:
    """Whether it was killed before so many of the system calls by which it changes something.

    An audit hook counts them, https://docs.python.org/3/library/audit_events.html, and fsync(2), which it does not see.
    """
    child = os.fork()
    if child == 0:
        status, left = 1, before
        try:
            def step() -> None:
                nonlocal left
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

            def hook(event: str, given: Any) -> None:
                writes = event == "open" and given[0] != os.devnull and isinstance(given[2], int) and given[2] & WRITES
                if writes or event in STEPS:
                    step()

            def fsync(descriptor: int, sync: Callable[[int], None] = os.fsync) -> None:
                step()
                sync(descriptor)

            os.fsync = fsync
            sys.addaudithook(hook)
            do()
            status = 0
        finally:
            os._exit(status)
    ended = os.waitpid(child, 0)[1]
    assert ended in (0, signal.SIGKILL), ended
    return ended == signal.SIGKILL
