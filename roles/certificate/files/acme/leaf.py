# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a server's certificate says, for python3-cryptography from 3.3 (Debian 11) on."""
import datetime
import hashlib
import json
import re
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from module_utils._tls import keypair

CURVES = {"secp256r1": "p256", "secp384r1": "p384"}
PLAIN = re.compile(r"(?!.*:( |\Z))[A-Za-z][A-Za-z0-9 .,:=*+()/_-]*\Z(?<! )")


def load(chain_file):
    """The first certificate of a PEM file; OSError or ValueError where there is none."""
    return x509.load_der_x509_certificate(keypair.leaf(Path(chain_file)))


def fingerprint(certificate):
    """SHA-256 of the certificate, hexadecimal."""
    return hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest()


def starts(certificate):
    return _utc(certificate, "not_valid_before")


def ends(certificate):
    return _utc(certificate, "not_valid_after")


def names(certificate):
    """The host names in its subjectAltName, in lower case."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [name.lower() for name in found.get_values_for_type(x509.DNSName)]


def kind(certificate):
    """Its key in the words of certificate_key_type."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return "rsa-%d" % key.key_size
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "ecdsa-%s" % CURVES.get(key.curve.name, key.curve.name)
    return type(key).__name__


def about(certificate):
    """The same in words, as YAML: what about.txt has of certificates from the other sources, too."""
    sha256 = fingerprint(certificate)
    lines = ["source: acme", "names:", *("- %s" % _scalar("DNS:%s" % name) for name in names(certificate))]
    lines += ["issuer: %s" % _scalar(certificate.issuer.rfc4514_string()), "key: %s" % kind(certificate)]
    lines += ["not_before: '%s'" % _text(starts(certificate)), "not_after: '%s'" % _text(ends(certificate))]
    lines += ["sha256: %s" % ":".join(sha256[at : at + 2] for at in range(0, len(sha256), 2))]
    return "\n".join(lines) + "\n"


def _scalar(text):
    """A text as YAML has it: as it is where nothing in it means something there, else quoted as JSON, which is YAML, too."""
    return text if PLAIN.match(text) else json.dumps(text)


def _text(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _utc(certificate, attribute):
    if hasattr(certificate, attribute + "_utc"):  # cryptography from 42 on
        return getattr(certificate, attribute + "_utc")
    return getattr(certificate, attribute).replace(tzinfo=datetime.timezone.utc)
