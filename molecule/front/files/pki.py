# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes client certificates, good ones and others, and servers' that name an OCSP responder.

    pki.py DIRECTORY SERVERS RESPONDER NAME ...

Writes into DIRECTORY ca.pem and crl.pem (what a server is told), and, each with its chain and key in one file: good.pem; below.pem (of an authority
below the CA); deep.pem (of one that is still one below); revoked.pem; expired.pem; other.pem (of another CA of the same name).
control.pem is for a server, control.example, that handshakes.py and sessions.py try themselves with.

Writes into the directory SERVERS, for each NAME, NAME-chain.pem and NAME-key.pem; the authority that signed them, below the CA ca.pem, answers
at the URL RESPONDER, and for that there are responder.pem, below.pem (who signed it, too), and index.txt.
"""
import datetime
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

NOW = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
DAY = datetime.timedelta(days=1)


class Issued:
    """A certificate, its key, and what stands between it and its CA."""

    def __init__(self, name, issuer=None, ca=False, days=9, extension=None):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self.issuer = issuer or self
        names = [x509.DNSName(name) for name in (f"{name}.example", name) if " " not in name]
        extensions = [(x509.BasicConstraints(ca, None), True), *([(extension, False)] if extension else [])]
        if names:
            extensions.append((x509.SubjectAlternativeName(names), False))
        builder = x509.CertificateBuilder(
            self.issuer.name, self.name, self.key.public_key(), x509.random_serial_number(), NOW - 9 * DAY, NOW + days * DAY
        )
        for value, critical in extensions:
            builder = builder.add_extension(value, critical)
        self.certificate = builder.sign(self.issuer.key, hashes.SHA256())

    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def chain(self):
        return self.pem() if self.issuer.issuer is self.issuer else self.pem() + self.issuer.chain()

    def key_pem(self):
        return self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())

    def with_key(self):
        return self.chain() + self.key_pem()

    def revoke(self, *certificates):
        builder = x509.CertificateRevocationListBuilder(self.name, NOW - DAY, NOW + 9 * DAY)
        for revoked in certificates:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder(revoked.certificate.serial_number, NOW - DAY).build()
            )
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def servers(directory, url, names):
    ca = Issued("CA of servers", ca=True)
    below = Issued("Authority of servers", ca, ca=True)
    # signs for its authority: RFC 6960, section 4.2.2.2
    responder = Issued("Responder", below, extension=x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]))
    access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(url))
    index = ""
    for name in names:
        server = Issued(name, below, extension=x509.AuthorityInformationAccess([access]))
        (directory / f"{name}-chain.pem").write_bytes(server.chain())
        (directory / f"{name}-key.pem").touch(0o600)
        (directory / f"{name}-key.pem").write_bytes(server.key_pem())
        serial = f"{server.certificate.serial_number:X}"
        serial = serial.zfill(len(serial) + len(serial) % 2)
        # one line a certificate, as "openssl ca" keeps it: status, end, revocation, serial number, file, subject
        index += f"V\t{NOW + 9 * DAY:%y%m%d%H%M%S}Z\t\t{serial}\tunknown\t/CN={name}\n"
    (directory / "ca.pem").write_bytes(ca.pem())
    (directory / "below.pem").write_bytes(below.pem())
    (directory / "responder.pem").write_bytes(responder.pem() + responder.key_pem())
    (directory / "index.txt").write_text(index)


def main():
    directory = Path(sys.argv[1])
    servers(Path(sys.argv[2]), sys.argv[3], sys.argv[4:])
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
