# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What renews certificates on the controller by a timer, as the filter C(tlsfront.elasticsearch.renewal_timer)."""

from __future__ import annotations

DOCUMENTATION = r"""
name: renewal_timer
author: The tlsfront.elasticsearch authors
version_added: 1.0.0
short_description: "Internal: the units of systemd by which the controller renews certificates, and what speaks against them"
description:
  - Internal to this collection. Only the playbook C(tlsfront.elasticsearch.renew_timer) calls it, and it may change in any version.
  - The service repeats the run of C(ansible-playbook) that calls this filter, with its program, inventory, configuration and collections, as its user, but
    with another playbook.
positional: _input
options:
  _input:
    description: The name of the timer.
    type: str
    required: true
  playbook:
    description: What is run.
    type: str
    default: tlsfront.elasticsearch.renew
  calendar:
    description: When, for C(OnCalendar) of systemd.
    type: str
    default: daily
  on_failure:
    description: The unit that systemd starts when a run has failed.
    type: str
    default: ""
  nodes:
    description: The names of the nodes.
    type: list
    elements: str
    default: []
  hostvars:
    description: The variables of all hosts, which say of each node where its own CA is.
    type: dict
    default: {}
  passphrases:
    description: Variables with passphrases, and what they are.
    type: dict
    default: {}
  vault_password:
    description: What opens the inventory's vault.
    type: str
    default: ""
  former:
    description: The service that is there.
    type: str
    default: ""
  group:
    description: The inventory's group with the cluster's nodes.
    type: str
    default: elasticsearch
"""

EXAMPLES = r"""
- name: Show the service
  ansible.builtin.debug:
    msg: "{{ ('elasticsearch' | tlsfront.elasticsearch.renewal_timer).files }}"
"""

RETURN = r"""
_value:
  description:
    - C(problems) has a sentence for each problem. C(unit) is the name of the service and of the timer, C(user) as whom the service runs, C(secrets_dir)
      where its secrets are, and C(is_anothers) whether the one that is there is for another inventory.
    - Where there is no problem, C(files) and C(secrets) are what is to be written, by their paths, C(no_secrets) what is to be removed, and C(trusted) what
      nobody else may be able to change.
  type: dict
"""

import os
import pwd
import sys
import typing as t
from pathlib import Path

from ansible import constants, context
from ansible.parsing.dataloader import DataLoader
from ansible.utils.vars import load_extra_vars

if t.TYPE_CHECKING:
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._renewal_timer import Run


def _run() -> Run:
    """This run of ansible-playbook."""
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._renewal_timer import Run

    command_line = context.CLIARGS
    given = command_line.get("inventory") or []
    inventories = [given] if isinstance(given, str) else list(given)
    settings = [constants.config.get_config_value_and_origin(name) for name in ("DEFAULT_VAULT_PASSWORD_FILE", "DEFAULT_VAULT_IDENTITY_LIST")]
    origins = [origin for setting, origin in settings if setting]
    return Run(
        program=os.path.abspath(sys.argv[0]),  # noqa: PTH100 # not resolved: the link may be what stays over an update
        user=pwd.getpwuid(os.geteuid()).pw_name,
        inventories=inventories,
        config=constants.CONFIG_FILE or "",
        collections=list(constants.COLLECTIONS_PATHS),
        collection=str(Path(__file__).resolve().parents[2]),
        asked_for_vault=any(command_line.get(name) for name in ("ask_vault_pass", "vault_password_files", "vault_ids"))
        or any(origin.startswith("env:") for origin in origins),
        opens_vault=any(not origin.startswith("env:") for origin in origins),
        # where modules and plugins of this and other collections are looked for, and what opens the vault
        read=[path for path in [*constants.COLLECTIONS_PATHS, *(str(setting) for setting, _origin in settings[:1] if setting)] if Path(path).exists()],
        read_below=[str(place) for inventory in inventories for place in _beside(Path(inventory))],
        said=sorted(load_extra_vars(DataLoader())),
    )


def _beside(inventory: Path) -> list[Path]:
    """What is read with an inventory, to the last file: whoever can change one of them decides what is run."""
    return [inventory] if inventory.is_dir() else [inventory.parent / "group_vars", inventory.parent / "host_vars"]


def renewal_timer(
    name: str,
    *,
    playbook: str = "tlsfront.elasticsearch.renew",
    calendar: str = "daily",
    on_failure: str = "",
    nodes: t.Iterable[str] = (),
    hostvars: t.Mapping[str, t.Any] | None = None,
    passphrases: t.Mapping[str, t.Any] | None = None,
    vault_password: t.Any = "",
    former: str = "",
    group: str = "elasticsearch",
) -> dict[str, t.Any]:
    """See DOCUMENTATION."""
    from ansible_collections.tlsfront.elasticsearch.plugins.filter.ca_paths import own_ca_dirs
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._node_options import options
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._renewal_timer import Wanted, units

    own = own_ca_dirs({node: options(node, hostvars or {}) for node in nodes})
    wanted = Wanted(
        name=str(name),
        playbook=playbook,
        calendar=calendar,
        on_failure=on_failure,
        ca_dirs=list(dict.fromkeys(str(place) for _node, place in sorted(own.items()))),
        # ansible-core may hand over what is encrypted by itself (!vault) as an object that is no text
        passphrases={option: str(text) for option, text in (passphrases or {}).items()},
        vault_password=str(vault_password),
        former=former,
        group=str(group),
    )
    return units(_run(), wanted)


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"renewal_timer": renewal_timer}
