# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations


class ModuleDocFragment:
    """What the filters that make reports have in common."""

    DOCUMENTATION = r"""
options:
  _input:
    description:
      - What was seen, one mapping for each host that looked.
      - C(from) (required) names the host.
      - C(result) (required) is the result of M(tlsfront.elasticsearch.https_check) as registered there, also a failed one.
        A result without endpoints, as of a host that could not be reached, is reported as a failure.
      - C(closed_ports) is the list of ports that must be closed, for results that do not tell.
    type: list
    elements: dict
    required: true
notes:
  - An empty list is an error, because a check of nothing proves nothing.
seealso:
  - plugin: tlsfront.elasticsearch.https_check
    plugin_type: module
"""

    GENERATED_AT = r"""
options:
  generated_at:
    description: When the checks were made, in the form of RFC 3339 with an offset from UTC, such as V(2026-01-31T12:00:00Z).
    type: str
    required: true
"""
