# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: read_only_rules
short_description: What a user may send who may only read from Elasticsearch or OpenSearch
version_added: 0.1.0
description:
  - Makes patterns for nginx's C(map) from a table of the APIs of Elasticsearch 5 to 9 and OpenSearch 1 to 3. What no pattern is for is to be refused.
  - The patterns are for the request as it was sent, since Elasticsearch divides a path before it decodes it.
positional: _input
options:
  _input:
    description:
      - Endpoints whose C(POST) only reads, as Elasticsearch's documentation writes them after the index, for example V(_search).
      - One that the table does not have may be read by C(GET) and C(POST), by itself and behind the name of an index.
    type: list
    elements: str
    required: true
author: The tlsfront.elasticsearch authors
"""

EXAMPLES = r"""
- name: Show what a reader may send
  ansible.builtin.debug:
    msg: "{{ (['_search', '_count'] | tlsfront.elasticsearch.read_only_rules).allowed | map(attribute='pattern') }}"
"""

RETURN = r"""
_value:
  description: The patterns.
  type: dict
  contains:
    allowed:
      description:
        - Each with a RV(ignore:pattern) of C(METHOD:PATH?QUERY) and its RV(ignore:verdict), in the order in which they are to be tried.
        - The verdict is V(yes), or what the client is answered in place of Elasticsearch's answer.
      type: list
      elements: dict
    changing:
      description: A pattern of C(METHOD:PATH), decoded, that changes something although the method is C(GET). It comes before all others.
      type: str
"""

import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _read_only


def read_only_rules(endpoints: list[str]) -> dict[str, t.Any]:
    return {"changing": _read_only.changes(), "allowed": [rule._asdict() for rule in _read_only.rules(endpoints)]}


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"read_only_rules": read_only_rules}
