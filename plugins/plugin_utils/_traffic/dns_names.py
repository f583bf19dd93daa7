# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names of addresses and addresses of names from the DNS, within a time: the resolver of the C library knows no deadline."""

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

__all__ = ["addresses", "names"]

_WORKERS = 16
_Answer = t.TypeVar("_Answer")


def names(of: Sequence[str], seconds: float) -> tuple[dict[str, str], int]:
    """Return the names that lead back to their addresses, and of how many addresses there was no answer in time.

    Whoever owns an address may give it any name (RFC 1912, section 2.1): one counts where it has that address, too.
    """
    found, missing = _asked(of, _name_of, seconds)
    return {address: name for address, name in found.items() if name}, missing


def addresses(of: Sequence[str], seconds: float) -> tuple[dict[str, list[str]], int]:
    """Return the addresses of names, and of how many names there was no answer in time."""
    return _asked(of, _addresses_of, seconds)


def _asked(texts: Sequence[str], ask: t.Callable[[str], _Answer], seconds: float) -> tuple[dict[str, _Answer], int]:
    """What `ask` answers within the seconds, and of how many texts there was no answer."""
    asked: queue.SimpleQueue[str] = queue.SimpleQueue()
    answers: queue.SimpleQueue[tuple[str, _Answer]] = queue.SimpleQueue()
    for text in texts:
        asked.put(text)

    def work() -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                text = asked.get_nowait()
                answers.put((text, ask(text)))

    # Not of a pool, whose threads are joined when the interpreter ends: one may hang for as long as the resolver does.
    for number in range(min(_WORKERS, len(texts))):
        threading.Thread(target=work, name=f"resolver {number}", daemon=True).start()
    deadline = time.monotonic() + seconds
    found: dict[str, _Answer] = {}
    with contextlib.suppress(queue.Empty):
        while len(found) < len(texts):
            text, answer = answers.get(timeout=max(0.0, deadline - time.monotonic()))
            found[text] = answer
    return found, len(texts) - len(found)


def _addresses_of(name: str) -> list[str]:
    try:
        known = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(each[4][0]).partition("%")[0] for each in known))


def _name_of(address: str) -> str:
    try:
        name = name_of_host(socket.gethostbyaddr(address)[0])
    except (OSError, UnicodeError):
        return ""
    return name if name and address in _addresses_of(name) else ""
