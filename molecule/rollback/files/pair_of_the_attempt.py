# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Swaps in a certificate that nobody can use, as the role certificate swaps in a good one, and takes it away again.

    pair_of_the_attempt.py wrong_key|untrusted|expired NAME     makes it the live one
    pair_of_the_attempt.py gone                                 fails if it is the live one still
"""
import datetime
import shutil
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

LIVE = Path("/etc/tlsfront/certificate/live")
VERSION = LIVE.parent / "versions/of-the-attempt"
DAY = datetime.timedelta(days=1)


def issue(subject, key, issuer, issuer_key, days, ca):
    now = datetime.datetime.utcnow()
    name = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)]) for text in (subject, issuer)]
    return (
        x509.CertificateBuilder(name[1], name[0], key.public_key(), x509.random_serial_number(), now - 9 * DAY, now + days * DAY)
        .add_extension(x509.BasicConstraints(ca, None), True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(subject)]), False)
        .sign(issuer_key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )


def make(kind, name):
    files = {file: (LIVE / file).read_bytes() for file in ("chain.pem", "ca.pem")}
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    if kind in ("untrusted", "expired"):
        files["chain.pem"] = issue(name, key, "CA of nobody", ca_key, -1 if kind == "expired" else 9, False)
    if kind == "expired":
        files["ca.pem"] = issue("CA of nobody", ca_key, "CA of nobody", ca_key, 9, True)
    files["key.pem"] = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    VERSION.mkdir(0o700)
    for file, content in files.items():
        (VERSION / file).touch(0o600 if file == "key.pem" else 0o644)
        (VERSION / file).write_bytes(content)
    link = LIVE.with_name("next")
    link.symlink_to(VERSION.relative_to(LIVE.parent))
    link.replace(LIVE)


def gone():
    if LIVE.resolve() == VERSION:
        sys.exit("it is live still")
    shutil.rmtree(VERSION)


if __name__ == "__main__":
    gone() if sys.argv[1] == "gone" else make(*sys.argv[1:])
