# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Name to addresses, within a time: the resolver of the C library knows no deadline."""

from __future__ import annotations

import ipaddress
import socket
import threading
from typing import Any, Tuple

from .reasons import CheckFailed

Address = Tuple[int, Any]  #: socket family, and what socket.connect() wants


def resolve(host: str, port: int, timeout: float) -> list[Address]:
    """Every A and AAAA record of a name, each once, in the resolver's order (RFC 6724).

    :param timeout: in seconds
    :raises CheckFailed: ``dns_failure``
    """
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return [(socket.AF_INET6, (host, port, 0, 0)) if literal.version == 6 else (socket.AF_INET, (host, port))]
    found: list[Any] = []
    errors: list[BaseException] = []
    done = threading.Event()

    def look_up() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP))
        except (OSError, UnicodeError) as error:
            errors.append(error)
        done.set()

    # Not of a pool, whose threads are joined when the interpreter ends: this one may hang for as long as the resolver does.
    threading.Thread(target=look_up, name="resolver", daemon=True).start()
    if not done.wait(timeout):
        raise CheckFailed("dns_failure", f"The resolver has no answer for {host} within {timeout:g} s.")
    if errors:
        error = errors[0]
        text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise CheckFailed("dns_failure", f"No address for {host}: {text}.")
    addresses: list[Address] = []
    for family, _type, _protocol, _name, address in found:
        if (family, address) not in addresses:
            addresses.append((family, address))
    return addresses
