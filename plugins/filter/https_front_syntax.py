# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: https_front_syntax
short_description: What the options of the role https_front are in nginx's own syntax
version_added: 0.1.0
description:
  - Writes the values of the role P(tlsfront.elasticsearch.https_front#role)'s options as nginx reads them, for its templates.
  - Fails where nginx has no way to write a value. Whether values can be meant is told by P(tlsfront.elasticsearch.https_front_problems#filter).
positional: _input
options:
  _input:
    description: Values of the role's options, by name without C(https_front_).
    type: dict
    required: true
author: The tlsfront.elasticsearch authors
"""

EXAMPLES = r"""
- name: Show a pattern that finds /_close?index=logs, too
  ansible.builtin.debug:
    msg: "{{ (options | tlsfront.elasticsearch.https_front_syntax).blocked }}"
  vars:
    options:
      server_names: [es1.example.org]
      certificate_dir: /etc/tlsfront/certificate/live
      clients: [192.0.2.0/24]
      blocked_paths: ["/*/_close"]
      read_only_endpoints: [_search]
"""

RETURN = r"""
_value:
  description: The values.
  type: dict
  contains:
    server_names_hash_bucket_size:
      description: What nginx needs for the names on a machine of 64 bits; V(64), its default on most, does for names of up to 46 characters.
      type: int
    chain:
      description: Path of the chain of C(certificate_dir), quoted, so that nginx reads it as one value whatever is in it.
      type: str
    key:
      description: Path of its key, quoted.
      type: str
    ca:
      description: Path of its CA, quoted.
      type: str
    lets_itself_in:
      description: Whether C(clients) has the loopback addresses of both families, from which the host asks itself.
      type: bool
    blocked:
      description:
        - A regular expression for each of C(blocked_paths), which finds it and all that is below it, both in a request as it was sent and decoded.
        - An asterisk in a path is any name, and none as well, since Elasticsearch takes an index from the query as well as from the path.
      type: list
      elements: str
    readers:
      description:
        - What a user may send who may only read, by a table of the APIs of Elasticsearch 5 to 9 and OpenSearch 1 to 3. What no pattern is for is to be
          refused. The patterns are for the request as it was sent, since Elasticsearch divides a path before it decodes it.
        - C(read_only_endpoints) are those whose C(POST) only reads. One that the table does not have may be read by C(GET) and C(POST), by itself and behind
          the name of an index.
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

from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.filter.networks import networks
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx import syntax
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._https_front import paths, read_only
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._outside import outside


def https_front_syntax(options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    directory = str(options["certificate_dir"])
    try:
        chain, key, ca = (syntax.quote(f"{directory}/{name}.pem") for name in ("chain", "key", "ca"))
    except ValueError as cause:
        raise AnsibleFilterError(f"https_front_syntax: {cause}.") from None
    return {
        "server_names_hash_bucket_size": syntax.hash_bucket_size(options["server_names"]),
        "chain": chain,
        "key": key,
        "ca": ca,
        "lets_itself_in": not outside(["127.0.0.1", "::1"], networks(options["clients"], name="https_front_clients")),
        "blocked": [paths.pattern(path) for path in options["blocked_paths"]],
        "readers": {
            "changing": read_only.changes(),
            "allowed": [rule._asdict() for rule in read_only.rules(options["read_only_endpoints"])],
        },
    }


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"https_front_syntax": https_front_syntax}
