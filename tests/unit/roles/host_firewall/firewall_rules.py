# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rules file of a policy, made by Ansible from the role's own defaults, variables and template."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

ROLE = Path(__file__).parents[4] / "roles" / "host_firewall"
# Of whom the role takes the peers where none are named: nobody that a packet comes from.
GROUP = {
    "groups": {"elasticsearch": ["elsewhere"]},
    "hostvars": {"elsewhere": {"ansible_facts": {"all_ipv4_addresses": ["192.0.2.1"], "all_ipv6_addresses": ["2001:db8::1"]}}},
}


@functools.cache
def role_variables() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in ("defaults/main.yml", "vars/main.yml"):
        found |= yaml.safe_load((ROLE / part).read_text())
    # no Elasticsearch is found, so the ports are those that are named
    decided = "{{ (__host_firewall_options | tlsfront.elasticsearch.host_firewall_policy(hosts=groups.elasticsearch, hostvars=hostvars)).policy }}"
    return {name: trust(value) for name, value in found.items()} | {"__host_firewall_policy": trust(decided)}


def trust(value: Any) -> Any:
    if isinstance(value, list):
        return [trust(item) for item in value]
    if isinstance(value, dict):
        return {name: trust(item) for name, item in value.items()}
    return trust_as_template(value) if isinstance(value, str) else value


def render(template: str, **variables: Any) -> str:
    """The text of a template of the role."""
    lookup = "{{ lookup('ansible.builtin.template', '%s') }}" % (ROLE / "templates" / template)
    text = Templar(loader=DataLoader(), variables=role_variables() | GROUP | variables).template(trust_as_template(lookup))
    assert isinstance(text, str)
    return text


def rules(**policy: Any) -> str:
    """The text of firewall.nft for a policy; each keyword is a role variable without its prefix."""
    given = {"peers": [], "container_networks": []} | policy
    return render("firewall.nft.j2", **{f"host_firewall_{name}": value for name, value in given.items()})
