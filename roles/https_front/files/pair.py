# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Would a client accept this certificate with this key?  Exit status 0: yes, for every name; 1: no, and why.

A client and a server of TLS shake hands within this process, before anything is changed. So the answer is the one that real
clients would get: key and certificate belong together, dates, chain and names are right. Nothing is sent over a network.
Prints, as JSON, what else the certificate says: {"ocsp": [URLs of its responders]}.
Needs Python 3.7 and its standard library only.
"""
import argparse
import json
import os
import ssl
import sys


def no_passphrase():
    raise ValueError("the key has a passphrase, and nobody can type it when nginx starts: give the key without one")


def server_context(chain, key):
    """What nginx would present."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key, password=no_passphrase)
    return context


def client_context(ca):
    """What a client trusts: the CA given, or without one the system's."""
    context = ssl.create_default_context(cafile=ca if ca and os.path.exists(ca) else None)
    context.hostname_checks_common_name = False
    # Python 3.13 added this default, which refuses private CAs that older Pythons accept: the same verdict on every node
    context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
    return context


def shake_hands(server, client, name):
    """The server's certificate as the client that asked for the name verified it; ssl.SSLError if it refused."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(to_client, to_server, server_hostname=name)
    answering = server.wrap_bio(to_server, to_client, server_side=True)
    waiting = [asking, answering]
    while asking in waiting:
        for side in list(waiting):
            try:
                side.do_handshake()
                waiting.remove(side)
            except ssl.SSLWantReadError:
                pass
    return asking.getpeercert()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", help="has chain.pem, key.pem and, for a private CA, ca.pem")
    parser.add_argument("names", nargs="+", help="names and addresses that clients ask for")
    options = parser.parse_args()
    chain, key, ca = (os.path.join(options.directory, file + ".pem") for file in ("chain", "key", "ca"))

    try:
        server, client = server_context(chain, key), client_context(ca)
        for name in options.names:
            certificate = shake_hands(server, client, name)
    except ssl.SSLCertVerificationError as error:
        print("as %s: %s" % (name, error.verify_message))
        return 1
    except ssl.SSLError as error:
        wrong_key = error.reason == "KEY_VALUES_MISMATCH"
        print("key.pem does not belong to chain.pem" if wrong_key else "chain.pem or key.pem cannot be used: %s" % error)
        return 1
    except (OSError, ValueError) as error:
        print(error)
        return 1
    print(json.dumps({"ocsp": certificate.get("OCSP", [])}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
