# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names and addresses as the subjectAltName of a certificate has them, and which of them cover which."""

from __future__ import annotations

import ipaddress
import re
import typing as t

__all__ = ["NotAName", "address_entry", "entries", "entry", "not_covered", "problems"]

_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_LONGEST_NAME = 253  # characters without the root's dot: RFC 1035, section 2.3.4


class NotAName(ValueError):
    """A text that no certificate for a host can carry; its message says why, and what to write in its place."""


def entries(names: t.Any, addresses: t.Any = ()) -> list[str]:
    """Return the subjectAltName entries of `names` and `addresses`, each of them once, in the order given.

    Raises NotAName for the first text that is neither a host name nor an address.
    """
    found = [entry(name) for name in _texts(names, "names")]
    found += [address_entry(address) for address in _texts(addresses, "addresses")]
    return list(dict.fromkeys(found))


def problems(names: t.Any, addresses: t.Any = ()) -> list[str]:
    """Return a sentence for each of `names` and `addresses` that is none, and one if there is no name at all."""
    found = []
    for values, what, read in ((names, "names", entry), (addresses, "addresses", address_entry)):
        try:
            texts = _texts(values, what)
        except NotAName as problem:
            found.append(f"{problem}.")
            continue
        for text in texts:
            try:
                read(text)
            except NotAName as problem:
                found.append(f"{problem}.")
    if not found and not names:
        found.append("There is no name, but a certificate needs one: list the names by which clients reach the host.")
    return found


def entry(text: str) -> str:
    """Return the entry of a host name, a wildcard name or an address, in the one spelling by which they are compared.

    Host names follow RFC 1123, section 2.1; an underscore is refused, because Java's URLs and certificates know none.
    A wildcard is the whole first label (RFC 6125, section 6.4.3), with two or more labels after it, because OpenSSL
    ignores it before fewer (X509_check_host(3)).
    """
    address = _address(text)
    if address is not None:
        return address
    if not text.isascii():
        raise NotAName(f"{text!r} is not ASCII: write it in its ASCII form, which has xn-- in it (RFC 5891)")
    labels = text.lower().split(".")
    rest = labels[1:] if labels[0] == "*" else labels
    if len(rest) < len(labels) and len(rest) < 2:
        raise NotAName(
            f"{text!r} is too wide: clients accept a wildcard only before two or more labels, as in *.example.org"
        )
    if len(text) > _LONGEST_NAME or not all(map(_LABEL.fullmatch, rest)) or rest[-1].isdigit():
        raise NotAName(
            f"{text!r} is not a host name: write labels of letters, digits and inner hyphens, joined by dots, "
            f"at most {_LONGEST_NAME} characters in all, without scheme, port or underscore"
        )
    return "DNS:" + text.lower()


def address_entry(text: str) -> str:
    """Return the entry of an IPv4 or IPv6 address; raises NotAName for any other text."""
    address = _address(text)
    if address is None:
        raise NotAName(
            f"{text!r} is not an IPv4 or IPv6 address: write it like 192.0.2.7 or 2001:db8::7, "
            "without port, prefix length or zone"
        )
    return address


def not_covered(wanted: t.Iterable[str], found: t.Iterable[str]) -> list[str]:
    """Return the entries of `wanted` that no entry of `found` covers (RFC 6125, section 6.4; RFC 9525, section 6.3).

    A wildcard covers exactly one label in its place. A wanted wildcard is covered by the same wildcard only. The
    common name never counts: it is no entry.
    """
    covering = {_folded(one) for one in found}
    return [one for one in wanted if _folded(one) not in covering and _wildcard_over(_folded(one)) not in covering]


def _texts(values: t.Any, what: str) -> list[str]:
    if isinstance(values, (str, bytes)) or not isinstance(values, t.Iterable):
        raise NotAName(f"the {what} are {values!r}, which is not a list: write them in brackets")
    return [str(value) for value in values]


def _address(text: str) -> str | None:
    """The entry of an address in its shortest form (RFC 5952), or None for any other text."""
    try:
        return None if "%" in text else f"IP:{ipaddress.ip_address(text)}"
    except ValueError:
        return None


def _folded(one: str) -> str:
    """The entry as it is compared: host names without regard to case (RFC 4343)."""
    return "DNS:" + one[4:].lower() if one.startswith("DNS:") else one


def _wildcard_over(one: str) -> str | None:
    """The wildcard entry that would cover this one, if any can."""
    if not one.startswith("DNS:") or one.startswith("DNS:*"):
        return None
    rest = one[4:].split(".")[1:]
    return "DNS:*." + ".".join(rest) if len(rest) >= 2 else None
