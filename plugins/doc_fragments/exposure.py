# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations


class ModuleDocFragment:
    """What the filters that tell who reaches a port have in common."""

    DOCUMENTATION = r"""
options:
  ports:
    description: The ports, as numbers or as texts such as V(9200-9299).
    type: list
    elements: raw
    required: true
  permitted:
    description: Addresses and networks that may reach the ports, beside the nodes themselves.
    type: list
    elements: str
    required: true
"""
