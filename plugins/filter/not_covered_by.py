# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: not_covered_by
short_description: Which names a certificate does not cover
description:
  - Of the subjectAltName entries that are wanted, those that the entries of a certificate do not cover by the rules that
    clients follow (RFC 6125, section 6.4; RFC 9525, section 6.3). The common name never counts.
  - An entry with a wildcard covers exactly one label in its place, which must be the whole first label before two or
    more others.
  - A wanted wildcard is covered by the same wildcard only.
positional: _input
options:
  _input:
    description: The entries wanted, as P(tlsfront.elasticsearch.subject_alt_names#filter) gives them.
    type: list
    elements: str
    required: true
  found:
    description: The certificate's entries, as P(community.crypto.x509_certificate_info#filter) gives them.
    type: list
    elements: str
    required: true
author: The tlsfront.elasticsearch authors
"""

EXAMPLES = r"""
- name: The certificate covers what is asked of it
  ansible.builtin.assert:
    that: wanted | tlsfront.elasticsearch.not_covered_by(found) | length == 0
  vars:
    wanted: "{{ ['es1.example.org'] | tlsfront.elasticsearch.subject_alt_names }}"
    found: ["DNS:*.example.org"]
"""

RETURN = r"""
_value:
  description: The entries that are not covered, in their order; empty where all are.
  type: list
  elements: str
"""

import typing as t


def not_covered_by(wanted: t.Iterable[str], found: t.Iterable[str] | None) -> list[str]:
    """The entries of `wanted` that no entry of `found` matches; see DOCUMENTATION."""
    entries = {_folded(entry) for entry in found or ()}
    return [entry for entry in wanted if _folded(entry) not in entries and _wildcard(_folded(entry)) not in entries]


def _folded(entry: str) -> str:
    """The entry as it is compared: host names without regard to case (RFC 4343)."""
    return "DNS:" + entry[4:].lower() if entry.startswith("DNS:") else entry


def _wildcard(entry: str) -> str | None:
    """The wildcard entry that would cover this one, if one can."""
    if not entry.startswith("DNS:") or entry.startswith("DNS:*"):
        return None
    rest = entry[4:].split(".")[1:]
    return "DNS:*." + ".".join(rest) if len(rest) >= 2 else None


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"not_covered_by": not_covered_by}
