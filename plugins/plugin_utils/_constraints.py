# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The names for which a CA may sign (name constraints: RFC 5280, section 4.2.1.10)."""

from __future__ import annotations

import contextlib
import ipaddress
import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _names

# Every controller has it, for ansible-core needs it; only the documentation is read without.
with contextlib.suppress(ImportError):
    from cryptography import x509

__all__ = ["NotAConstraint", "not_allowed", "planned", "subtrees", "wider"]

_NOBODY = "invalid"  # no host is below it: RFC 6761, section 6.4
_NOBODY_V4, _NOBODY_V6 = "0.0.0.0/32", "::/128"  # no host is asked there: RFC 1122, section 3.2.1.3; RFC 4291, section 2.5.2
_EVERYBODY_V4, _EVERYBODY_V6 = "0.0.0.0/0", "::/0"


class NotAConstraint(ValueError):
    """A text that is neither a domain nor a network; its message says what to write in its place."""


def planned(permitted: t.Iterable[str]) -> x509.NameConstraints | None:
    """Return the constraints of a CA for domains, with all below them, and networks; None where there are none.

    Each kind of names that a client may go by is mentioned, because what is not would not be restricted. A kind that is
    to be signed for not at all gets a subtree that nobody has a name in, for Java reads no empty domain. Networks of
    IPv4 come first: Java stumbles over an address that is held against a network of the other family.
    """
    domains: list[x509.GeneralName] = []
    networks = []
    for text in permitted:
        try:
            if "/" in text:
                networks.append(ipaddress.ip_network(text))
                continue
            kind, _colon, domain = _names.entry(text).partition(":")
        except ValueError:
            raise NotAConstraint(_wanted(text)) from None
        if kind != "DNS" or "*" in domain:
            raise NotAConstraint(_wanted(text))
        domains.append(x509.DNSName(domain))
    if not domains and not networks:
        return None
    addresses: list[x509.GeneralName] = []
    for version, nobody in ((4, _NOBODY_V4), (6, _NOBODY_V6)) if networks else ():
        own = [network for network in networks if network.version == version]
        addresses += [x509.IPAddress(network) for network in own or [ipaddress.ip_network(nobody)]]
    others = [x509.RFC822Name(_NOBODY), x509.UniformResourceIdentifier(_NOBODY)]
    everywhere = [x509.IPAddress(ipaddress.ip_network(one)) for one in (_EVERYBODY_V4, _EVERYBODY_V6)]
    return x509.NameConstraints(
        [*(domains or [x509.DNSName(_NOBODY)]), *addresses, *others], None if networks else everywhere
    )


def subtrees(constraints: x509.NameConstraints | None) -> dict[str, list[str]]:
    """Return the constraints in the words of OpenSSL, in which community.crypto's modules take them."""
    if constraints is None:
        return {"permitted": [], "excluded": []}
    return {
        "permitted": [_text(subtree) for subtree in constraints.permitted_subtrees or []],
        "excluded": [_text(subtree) for subtree in constraints.excluded_subtrees or []],
    }


def wider(constraints: x509.NameConstraints | None, permitted: t.Iterable[str]) -> list[str]:
    """Return for what a CA with these constraints may sign, although it was to sign for `permitted` only, in words.

    Counted are what servers are verified by, host names and addresses. Raises NotAConstraint.
    """
    wanted = planned(permitted)
    if wanted is None:
        return []
    found = []
    for kind, everything, all_of_it in (
        (x509.DNSName, {""}, "any host name"),
        (x509.IPAddress, {_EVERYBODY_V4, _EVERYBODY_V6}, "any address"),
    ):
        may, may_not = _both(constraints, kind)
        if everything <= {str(value) for value in may_not}:
            continue
        held = [*_both(wanted, kind)[0], *_both(_nobody(), kind)[0]]
        found += [str(value) for value in may if not any(_holds(one, value) for one in held)]
        if not may:
            found.append(all_of_it)
    return found


def not_allowed(constraints: x509.NameConstraints | None, entries: t.Iterable[str]) -> list[str]:
    """Return those subjectAltName entries (as _names.entries gives them) for which the CA may not sign."""
    if constraints is None:
        return []
    permitted, excluded = constraints.permitted_subtrees or [], constraints.excluded_subtrees or []
    return [entry for entry in entries if not _permitted(entry, permitted) or _excluded(entry, excluded)]


def _wanted(text: str) -> str:
    return f"{text!r} is neither a domain, such as example.org, nor a network, such as 10.0.0.0/8"


def _text(subtree: x509.GeneralName) -> str:
    words = {x509.DNSName: "DNS", x509.IPAddress: "IP", x509.RFC822Name: "email", x509.UniformResourceIdentifier: "URI"}
    return f"{words.get(type(subtree), type(subtree).__name__)}:{subtree.value}"


def _nobody() -> x509.NameConstraints:
    networks = [x509.IPAddress(ipaddress.ip_network(one)) for one in (_NOBODY_V4, _NOBODY_V6)]
    return x509.NameConstraints([x509.DNSName(_NOBODY), *networks], None)


def _both(constraints: x509.NameConstraints | None, kind: type[t.Any]) -> tuple[list[t.Any], list[t.Any]]:
    """The permitted and the excluded subtrees of one kind."""
    permitted, excluded = (constraints.permitted_subtrees, constraints.excluded_subtrees) if constraints else (None, None)
    return [one.value for one in permitted or [] if isinstance(one, kind)], [one.value for one in excluded or [] if isinstance(one, kind)]


def _holds(value: t.Any, other: t.Any) -> bool:
    """Whether all of the other subtree is in this one of the same kind."""
    if isinstance(value, str) or isinstance(other, str):
        return isinstance(value, str) and isinstance(other, str) and _below(*(one.lower().lstrip(".") for one in (other, value)))
    return bool(value.version == other.version and other.subnet_of(value))


def _permitted(entry: str, subtrees: t.Sequence[x509.GeneralName]) -> bool:
    """Whether all that the entry covers is in one of the subtrees of its kind; without one, all of that kind is."""
    its = _of_kind(entry, subtrees)
    return not its or any(_within(entry, value) for value in its)


def _excluded(entry: str, subtrees: t.Sequence[x509.GeneralName]) -> bool:
    """Whether something that the entry covers is in one of the subtrees: a wildcard may cover more than one is."""
    return any(_within(entry, value) or _reaches_into(entry, value) for value in _of_kind(entry, subtrees))


def _of_kind(entry: str, subtrees: t.Sequence[x509.GeneralName]) -> list[t.Any]:
    kind = x509.IPAddress if entry.startswith("IP:") else x509.DNSName
    return [subtree.value for subtree in subtrees if isinstance(subtree, kind)]


def _within(entry: str, value: t.Any) -> bool:
    kind, _colon, text = entry.partition(":")
    if kind == "IP":
        address = ipaddress.ip_address(text)
        return bool(address.version == value.version and address in value)
    name = text[2:] if text.startswith("*.") else text
    return _below(name.lower(), value.lower().lstrip("."))


def _reaches_into(entry: str, value: t.Any) -> bool:
    kind, _colon, text = entry.partition(":")
    return kind == "DNS" and text.startswith("*.") and _below(value.lower().lstrip("."), text[2:].lower())


def _below(name: str, domain: str) -> bool:
    """Whether the name is the domain or below it; everything is below the empty one."""
    return not domain or name == domain or name.endswith("." + domain)
