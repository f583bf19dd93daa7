# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""TCP sockets of this host and the processes that have them, as proc(5) tells them. Without root, other users' sockets have no process."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Iterator

__all__ = ["Process", "Socket", "ephemeral_ports", "local_addresses", "processes", "reserved_ports", "sockets"]

PROC = Path("/proc")
# include/net/tcp_states.h of Linux
_STATES = {"01": "established", "0A": "listening"}
_LOCAL = re.compile(r"\|-- ([0-9.]+)\s+/32 host LOCAL")


@dataclass(frozen=True)
class Process:
    """A process, with the network namespace that it lives in."""

    pid: int
    arguments: tuple[str, ...]
    namespace: str
    inodes: frozenset[int]

    @property
    def program(self) -> str:
        return os.path.basename(self.arguments[0])  # noqa: PTH119

    @property
    def is_here(self) -> bool:
        """Whether its network is that of this process."""
        return self.namespace == _link(PROC / "self/ns/net")


@dataclass(frozen=True)
class Socket:
    """One end of a connection, or a listener, whose remote address means nothing."""

    state: str
    address: str
    port: int
    remote_address: str
    remote_port: int
    inode: int

    @property
    def is_loopback(self) -> bool:
        return ipaddress.ip_address(self.address).is_loopback


def sockets(pid: int | str = "self") -> list[Socket]:
    """All TCP sockets that listen or are connected, in the network namespace of the process."""
    return [socket for name in ("tcp", "tcp6") for socket in _sockets(PROC / str(pid) / "net" / name)]


def local_addresses(pid: int | str = "self") -> set[str]:
    """The addresses that the network namespace of the process has itself, without loopback ones."""
    found = set(_LOCAL.findall(" ".join(_read(PROC / str(pid) / "net/fib_trie").split("\n"))))
    for line in _read(PROC / str(pid) / "net/if_inet6").splitlines():
        found.add(str(ipaddress.IPv6Address(bytes.fromhex(line.split()[0]))))
    return {address for address in found if not ipaddress.ip_address(address).is_loopback}


def ephemeral_ports() -> tuple[int, int]:
    """The first and the last port that the kernel takes for connections, and for listeners that name none."""
    first, last = _read(PROC / "sys/net/ipv4/ip_local_port_range").split()
    return int(first), int(last)


def reserved_ports() -> list[str]:
    """The ports and ranges that the kernel never takes for that by itself."""
    return [text for text in _read(PROC / "sys/net/ipv4/ip_local_reserved_ports").strip().split(",") if text]


def processes() -> list[Process]:
    """All processes that have sockets, and those whose sockets may not be seen."""
    found = []
    for directory in PROC.iterdir():
        if directory.name.isdigit():
            arguments = tuple(_read(directory / "cmdline").split("\0")[:-1])
            if arguments and arguments[0]:
                found.append(Process(int(directory.name), arguments, _link(directory / "ns/net"), frozenset(_inodes(directory / "fd"))))
    return found


def _inodes(directory: Path) -> Iterator[int]:
    with contextlib.suppress(OSError):
        for entry in os.scandir(directory):
            target = _link(Path(entry.path))
            if target.startswith("socket:["):
                yield int(target[len("socket:[") : -1])


def _sockets(file: Path) -> Iterable[Socket]:
    for line in _read(file).splitlines()[1:]:
        fields = line.split()
        state = _STATES.get(fields[3])
        if state:
            yield Socket(state, *_address(fields[1]), *_address(fields[2]), inode=int(fields[9]))


def _address(text: str) -> tuple[str, int]:
    """An address is written as words of 32 bits in the byte order of the machine: 0100007F:23F0 is 127.0.0.1, port 9200."""
    digits, _colon, port = text.partition(":")
    words = [bytes.fromhex(digits[start : start + 8]) for start in range(0, len(digits), 8)]
    address = ipaddress.ip_address(b"".join(word[::-1] if sys.byteorder == "little" else word for word in words))
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address), int(port, 16)


def _read(path: Path) -> str:
    """The text of a file that may be gone with its process."""
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return ""


def _link(path: Path) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""
