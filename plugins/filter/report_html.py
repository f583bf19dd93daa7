# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: report_html
short_description: Results of C(https_check) as one self-contained page
version_added: 0.1.0
description:
  - The page loads nothing, so it works offline and from a mail's attachment. It is light or dark as the reader's system is, sorts by column,
    filters by text and by state, can be used by keyboard alone, and tells every state by symbol and word beside the colour.
  - Without JavaScript everything is shown, unsorted.
  - All text from certificates and servers is escaped, and a content security policy allows no script but the page's own.
positional: _input
options:
  title:
    description: Heading of the page.
    type: str
    default: Verified https
extends_documentation_fragment:
  - tlsfront.elasticsearch.report
  - tlsfront.elasticsearch.report.generated_at
author: The tlsfront.elasticsearch authors
"""

EXAMPLES = r"""
- name: Page for people
  ansible.builtin.copy:
    content: >-
      {{ [{'from': inventory_hostname, 'result': seen}]
         | tlsfront.elasticsearch.report_html(generated_at=now(utc=true, fmt='%Y-%m-%dT%H:%M:%SZ')) }}
    dest: /srv/reports/https_check.html
    mode: "0644"
  delegate_to: localhost
"""

RETURN = r"""
_value:
  description: The page, in UTF-8.
  type: str
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._checks import checks_of
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._page import DEFAULT_TITLE, page
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._time import instant


def report_html(observations: t.Any, generated_at: str, title: str = DEFAULT_TITLE) -> str:
    """See DOCUMENTATION."""
    try:
        return page(checks_of(observations), instant(generated_at), title)
    except (TypeError, ValueError) as error:
        raise AnsibleFilterError(f"report_html: {error}") from error


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"report_html": report_html}
