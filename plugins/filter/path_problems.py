# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: path_problems
short_description: Who else may read or change files on the controller that are to be trusted
version_added: 0.1.0
description:
  - Looks at the owner and the mode of files on the controller, and of each directory and symbolic link that leads to them,
    and says what lets others read or change them, each with the command that mends it.
  - For files on other hosts, there is the module P(tlsfront.elasticsearch.path_access_info#module), which has the same options.
positional: _input
options:
  _input:
    description: Absolute paths. What is not there is no problem, but what leads to it may be.
    type: list
    elements: str
    required: true
  secret:
    description: Whether only their owner may read them, and their group unless they are V(ours). What is encrypted with ansible-vault may be read.
    type: bool
    default: false
  ours:
    description:
      - Whether nobody may change them but root and the user who runs Ansible; nobody else's group may, either.
      - Otherwise their owner and their group may, but not everybody.
    type: bool
    default: false
author: The tlsfront.elasticsearch authors
"""

EXAMPLES = r"""
- name: Refuse a key that others may read
  ansible.builtin.assert:
    that: problems | length == 0
    fail_msg: "{{ problems | join('. ') }}"
  vars:
    problems: "{{ ['/etc/ssl/private/es.key'] | tlsfront.elasticsearch.path_problems(secret=true) }}"
"""

RETURN = r"""
_value:
  description: One sentence for each problem, which says what was found and what to do; empty where there is none.
  type: list
  elements: str
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils import _access


def path_problems(paths: t.Iterable[str], *, secret: bool = False, ours: bool = False) -> list[str]:
    """See DOCUMENTATION. Raises AnsibleFilterError for what is no list."""
    if isinstance(paths, (str, bytes)):
        raise AnsibleFilterError(f"path_problems: {paths!r} is not a list: write it in brackets")
    found = [said for path in paths for said in _access.problems(path, secret=secret, ours=ours)]
    return list(dict.fromkeys(found))


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"path_problems": path_problems}
