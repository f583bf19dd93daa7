# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations


class ModuleDocFragment:
    """What the filters that plan a cluster's rules have in common."""

    DOCUMENTATION = r"""
options:
  _input:
    description:
      - The policy, with the keys C(name), C(open_ports), C(closed_ports), C(clients) and C(direct_clients).
      - Ports are texts such as V(9200) and V(9200-9299), clients are networks in CIDR notation.
    type: dict
    required: true
"""
