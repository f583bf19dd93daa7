# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: path_pattern
short_description: A pattern for every way in which a request can write a path of Elasticsearch
version_added: 0.1.0
description:
  - Makes a regular expression for nginx that finds a path and all that is below it, both in a request as it was sent and decoded.
positional: _input
options:
  _input:
    description:
      - A path, for example V(/_snapshot). V(*) stands for any name between two slashes, and for none, since Elasticsearch takes an index from the
        query as well as from the path.
    type: str
    required: true
author: The tlsfront.elasticsearch authors
"""

EXAMPLES = r"""
- name: Show a pattern that finds /_close?index=logs too
  ansible.builtin.debug:
    msg: "{{ '/*/_close' | tlsfront.elasticsearch.path_pattern }}"
"""

RETURN = r"""
_value:
  description: The regular expression.
  type: str
"""

import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _paths


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"path_pattern": _paths.pattern}
