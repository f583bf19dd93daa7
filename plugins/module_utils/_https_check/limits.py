# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What one attempt may cost, whatever the other side does: a number of bytes, and a deadline for all of its waits.

A timeout of a socket bounds one wait, so each wait is given what is left. None is left to OpenSSL, which may loop for as long as there is
something to read: ``connection.py`` hands it what has come, piece by piece.
"""

from __future__ import annotations

import socket
import time

MAX_BODY = 1024 * 1024  # bytes of an answer's body; Elasticsearch's is below 1 KiB
MAX_RECEIVED = MAX_BODY + 256 * 1024  # bytes of one connection, TLS and headers included


class TooMuch(Exception):
    """The other side has sent more than any honest answer needs."""


class Deadline:
    """The end of all waits of one attempt."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def has_passed(self) -> bool:
        return time.monotonic() >= self._end

    def left(self) -> float:
        """Seconds, as a socket's timeout.

        :raises socket.timeout: there are none
        """
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise socket.timeout("the deadline has passed")
        return seconds

    def within(self, seconds: float) -> Deadline:
        """One that is no later than this one, and that many seconds from now at the latest."""
        return Deadline(min(seconds, self._end - time.monotonic()))
