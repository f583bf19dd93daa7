# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: https_front_plan
short_description: "Internal: what the options of the role https_front are in nginx's own syntax, and what speaks against them"
version_added: 1.0.0
description:
  - Internal to this collection. Only the role P(tlsfront.elasticsearch.https_front#role) calls it, and it may change in any version.
  - Writes the values of the role's options as nginx reads them, for its templates. Fails where nginx has no way to write a value.
  - With O(check), it first says all that is wrong with the values, by themselves, together, and on the host and beside the other sites of its nginx, before
    anything changes. It takes what nginx would take. Neither passwords nor hashes come into a message.
positional: _input
options:
  _input:
    description:
      - The variables of the role, with their prefix C(https_front_). With O(check), all of them are looked at.
      - Written are C(https_front_server_names), C(https_front_certificate_dir), C(https_front_clients), C(https_front_blocked_paths) and
        C(https_front_read_only_endpoints), which must be there, C(https_front_port), C(https_front_balancer_port), C(https_front_sites), and where requests are
        passed on to.
    type: dict
    required: true
  closed_ports:
    description: The ports that are to be closed to clients, with O(check).
    type: list
    elements: int
    default: []
  gathered:
    description: What M(tlsfront.elasticsearch.nginx_info) has returned. Without it, nothing of the host is looked at.
    type: dict
  listening:
    description: What M(tlsfront.elasticsearch.node_info) has found that listens for clients. Without it, the options say where requests are passed on to.
    type: list
    elements: dict
    default: []
  certificate_names:
    description: The names that the certificate is for, with O(check). Without it, that is not looked at.
    type: list
    elements: str
  host:
    description: The name of the host, for the messages, with O(check).
    type: str
    default: ""
  needs_certificate:
    description: Whether the certificate must be there already, with O(check).
    type: bool
    default: false
author: The tlsfront.elasticsearch authors
extends_documentation_fragment:
  - tlsfront.elasticsearch.plan
  - tlsfront.elasticsearch.plan.facts
"""

EXAMPLES = r"""
- name: Show a pattern that finds /_close?index=logs, too
  ansible.builtin.debug:
    msg: "{{ (options | tlsfront.elasticsearch.https_front_plan).blocked }}"
  vars:
    options:
      https_front_server_names: [es1.example.org]
      https_front_certificate_dir: /etc/tlsfront/certificate/live
      https_front_clients: [192.0.2.0/24]
      https_front_blocked_paths: ["/*/_close"]
      https_front_read_only_endpoints: [_search]
"""

RETURN = r"""
_value:
  description: The values. Where there are problems, nothing else is there.
  type: dict
  contains:
    problems:
      description: One sentence for each problem; empty where there is none, and without O(check).
      type: list
      elements: str
    server_names_hash_bucket_size:
      description: What nginx needs for the names on a machine of 64 bits; V(64), its default on most, does for names of up to 46 characters.
      type: int
    chain:
      description: Path of the chain of C(https_front_certificate_dir), quoted, so that nginx reads it as one value whatever is in it.
      type: str
    key:
      description: Path of its key, quoted.
      type: str
    ca:
      description: Path of its CA, quoted.
      type: str
    lets_itself_in:
      description: Whether C(https_front_clients) has the loopback addresses of both families, from which the host asks itself.
      type: bool
    id:
      description: The name of the front's own upstreams.
      type: str
    upstream:
      description:
        - Where requests are passed on to, as C(servers), whether over verified C(tls), the C(name) that is verified, and the text of the C(ca), where it was
          found on the node.
      type: dict
    connect_ports:
      description: The ports of all servers to which requests are passed on.
      type: list
      elements: int
    sites:
      description:
        - The further sites in their order, each with an C(id), its C(names), the C(port), C(kind), C(snippet) and C(upstream), and the C(ca) of its upstreams,
          if there is one, with the name of its file, C(ca_file).
      type: list
      elements: dict
    files:
      description: The C(name) and C(content) of each of these files. Both are empty where a site needs none.
      type: list
      elements: dict
    asked:
      description: The C(port) of each of them, and the C(names) that it is asked for.
      type: list
      elements: dict
    listeners:
      description:
        - Each port for https, that of the front first, with all C(names) that are served there, and C(has_options), whether another site sets options of its
          socket.
      type: list
      elements: dict
    balancer_has_options:
      description: Whether another site sets options of the socket of C(https_front_balancer_port).
      type: bool
    https_ports:
      description: For each name, the port at which it is served; that of the front, where it is served there.
      type: dict
    blocked:
      description:
        - A regular expression for each of C(https_front_blocked_paths), which finds it and all that is below it, both in a request as it was sent and decoded.
        - An asterisk in a path is any name, and none as well, since Elasticsearch takes an index from the query as well as from the path.
      type: list
      elements: str
    readers:
      description:
        - What a user may send who may only read, by a table of the APIs of Elasticsearch 5 to 9 and OpenSearch 1 to 3. What no pattern is for is to be
          refused. The patterns are for the request as it was sent, since Elasticsearch divides a path before it decodes it.
        - C(https_front_read_only_endpoints) are those whose C(POST) only reads. One that the table does not have may be read by C(GET) and C(POST), by itself
          and behind the name of an index.
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

import contextlib
import typing as t

from ansible.errors import AnsibleFilterError

if t.TYPE_CHECKING:
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._https_front.found import Found


def https_front_plan(
    options: t.Mapping[str, t.Any],
    *,
    check: bool = False,
    listening: Found = (),
    gathered: t.Mapping[str, t.Any] | None = None,
    host: str = "",
    **of_host: t.Any,
) -> dict[str, t.Any]:
    """See DOCUMENTATION."""
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._https_front import upstream
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._https_front.problems import problems
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._https_front.written import written

    found: list[str] = []
    live = (gathered or {}).get("passes_on_to", [])
    if check:
        served = (gathered or {}).get("passes_on_by", "")
        found = problems(options, gathered=gathered, host=host, listening=listening, **of_host)
        with contextlib.suppress(ValueError):  # which is said already
            found += upstream.problems(options, listening, host, served, live)
    if found:
        return {"problems": found}
    try:
        return {"problems": found, **written(options, listening, (gathered or {}).get("nginx"), live)}
    except ValueError as cause:
        raise AnsibleFilterError(f"https_front_plan: {cause}.") from None


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"https_front_plan": https_front_plan}
