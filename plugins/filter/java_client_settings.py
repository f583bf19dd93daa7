# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: java_client_settings
short_description: Settings for Java clients of Elasticsearch and OpenSearch, verified https only
version_added: 1.0.0
description:
  - Makes, of a URL and a trust store, what a Java program is told so that it verifies chain and host name, whichever
    client it has - Jest, the REST clients of Elasticsearch, C(elasticsearch-java), C(opensearch-java).
  - The scheme of the URL decides. V(http) is refused.
  - With the system properties, the JVM trusts the store and nothing else. They say type and password too, for without
    its password Java sees no certificate in most stores, and says no more of it than that C(the trustAnchors
    parameter must be non-empty).
positional: _input
options:
  _input:
    description: The URL. Without a scheme it means https, without a port 443.
    type: str
    required: true
  truststore:
    description:
      - Absolute path, on the client, of the trust store, in PKCS 12, such as the role
        P(tlsfront.elasticsearch.client_trust#role) makes.
      - Without it there are no system properties, and the JVM trusts what its own C(cacerts) has.
    type: path
  truststore_password:
    description:
      - Password of the trust store. The default is the conventional one; a store that has certificates only holds no
        secret.
    type: str
    default: changeit
author: The tlsfront.elasticsearch authors
"""

EXAMPLES = r"""
- name: Properties for a program that reads them before it connects
  ansible.builtin.copy:
    content: "{{ settings.properties_file }}"
    dest: /etc/program/tls.properties
    mode: "0644"
  vars:
    settings: "{{ 'https://es.example.org' |
    tlsfront.elasticsearch.java_client_settings(truststore='/etc/tlsfront/client/truststore.p12') }}"

- name: Argument file, for "java @/etc/program/java.args -jar program.jar"
  ansible.builtin.copy:
    content: "{{ ('https://es.example.org' | tlsfront.elasticsearch.java_client_settings(truststore)).argument_file }}"
    dest: /etc/program/java.args
    mode: "0644"
  vars:
    truststore: /etc/tlsfront/client/truststore.p12
"""

RETURN = r"""
_value:
  description: The settings.
  type: dict
  contains:
    url:
      description: The URL in full, always with its port, since some programs take 9200 where none is said.
      type: str
      sample: https://es.example.org:9243/search
    scheme:
      description: Always V(https).
      type: str
    host:
      description: Host name or address; an IPv6 address without brackets.
      type: str
      sample: es.example.org
    port:
      description: Port.
      type: int
      sample: 9243
    path_prefix:
      description: Path, empty or with a slash in front. All but letters, digits and C(-._~/) in it is percent-encoded.
      type: str
      sample: /search
    properties:
      description: System properties of the JVM.
      type: dict
      sample:
        javax.net.ssl.trustStore: /etc/tlsfront/client/truststore.p12
        javax.net.ssl.trustStorePassword: changeit
        javax.net.ssl.trustStoreType: PKCS12
    options:
      description: The same as options of C(java).
      type: list
      elements: str
    argument_file:
      description: The same as a text that C(java @FILE) reads, which keeps them out of the list of processes.
      type: str
    properties_file:
      description: The same as a text that C(java.util.Properties) reads.
      type: str
"""

import typing as t

from ansible.errors import AnsibleFilterError


def java_client_settings(
    url: str, truststore: str | None = None, truststore_password: str = "changeit"
) -> dict[str, t.Any]:
    """See DOCUMENTATION."""
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _java_client

    try:
        return _java_client.settings(url, truststore, truststore_password)
    except ValueError as error:
        raise AnsibleFilterError(f"java_client_settings: {error}") from error


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"java_client_settings": java_client_settings}
