# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Further elements for the sets of a rules file, in the form in which the role host_firewall writes it."""

from __future__ import annotations

import ipaddress
import re
from typing import Mapping, Sequence

from .._commands import Failed

__all__ = ["with_elements"]


def with_elements(rules: str, added: Mapping[str, Sequence[str]]) -> str:
    """The rules, with these addresses in their sets besides.

    :raises Failed: one is no address, or there is no such set
    """
    for name, addresses in added.items():
        try:
            wanted = [str(ipaddress.ip_address(address)) for address in addresses]
        except ValueError as error:
            raise Failed(f"add_elements: {error}. Nothing was changed.") from None
        pattern = re.compile(rf"(?m)^\tset {re.escape(name)} \{{\n(?P<type>\t\ttype \w+\n)(?P<elements>\t\telements = \{{(?P<there>[^}}]*)\}}\n)?\t\}}$")
        found = pattern.search(rules)
        if found is None:
            raise Failed(
                f"The rules that are there have no set {name} as this version of the collection writes it, so nothing can be added to it. Nothing was changed. "
                "Run it first with a --limit that leaves out the new nodes."
            )
        there = re.findall(r"[^\s,]+", found["there"] or "")
        elements = ",\n\t\t\t".join(dict.fromkeys([*there, *wanted]))
        written = f"\t\telements = {{\n\t\t\t{elements}\n\t\t}}\n" if elements else ""
        rules = f"{rules[: found.start()]}\tset {name} {{\n{found['type']}{written}\t}}{rules[found.end() :]}"
    return rules
