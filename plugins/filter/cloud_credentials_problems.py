# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: cloud_credentials_problems
short_description: Who else may read or change the controller's credentials for a cloud
version_added: 0.1.0
description:
  - Looks, on the controller, at the files with credentials that the modules of C(amazon.aws) or C(google.cloud) read for a connection, as it
    and the environment say, and at the file with the CA certificates by which they verify the cloud, where one is named.
  - Each directory and symbolic link that leads to one of them counts. What is not there is no problem.
positional: _input, provider
options:
  _input:
    description: The connection, such as the arguments C(profile), or C(auth_kind) and C(service_account_file).
    type: dict
    required: true
  provider:
    description: The cloud, V(ec2) or V(gce). Of any other, nothing is known.
    type: str
    required: true
author: The tlsfront.elasticsearch authors
"""

EXAMPLES = r"""
- name: Refuse a key file that everybody may read
  ansible.builtin.assert:
    that: problems | length == 0
    fail_msg: "{{ problems | join('. ') }}"
  vars:
    problems: >-
      {{ {'auth_kind': 'serviceaccount', 'service_account_file': '/etc/ansible/gce.json'}
         | tlsfront.elasticsearch.cloud_credentials_problems('gce') }}
"""

RETURN = r"""
_value:
  description: One sentence for each problem, which says what was found and what to do; empty where there is none.
  type: list
  elements: str
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _cloud_credentials


def cloud_credentials_problems(connection: t.Any, provider: str) -> list[str]:
    """See DOCUMENTATION. Raises AnsibleFilterError for what is no connection."""
    if not hasattr(connection, "items"):
        raise AnsibleFilterError("cloud_credentials_problems: the connection is no mapping")
    return _cloud_credentials.problems(provider, connection)


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"cloud_credentials_problems": cloud_credentials_problems}
