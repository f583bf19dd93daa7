# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""reach.py NODE,ADDRESS4,ADDRESS6,PORT...: tries all ports at once; prints [node, family, port, result], as JSON.

open: the connection was accepted; refused: it was reset; silent: there was no answer; or the error's name.
"""

import concurrent.futures
import errno
import json
import socket
import sys

PATIENCE = 3  # seconds: two more attempts of the kernel's, so that a lost packet is not taken for silence


def reach(address, port):
    try:
        socket.create_connection((address, int(port)), PATIENCE).close()
    except socket.timeout:
        return "silent"
    except ConnectionRefusedError:
        return "refused"
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))
    return "open"


found = []
with concurrent.futures.ThreadPoolExecutor(64) as pool:
    for argument in sys.argv[1:]:
        node, address4, address6, *ports = argument.split(",")
        for family, address in ("IPv4", address4), ("IPv6", address6):
            found += [(node, family, int(port), pool.submit(reach, address, port)) for port in ports]
    print(json.dumps([(node, family, port, result.result()) for node, family, port, result in found]))
