# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A host for the module search_services_info: listeners of many kinds in a network namespace of their own. Prints what the module's package tells of them.

The products' answers are theirs, recorded; Molecule's scenario discover has real ones. Run by the tests as: unshare --net python services_host.py CHAIN
"""

from __future__ import annotations

import http.server
import json
import socket
import ssl
import subprocess
import sys
import threading
import time
from typing import Any

from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._elasticsearch.secured import Trust
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._services.find import find, told

ELASTICSEARCH = {
    "name": "es1",
    "cluster_name": "logs",
    "cluster_uuid": "1eUnCn8pSvSDp2bPQaI0Gw",
    "version": {"number": "7.17.13", "lucene_version": "8.11.1"},
    "tagline": "You Know, for Search",
}
OPENSEARCH = {**ELASTICSEARCH, "version": {"distribution": "opensearch", "number": "2.19.1", "lucene_version": "9.12.1"}}
OPENSEARCH["tagline"] = "The OpenSearch Project: https://opensearch.org/"


def serve(address: str, port: int, status: int, headers: dict[str, str], body: Any, chain: str = "") -> None:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", "Content-Length": str(len(text)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = http.server.ThreadingHTTPServer((address, port), Handler)
    if chain:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def listen(port: int, then: Any) -> None:
    server = socket.create_server(("0.0.0.0", port))

    def loop() -> None:
        while True:
            connection, _peer = server.accept()
            threading.Thread(target=then, args=(connection,), daemon=True).start()

    threading.Thread(target=loop, daemon=True).start()


def drip(connection: socket.socket) -> None:
    try:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(b"x: y\r\n")
            time.sleep(0.1)
    except OSError:
        pass


def answer(data: bytes) -> Any:
    """Once the request has been read: what is closed with something unread takes its own answer back."""

    def then(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(data)
        connection.close()

    return then


def pour(connection: socket.socket) -> None:
    try:
        while True:
            connection.sendall(b"\0" * 65536)
    except OSError:
        pass


def main(chain: str) -> None:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    serve("0.0.0.0", 9200, 200, {"x-elastic-product": "Elasticsearch"}, ELASTICSEARCH)
    serve("127.0.0.1", 19200, 200, {}, OPENSEARCH)
    serve("0.0.0.0", 9201, 401, {"www-authenticate": 'Basic realm="security"'}, {"error": {"root_cause": [], "type": "security_exception"}, "status": 401})
    serve("0.0.0.0", 5601, 302, {"kbn-name": "kibana.example.org", "location": "/login"}, {})
    serve("0.0.0.0", 5602, 200, {"osd-name": "dashboards"}, {})
    serve("0.0.0.0", 5603, 302, {"kbn-name": "kibana", "location": "/app/home"}, {})
    serve("0.0.0.0", 5604, 404, {"kbn-name": "kibana"}, {"statusCode": 404, "error": "Not Found", "message": "Not Found"})
    serve("0.0.0.0", 5605, 302, {"osd-name": "dashboards", "location": "/base/app/login?nextUrl=%2Fbase"}, {})
    serve("0.0.0.0", 8080, 200, {"server": "nginx"}, {"hello": "world"})
    serve("0.0.0.0", 9443, 200, {}, ELASTICSEARCH, chain)
    listen(7001, lambda connection: time.sleep(60))
    listen(7002, lambda connection: connection.close())
    listen(7003, drip)
    listen(7004, pour)
    listen(7005, lambda connection: connection.sendall(b"220 mail.example.org ESMTP\r\n"))
    listen(7007, answer(b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 200_000))
    listen(7008, answer(b"HTTP/1.1 200 OK\r\ncontent-length: " + b"9" * 30 + b"\r\n\r\nx"))
    listen(7009, answer(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + b"f" * 30 + b"\r\nx"))
    listen(7006, lambda connection: sys.exit("port 7006 was asked"))
    begun = time.monotonic()
    found = told(find(2, Trust(()), [7006]), "/usr/sbin/nft")
    print(json.dumps({**found, "seconds": time.monotonic() - begun}))


if __name__ == "__main__":
    main(sys.argv[1])
