#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: gce_instance_firewalls_info
author: The tlsfront.elasticsearch authors (@tlsfront)
version_added: 1.0.0
short_description: Read everything that filters packets before instances of Google Compute Engine
description:
  - Returns, for each network interface of each instance, all firewall rules and firewall policies that are in force for
    it, as Google works them out (C(instances.getEffectiveFirewalls)), hierarchical ones of the organization included.
  - Reads only. Answers that say to come back later (403 C(rateLimitExceeded), 429, 5xx) are retried.
options:
  instances:
    description: The instances.
    type: list
    elements: dict
    required: true
    suboptions:
      project:
        description: The identifier of its project.
        type: str
        required: true
      zone:
        description: The name of its zone.
        type: str
        required: true
      name:
        description: Its name.
        type: str
        required: true
  auth_kind:
    description:
      - Which credentials to use. With V(application) those that the environment gives
        (U(https://cloud.google.com/docs/authentication/application-default-credentials)).
    type: str
    choices: [application, serviceaccount, machineaccount, accesstoken]
    default: application
  service_account_file:
    description: A file with the key of a service account, with O(auth_kind=serviceaccount).
    type: path
  service_account_contents:
    description: The contents of such a file, as JSON.
    type: jsonarg
  service_account_email:
    description: Which service account of the machine to use, with O(auth_kind=machineaccount).
    type: str
    default: default
  access_token:
    description: An OAuth 2.0 access token, with O(auth_kind=accesstoken).
    type: str
  scopes:
    description: The scopes of the credentials.
    type: list
    elements: str
    default: ["https://www.googleapis.com/auth/compute.readonly"]
  timeout:
    description: Seconds to wait for one answer.
    type: int
    default: 30
requirements:
  - google-auth
  - requests
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  platform:
    support: full
    platforms: posix
notes:
  - Needs the permissions C(compute.instances.get), C(compute.instances.getEffectiveFirewalls) and
    C(compute.networks.get).
seealso:
  - module: tlsfront.elasticsearch.cloud_firewall
"""

EXAMPLES = r"""
- name: What filters packets before a node
  tlsfront.elasticsearch.gce_instance_firewalls_info:
    instances:
      - {project: my-project, zone: europe-west1-b, name: es1}
  register: firewalls
"""

RETURN = r"""
instances:
  description: The instances, in the order asked for.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Its name.
      type: str
      returned: always
    zone:
      description: The name of its zone.
      type: str
      returned: always
    project:
      description: The identifier of its project.
      type: str
      returned: always
    tags:
      description: Its network tags.
      type: list
      elements: str
      returned: always
    service_accounts:
      description: The e-mail addresses of its service accounts.
      type: list
      elements: str
      returned: always
    interfaces:
      description: Its network interfaces.
      type: list
      elements: dict
      returned: always
      contains:
        name:
          description: Its name, for example V(nic0).
          type: str
          returned: always
        network:
          description: The name of its network.
          type: str
          returned: always
        internal_address:
          description: Its internal IPv4 address, or an empty text.
          type: str
          returned: always
        addresses:
          description: All its addresses, internal and external.
          type: list
          elements: str
          returned: always
        policies_first:
          description: Whether the network's firewall policies come before its firewall rules.
          type: bool
          returned: always
        effective:
          description: The answer of C(instances.getEffectiveFirewalls), with C(firewalls) and C(firewallPolicys).
          type: dict
          returned: always
"""

import json
import time
import traceback
import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

MISSING: str | None = None
try:
    import google.auth
    import google.auth.compute_engine
    import google.auth.exceptions
    import google.oauth2.credentials
    import google.oauth2.service_account
    import requests.adapters
    import requests.exceptions
    from google.auth.transport.requests import AuthorizedSession
    from urllib3.util import Retry
except ImportError:
    MISSING = traceback.format_exc()

API = "https://compute.googleapis.com/compute/v1"


def credentials(params: dict[str, t.Any]) -> t.Any:
    """Credentials as asked for; raises what the library raises where they cannot be had."""
    scopes, kind = params["scopes"], params["auth_kind"]
    if kind == "serviceaccount" and params["service_account_contents"]:
        account = json.loads(params["service_account_contents"])
        return google.oauth2.service_account.Credentials.from_service_account_info(account, scopes=scopes)
    if kind == "serviceaccount":
        file = params["service_account_file"]
        return google.oauth2.service_account.Credentials.from_service_account_file(file, scopes=scopes)
    if kind == "machineaccount":
        return google.auth.compute_engine.Credentials(params["service_account_email"])
    if kind == "accesstoken":
        return google.oauth2.credentials.Credentials(params["access_token"])
    return google.auth.default(scopes=scopes)[0]


class Compute:
    """Reads resources of compute v1; raises OSError with a message for people where it cannot."""

    def __init__(self, params: dict[str, t.Any]) -> None:
        self._timeout = params["timeout"]
        self._session = AuthorizedSession(credentials(params))
        again = Retry(total=5, backoff_factor=1, status_forcelist=[429, 500, 502, 503, 504], raise_on_status=False)
        self._session.mount(API, requests.adapters.HTTPAdapter(max_retries=again))
        self._networks: dict[str, dict[str, t.Any]] = {}

    def get(self, path: str, **query: str) -> dict[str, t.Any]:
        for wait in (1, 2, 4, 8, 16, 0):
            answer = self._session.get(f"{API}/{path}", params=query, timeout=self._timeout)
            if not wait or not rate_limited(answer):
                break
            time.sleep(wait)
        if answer.status_code == 200:
            return t.cast("dict[str, t.Any]", answer.json())
        try:
            cause = answer.json()["error"]["message"]
        except (ValueError, KeyError, TypeError):
            cause = answer.reason
        raise OSError(f"{path}: {answer.status_code} {cause}")

    def network(self, url: str) -> dict[str, t.Any]:
        """A network by its URL, asked for once."""
        if url not in self._networks:
            self._networks[url] = self.get(url[url.index("projects/") :])
        return self._networks[url]

    def instance(self, project: str, zone: str, name: str) -> dict[str, t.Any]:
        """One instance in the form of RETURN."""
        path = f"projects/{project}/zones/{zone}/instances/{name}"
        found = self.get(path)
        return {
            "name": name,
            "zone": zone,
            "project": project,
            "tags": found.get("tags", {}).get("items", []),
            "service_accounts": [account["email"] for account in found.get("serviceAccounts", [])],
            "interfaces": [self._interface(path, interface) for interface in found["networkInterfaces"]],
        }

    def _interface(self, path: str, interface: dict[str, t.Any]) -> dict[str, t.Any]:
        order = self.network(interface["network"]).get("networkFirewallPolicyEnforcementOrder")
        return {
            "name": interface["name"],
            "network": interface["network"].rsplit("/", 1)[-1],
            "internal_address": interface.get("networkIP", ""),
            "addresses": interface_addresses(interface),
            "policies_first": order == "BEFORE_CLASSIC_FIREWALL",
            "effective": self.get(f"{path}/getEffectiveFirewalls", networkInterface=interface["name"]),
        }


def rate_limited(answer: t.Any) -> bool:
    """Say whether it is the refusal of one who asks too often, which has the status of one who may not ask."""
    # https://cloud.google.com/compute/docs/api/best-practices#handling_errors
    return answer.status_code == 403 and "ateLimitExceeded" in answer.text


def interface_addresses(interface: dict[str, t.Any]) -> list[str]:
    """All addresses of a network interface of compute v1, internal ones first."""
    found = [interface.get("networkIP"), interface.get("ipv6Address")]
    found += [alias["ipCidrRange"] for alias in interface.get("aliasIpRanges", [])]
    for access in [*interface.get("accessConfigs", []), *interface.get("ipv6AccessConfigs", [])]:
        found += [access.get("natIP"), access.get("externalIpv6")]
    return [address for address in found if address]


def main() -> None:
    instance = {"project": {"required": True}, "zone": {"required": True}, "name": {"required": True}}
    module = AnsibleModule(
        argument_spec={
            "instances": {"type": "list", "elements": "dict", "required": True, "options": instance},
            "auth_kind": {
                "choices": ["application", "serviceaccount", "machineaccount", "accesstoken"],
                "default": "application",
            },
            "service_account_file": {"type": "path"},
            "service_account_contents": {"type": "jsonarg", "no_log": True},
            "service_account_email": {"default": "default"},
            "access_token": {"no_log": True},
            "scopes": {
                "type": "list",
                "elements": "str",
                "default": ["https://www.googleapis.com/auth/compute.readonly"],
            },
            "timeout": {"type": "int", "default": 30},
        },
        required_if=[
            ("auth_kind", "accesstoken", ["access_token"]),
            ("auth_kind", "serviceaccount", ["service_account_file", "service_account_contents"], True),
        ],
        supports_check_mode=True,
    )
    if MISSING:
        module.fail_json(msg=missing_required_lib("google-auth and requests"), exception=MISSING)
    try:
        compute = Compute(module.params)
        found = [compute.instance(**wanted) for wanted in module.params["instances"]]
    except google.auth.exceptions.GoogleAuthError as error:
        module.fail_json(msg=f"Google does not take these credentials, which may have expired: {error}")
    except (requests.exceptions.RequestException, OSError, ValueError) as error:
        module.fail_json(msg=f"Google Compute Engine could not be read: {error}")
    module.exit_json(changed=False, instances=found)


if __name__ == "__main__":
    main()
