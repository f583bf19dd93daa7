# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""pki.py DIRECTORY NAME...: a private PKI for the ACME server itself.

Writes root.pem, chain.pem (a certificate for the names, with its intermediate) and server.key.
"""

from __future__ import annotations

import datetime
import pathlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime.datetime.now(datetime.timezone.utc)


def key_usage(ca: bool) -> x509.KeyUsage:
    unused = ["content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"]
    return x509.KeyUsage(digital_signature=not ca, key_cert_sign=ca, crl_sign=ca, **dict.fromkeys(unused, False))


def certificate(title, key, issuer=None, names=()):
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, title)])
    issuing_name, issuing_key = (issuer[0].subject, issuer[1]) if issuer else (subject, key)
    builder = (
        x509.CertificateBuilder(issuing_name, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(NOW - datetime.timedelta(hours=1))
        .not_valid_after(NOW + datetime.timedelta(days=90))
        .add_extension(x509.BasicConstraints(not names, None), critical=True)
        .add_extension(key_usage(not names), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuing_key.public_key()), critical=False)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return builder.sign(issuing_key, hashes.SHA256())


def main(directory: str, *names: str) -> None:
    keys = [ec.generate_private_key(ec.SECP256R1()) for _number in range(3)]
    root = certificate("root", keys[0])
    middle = certificate("intermediate", keys[1], (root, keys[0]))
    files = {"root.pem": [root], "chain.pem": [certificate("server", keys[2], (middle, keys[1]), names), middle]}
    for name, certificates in files.items():
        text = b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates)
        pathlib.Path(directory, name).write_bytes(text)
    private = keys[2].private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pathlib.Path(directory, "server.key").write_bytes(private)


main(*sys.argv[1:])
