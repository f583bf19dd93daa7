# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""knock.py FILE ADDRESS,PORT...: connects to each target every few milliseconds, until told to end (SIGTERM) and done ENOUGH times.

Then it writes to FILE, as JSON, how often it tried each target, and how often it was let in, refused or not answered.
"""

import collections
import json
import pathlib
import resource
import selectors
import signal
import socket
import struct
import sys
import time

PAUSE = 0.004  # seconds between two connections to a target: an open moment of that length is seen
ENOUGH = 1000  # connections to a target: what is knocked at may boot faster than that
PATIENCE = 0.3  # seconds that an answer may take
# Closed by a reset, a connection leaves no state behind: it would use up all source ports.
RESET = struct.pack("ii", 1, 0)


def main(file, targets):
    counts = {target: collections.Counter() for target in targets}
    waiting = selectors.DefaultSelector()
    started = collections.deque()
    running = True

    def stop(_signal, _frame):
        nonlocal running
        running = False

    def end(connection, target, outcome):
        counts[target][outcome] += 1
        waiting.unregister(connection)
        connection.close()

    # what is not answered stays open for PATIENCE: more than the usual 1024 when there are many targets
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    signal.signal(signal.SIGTERM, stop)
    turn = time.monotonic()
    while running or min(count["tried"] for count in counts.values()) <= ENOUGH:
        for target in targets:
            address, port = target.split(",")
            connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
            connection.setblocking(False)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            connection.connect_ex((address, int(port)))
            waiting.register(connection, selectors.EVENT_WRITE, target)
            started.append((time.monotonic(), connection, target))
            counts[target]["tried"] += 1
        turn += PAUSE
        while True:
            for key, _events in waiting.select(max(0, turn - time.monotonic())):
                error = key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                end(key.fileobj, key.data, "refused" if error == 111 else "failed" if error else "let_in")
            if time.monotonic() >= turn:
                break
        turn = max(turn, time.monotonic() - PAUSE)
        while started and started[0][0] < time.monotonic() - PATIENCE:
            _time, connection, target = started.popleft()
            if connection.fileno() >= 0:
                end(connection, target, "unanswered")
    pathlib.Path(file).write_text(json.dumps(counts))


main(sys.argv[1], sys.argv[2:])
