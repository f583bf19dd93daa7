# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: subject_alt_names
short_description: Names and addresses as the subjectAltName entries of a certificate
description:
  - Makes of host names and addresses the entries of a certificate's subjectAltName, in the one spelling in which
    certificates are compared, each of them once, in the order given.
  - What no certificate for a host can carry is refused, with what to write in its place.
notes:
  - Host names follow RFC 1123, section 2.1. Underscores are refused, because Java's URLs and certificates know none.
  - A wildcard is the whole first label, with two or more labels after it (RFC 6125, section 6.4.3; OpenSSL ignores
    it before fewer).
positional: _input
options:
  _input:
    description: Host names, wildcard names and addresses, as texts.
    type: list
    elements: str
    required: true
  addresses:
    description: IPv4 and IPv6 addresses.
    type: list
    elements: str
    default: []
author: The tlsfront.elasticsearch authors
"""

EXAMPLES = r"""
- name: Entries for a certificate request
  ansible.builtin.debug:
    msg: "{{ ['es1.example.org'] | tlsfront.elasticsearch.subject_alt_names(['10.0.0.7', 'FD00:0::7']) }}"
    # -> ['DNS:es1.example.org', 'IP:10.0.0.7', 'IP:fd00::7']
"""

RETURN = r"""
_value:
  description: Entries that begin with V(DNS:) or V(IP:).
  type: list
  elements: str
"""

import ipaddress
import re
import typing as t

from ansible.errors import AnsibleFilterError

_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_LONGEST_NAME = 253  # characters without the root's dot: RFC 1035, section 2.3.4


def subject_alt_names(names: t.Any, addresses: t.Any = ()) -> list[str]:
    """Entries of a subjectAltName (RFC 5280, section 4.2.1.6); see DOCUMENTATION.

    Raises AnsibleFilterError for whatever is neither a host name nor an address.
    """
    entries = [_address(name) or _name(name) for name in _texts(names, "names")]
    for address in _texts(addresses, "addresses"):
        entry = _address(address)
        if entry is None:
            raise AnsibleFilterError(
                f"{address!r} is not an IPv4 or IPv6 address: "
                "write it like 192.0.2.7 or 2001:db8::7, without port, prefix length or zone"
            )
        entries.append(entry)
    return list(dict.fromkeys(entries))


def _texts(values: t.Any, what: str) -> list[str]:
    if isinstance(values, (str, bytes)) or not isinstance(values, t.Iterable):
        raise AnsibleFilterError(f"the {what} are {values!r}, not a list: write them in brackets")
    return [str(value) for value in values]


def _address(text: str) -> str | None:
    """The entry for an address in its shortest form (RFC 5952), or None for any other text."""
    try:
        return None if "%" in text else f"IP:{ipaddress.ip_address(text)}"
    except ValueError:
        return None


def _name(text: str) -> str:
    """The entry for one host name; says of any other text what is wrong with it."""
    if not text.isascii():
        raise AnsibleFilterError(f"{text!r} is not ASCII: write it in its ASCII form, which has xn-- in it (RFC 5891)")
    labels = text.lower().split(".")
    rest = labels[1:] if labels[0] == "*" else labels
    if len(rest) < len(labels) and len(rest) < 2:
        raise AnsibleFilterError(
            f"{text!r} is too wide: clients accept a wildcard only before two or more labels, as in *.example.org"
        )
    if len(text) > _LONGEST_NAME or not all(map(_LABEL.fullmatch, rest)) or rest[-1].isdigit():
        raise AnsibleFilterError(
            f"{text!r} is not a host name: write labels of letters, digits and inner hyphens, joined by dots, "
            f"at most {_LONGEST_NAME} characters in all, without scheme, port or underscore"
        )
    return "DNS:" + text.lower()


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"subject_alt_names": subject_alt_names}
