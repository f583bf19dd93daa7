# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: nginx_users
short_description: The file of users that nginx reads, and a name for it that tells nothing
version_added: 0.1.0
description:
  - Hashes passwords with SHA-512 crypt, as crypt(3) of a node verifies them. It needs neither passlib nor the crypt module of older Pythons.
positional: _input
options:
  _input:
    description: Users, each with a C(name) and either a C(password) or its C(hash).
    type: list
    elements: dict
    required: true
  secret:
    description:
      - The node's own random text, which only root can read there. The salts and the file's name come from it, so that they are the same in each run, and
        nobody without it can try passwords on the name.
    type: str
    required: true
  rounds:
    description: Rounds of SHA-512 crypt, from 1000 on.
    type: int
    default: 1000
author: The tlsfront.elasticsearch authors
"""

EXAMPLES = r"""
- name: Write the file
  ansible.builtin.copy:
    content: "{{ file.content }}"
    dest: "/etc/nginx/{{ file.name }}"
    group: www-data
    mode: "0640"
  no_log: true
  vars:
    file: "{{ users | tlsfront.elasticsearch.nginx_users(secret) }}"
"""

RETURN = r"""
_value:
  description: The file.
  type: dict
  contains:
    name:
      description: A name that is another one for each content.
      type: str
    content:
      description: The lines of the file.
      type: str
"""

import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _nginx_users


def nginx_users(users: list[dict[str, t.Any]], secret: str, rounds: int = 1000) -> dict[str, str]:
    return _nginx_users.users_file(users, str(secret), int(rounds))


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"nginx_users": nginx_users}
