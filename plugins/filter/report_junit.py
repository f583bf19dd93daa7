# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: report_junit
short_description: Results of C(https_check) as JUnit XML
version_added: 0.1.0
description:
  - For CI servers such as Jenkins and GitLab. A test suite for each host that looked, a test case for each address of each endpoint.
  - An endpoint that is not verified is a failure whose type is the reason. A check that gave no result is an error.
positional: _input
extends_documentation_fragment:
  - tlsfront.elasticsearch.report
  - tlsfront.elasticsearch.report.generated_at
author: The tlsfront.elasticsearch authors
"""

EXAMPLES = r"""
- name: Test results for the CI server
  ansible.builtin.copy:
    content: >-
      {{ [{'from': inventory_hostname, 'result': seen}]
         | tlsfront.elasticsearch.report_junit(generated_at=now(utc=true, fmt='%Y-%m-%dT%H:%M:%SZ')) }}
    dest: "{{ playbook_dir }}/https_check.xml"
    mode: "0644"
  delegate_to: localhost
"""

RETURN = r"""
_value:
  description: The document.
  type: str
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._checks import checks_of
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._junit import junit
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._time import instant


def report_junit(observations: t.Any, generated_at: str) -> str:
    """See DOCUMENTATION."""
    try:
        return junit(checks_of(observations), instant(generated_at))
    except (TypeError, ValueError) as error:
        raise AnsibleFilterError(f"report_junit: {error}") from error


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"report_junit": report_junit}
