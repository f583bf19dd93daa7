# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Whether ports of a host are open and closed as they must be, asked from here, all of them side by side."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, Sequence

from ._https_check.addresses import Address, resolve
from ._https_check.ports import PortAnswer, ask_port
from ._https_check.reasons import CheckFailed

_CONCURRENCY = 64
_PAUSE = 0.5  # seconds between two rounds
_TIMEOUT = 5.0  # of one look-up or connection, in seconds
_ACCEPTED = ("open", "ended")
_WHY = {"refused": ": the connection is refused", "error": ": "}


class Port(NamedTuple):
    """A port of one address of a host."""

    host: str
    address: Address
    number: int

    @property
    def ip(self) -> str:
        """The address, as a text."""
        return str(self.address[1][0])

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return f"port {self.number} of {self.host}" + ("" if self.ip == self.host else f" ({self.ip})")


class Found(NamedTuple):
    """What was asked, and in a text each what is not as it must be: hosts without an address, ports that give no proof, and open ones."""

    answers: dict[Port, PortAnswer]
    lost: list[str]
    silent: list[str]
    open: list[str]

    @property
    def is_right(self) -> bool:
        """Whether all is as it must be."""
        return not (self.lost or self.silent or self.open)


def ask_hosts(hosts: Sequence[str], open_ports: Sequence[int], closed_ports: Sequence[int], retry_for: float) -> Found:
    """Asks every port at every address of the hosts, again and again until all is as it must be or RETRY_FOR seconds have passed."""
    end = time.monotonic() + retry_for
    with ThreadPoolExecutor(_CONCURRENCY) as pool:
        while True:
            found = _ask_once(pool, hosts, open_ports, closed_ports)
            if found.is_right or time.monotonic() >= end:
                return found
            time.sleep(_PAUSE)


def _ask_once(pool: ThreadPoolExecutor, hosts: Sequence[str], open_ports: Sequence[int], closed_ports: Sequence[int]) -> Found:
    lost: list[str] = []
    ports: list[Port] = []
    for host, told in zip(hosts, list(pool.map(_addresses, hosts))):
        if isinstance(told, str):
            lost.append(told)
        else:
            ports += [Port(host, address, number) for address in told for number in (*open_ports, *closed_ports)]
    answers = dict(zip(ports, pool.map(lambda port: ask_port(port.address, port.number, _TIMEOUT), ports)))
    # a host that is down, or behind something that drops whatever this one sends, is as silent as a closed port
    heard = {port.address for port, answer in answers.items() if answer.kind in (*_ACCEPTED, "refused")}
    silent, still_open = [], []
    for port, answer in answers.items():
        if port.number in open_ports:
            if answer.kind not in _ACCEPTED:
                silent.append(f"{port.place} does not answer{_WHY.get(answer.kind, '')}{answer.text}")
        elif answer.kind in _ACCEPTED:
            still_open.append(port.place)
        elif answer.kind == "error":
            silent.append(f"{port.place} cannot be asked: {answer.text}")
        elif port.address not in heard and not open_ports:
            silent.append(f"{port.place} is silent, as every other port that was asked there is")
    return Found(answers, lost, silent, still_open)


def _addresses(host: str) -> list[Address] | str:
    try:
        return resolve(host, 0, _TIMEOUT)
    except CheckFailed as failed:
        return failed.verdict.message
