# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Is what nginx serves what was written?  Exit status 0: yes, on every listener and for every name; 1: no, and why.

Each question is a new connection to this host's loopback, verified where it is TLS. A reload that nginx accepted and then
dropped (a taken port is enough) shows here and nowhere else: both "nginx -t" and the reload return 0.
Needs Python 3.7 and its standard library only.
"""
import argparse
import hashlib
import http.client
import json
import os
import socket
import ssl
import sys
import time

MARK = "# served: "


def leaf_fingerprint(chain_file):
    """SHA-256 of the first certificate in a PEM file, hexadecimal."""
    with open(chain_file) as chain:
        pem, end, _rest = chain.read().partition("-----END CERTIFICATE-----")
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem[pem.index("-----BEGIN"):] + end)).hexdigest()


def configuration(connection, name):
    """Which configuration the listener says that it runs."""
    host = "[%s]" % name if ":" in name else name
    request = "GET /_tlsfront/configuration HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % host
    connection.sendall(request.encode("ascii"))
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    return answer.read(200).decode("ascii", "replace")


def observe(address, port, name, context):
    """What the listener shows to a client who asks for this name; without a context, the client speaks plain HTTP."""
    with socket.create_connection((address, port), timeout=5) as plain:
        if context is None:
            return {"configuration": configuration(plain, name)}
        with context.wrap_socket(plain, server_hostname=name) as tls:
            fingerprint = hashlib.sha256(tls.getpeercert(binary_form=True)).hexdigest()
            return {"certificate": fingerprint, "configuration": configuration(tls, name)}


def differences(written, context):
    """One line for each listener and name that does not serve what was written."""
    wanted = {"certificate": leaf_fingerprint(written["chain"]), "configuration": written["configuration"]}
    listeners = [(written["port"], context)] + [(port, None) for port in written.get("plain_ports", [])]
    found = []
    for address in written["addresses"]:
        for port, how in listeners:
            for name in written["names"]:
                place = "%s port %d as %s" % (address, port, name)
                try:
                    observed = observe(address, port, name, how)
                except (OSError, http.client.HTTPException) as error:
                    found.append("%s: %s: %s" % (place, type(error).__name__, error))
                    continue
                for what, served in observed.items():
                    if served != wanted[what]:
                        found.append("%s: another %s is served (%.16s) than was written (%.16s)" % (place, what, served, wanted[what]))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", help="configuration file of nginx; comments in it say, as JSON, what serving it means")
    parser.add_argument("--wait", type=float, default=0, help="seconds to go on asking")
    options = parser.parse_args()

    with open(options.file) as file:
        written = json.loads("".join(line[len(MARK):].rstrip("\n") for line in file if line.startswith(MARK)))
    context = ssl.create_default_context(cafile=written["ca"] if os.path.exists(written["ca"]) else None)
    context.hostname_checks_common_name = False
    # Python 3.13 added this default, which refuses private CAs that older Pythons accept: the same verdict on every node
    context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)

    deadline = time.monotonic() + options.wait
    while True:
        found = differences(written, context)
        if not found or time.monotonic() >= deadline:
            break
        time.sleep(0.2)
    print("\n".join(found) or "served")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
