# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Steps of the demo: commands whose output goes into a log, while the terminal has one line for each.

On a terminal the line of a step says what goes on and for how long. Elsewhere, and where CI is set, a step has a line when it begins, one
when it ends, and one a minute.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

SAID = re.compile(r"\d\d:\d\d:\d\d  (.+)")  # a line of say, in environment.sh
MINUTE = 60  # seconds
MOST_LINES = 12  # of what a task that failed says

Event = dict[str, str]  # see callback_plugins/progress.py


class Failed(Exception):
    """A step failed; its text is what the person is shown."""


class Tail:
    """The lines that a file gets, since the last look."""

    def __init__(self, path: Path) -> None:
        self._file = path.open(encoding="utf-8", errors="replace")
        self._file.seek(0, os.SEEK_END)
        self._part = ""

    def lines(self) -> list[str]:
        *whole, self._part = (self._part + self._file.read()).split("\n")
        return whole


class Steps:
    def __init__(self, log: Path, count: int) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("", "utf-8")
        self.log = log
        self._events = log.with_suffix(".events")
        self._events.write_text("", "utf-8")
        self._number, self._count = 0, count
        self._live = sys.stdout.isatty() and not os.environ.get("CI")
        self._begun = time.monotonic()

    def seconds(self) -> int:
        return round(time.monotonic() - self._begun)

    def run(self, title: str, *command: str, environment: Mapping[str, str] | None = None) -> list[Event]:
        """Runs one step; returns what its tasks have said."""
        self._number += 1
        step = _Step(f"{self._number} of {self._count}  {title}", self._live)
        events: list[Event] = []
        code = None
        log, told = Tail(self.log), Tail(self._events)
        process = self._start(command, environment)
        try:
            while code is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    code = process.wait(0.2)
                events += [json.loads(line) for line in told.lines()]
                step.show([said[1] for said in map(SAID.fullmatch, log.lines()) if said], [each for each in events if each["kind"] == "task"])
        except BaseException:
            step.end("interrupted after")
            terminate(process)
            raise
        step.end("failed after" if code else "done in")
        if code:
            raise Failed(why(events) or "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-MOST_LINES:]))
        return [each for each in events if each["kind"] == "said"]

    def quietly(self, *command: str) -> bool:
        """Runs a command that has no line; whether it succeeded."""
        return self._start(command, None).wait() == 0

    def close(self) -> None:
        self._events.unlink(missing_ok=True)

    def _start(self, command: tuple[str, ...], environment: Mapping[str, str] | None) -> subprocess.Popen[bytes]:
        enabled = ",".join(filter(None, [os.environ.get("ANSIBLE_CALLBACKS_ENABLED"), "progress"]))
        ours = {"ANSIBLE_CALLBACKS_ENABLED": enabled, "TLSFRONT_PROGRESS": str(self._events), "ANSIBLE_NOCOLOR": "true"}
        with self.log.open("ab") as output:
            output.write(f"\n$ {' '.join(command)}\n".encode())
            output.flush()
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env={**os.environ, **ours, **(environment or {})})


class _Step:
    """The line of one step."""

    def __init__(self, text: str, live: bool) -> None:
        self._text, self._live = text, live
        self._begun = self._last = time.monotonic()
        self._now = self._shown = ""
        self._tasks = 0
        if not live:
            self._print(text)

    def show(self, said: list[str], tasks: list[Event]) -> None:
        if len(tasks) > self._tasks:
            self._tasks, self._now = len(tasks), tasks[-1]["text"]
        elif said:
            self._now = said[-1]
        if self._live:
            line = f"{self._text}  {self._seconds()}  {self._now}"[: shutil.get_terminal_size().columns - 1]
            if line != self._shown:
                self._shown = line
                print(f"\r\033[K{line}", end="", flush=True)
        elif time.monotonic() - self._last > MINUTE:
            self._last = time.monotonic()
            self._print(f"        {self._seconds()}  {self._now}")

    def end(self, how: str) -> None:
        text = f"{how} {self._seconds()}"
        if self._live:
            print(f"\r\033[K{self._text}: {text}", flush=True)
        else:
            self._print(f"        {text}")

    def _seconds(self) -> str:
        return f"{time.monotonic() - self._begun:.0f} s"

    @staticmethod
    def _print(text: str) -> None:
        print(f"{time.strftime('%T')}  {text}", flush=True)


def why(events: list[Event]) -> str:
    """What the last task that failed says, once for all hosts of which it says the same."""
    failed = [each for each in events if each["kind"] == "failed"]
    last = [each for each in failed if each["task"] == failed[-1]["task"]]
    texts = dict.fromkeys(each["text"] for each in last)
    parts = []
    for text in texts:
        lines = text.splitlines()
        if len(lines) > MOST_LINES:
            lines = ["...", *lines[-MOST_LINES:]]
        hosts = ", ".join(dict.fromkeys(each["host"] for each in last if each["text"] == text))
        parts.append(f"Task '{last[0]['task']}' on {hosts}:\n" + "\n".join(f"  {line}" for line in lines))
    return "\n".join(parts[-2:])


def terminate(process: subprocess.Popen[bytes]) -> None:
    """Ends a command with all that it has started, and waits for it: a shell would else wait for its own child."""
    found = [process.pid]
    for pid in found:
        with contextlib.suppress(OSError):
            found += [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]
    for pid in found:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # sudo passes on what it gets itself
            os.kill(pid, signal.SIGTERM)
    process.wait()


def last_table(said: list[Event]) -> list[str]:
    """The last table of checks that was shown: its rows, what is remarked of them, if anything, and the summary."""
    tables = [each["text"] for each in said if each["text"].startswith("NODE ")]
    if not tables:
        raise Failed("No table was shown.")
    return tables[-1].split("\n\n")
