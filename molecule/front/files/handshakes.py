# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Says which handshakes an endpoint accepts, out of all that this host's OpenSSL can offer.

    handshakes.py CA NAME CONTROL_CA CONTROL_PEM     one connection for each version, and one for each cipher of TLS 1.2, all verified

The last two are the CA and the pair of control.example, a server within this process that accepts whatever this OpenSSL can do. Prints as
JSON: versions; ciphers (of TLS 1.2); offered (how many were); control (versions that the control accepted); alpn; resumed; ticket (in TLS
1.2, whether one was given); other_name (whether a name that is not the endpoint's ends a handshake).
"""
import json
import socket
import ssl
import sys
import warnings

VERSIONS = ["TLSv1", "TLSv1_1", "TLSv1_2", "TLSv1_3"]
# "level 0" is what lets a client offer what is known to be weak
EVERYTHING = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"


def client(ca, lowest="TLSv1", highest="TLSv1_3", ciphers=EVERYTHING):
    context = ssl.create_default_context(cafile=ca)
    context.set_ciphers(ciphers)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of old versions: that they are old is what they are asked for
        context.minimum_version = ssl.TLSVersion[lowest]
        context.maximum_version = ssl.TLSVersion[highest]
    return context


def shake_hands(context, endpoint, name=None, session=None):
    plain = socket.create_connection((endpoint, 443), timeout=10)
    with context.wrap_socket(plain, server_hostname=name or endpoint, session=session) as tls:
        tls.sendall(b"HEAD /_cluster/health HTTP/1.0\r\nHost: %s\r\n\r\n" % endpoint.encode())
        tls.recv(1)
        return tls.version(), tls.session, tls.session_reused


def accepted(*question):
    try:
        return shake_hands(*question)
    except OSError:
        return None


def control_accepts(ca, pair, version):
    """Without a network: what is refused elsewhere is not refused because this client could not do it."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pair)
    server.set_ciphers(EVERYTHING)
    server.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client(ca, version, version).wrap_bio(to_client, to_server, server_hostname="control.example")
    waiting = [asking, server.wrap_bio(to_server, to_client, server_side=True)]
    while asking in waiting:
        for side in list(waiting):
            try:
                side.do_handshake()
                waiting.remove(side)
            except ssl.SSLWantReadError:
                pass
    return asking.version()


def main():
    ca, endpoint, control_ca, control_pair = sys.argv[1:]
    offered = [cipher["name"] for cipher in client(ca).get_ciphers() if cipher["protocol"] != "TLSv1.3"]
    both = client(ca)
    both.set_alpn_protocols(["h2", "http/1.1"])
    found = {
        "versions": [version for version in VERSIONS if accepted(client(ca, version, version), endpoint)],
        "ciphers": [cipher for cipher in offered if accepted(client(ca, "TLSv1_2", "TLSv1_2", f"{cipher}:@SECLEVEL=0"), endpoint)],
        "offered": len(offered),
        "control": [version for version in VERSIONS if control_accepts(control_ca, control_pair, version)],
        "other_name": bool(accepted(client(ca), endpoint, "elsewhere.example")),
    }
    plain = socket.create_connection((endpoint, 443), timeout=10)
    with both.wrap_socket(plain, server_hostname=endpoint) as tls:
        found["alpn"] = tls.selected_alpn_protocol()
    old = "TLSv1_2" in found["versions"]
    kept = client(ca, highest="TLSv1_2" if old else "TLSv1_3")
    session = shake_hands(kept, endpoint)[1]
    found["ticket"] = old and session.has_ticket
    found["resumed"] = shake_hands(kept, endpoint, None, session)[2]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
