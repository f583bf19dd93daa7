# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names of addresses from the DNS, within a time: the resolver of the C library knows no deadline."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
import typing as t

from .names import name_of_host

if t.TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["names"]

_WORKERS = 16


def names(addresses: Sequence[str], seconds: float) -> tuple[dict[str, str], int]:
    """Return the names that lead back to their addresses, and of how many addresses there was no answer in time.

    Whoever owns an address may give it any name (RFC 1912, section 2.1): one counts where it has that address, too.
    """
    asked: queue.SimpleQueue[str] = queue.SimpleQueue()
    answers: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
    for address in addresses:
        asked.put(address)

    def work() -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                address = asked.get_nowait()
                answers.put((address, _name_of(address)))

    # Not of a pool, whose threads are joined when the interpreter ends: one may hang for as long as the resolver does.
    for number in range(min(_WORKERS, len(addresses))):
        threading.Thread(target=work, name=f"resolver {number}", daemon=True).start()
    deadline = time.monotonic() + seconds
    found: dict[str, str] = {}
    with contextlib.suppress(queue.Empty):
        while len(found) < len(addresses):
            address, name = answers.get(timeout=max(0.0, deadline - time.monotonic()))
            found[address] = name
    return {address: name for address, name in found.items() if name}, len(addresses) - len(found)


def _name_of(address: str) -> str:
    try:
        name = name_of_host(socket.gethostbyaddr(address)[0])
        if not name:
            return ""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        known = {str(each[4][0]).partition("%")[0] for each in socket.getaddrinfo(name, None, family=family, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        return ""
    return name if address in known else ""
