# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations


class ModuleDocFragment:
    """What the filters of the role certificate have in common."""

    DOCUMENTATION = r"""
options:
  _input:
    description: The variables of the role, with their prefix C(certificate_).
    type: dict
    required: true
  node:
    description: What M(tlsfront.elasticsearch.tls_keypair_info) has returned.
    type: dict
    default: {}
  texts:
    description: What is in the files on the controller that the options name, by their paths.
    type: dict
    default: {}
  slurped:
    description: What is in those on the node, as the results of M(ansible.builtin.slurp) in a loop over their paths.
    type: list
    elements: dict
    default: []
  host:
    description: The name of the node in the inventory.
    type: str
    default: ""
"""
