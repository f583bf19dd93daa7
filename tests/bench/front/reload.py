# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""How many requests on kept connections fail, and how many must be sent again, while nginx reloads once a second.

Twenty clients send a POST each 10 ms over connections of their own, which they keep. A request that meets the end of its connection is sent again over a
new one, once. The front is the role's own configuration in an nginx on loopback.
"""

from __future__ import annotations

import argparse
import http.client
import random
import re
import sys
import threading
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / "unit/support")]
import nginx  # noqa: E402

CLIENTS = 20
PAUSE = 0.01


class Client(threading.Thread):
    def __init__(self, running: nginx.Running, until: float) -> None:
        super().__init__(daemon=True)
        self._running, self._until = running, until
        self.sent = self.again = self.failed = 0

    def run(self) -> None:
        connection = self._running.connect()
        while time.monotonic() < self._until:
            time.sleep(random.uniform(0, 2 * PAUSE))
            self.sent += 1
            for last in (False, True):
                try:
                    connection.sendall(f"POST /_search HTTP/1.1\r\nHost: {nginx.NAME}\r\nContent-Length: 2\r\n\r\n{{}}".encode())
                    response = http.client.HTTPResponse(connection, method="POST")
                    response.begin()
                    response.read()
                    self.failed += response.status != 200
                    closes = response.will_close
                except (OSError, http.client.HTTPException):
                    self.again += not last
                    self.failed += last
                    connection = self._running.connect()
                    continue
                if closes:
                    connection = self._running.connect()
                break


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--nginx", help="another nginx than Debian's")
    parser.add_argument("--without-min-timeout", action="store_true", help="take keepalive_min_timeout out, where the role has put it in")
    options = parser.parse_args()
    if options.nginx:
        nginx.binary = lambda: options.nginx
    fronts = nginx.Fronts()
    try:
        front = fronts.add("front", https_front_upstream_keepalive=64)
        fronts.render()
        if options.without_min_timeout:
            path = front.place / "tlsfront.conf"
            path.write_text(re.sub(r" *keepalive_min_timeout .*\n", "", path.read_text()))
        with front.running() as running:
            until = time.monotonic() + options.seconds
            clients = [Client(running, until) for _each in range(CLIENTS)]
            for client in clients:
                client.start()
            reloads = 0
            while time.monotonic() < until - 1.5:
                time.sleep(1)
                running.reload()
                reloads += 1
            for client in clients:
                client.join()
        sent, again, failed = (sum(getattr(client, what) for client in clients) for what in ("sent", "again", "failed"))
        has = "with" if re.search(r"(?m)^ *keepalive_min_timeout ", front.configuration) else "without"
        print(f"nginx {nginx.version()}, {has} keepalive_min_timeout: {sent} requests, {reloads} reloads: {failed} failed, {again} sent again")
        return failed > 0
    finally:
        fronts.close()


if __name__ == "__main__":
    sys.exit(main())
