# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which product of which version a process runs, by the files that it was started from: behind a login, it tells nobody."""

from __future__ import annotations

import contextlib
import os
import re
from typing import Iterator

from .._sockets import Process

__all__ = ["product_of"]

# the jar of the server itself; its plugins and libraries have other names
_JAR = re.compile(r"(elasticsearch|opensearch)-(\d+\.\d+\.\d+)(?:-[A-Za-z0-9]+)?\.jar")
_HOME = "-Des.path.home=", "-Dopensearch.path.home="
_CLASSPATH = ("-cp", "-classpath", "--class-path", "--module-path", "-p")


def product_of(process: Process) -> tuple[str, str]:
    """The product (``elasticsearch`` or ``opensearch``) and its version; empty texts where they cannot be seen."""
    for name in _files(process):
        match = _JAR.fullmatch(name)
        if match:
            return match[1], match[2]
    return "", ""


def _files(process: Process) -> Iterator[str]:
    """The names of files where its arguments lead, then those that it has open: a JVM keeps the jars of its classes open."""
    for directory in _directories(process):
        if os.path.isabs(directory):  # noqa: PTH117
            with contextlib.suppress(OSError):
                yield from sorted(os.listdir(f"/proc/{process.pid}/root{directory}"))  # noqa: PTH208
    descriptors = f"/proc/{process.pid}/fd"
    with contextlib.suppress(OSError):
        for each in os.listdir(descriptors):  # noqa: PTH208
            with contextlib.suppress(OSError):  # closed since
                yield os.path.basename(os.readlink(f"{descriptors}/{each}"))  # noqa: PTH119


def _directories(process: Process) -> Iterator[str]:
    following = dict(zip(process.arguments, process.arguments[1:]))
    for argument in process.arguments:
        for start in _HOME:
            if argument.startswith(start):
                yield argument[len(start) :] + "/lib"
    for option in _CLASSPATH:
        for entry in following.get(option, "").split(":"):
            yield entry[: -len("/*")] if entry.endswith("/*") else os.path.dirname(entry) if entry.endswith(".jar") else entry  # noqa: PTH120
