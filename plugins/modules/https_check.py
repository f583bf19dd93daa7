#!/usr/bin/python
# Copyright: (c) 2025, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# mypy: disable-error-code="import-untyped,misc"

"""Says of each endpoint whether it is reachable over verified https, and if not, why."""

from __future__ import annotations

DOCUMENTATION = r"""
module: https_check
short_description: Says whether Elasticsearch is reachable over verified https, and if not, why
version_added: 1.0.0
author:
  - The tlsfront.elasticsearch authors (@tlsfront)
description:
  - Opens a verified TLS connection to every address of every endpoint, asks for the cluster behind it over the same
    connection, and gives one verdict for each endpoint.
  - A verdict is either V(ok) or exactly one reason, the first thing that broke, with what was found, what was wanted
    and what to do about it.
  - Elasticsearch of all versions from 1 to 9, and OpenSearch, are recognized.
  - There is no option that switches verification off. Credentials are sent only after verification. Redirects are
    never followed.
  - The task fails unless all endpoints are verified; its result is complete all the same.
  - One task checks many endpoints side by side; there is no need for a loop.
requirements:
  - elasticsearch >= 8.0.0 (the official client)
  - cryptography >= 43.0.0
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details:
      - It changes nothing, so it really checks in check mode too.
  diff_mode:
    support: none
    details:
      - It changes nothing.
  platform:
    support: full
    platforms: posix
options:
  endpoints:
    description:
      - The endpoints to check.
      - Each is a text, C(https://host[:port][/path]) or C(host[:port][/path]), where a bare host means https on port
        443; or a mapping with the key C(url) and any of the options below that say C(per endpoint), which then count
        for this endpoint alone.
      - Each is given once. A list that is empty, or has the same endpoint twice, is refused, because there would be less to
        prove than it looks.
      - A text in JSON, as C(-e 'endpoints=[...]') makes one, is read as the list that it is.
      - What is given here is neither logged nor returned but for the URLs; an error names the place in the list and the
        option.
      - Credentials, and client certificate with key, are replaced as a whole by an endpoint that gives any of them.
      - A user name in the URL is refused; see O(url_username).
    type: list
    elements: raw
    required: true
  server_name:
    description:
      - The name to verify, to send as SNI and in the Host header, in place of the host of the URL.
      - Per endpoint.
    type: str
  connect_to:
    description:
      - Where to connect to, in place of host and port of the URL, as C(address), C(address:port) or C([IPv6
        address]:port).
      - The name that is verified stays the same; this is how one node behind a load balancer is checked.
      - Per endpoint.
    type: str
  ca_path:
    description:
      - A PEM file, or a directory of PEM files, with the CA certificates to trust. Exactly these are trusted, no
        others.
      - Root certificates are wanted. An intermediate, or the server's own certificate, is not taken for the end of a chain
        unless it is signed by itself, and such an endpoint is V(untrusted_issuer). curl, Java and Python 3.13 take any
        certificate that they are given; Python before 3.13 does not, and this module says what holds for all clients.
      - Without it and O(ca_content), the system's store is used.
      - Per endpoint.
    type: path
  ca_content:
    description:
      - The CA certificates to trust as a text in PEM, in place of O(ca_path). No file is needed then on the host that the module runs on.
      - A text without a certificate is an error. It never means the system's store.
      - Per endpoint.
    type: str
  crl_path:
    description:
      - A PEM file, or a directory of PEM files, with certificate revocation lists.
      - If given, a current list of every CA in the chain is wanted, the root included.
      - Per endpoint.
    type: path
  crl_content:
    description:
      - Certificate revocation lists as a text in PEM, in place of O(crl_path). No file is needed then on the host that the module runs on.
      - A text without a list is an error.
      - Per endpoint.
    type: str
  x509_strict:
    description:
      - Whether to refuse chains that do not follow RFC 5280 to the letter, as Python 3.13 and newer do by default.
      - If V(false), such chains pass with a warning that says what will be refused.
      - Per endpoint.
    type: bool
    default: false
  client_cert:
    description:
      - A PEM file with the client certificate for mutual TLS, and the intermediates that belong to it.
      - It may have the key in it too.
      - Per endpoint.
    type: path
  client_key:
    description:
      - A PEM file with the key of O(client_cert), without a passphrase.
      - Per endpoint.
    type: path
  url_username:
    description:
      - User name for HTTP basic authentication.
      - Per endpoint.
    type: str
  url_password:
    description:
      - Password for O(url_username).
      - Per endpoint.
    type: str
  api_key:
    description:
      - An API key, either as C(id:key) or as the encoded text that Elasticsearch returns.
      - Per endpoint.
    type: str
  bearer_token:
    description:
      - A token, such as that of a service account.
      - Per endpoint.
    type: str
  min_tls_version:
    description:
      - The oldest TLS version that is accepted.
      - Per endpoint.
    type: str
    choices: ["1.2", "1.3"]
    default: "1.2"
  min_days_valid:
    description:
      - With fewer whole days left, on any certificate of the chain, the verdict is V(certificate_expires_soon).
      - V(0) means that only an expired certificate fails.
      - Per endpoint.
    type: int
    default: 0
  warn_days_valid:
    description:
      - With fewer whole days left, on any certificate of the chain, there is a warning.
      - Per endpoint.
    type: int
    default: 30
  fingerprints:
    description:
      - SHA-256 fingerprints, in hexadecimal, with or without colons. One certificate of the verified chain must have
        one of them.
      - This is asked in addition to verification, never in place of it.
      - Per endpoint.
    type: list
    elements: str
    default: []
  all_addresses:
    description:
      - If V(true), every A and AAAA record of a name must pass. If V(false), one is enough, and the others give
        warnings.
      - Per endpoint.
    type: bool
    default: true
  closed_ports:
    description:
      - Ports that must not answer from where the module runs, at the same addresses as the endpoint, as numbers or
        ranges like V(9200-9299).
      - A port counts as closed if it refuses, or does not answer within 3 seconds (or O(timeout), if that is
        shorter) while the same address answers over verified https. The silence of a host that does not is none of a
        firewall, and proves nothing; such ports are unknown.
      - An address of which a port is unknown fails its endpoint, even where O(all_addresses=false) would let it pass.
      - Per endpoint.
    type: list
    elements: str
    default: []
  min_status:
    description:
      - The worst health of the cluster that is accepted. It is asked for with a second request, to
        C(_cluster/health).
      - Per endpoint.
    type: str
    choices: [yellow, green]
  cluster_name:
    description:
      - The name that the cluster must have.
      - Per endpoint.
    type: str
  cluster_uuid:
    description:
      - The uuid that the cluster must have.
      - Per endpoint.
    type: str
  same_cluster:
    description:
      - Whether the endpoint must belong to the same cluster, by its uuid, as all others of which this is asked. What most of them have is the cluster that
        is meant.
      - Kibana and OpenSearch Dashboards are no part of a cluster, and are not compared.
      - Per endpoint.
    type: bool
    default: false
  min_version:
    description:
      - The oldest version of the product that is accepted, such as V(7.17) or V(8.11.4).
      - Per endpoint.
    type: str
  product:
    description:
      - The product that is wanted. Without it, V(elasticsearch) and V(opensearch) are.
      - V(dashboards) is Kibana or OpenSearch Dashboards. C(/api/status) is asked for then in place of C(/), and what is there must say that it is available.
        Of a cluster nothing can be asked through it.
      - Per endpoint.
    type: str
    choices: [elasticsearch, opensearch, dashboards]
  proxy:
    description:
      - An HTTP proxy to go through, as C(host:port) or C(http://host:port). It is asked to CONNECT, so that TLS is
        between this host and the endpoint. The name is resolved by the proxy.
      - Proxies of the environment are not used.
      - Cannot be combined with O(closed_ports).
      - Per endpoint.
    type: str
  timeout:
    description:
      - Seconds for one attempt at one address, from the name look-up to the last byte. Slow answers do not stretch
        it.
      - Per endpoint.
    type: float
    default: 10
  retry_for:
    description:
      - Keep trying the endpoints that fail until this many seconds have passed since the start.
    type: float
    default: 0
  concurrency:
    description:
      - How many connections may be open at the same time.
    type: int
    default: 32
notes:
  - The module runs on the host that the task is for, and needs both libraries there. To run it on the controller, use
    C(delegate_to=localhost) with an inventory host that has them.
  - The client of Debian's package C(python3-elasticsearch) is too old in Debian 11 to 13, and so is C(python3-cryptography) in
    Debian 11 and 12; install C(elasticsearch) and C(cryptography) into a virtual environment and point
    C(ansible_python_interpreter) at it.
  - C(ssl) of Python can neither ask for a stapled OCSP answer nor show one. So where a certificate names an OCSP
    responder, or demands stapling (RFC 7633), the answer is asked for on a connection of its own, over TLS 1.2, on
    which it comes in the clear. It counts if the issuer, or a responder that the issuer has authorized, has signed it, and while it
    is valid. Then V(revoked) fails the endpoint with V(certificate_revoked), V(unknown) with V(invalid_chain), and V(good) lets it
    pass. An answer that does not count gives a warning, and so does one that is missing where it is demanded. Servers that speak
    TLS 1.3 alone show none. Use O(crl_path) or O(crl_content) where revocation must be known.
  - A failed task of ansible-core 2.19 and newer shows the lines of the playbook that it stands in. Secrets belong into
    variables, such as those of ansible-vault, and not into the task.
  - Only subjectAltName identifies a server (RFC 9525); the common name does not.
  - Besides what OpenSSL refuses, these are refused too - a server that shows a CA certificate as its own, keys shorter
    than 2048 bits (RSA) or 224 bits (elliptic curves) anywhere in the chain, MD5 and SHA-1 signatures, and wildcards
    that stand for a name that the CA may not issue for.
  - When a handshake fails, one more connection looks at what the server shows, to describe it. It sends no byte of
    HTTP and no client certificate.
seealso:
  - name: Reasons
    description: Every reason with its cause and its cure.
    link: https://github.com/tlsfront/ansible-elasticsearch/blob/main/docs/reasons.md
"""

EXAMPLES = r"""
- name: Check that every node of the cluster is reachable over verified https
  tlsfront.elasticsearch.https_check:
    endpoints: "{{ groups['elasticsearch'] }}"
    ca_path: /etc/ssl/elasticsearch-ca.pem
    same_cluster: true
  delegate_to: localhost
  run_once: true

- name: Stop a pipeline unless the cluster is the right one, and healthy
  tlsfront.elasticsearch.https_check:
    endpoints: [https://es.example.org]
    cluster_name: production
    min_status: green
    min_version: "8.11"
    retry_for: 120

- name: Watch for certificates that are not renewed
  tlsfront.elasticsearch.https_check:
    endpoints: [https://es1.example.org, https://es2.example.org]
    min_days_valid: 14

- name: Prove that the new certificate is served after a rotation
  tlsfront.elasticsearch.https_check:
    endpoints: [https://es.example.org]
    fingerprints: ["{{ new_certificate.fingerprint_sha256 }}"]

- name: Check with a client certificate
  tlsfront.elasticsearch.https_check:
    endpoints: [https://es.example.org]
    client_cert: /etc/app/client.pem
    client_key: /etc/app/client.key

- name: Check with an API key
  tlsfront.elasticsearch.https_check:
    endpoints: [https://es.example.org:9200]
    api_key: "{{ vault_es_api_key }}"

- name: Check each node behind a load balancer by the name that clients use
  tlsfront.elasticsearch.https_check:
    endpoints:
      - url: https://es.example.org
        connect_to: 10.0.3.7:9243
      - url: https://es.example.org
        connect_to: "[fd00::8]:9243"

- name: Check that one of the addresses of a name is enough
  tlsfront.elasticsearch.https_check:
    endpoints: [https://es.example.org]
    all_addresses: false

- name: Check from every client host, with what the application trusts there
  hosts: clients
  gather_facts: false
  tasks:
    - name: Check the cluster from here
      tlsfront.elasticsearch.https_check:
        endpoints: [https://es.example.org]

- name: Check Kibana behind the same front, and a node of another cluster
  tlsfront.elasticsearch.https_check:
    endpoints:
      - https://es1.example.org
      - https://es2.example.org
      - {url: "https://other.example.org", same_cluster: false}
      - {url: "https://kibana.example.org", product: dashboards}
    same_cluster: true

- name: Prove that the plain ports are closed from here
  tlsfront.elasticsearch.https_check:
    endpoints: [https://es1.example.org, https://es2.example.org]
    closed_ports: [9200-9299, 9300]

- name: Report without failing
  tlsfront.elasticsearch.https_check:
    endpoints: [https://es.example.org, https://old.example.org]
  register: proof
  failed_when: false
"""

RETURN = r"""
endpoints:
  description: One entry for each endpoint, in the order given. Returned on failure too.
  returned: always
  type: list
  elements: dict
  contains:
    url:
      description:
        - The endpoint as it was understood. Of one that is V(invalid_url) only scheme, host and port, or, where they cannot
          be told from what may be secret, its place in O(endpoints), as V(endpoints[2]).
      type: str
      sample: https://es.example.org
    verified:
      description: Whether everything that was asked has passed.
      type: bool
    tls_verified:
      description:
        - Whether TLS was verified, whatever came after it. So RV(endpoints[].reason=http_unauthorized) over a good
          handshake can be seen.
      type: bool
    reason:
      description:
        - V(ok), or the first thing that broke. The codes are a stable interface.
        - >-
          V(ok) - Every check that was asked for has passed. Nothing to do.
        - >-
          V(invalid_url) - The endpoint is not a usable https address. Write it as https://host[:port][/path], without
          user name, query or fragment.
        - >-
          V(plaintext_url) - The endpoint asks for http, which is neither encrypted nor verified. Write https:// and
          the port that serves TLS.
        - >-
          V(dns_failure) - The name could not be resolved to an address. Correct the name or its DNS records, or give
          the address with connect_to.
        - >-
          V(connection_refused) - The host answers, but nothing listens on that port. Start the service, or correct
          the port.
        - >-
          V(connection_timeout) - No connection, or no finished TLS handshake, within the time allowed. Look for a
          firewall that drops packets, or a service that hangs; raise timeout if it is only slow.
        - >-
          V(connection_reset) - The connection was opened and then closed by the other side. Read the log of the
          server, and of any load balancer or firewall in between.
        - >-
          V(unreachable) - The network has no way to that address, or it cannot be told from here whether its ports
          are closed. Look at routes and firewalls; without IPv6 here, a name with an AAAA record cannot pass
          all_addresses. Ask about ports from a host that the address answers.
        - >-
          V(plaintext_service) - The port answers, but does not speak TLS. Turn TLS on there, or use the port that has
          it.
        - >-
          V(tls_version_too_old) - The server offers only TLS versions older than min_tls_version. Enable TLS 1.2 or
          1.3 on the server.
        - >-
          V(tls_handshake_failure) - The TLS handshake failed for another reason than the certificate. Compare cipher
          suites and curves of both sides.
        - >-
          V(client_certificate_required) - The server wants a client certificate, and none was given. Give client_cert
          and client_key.
        - >-
          V(client_certificate_rejected) - The server does not accept the client certificate. Use a certificate that
          is in date and signed by a CA that the server trusts.
        - >-
          V(certificate_expired) - A certificate of the chain has expired. Renew it and reload the server.
        - >-
          V(certificate_not_yet_valid) - A certificate of the chain is not valid yet. Compare the clocks of this host
          and of the issuer.
        - >-
          V(hostname_mismatch) - The certificate is for other names than the one asked for, or the server refuses that
          name. Use a name that is served (or server_name), or serve this one, with it in the subjectAltName.
        - >-
          V(self_signed_certificate) - The certificate is signed by itself, and is not among the trusted ones. Give
          the server a certificate of a CA, or put this one into ca_path.
        - >-
          V(untrusted_issuer) - The chain ends at a CA that is not trusted here. Put the root certificate of that CA
          into ca_path, or issue the certificate from a trusted CA.
        - >-
          V(missing_intermediate) - The server does not send the intermediate certificate that links its own to a
          trusted CA. Serve the full chain: certificate first, then each intermediate.
        - >-
          V(certificate_revoked) - A certificate of the chain has been revoked. Issue a new one with a new key.
        - >-
          V(wrong_purpose) - The certificate is not meant for a server. Issue one with extended key usage serverAuth
          that is not a CA certificate.
        - >-
          V(weak_key) - A key of the chain is too short. Use RSA of 2048 bits or more, an elliptic curve of 256 bits
          or more, or Ed25519.
        - >-
          V(weak_signature) - A certificate of the chain is signed with a broken hash. Sign it anew with SHA-256 or
          better.
        - >-
          V(name_constraint_violation) - A CA of the chain is not allowed to issue for this name. Issue the
          certificate from a CA whose name constraints permit it.
        - >-
          V(invalid_chain) - The chain breaks a rule that is neither date, name, trust nor purpose. Issue the named
          certificate anew; the message says which rule it breaks.
        - >-
          V(pin_mismatch) - The chain verifies, but none of its certificates has a pinned fingerprint. Expected after
          a renewal: update fingerprints. Otherwise find out who issued this certificate.
        - >-
          V(certificate_expires_soon) - Fewer days are left than min_days_valid asks for. Renew the certificate and
          reload the server; look at why it was not renewed by itself.
        - >-
          V(http_redirect) - The server answers with a redirect, which is never followed. Check the address that it
          points to, if that is https; otherwise fix the proxy's configuration.
        - >-
          V(http_unauthorized) - TLS is verified, but the request was not authenticated. Give api_key, bearer_token,
          or url_username and url_password that are valid there.
        - >-
          V(http_forbidden) - TLS is verified, but the request is not allowed. Give the user the cluster privilege
          monitor, or admit this host's address in the access list of the front.
        - >-
          V(http_not_found) - TLS is verified, but nothing is at this path. Correct the path of the endpoint.
        - >-
          V(bad_gateway) - A proxy answers, but opens no way to what is behind it, or gets no answer from there. Look
          whether Elasticsearch runs, which address the proxy sends requests to, and whom the proxy lets through.
        - >-
          V(http_error) - The server answers with an unexpected status. Read the log of the server.
        - >-
          V(response_timeout) - The TLS handshake passed, but no whole answer came within the time allowed. Look at
          the load of the server; raise timeout if it is only slow.
        - >-
          V(response_too_large) - The answer is larger than any of Elasticsearch's to this question. Look at what
          really answers there.
        - >-
          V(malformed_response) - What came back is not a whole, valid HTTP answer. Look at what really answers there;
          a proxy in between may be broken.
        - >-
          V(not_elasticsearch) - A valid answer, but not that of Elasticsearch or OpenSearch, or of Kibana or
          OpenSearch Dashboards where these are asked for. Correct host, port and path; the message shows what
          answered.
        - >-
          V(cluster_mismatch) - It is another cluster than the one expected. Look at where name, load balancer and
          front lead to, and at whether the node has joined its cluster.
        - >-
          V(cluster_unhealthy) - The cluster's health is worse than min_status, or is not known. Look at
          _cluster/health and the log of the elected master; retry_for waits while a cluster starts.
        - >-
          V(version_mismatch) - The product, or its version, is not the one asked for. Upgrade, or correct the
          expectation.
        - >-
          V(port_open) - A port that must be closed answers from this host. Close it in the host's firewall and in the
          cloud's.
      type: str
      sample: hostname_mismatch
    message:
      description: What was found and what was wanted.
      type: str
      sample: The certificate is valid for es1.internal, not for es.example.org.
    hint:
      description: What to do about it.
      type: str
    addresses:
      description: One entry for each address that was tried.
      type: list
      elements: dict
      contains:
        address:
          description: The IP address; the host, if a proxy is used.
          type: str
        port:
          description: The port.
          type: int
        verified:
          description: As for the endpoint.
          type: bool
        tls_verified:
          description: As for the endpoint.
          type: bool
        reason:
          description: As for the endpoint.
          type: str
        message:
          description: As for the endpoint.
          type: str
        hint:
          description: As for the endpoint.
          type: str
        tls:
          description: What was agreed on; null without a handshake.
          type: dict
          sample: {version: TLSv1.3, cipher: TLS_AES_256_GCM_SHA384, alpn: http/1.1}
        certificates:
          description:
            - The chain, the server's own certificate first. If it was verified, that which was verified, with its root;
              if not, that which the server sent.
          type: list
          elements: dict
          sample:
            - subject: CN=es.example.org
              issuer: CN=Example CA
              serial_number: 3f2a
              not_before: "2025-01-01T00:00:00Z"
              not_after: "2026-01-01T00:00:00Z"
              days_left: 180
              subject_alt_names: ["DNS:es.example.org", "IP:192.0.2.7"]
              key_type: EC
              key_bits: 256
              signature_algorithm: ecdsa-with-SHA256
              is_ca: false
              ocsp_responders: []
              must_staple: false
              fingerprint_sha256: 5f0c...5e6f (64 digits)
        cluster:
          description: As for the endpoint.
          type: dict
        open_ports:
          description: The ports of O(closed_ports) that accept connections here, neighbours joined to ranges.
          type: list
          elements: str
          sample: ["9200"]
        closed_ports:
          description:
            - Those that are closed - each refuses, or is silent while the same address answers over verified https.
          type: list
          elements: str
          sample: ["9201-9299", "9300"]
        unknown_ports:
          description:
            - Those of which it could not be told. Nothing came back, and nothing over verified https either, so that the host may
              just be down; or this host could not ask. They count as not proved.
          type: list
          elements: str
          sample: []
        timings:
          description: Seconds that each step took; null for those not reached.
          type: dict
          sample: {dns: 0.0011, connect: 0.0004, tls: 0.0031, http: 0.0042}
    cluster:
      description: What the node says of its cluster; null if it did not come to that.
      type: dict
      contains:
        name:
          description: The cluster's name.
          type: str
        uuid:
          description: The cluster's uuid; null for Elasticsearch before 2 and where no cluster has formed.
          type: str
        distribution:
          description: V(elasticsearch) or V(opensearch).
          type: str
        version:
          description: The product's version.
          type: str
        node:
          description: The node's name.
          type: str
        status:
          description: The cluster's health, if O(min_status) was given.
          type: str
    days_left:
      description: Whole days until the first certificate of any chain expires; null if none was seen.
      type: int
    open_ports:
      description: Ports of O(closed_ports) that answered, of all addresses.
      type: list
      elements: dict
      sample: [{address: 192.0.2.7, port: 9200}]
    warnings:
      description: What does not fail now but will.
      type: list
      elements: str
    attempts:
      description: How often it was tried; more than once only with O(retry_for).
      type: int
failed_endpoints:
  description: The URLs that failed. (The key C(failed) belongs to Ansible itself.)
  returned: always
  type: list
  elements: str
summary:
  description: One line for a person.
  returned: always
  type: str
  sample: "2 of 3 endpoints verified; failed: https://es3.example.org (certificate_expired)"
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check import asked
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.ansible_types import convert
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.asked import PER_ENDPOINT, WHOLE_TASK
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.check import check_all
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.fault import where
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.items import shown_items
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.libraries import unusable
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.options import Target
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.reasons import InvalidOption
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.result import failure_text, result_of
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._secrets import secrets_of

_ALL = {**PER_ENDPOINT, **WHOLE_TASK}


class HttpsCheckModule(AnsibleModule):
    """Takes ``endpoints`` out of what Ansible validates, logs and returns before it can, and tells it what to hide."""

    endpoints: Any = None  #: as given

    def _load_params(self) -> None:
        super()._load_params()
        self.no_log_values.update(secrets_of(self.params).forms())
        for name in self.params:
            if name not in _ALL and not name.startswith("_ansible"):
                self.params[name] = "(not shown)"  # perhaps a secret under a name that is written wrong
        self.endpoints = self.params.get("endpoints")
        if self.endpoints is not None:
            self.params["endpoints"] = shown_items(self.endpoints)


def read_targets(params: dict[str, Any]) -> list[Target]:
    """As `asked.read_targets`, with values as Ansible converts them."""
    return asked.read_targets(params, convert)


def _require_libraries(module: AnsibleModule) -> None:
    for package, least, found, error in unusable():
        if found:
            module.fail_json(
                msg=f"The Python package {package} is version {found} here; wanted is {least} or newer. Where the distribution's own "
                "is older, install it with pip into a virtual environment and point ansible_python_interpreter at that."
            )
        module.fail_json(msg=missing_required_lib(f"{package} >= {least}", reason="to check endpoints"), exception=error)


def main() -> None:
    module = HttpsCheckModule(
        argument_spec=dict(_ALL),
        mutually_exclusive=[("url_username", "api_key", "bearer_token"), ("proxy", "closed_ports"), ("ca_path", "ca_content"), ("crl_path", "crl_content")],
        required_together=[("url_username", "url_password")],
        required_by={"client_key": "client_cert"},
        supports_check_mode=True,
    )
    _require_libraries(module)
    fault, results, result = "", [], {}
    try:
        targets, contexts = asked.prepare(dict(module.params, endpoints=module.endpoints), convert)
        run_wide = {name: module.params[name] for name in ("concurrency", "retry_for")}
        results = check_all(targets, contexts, **run_wide)
        result = result_of(results)
    except InvalidOption as error:
        fault = str(error)
    except Exception as error:
        fault = f"https_check has a fault of its own, and nothing is proved: {where(error)}. Please report it."
    if fault:  # outside of the handler: where tracebacks are asked for, that of a pending exception would be shown
        module.fail_json(msg=fault)
    for endpoint in result["endpoints"]:
        for warning in endpoint["warnings"]:
            module.warn("{}: {}".format(endpoint["url"], warning))
    if result["failed_endpoints"]:
        module.fail_json(msg=result["summary"] + "\n" + failure_text(results), **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
