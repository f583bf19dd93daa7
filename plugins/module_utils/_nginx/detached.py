# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Work that goes on to its end when who has asked for it is gone.

When a connection is lost, sshd and sudo end what they have started, with its process group. A transaction that has begun must not end there.
"""

from __future__ import annotations

import json
import os
import signal
import traceback
from typing import Any, Callable


class Lost(Exception):
    """The process that did the work was killed, or has failed otherwise; the message says what is known."""


def detached(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What the work returns, in a process of a session of its own: setsid(2)."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _child(work, reading, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    status = os.waitpid(child, 0)[1]
    if not told:
        raise Lost(f"the process that makes the change has ended with status {status} and without a word: run the playbook again")
    result: dict[str, Any] = json.loads(told.decode())
    if "traceback" in result:
        raise Lost(result["traceback"])
    return result


def _child(work: Callable[[], dict[str, Any]], reading: int, writing: int) -> None:
    try:
        os.close(reading)
        os.setsid()
        for each in (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
            signal.signal(each, signal.SIG_IGN)
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nothing, descriptor)
        try:
            result = work()
        except BaseException:  # pylint: disable=broad-except # whatever it is, it is told, and this copy of the process ends here
            result = {"traceback": traceback.format_exc()}
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(json.dumps(result).encode())
    finally:
        os._exit(0)  # nothing of the other process's is flushed or ended twice
