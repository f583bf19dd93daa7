# Copyright (c) the tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports and ranges of ports in canonical form, as the filter C(tlsfront.elasticsearch.ports)."""

from __future__ import annotations

DOCUMENTATION = r"""
name: ports
author: The tlsfront.elasticsearch authors
version_added: 1.0.0
short_description: Check ports and ranges of ports and write them in canonical form
description:
  - Turns a list of TCP ports and ranges into the shortest sorted list without overlaps that means the same.
  - An entry that cannot be meant fails with a message that names it and says what to write instead.
options:
  _input:
    description:
      - Ports as numbers or texts (V(9200)), and ranges as texts (V(9200-9299)).
      - Each port is from 1 to 65535 (RFC 9293).
    type: list
    elements: raw
    required: true
  expand:
    description: Return every single port as a number, instead of ports and ranges as texts.
    type: bool
    default: false
  without:
    description: Ports and ranges to leave out, written in the same way.
    type: list
    elements: raw
    default: []
  name:
    description: What the list is called, for the error message, for example the variable's name.
    type: str
    default: ports
"""

EXAMPLES = r"""
- name: Show ['9200-9299', '9300']
  ansible.builtin.debug:
    msg: "{{ [9300, '9250-9299', '9200-9260'] | tlsfront.elasticsearch.ports }}"

- name: Show [9201]
  ansible.builtin.debug:
    msg: "{{ ['9200-9201', 9300] | tlsfront.elasticsearch.ports(expand=true, without=[9200, '9300-9399']) }}"

- name: Show whether a port is among them
  ansible.builtin.debug:
    msg: "{{ 9210 in (['9200-9299'] | tlsfront.elasticsearch.ports(expand=true)) }}"
"""

RETURN = r"""
_value:
  description: The ports in ascending order, as texts such as V(9200) and V(9200-9299), or as numbers with O(expand).
  type: list
  elements: raw
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Callable

from ansible.errors import AnsibleFilterError

_PORT_OR_RANGE = re.compile(r"\s*([0-9]+)\s*(?:-\s*([0-9]+)\s*)?", re.ASCII)


def _range(entry: object) -> tuple[int, int]:
    """The first and the last port that one entry means.

    Raises ValueError with a sentence that says what is wrong with the entry.
    """
    match = None if isinstance(entry, (bool, float)) else _PORT_OR_RANGE.fullmatch(str(entry))
    if match is None:
        raise ValueError(f"{entry!r} is not a port: write a number such as 9200 or a range such as '9200-9299'")
    first = int(match[1])
    last = int(match[2] or match[1])
    if first > last:
        raise ValueError(f"the range '{entry}' runs backwards: write '{last}-{first}'")
    if first < 1 or last > 65535:
        raise ValueError(f"'{entry}' is out of range: ports go from 1 to 65535")
    return first, last


def _ranges(entries: Any, name: str) -> list[tuple[int, int]]:
    """What they mean, in ascending order and without overlaps."""
    if isinstance(entries, (str, Mapping)) or not isinstance(entries, Iterable):
        raise AnsibleFilterError(f"{name}: expected a list of ports, not {entries!r}")
    try:
        wanted = sorted(_range(entry) for entry in entries)
    except ValueError as error:
        raise AnsibleFilterError(f"{name}: {error}.") from None
    merged: list[tuple[int, int]] = []
    for first, last in wanted:
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


def ports(entries: Any, expand: bool = False, without: Any = (), name: str = "ports") -> list[int | str]:
    """The canonical form of a list of ports and ranges; see DOCUMENTATION.

    Raises AnsibleFilterError for the first entry that is none.
    """
    ranges = _ranges(entries, name)
    for first, last in _ranges(without, f"{name}(without)"):
        ranges = [
            (begin, end) for low, high in ranges for begin, end in ((low, min(high, first - 1)), (max(low, last + 1), high)) if begin <= end
        ]
    if expand:
        return [port for first, last in ranges for port in range(first, last + 1)]
    return [str(first) if first == last else f"{first}-{last}" for first, last in ranges]


class FilterModule:
    """Ansible looks for this class."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"ports": ports}
