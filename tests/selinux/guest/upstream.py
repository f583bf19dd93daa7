# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A stand-in for Elasticsearch: it answers at its port, and SELinux asks for no more."""

from __future__ import annotations

import http.server
import json

ANSWER = {"cluster_name": "lab", "cluster_uuid": "abcdefghijklmnopqrstuv", "version": {"number": "7.17.0"}, "tagline": "You Know, for Search"}


class StandIn(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps(ANSWER).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


http.server.ThreadingHTTPServer(("127.0.0.1", 9200), StandIn).serve_forever()
