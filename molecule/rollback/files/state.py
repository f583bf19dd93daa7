# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Says, as JSON, what the front of this node is: served now, read at nginx's next start, proved last.

    state.py NAME     asks over verified https for this name, on the loopback of both families
"""
import hashlib
import http.client
import json
import socket
import ssl
import subprocess
import sys
from pathlib import Path

LIVE = [Path("/etc/nginx/conf.d/tlsfront.conf"), Path("/etc/systemd/system/nginx.service.d/tlsfront.conf")]
PROVED = [Path("/etc/tlsfront/front/proved/tlsfront.conf"), Path("/etc/tlsfront/front/proved/nginx.service.conf")]
PAIR = Path("/etc/tlsfront/certificate/live")


def served(address, name):
    """The certificate, and the configuration that nginx says it runs."""
    context = ssl.create_default_context(cafile=PAIR / "ca.pem")
    with context.wrap_socket(socket.create_connection((address, 443), timeout=5), server_hostname=name) as tls:
        certificate = hashlib.sha256(tls.getpeercert(binary_form=True)).hexdigest()
        tls.sendall(f"GET /_tlsfront/configuration HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
        answer = http.client.HTTPResponse(tls)
        answer.begin()
        return certificate, answer.read().decode()


def digest(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


def leftovers():
    """What only an attempt could have left where nginx looks."""
    hidden = [*Path("/etc/nginx").glob(".tlsfront-candidate-*"), *Path("/etc/nginx/conf.d").glob(".*")]
    return [str(path) for path in hidden] + [line for line in LIVE[0].read_text().splitlines() if "of the attempt" in line]


def main():
    subprocess.run(["nginx", "-t", "-q"], check=True)
    seen = {served(address, sys.argv[1]) for address in ("127.0.0.1", "::1")}
    if len(seen) != 1:
        sys.exit(f"the listeners differ: {seen}")
    certificate, configuration = seen.pop()
    unit = subprocess.run(["systemctl", "show", "nginx", "--property=MainPID,ActiveState,UnitFileState"], check=True, stdout=subprocess.PIPE)
    print(json.dumps({
        "certificate": certificate,
        "configuration": configuration,
        "nginx": sorted(unit.stdout.decode().split()),
        "live": [digest(file) for file in LIVE],
        "proved": [digest(file) for file in PROVED],
        "pair": str(PAIR.resolve()),
        "left": leftovers(),
    }))


if __name__ == "__main__":
    main()
