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

__all__ = ["NotAConstraint", "not_allowed", "planned"]


class NotAConstraint(ValueError):
    """A text that is neither a domain nor a network; its message says what to write in its place."""


def planned(permitted: t.Iterable[str]) -> x509.NameConstraints | None:
    """Return the constraints of a CA for domains, with all below them, and networks; None where there are none.

    No address may be signed for where no network is among them: what is not mentioned would not be restricted.
    """
    domains, networks = [], []
    for text in permitted:
        try:
            if "/" in text:
                networks.append(x509.IPAddress(ipaddress.ip_network(text)))
                continue
            kind, _colon, domain = _names.entry(text).partition(":")
        except ValueError:
            raise NotAConstraint(_wanted(text)) from None
        if kind != "DNS" or "*" in domain:
            raise NotAConstraint(_wanted(text))
        domains.append(x509.DNSName(domain))
    if not domains and not networks:
        return None
    everything = [x509.IPAddress(ipaddress.ip_network(one)) for one in ("0.0.0.0/0", "::/0")]
    return x509.NameConstraints([*domains, *networks], None if networks else everything)


def not_allowed(constraints: x509.NameConstraints | None, entries: t.Iterable[str]) -> list[str]:
    """Return those subjectAltName entries (as _names.entries gives them) for which the CA may not sign."""
    if constraints is None:
        return []
    permitted, excluded = constraints.permitted_subtrees or [], constraints.excluded_subtrees or []
    return [entry for entry in entries if not _permitted(entry, permitted) or _excluded(entry, excluded)]


def _wanted(text: str) -> str:
    return f"{text!r} is neither a domain, such as example.org, nor a network, such as 10.0.0.0/8"


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
