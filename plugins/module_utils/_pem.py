# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""PEM as people hand it over (RFC 7468, section 2, "lax"), and as every reader takes it (section 3, "strict").

Files are joined without a line feed between them, indented in YAML, saved with a byte order mark or with lines that end in CR LF, and
have comments of any encoding around their blocks. What is read here is written anew from the octets that it encodes, so that
no program that reads it later meets what was around it.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import NamedTuple

from . import _der

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9][A-Z0-9 ]*)-----(.*?)-----END \1-----", re.DOTALL)
_BEGIN = re.compile(r"-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----")
_CERTIFICATES = {"CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"}
_LINE = 64
_REJECTED = 0xA0


class Block(NamedTuple):
    """What stands between a line BEGIN and its line END."""

    label: str
    headers: tuple[str, ...]
    """Such as Proc-Type and DEK-Info of an encrypted key (RFC 1421, section 4.6)."""
    content: bytes

    @property
    def encrypted(self) -> bool:
        return self.label == "ENCRYPTED PRIVATE KEY" or any("ENCRYPTED" in header for header in self.headers)

    @property
    def pem(self) -> str:
        text = base64.b64encode(self.content).decode()
        lines = [text[at : at + _LINE] for at in range(0, len(text), _LINE)]
        headers = [*self.headers, ""] if self.headers else []
        return "\n".join([f"-----BEGIN {self.label}-----", *headers, *lines, f"-----END {self.label}-----", ""])


def text_of(octets: bytes) -> str:
    """The text of a file, in which an octet is a character: what is outside of the blocks may have any encoding."""
    return octets.decode("latin-1")


def blocks(text: str) -> list[Block]:
    """The blocks of a text, in its order.

    :raises ValueError: one is damaged
    """
    found = []
    for match in _BLOCK.finditer(text):
        label, body = match.groups()
        lines = [line.strip() for line in body.splitlines()]
        # no character of base64 is a colon
        headers = tuple(line for line in lines if ":" in line)
        try:
            content = base64.b64decode("".join(line for line in lines if ":" not in line), validate=True)
        except (binascii.Error, ValueError):
            raise ValueError(f"what is between BEGIN and END {label} is not base64") from None
        found.append(Block(label, headers, content))
    return found


def certificates(text: str) -> list[bytes]:
    """The certificates of a text in DER, in its order, each once.

    :raises ValueError: there is none, or one is damaged
    """
    found = [_certificate(block) for block in blocks(text) if block.label in _CERTIFICATES]
    begun = len(_BEGIN.findall(text))
    if begun != len(found):
        raise ValueError(f"{begun} begin, but {len(found)} end")
    if not found:
        raise ValueError("there is no block BEGIN CERTIFICATE")
    return list(dict.fromkeys(found))


def in_pem(certificate: bytes) -> str:
    """A certificate as every program reads it."""
    return Block("CERTIFICATE", (), certificate).pem


def key(text: str) -> Block:
    """The private key of a text; what else is in it, such as parameters of its curve or certificates, is left out.

    :raises ValueError: there is none, or more than one
    """
    found = [block for block in blocks(text) if block.label.endswith("PRIVATE KEY")]
    if len(found) != 1:
        raise ValueError("there is no private key" if not found else f"there are {len(found)} private keys")
    return found[0]


def _certificate(block: Block) -> bytes:
    """The certificate of a block.

    In OpenSSL's own form, an alias and what it is trusted for may follow (CertAux in openssl/x509.h). An alias is no
    matter, but what restricts the trust would be lost, and a certificate that is not to be trusted taken for one that is.
    """
    if block.label != "TRUSTED CERTIFICATE":
        return block.content
    certificate, *more = _der.values(block.content)
    if any(value.tag in (_der.SEQUENCE, _REJECTED) for one in more for value in _der.values(one.content)):
        raise ValueError("a TRUSTED CERTIFICATE is restricted to some purposes (openssl x509 -in FILE -out NEW leaves that out)")
    return certificate.der
