# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs inside one namespace and does what the test asks for, one JSON line at a time."""

from __future__ import annotations

import collections
import json
import select
import socket
import struct
import sys
import time
from typing import Any

PATIENCE = 5.0  # seconds for what should be answered
GRACE = 0.2  # seconds more for what should not

held: dict[str, socket.socket] = {}


def family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def connect(tries: list[tuple[str, str, int]], wait_for: list[int]) -> list[int]:
    """The indexes of the tries that were answered: connected or refused."""
    open_tries: dict[int, int] = {}
    sockets = []
    poll = select.poll()
    for index, (source, target, port) in enumerate(tries):
        sock = socket.socket(family(target), socket.SOCK_STREAM)
        sock.setblocking(False)
        sock.bind((source, 0))
        sock.connect_ex((target, port))
        sockets.append(sock)
        open_tries[sock.fileno()] = index
        poll.register(sock, select.POLLOUT)
    answered: list[int] = []
    missing = set(wait_for)
    until = time.monotonic() + (PATIENCE if missing else GRACE)
    while (left := until - time.monotonic()) > 0 and open_tries:
        for descriptor, _event in poll.poll(left * 1000):
            poll.unregister(descriptor)
            index = open_tries.pop(descriptor)
            error = sockets[index].getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error in (0, 111):  # ECONNREFUSED: the port has no listener, but the packet got there
                answered.append(index)
            if index in missing:
                missing.remove(index)
                if not missing:
                    until = time.monotonic() + GRACE
    for sock in sockets:
        sock.close()
    return answered


def listen(address: str, port: int) -> bool:
    held["server"] = socket.create_server((address, port), family=family(address))
    return True


def accept() -> bool:
    held["server"].settimeout(PATIENCE)
    held["client"], _peer = held["server"].accept()
    return True


def dial(source: str, target: str, port: int) -> bool:
    held["client"] = socket.create_connection((target, port), PATIENCE, (source, 0))
    return True


def say(text: str) -> bool:
    held["client"].sendall(text.encode())
    return True


def hear(seconds: float) -> str:
    held["client"].settimeout(seconds)
    try:
        return held["client"].recv(100).decode()
    except TimeoutError:
        return "nothing"
    except ConnectionError as error:
        return type(error).__name__


def hang_up() -> bool:
    """Forgets all connections with a reset, so that nothing is sent again that a later test would count."""
    for sock in held.values():
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
    held.clear()
    return True


def send_raw(packets: list[str], seconds: float = 0) -> int:
    """Sends whole IPv6 packets, given as hexadecimal digits, once or again and again for so long; how many it has sent."""
    whole = [bytes.fromhex(packet) for packet in packets]
    targets = [(socket.inet_ntop(socket.AF_INET6, packet[24:40]), 0) for packet in whole]
    sent = 0
    until = time.monotonic() + seconds
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW) as sock:
        while not sent or time.monotonic() < until:
            for packet, target in zip(whole, targets):
                sock.sendto(packet, target)
            sent += len(whole)
    return sent


def watch() -> bool:
    """From now on the kernel keeps what arrives over TCP and IPv6, whether anybody listens or not."""
    held["watch"] = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_TCP)
    held["watch"].setblocking(False)
    return True


def watched() -> collections.Counter[int]:
    """How many packets have arrived for each port; what the kernel had no room for is not counted."""
    arrived: collections.Counter[int] = collections.Counter()
    while True:
        try:
            arrived[struct.unpack("!H", held["watch"].recv(4)[2:4])[0]] += 1
        except BlockingIOError:
            return arrived


def talk(seconds: float) -> str:
    """Says something as often as possible; "everything was said", or the error that came back."""
    until = time.monotonic() + seconds
    try:
        while time.monotonic() < until:
            held["client"].sendall(b"x")
        held["client"].shutdown(socket.SHUT_WR)
    except ConnectionError as error:
        return type(error).__name__
    return "everything was said"


def hear_out() -> str:
    """Hears until there is nothing more to be said."""
    held["client"].settimeout(PATIENCE)
    try:
        while held["client"].recv(65536):
            pass
    except ConnectionError as error:
        return type(error).__name__
    return "the end"


CONNECTIONS = (connect, listen, accept, dial, say, hear, talk, hear_out, hang_up)
PACKETS = (send_raw, watch, watched)
QUESTIONS = {question.__name__: question for question in CONNECTIONS + PACKETS}


def main() -> None:
    for line in sys.stdin:
        arguments: dict[str, Any] = json.loads(line)
        answer = QUESTIONS[arguments.pop("question")](**arguments)
        print(json.dumps(answer), flush=True)


main()
