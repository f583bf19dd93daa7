# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The encoding of certificates and OCSP answers: DER, ITU-T X.690."""

from __future__ import annotations

from datetime import datetime, timezone
from functools import lru_cache
from typing import Iterator, NamedTuple

INTEGER, BIT_STRING, OCTET_STRING, OID, SEQUENCE, SET = 0x02, 0x03, 0x04, 0x06, 0x30, 0x31
BOOLEAN, UTC_TIME, GENERALIZED_TIME = 0x01, 0x17, 0x18

_TIME_PARTS = ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12), (12, 14))


class Value(NamedTuple):
    """One DER value: its tag, its content and the whole of it."""

    tag: int
    content: bytes
    der: bytes


def values(data: bytes) -> Iterator[Value]:
    """The values that stand one after the other.

    :raises ValueError: they do not
    """
    position = 0
    while position < len(data):
        start = position
        tag = data[position]
        if tag & 0x1F == 0x1F:
            raise ValueError("a tag of more than one byte")
        length = data[position + 1]
        position += 2
        if length & 0x80:
            count = length & 0x7F
            if not 1 <= count <= 4:
                raise ValueError("an impossible length")
            if position + count > len(data):
                raise ValueError("cut short")
            length = int.from_bytes(data[position : position + count], "big")
            position += count
        if position + length > len(data):
            raise ValueError("cut short")
        yield Value(tag, data[position : position + length], data[start : position + length])
        position += length


def exactly(data: bytes, count: int) -> list[Value]:
    found = list(values(data))
    if len(found) != count:
        raise ValueError(f"{len(found)} values where {count} belong")
    return found


def only(data: bytes, tag: int) -> Value:
    """The one value that there must be."""
    (found,) = exactly(data, 1)
    require(found, tag)
    return found


def first(data: bytes) -> Value:
    for value in values(data):
        return value
    raise ValueError("no value where one belongs")


def require(value: Value, tag: int) -> None:
    if value.tag != tag:
        raise ValueError(f"tag 0x{value.tag:02x} where 0x{tag:02x} belongs")


@lru_cache(maxsize=1024)  # the same few stand in every certificate
def oid_of(content: bytes) -> str:
    """The content of an OBJECT IDENTIFIER, with dots.

    :raises ValueError: it is none
    """
    arcs, number = [], 0
    for byte in content:
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            arcs.append(number)
            number = 0
    if not arcs or number:
        raise ValueError("an object identifier that is cut short")
    first = min(arcs[0] // 40, 2)
    return ".".join(str(arc) for arc in [first, arcs[0] - 40 * first, *arcs[1:]])


def time_of(value: Value) -> datetime:
    """A time as RFC 5280 section 4.1.2.5 allows it: to the second, in UTC."""
    text = value.content.decode("ascii")
    if value.tag == UTC_TIME:
        text = ("20" if text < "50" else "19") + text
    else:
        require(value, GENERALIZED_TIME)
    if len(text) != 15 or not text[:14].isdigit() or text[14] != "Z":
        raise ValueError("not a time")
    year, month, day, hour, minute, second = (int(text[start:end]) for start, end in _TIME_PARTS)
    return datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc)
