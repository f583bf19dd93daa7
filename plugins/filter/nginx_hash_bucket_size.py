# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: nginx_hash_bucket_size
short_description: Which buckets nginx needs for names
version_added: 0.1.0
description:
  - Returns the value of C(server_names_hash_bucket_size) that nginx needs for the names on a machine of 64 bits. V(64), its default on most, does for
    names of up to 46 characters.
options:
  _input:
    description: The names.
    type: list
    elements: str
    required: true
author: The tlsfront.elasticsearch authors
"""

EXAMPLES = r"""
- name: Show the value for this host
  ansible.builtin.debug:
    msg: "server_names_hash_bucket_size {{ https_front_server_names | tlsfront.elasticsearch.nginx_hash_bucket_size }};"
"""

RETURN = r"""
_value:
  description: The value.
  type: int
"""

import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx import syntax


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"nginx_hash_bucket_size": syntax.hash_bucket_size}
