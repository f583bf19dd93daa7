# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""client.py CA SECONDS NAME=ADDRESS ...: asks every address over a new, verified connection, again and again.

Writes to standard output, as JSON, how many requests there were, which were lost, when each name began to serve
which certificate, and how many seconds there were between two such changes at the least (from SIGUSR1 on).
Ends after so many seconds, or when it is told to (SIGTERM).
"""
import hashlib
import http.client
import json
import signal
import socket
import ssl
import sys
import time

ca, seconds, *targets = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
asked, lost, served, changes, going = 0, [], {}, [], True


def stop(*_arguments):
    global going
    going = False


def forget(*_arguments):
    changes.clear()


def ask(name, address):
    """The fingerprint of the certificate with which the address answered."""
    plain = socket.create_connection((address, 443), timeout=10)
    with plain, context.wrap_socket(plain, server_hostname=name) as tls:
        tls.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
        answer = http.client.HTTPResponse(tls)
        answer.begin()
        if answer.status != 200 or "cluster_uuid" not in json.loads(answer.read()):
            raise OSError(f"status {answer.status}")
        return hashlib.sha256(tls.getpeercert(binary_form=True)).hexdigest()[:16]


signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGUSR1, forget)
end = time.monotonic() + float(seconds)
while going and time.monotonic() < end:
    for name, address in (target.split("=") for target in targets):
        asked += 1
        try:
            fingerprint = ask(name, address)
        except (OSError, ValueError, http.client.HTTPException) as error:
            lost.append(f"{time.strftime('%T')} {name} {address}: {error}")
            continue
        if fingerprint not in [one for one, _when in served.setdefault(name, [])]:
            if served[name]:
                changes.append(time.time())
            served[name].append((fingerprint, round(time.time(), 1)))
    time.sleep(0.2)
nearest = min((later - sooner for sooner, later in zip(changes, changes[1:])), default=0)
print(json.dumps({"asked": asked, "lost": lost, "served": served, "nearest": round(nearest, 1)}))
