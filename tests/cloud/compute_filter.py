# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The part of Compute Engine's filter expressions that the tests use: comparisons, joined by AND.

https://cloud.google.com/sdk/gcloud/reference/topic/filters and the description of the parameter `filter`. Any other
expression is refused, since to answer it wrongly would be worse.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

COMPARISON = re.compile(
    r"\(?\s*(?P<field>[A-Za-z][\w.-]*)\s*(?P<operator>=|!=|eq|ne)\s*(?P<value>\"[^\"]*\"|[\w./:-]+)\s*\)?"
)


def matches(resource: Mapping[str, Any], expression: str) -> bool:
    """Say whether a resource is one that the expression asks for; raises ValueError where it cannot be understood."""
    return all(_compare(resource, term) for term in re.split(r"\s+AND\s+|\)\s+(?=\()", expression))


def _compare(resource: Mapping[str, Any], term: str) -> bool:
    comparison = COMPARISON.fullmatch(term.strip())
    if comparison is None:
        raise ValueError(f"Invalid value for field 'filter': {term!r}. Invalid list filter expression.")
    value: Any = resource
    for part in comparison["field"].split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    equal = str(value) == comparison["value"].strip('"')
    return equal == (comparison["operator"] in ("=", "eq"))
