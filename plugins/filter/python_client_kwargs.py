# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: python_client_kwargs
short_description: Keyword arguments for the Python client of Elasticsearch, verified https only
version_added: 1.0.0
description:
  - Makes, of URLs, a CA and credentials, what C(elasticsearch.Elasticsearch) and C(elasticsearch.AsyncElasticsearch)
    are to be called with, for the major version of the client that a program has. Plain data, for a file of settings.
  - The scheme of the URL decides. V(http) is refused; the result never asks for anything but https, and always
    verifies chain and host name.
  - Every host has its port. Client 7 takes 9200 where none is said, and speaks plain http where C(use_ssl) is not
    set; clients 8 and 9 refuse a URL without a port.
  - C(ca_certs) adds the CA to all those that the system trusts, in clients 8 and 9 and in the asynchronous client 7.
    What trusts the given CA and no other is C(ssl_context), and even to that clients 8 and 9 add public CAs unless it
    is sealed. So the result has, in place of an object that is no data, the arguments of C(sealed_context), a
    function of a few lines in C(docs/examples/python/sealed_context.py). Passed on unchanged, they are an error of
    the client, never a wider trust.
positional: _input
options:
  _input:
    description: URLs, or one URL. Without a scheme they mean https, without a port 443.
    type: list
    elements: str
    required: true
  major:
    description: Major version of the client, as C(elasticsearch.VERSION[0]) has it.
    type: int
    choices: [7, 8, 9]
    required: true
  ca_path:
    description:
      - Absolute path, on the client, of the CA certificates in PEM that are trusted, and no others.
      - Without it, public CAs are trusted, as the client knows them.
    type: path
  url_username:
    description: User name, which goes with O(url_password).
    type: str
  url_password:
    description: Password of O(url_username).
    type: str
  api_key:
    description: API key in its encoded form.
    type: str
  bearer_token:
    description: Token of a service account or of OAuth 2.0.
    type: str
notes:
  - A result that has credentials in it is a secret. Write it with mode 0600 and C(no_log).
author: The tlsfront.elasticsearch authors
"""

EXAMPLES = r"""
- name: Settings of a program that has client 8
  ansible.builtin.copy:
    content: >-
      {{ ['https://es1.example.org', 'https://es2.example.org:9243']
         | tlsfront.elasticsearch.python_client_kwargs(8, ca_path='/etc/tlsfront/client/ca.pem',
         api_key=program_api_key) | to_nice_json }}
    dest: /etc/program/elasticsearch.json
    owner: program
    mode: "0600"
  no_log: true

# in the program, with docs/examples/python/sealed_context.py beside it
#   settings = json.load(open("/etc/program/elasticsearch.json"))
#   settings["ssl_context"] = sealed_context(**settings["ssl_context"])
#   client = elasticsearch.Elasticsearch(**settings)
"""

RETURN = r"""
_value:
  description: The keyword arguments. With a CA, C(ssl_context) has the arguments of C(sealed_context).
  type: dict
  sample:
    hosts: [{scheme: https, host: es1.example.org, port: 443}]
    ssl_context: {cafile: /etc/tlsfront/client/ca.pem}
"""

import typing as t

from ansible.errors import AnsibleFilterError


def python_client_kwargs(
    urls: t.Any,
    major: int,
    ca_path: str | None = None,
    url_username: str | None = None,
    url_password: str | None = None,
    api_key: str | None = None,
    bearer_token: str | None = None,
) -> dict[str, t.Any]:
    """See DOCUMENTATION."""
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _client_address, _python_client

    try:
        given = _client_address.credentials(url_username, url_password, api_key, bearer_token)
        return _python_client.kwargs([urls] if isinstance(urls, str) else list(urls), int(major), ca_path, given)
    except (TypeError, ValueError) as error:
        raise AnsibleFilterError(f"python_client_kwargs: {error}") from error


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"python_client_kwargs": python_client_kwargs}
