# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What one attempt may cost, whatever the other side does: a deadline and a number of bytes.

A timeout of a socket bounds one read, not a slow drip of them, nor a loop inside OpenSSL that always has something to
read. So each attempt also has an alarm that shuts its socket down, which ends every wait on it at once.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import socket
import ssl
import threading
import time
from typing import Any

MAX_BODY = 1024 * 1024  # bytes of an answer's body; Elasticsearch's is below 1 KiB
MAX_RECEIVED = MAX_BODY + 128 * 1024  # bytes of one connection, headers included


class TooMuch(Exception):
    """The other side has sent more than any honest answer needs."""


class BoundedSocket(ssl.SSLSocket):
    """A TLS socket that counts what it has received, headers of every kind included."""

    received = 0

    def read(self, *args: Any) -> Any:
        result = super().read(*args)
        self.received += result if isinstance(result, int) else len(result)
        if self.received > MAX_RECEIVED:
            raise TooMuch
        return result


class Alarm:
    """One socket's deadline, to be used as a context; ``rang`` says whether it has passed."""

    def __init__(self, clock: AlarmClock, deadline: float) -> None:
        self._clock = clock
        self.deadline = deadline
        self.sock: socket.socket | None = None
        self.rang = False
        self.off = False

    def __enter__(self) -> Alarm:
        self._clock.add(self)
        return self

    def __exit__(self, *exception: object) -> None:
        with self._clock.lock:
            self.off = True
            self.sock = None

    def watch(self, sock: socket.socket) -> None:
        """From now on this socket is the one to shut down. Wrapping it for TLS makes another object: watch that too."""
        with self._clock.lock:
            self.sock = sock
            if self.rang:
                _shut_down(sock)

    def ring(self) -> None:
        self.rang = True
        if self.sock is not None:
            _shut_down(self.sock)


class AlarmClock:
    """One thread that rings all alarms of a run."""

    def __init__(self) -> None:
        self.lock = threading.Condition()
        self._alarms: list[tuple[float, int, Alarm]] = []
        self._order = itertools.count()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="alarm clock", daemon=True)
        self._thread.start()

    def add(self, alarm: Alarm) -> None:
        with self.lock:
            heapq.heappush(self._alarms, (alarm.deadline, next(self._order), alarm))
            if self._alarms[0][2] is alarm:
                self.lock.notify()

    def close(self) -> None:
        with self.lock:
            self._closed = True
            self.lock.notify()
        self._thread.join()

    def _run(self) -> None:
        with self.lock:
            while not self._closed:
                while self._alarms and self._alarms[0][2].off:
                    heapq.heappop(self._alarms)
                if not self._alarms:
                    self.lock.wait()
                    continue
                left = self._alarms[0][0] - time.monotonic()
                if left > 0:
                    self.lock.wait(left)
                    continue
                heapq.heappop(self._alarms)[2].ring()


def _shut_down(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):  # closed already, or not connected: its own timeout ends the connect
        # Not the method of SSLSocket, which would take the TLS object away from the thread that is using it.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
