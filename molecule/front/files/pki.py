# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes client certificates, good ones and others.

    pki.py DIRECTORY

Writes ca.pem and crl.pem (what a server is told), and, each with its chain and key in one file: good.pem; below.pem (of an authority
below the CA); deep.pem (of one that is still one below); revoked.pem; expired.pem; other.pem (of another CA of the same name).
control.pem is for a server, control.example, that handshakes.py tries itself with.
"""
import datetime
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

NOW = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
DAY = datetime.timedelta(days=1)


class Issued:
    """A certificate, its key, and what stands between it and its CA."""

    def __init__(self, name, issuer=None, ca=False, days=9):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self.issuer = issuer or self
        self.certificate = (
            x509.CertificateBuilder(self.issuer.name, self.name, self.key.public_key(), x509.random_serial_number(), NOW - 9 * DAY, NOW + days * DAY)
            .add_extension(x509.BasicConstraints(ca, None), True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(f"{name}.example")]), False)
            .sign(self.issuer.key, hashes.SHA256())
        )

    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def chain(self):
        return self.pem() if self.issuer.issuer is self.issuer else self.pem() + self.issuer.chain()

    def with_key(self):
        return self.chain() + self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def revoke(self, *certificates):
        builder = x509.CertificateRevocationListBuilder(self.name, NOW - DAY, NOW + 9 * DAY)
        for revoked in certificates:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder(revoked.certificate.serial_number, NOW - DAY).build()
            )
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def main():
    directory = Path(sys.argv[1])
    ca = Issued("CA", ca=True)
    below = Issued("Authority below", ca, ca=True)
    deep = Issued("Authority deep below", below, ca=True)
    clients = {
        "good": Issued("good", ca),
        "below": Issued("below", below),
        "deep": Issued("deep", deep),
        "revoked": Issued("revoked", ca),
        "expired": Issued("expired", ca, days=-1),
        "control": Issued("control", ca),
        "other": Issued("other", Issued("CA", ca=True)),
    }
    for name, client in clients.items():
        (directory / f"{name}.pem").write_bytes(client.with_key())
    (directory / "ca.pem").write_bytes(ca.pem())
    (directory / "crl.pem").write_bytes(ca.revoke(clients["revoked"]) + below.revoke() + deep.revoke())


if __name__ == "__main__":
    main()
