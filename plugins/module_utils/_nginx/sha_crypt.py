# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""SHA-512 crypt, as crypt(3) of a node computes it: https://www.akkadia.org/drepper/SHA-crypt.txt

Python has no crypt module since 3.13, passlib is not always there, and ansible-core finds another way only from 2.20 on.
"""

from __future__ import annotations

import hashlib

__all__ = ["sha512_crypt"]

_ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SIZE = hashlib.sha512().digest_size


def sha512_crypt(password: str, salt: str, rounds: int) -> str:
    """Return the hash with its salt, of which 16 characters count, and its rounds."""
    salt = salt[:16]
    key, salted = password.encode(), salt.encode()
    once = _repeated(hashlib.sha512(key + salted + key).digest(), len(key))
    digest = hashlib.sha512(key + salted + once)
    length = len(key)
    while length:
        digest.update(hashlib.sha512(key + salted + key).digest() if length & 1 else key)
        length >>= 1
    mixed = digest.digest()
    p = _repeated(hashlib.sha512(key * len(key)).digest(), len(key))
    s = _repeated(hashlib.sha512(salted * (16 + mixed[0])).digest(), len(salted))
    for number in range(rounds):
        odd = number & 1
        mixed = hashlib.sha512((p if odd else mixed) + (s if number % 3 else b"") + (p if number % 7 else b"") + (mixed if odd else p)).digest()
    return f"$6$rounds={rounds}${salt}${_base64(mixed)}"


def _repeated(block: bytes, length: int) -> bytes:
    return (block * (length // _SIZE + 1))[:length]


def _base64(digest: bytes) -> str:
    """crypt's own alphabet, its own order of bytes, the lowest bits first."""
    third = _SIZE // 3
    groups = []
    for number in range(third):
        order = [number, number + third, number + 2 * third]
        turned = order[number % 3 :] + order[: number % 3]
        groups.append(bytes(digest[index] for index in turned))
    groups.append(bytes([0, 0, digest[-1]]))
    text = ""
    for group in groups:
        value = int.from_bytes(group, "big")
        for _character in range(2 if group is groups[-1] else 4):
            text += _ALPHABET[value & 63]
            value >>= 6
    return text
