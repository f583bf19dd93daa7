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

    FACTS = r"""
options:
  facts:
    description:
      - The facts of the host, with O(check). By C(distribution), C(distribution_version), C(service_mgr) and C(pkg_mgr), it is said what is missing there,
        and by its addresses, what is its own.
    type: dict
"""
