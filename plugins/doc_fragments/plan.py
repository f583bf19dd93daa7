# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations


class ModuleDocFragment:
    """What the filters with which roles decide have in common."""

    DOCUMENTATION = r"""
options:
  check:
    description: Whether problems are looked for. Without it, there must be none.
    type: bool
    default: false
"""

    DISTRIBUTION = r"""
options:
  distribution:
    description: The distribution of the host, with O(check).
    type: str
    default: ""
  distributions:
    description: Those that the role supports, with O(check).
    type: list
    elements: str
    default: [""]
"""
