# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Would clients accept this certificate with this key? A client and a server shake hands within this process."""
import os
import re
import ssl

CERTIFICATE = re.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


def trusting(ca):
    """What clients trust: the CAs in the text given, and without one the system's."""
    # ssl reads no comments that are not ASCII
    context = ssl.create_default_context(cadata="\n".join(CERTIFICATE.findall(ca)) if ca else None)
    context.hostname_checks_common_name = False
    # Python 3.13 added this default, which refuses private CAs that older ones accept: the same verdict on every node
    context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
    return context


def asked(names):
    """A name for each wildcard, since nobody can ask for a pattern."""
    return ["tlsfront-probe" + name[1:] if name.startswith("*") else name for name in names]


def refusal(directory, names, ca):
    """Why a client would refuse chain.pem with key.pem in the directory for one of the names; empty if none would.

    Key and certificate, chain up to what clients trust, dates, names, purpose.
    """
    chain, key = (os.path.join(directory, name + ".pem") for name in ("chain", "key"))
    try:
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(chain, key, password=_no_passphrase)
        client = trusting(ca)
        for name in asked(names):
            _shake_hands(server, client, name)
    except ssl.SSLCertVerificationError as error:
        return "as %s: %s" % (name, error.verify_message)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            return "the key does not belong to the certificate"
        return "certificate or key cannot be used: %s" % error
    except (OSError, ValueError) as error:
        return str(error)
    return ""


def _shake_hands(server, client, name):
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        client.wrap_bio(to_client, to_server, server_hostname=name),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    asking = sides[0]
    while asking in sides:
        for side in list(sides):
            try:
                side.do_handshake()
                sides.remove(side)
            except ssl.SSLWantReadError:
                pass


def _no_passphrase():
    raise ValueError("the key has a passphrase")
