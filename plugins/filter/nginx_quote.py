# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: nginx_quote
short_description: Quote a text as one value in nginx's configuration
version_added: 0.1.0
description:
  - Returns the text in double quotes, so that nginx reads it as one value, whatever is in it.
  - Fails where nginx has no way to write it, which is so for a dollar sign and for control characters.
options:
  _input:
    description: The text.
    type: str
    required: true
author: The tlsfront.elasticsearch authors
"""

EXAMPLES = r"""
- name: Show a path with a space in it
  ansible.builtin.debug:
    msg: "ssl_certificate {{ '/etc/my site/chain.pem' | tlsfront.elasticsearch.nginx_quote }};"
"""

RETURN = r"""
_value:
  description: The text in quotes.
  type: str
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx import syntax


def nginx_quote(text: t.Any) -> str:
    try:
        return syntax.quote(str(text))
    except ValueError as cause:
        raise AnsibleFilterError(f"nginx_quote: {cause}.") from None


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"nginx_quote": nginx_quote}
