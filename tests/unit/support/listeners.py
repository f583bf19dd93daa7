# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Run by itself: listens at ADDRESS:PORT:KIND... of the environment variable LISTEN and answers as that kind does, until its input ends.

A kind that begins with https- speaks TLS, with the certificate and key in the file PAIR.
What stands in its command line is for others to read: it is started under another name and with any arguments.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import ssl
import sys
import threading

NODES = json.dumps({"nodes": {"a": {"name": "es1", "transport_address": "192.0.2.1:9300"}, "b": {"name": "es2", "transport_address": "192.0.2.2:9300"}}})
SHARDS = json.dumps([{"node": "es2", "shards": "7"}, {"node": "UNASSIGNED", "shards": None}, {"node": "es1", "shards": "1"}, {"node": "es1", "shards": "2"}])
ROOT = json.dumps({"name": "es1", "cluster_uuid": "uuid1", "version": {"number": "7.17.13", "lucene_version": "8.11.1"}, "tagline": "You Know, for Search"})


def http(status: str, body: str, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", "content-type: application/json", f"content-length: {len(body)}", *headers, "", body]
    return "\r\n".join(lines).encode()


def answer(kind: str, request: bytes) -> bytes:
    if kind == "elasticsearch":
        asked = request.split(b"?")[0]
        return http("200 OK", {b"GET /_nodes/transport,http": NODES, b"GET /_cat/allocation": SHARDS}.get(asked, ROOT))
    if kind == "login":
        if b"Authorization: Basic YWRtaW46czNjcmV0" in request:  # admin:s3cret
            return answer("elasticsearch", request)
        return http("401 Unauthorized", "{}", 'WWW-Authenticate: Basic realm="security" charset="UTF-8"')
    if kind == "other-login":
        return http("401 Unauthorized", "{}", 'WWW-Authenticate: Basic realm="somewhere"')
    return {
        # TcpTransport of Elasticsearch 7.17
        "transport": b"This is not an HTTP port",
        "other": http("404 Not Found", "{}"),
        # an alert of TLS 1.2, handshake_failure
        "tls": b"\x15\x03\x03\x00\x02\x02\x28",
        "silent": b"",
    }[kind]


def serve(server: socket.socket, kind: str) -> None:
    kept = []
    context = None
    if kind.startswith("https-"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.environ["PAIR"])
        kind = kind[len("https-") :]
    while True:
        client, _peer = server.accept()
        client.settimeout(0.2)
        if context:
            try:
                client = context.wrap_socket(client, server_side=True)
            except OSError:  # plain http, or a client that does not trust the certificate
                client.close()
                continue
        try:
            request = client.recv(65536)
        except socket.timeout:
            kept.append(client)  # a connection of another node, which says nothing
            continue
        except OSError:  # gone, after no more than a handshake
            request = b""
        with contextlib.suppress(OSError):
            client.sendall(answer(kind, request))
        client.close()


def main() -> None:
    for entry in os.environ["LISTEN"].split():
        address, port, kind = entry.rsplit(":", 2)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        server = socket.create_server((address, int(port)), family=family, dualstack_ipv6=address == "::")
        threading.Thread(target=serve, args=(server, kind), daemon=True).start()
    held = []
    for entry in os.environ.get("CONNECT", "").split():
        source, target, port = entry.split(",")
        held.append(socket.create_connection((target, int(port)), 5, (source, 0)))
    print("ready", flush=True)
    sys.stdin.read()


main()
