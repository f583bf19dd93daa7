# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The service and the timer of the controller that renew certificates while nobody is there, as systemd reads them."""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t
from collections.abc import Sequence
from pathlib import Path

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _systemd

__all__ = ["Run", "Wanted", "units"]

UNITS = "/etc/systemd/system"
SECRETS = "/etc/tlsfront-renewal"
_CREDENTIALS = "${CREDENTIALS_DIRECTORY}"  # systemd puts in where only the service finds them: systemd.exec(5), LoadCredential=
_INVENTORY, _GROUP = "X-TlsfrontInventory=", "X-TlsfrontGroup="  # systemd reads nothing that begins with X-: systemd.unit(5)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*[$]?")
_PLAYBOOK = re.compile(r"[a-z][a-z0-9_]*([.][a-z][a-z0-9_]*){2,}|/.+")
# systemd.time(7), "Calendar events"; systemd-analyze(1) says what else is wrong
_CALENDAR = re.compile(r"[A-Za-z0-9*][A-Za-z0-9*:/.,~ _+-]*")
_UNIT = re.compile(r"[A-Za-z0-9:_.@\\][A-Za-z0-9:_.@\\-]*")
_OURS = re.compile(r"(tlsfront|certificate|https_front|host_firewall|cloud_firewall|node_identity)_")
_GIVEN = re.compile(r"tlsfront_(group\Z|renewal_)")  # the timer itself is told of these
_SHARED = ("/tmp/", "/var/tmp/")
_HARDENING = """\
NoNewPrivileges=true
ProtectSystem=full
ProtectControlGroups=true
ProtectKernelModules=true
ProtectKernelTunables=true
LockPersonality=true
RestrictRealtime=true
RestrictSUIDSGID=true
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Run:
    """A run of ansible-playbook, which is to be repeated by a timer."""

    program: str
    """The absolute path of ansible-playbook."""
    user: str
    inventories: Sequence[str]
    config: str
    """ansible.cfg; empty where there is none."""
    collections: Sequence[str]
    """Where collections are looked for."""
    collection: str
    """Where this one is."""
    asked_for_vault: bool
    """Whether a vault was opened by what the command line or the environment says, which a timer does not have."""
    opens_vault: bool
    """Whether ansible.cfg names what opens a vault."""
    read: Sequence[str] = ()
    """What else is read by it: where collections are, what opens the vault."""
    read_below: Sequence[str] = ()
    """Directories of the inventory, of which each file is read."""
    said: Sequence[str] = ()
    """The variables that its command line says."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wanted:
    """What was asked for."""

    name: str
    playbook: str
    calendar: str
    on_failure: str
    ca_dirs: Sequence[str]
    """Those of the nodes' own CAs."""
    passphrases: t.Mapping[str, str]
    """Variables of the role certificate, and what they are."""
    vault_password: str
    former: str
    """The service that is there; empty where there is none."""
    group: str = "elasticsearch"
    """The inventory's group with the cluster's nodes."""


def units(run: Run, wanted: Wanted) -> dict[str, t.Any]:
    """Return `problems`, each a sentence, and where there is none what is to be written and looked at.

    No secret is in anything but `secrets`.
    """
    found = _problems(run, wanted)
    names: dict[str, t.Any] = {"is_anothers": _is_anothers(run, wanted)}
    names |= {"unit": f"tlsfront-renew-{wanted.name}", "secrets_dir": f"{SECRETS}/{wanted.name}", "user": run.user}
    if found:
        return {"problems": found, **names}
    secrets = _secrets(run, wanted)
    try:
        service = _service(run, wanted, secrets, names["secrets_dir"])
    except ValueError as error:
        return {"problems": [f"{error}. Call it something else."], **names}
    trusted = [run.program, *run.inventories, run.collection, *wanted.ca_dirs, *([run.config] if run.config else [])]
    trusted += [wanted.playbook] if wanted.playbook.startswith("/") else []
    # what is beside an inventory is read with it
    trusted += [str(Path(inventory).parent / beside) for inventory in run.inventories for beside in ("group_vars", "host_vars")]
    trusted += run.read
    return {
        "problems": [],
        **names,
        "files": {f"{UNITS}/{names['unit']}.service": service, f"{UNITS}/{names['unit']}.timer": _timer(wanted)},
        "secrets": {f"{names['secrets_dir']}/{name}": text for name, text in secrets.items()},
        "no_secrets": [f"{names['secrets_dir']}/{name}" for name in _FILES if name not in secrets],
        "trusted": [
            *({"path": path, "ours": True} for path in dict.fromkeys(trusted)),
            *({"path": path, "ours": True, "below": True} for path in _run_to_the_last_file(run, wanted)),
        ],
    }


def _run_to_the_last_file(run: Run, wanted: Wanted) -> list[str]:
    """Directories of which each file is read or run: the collection's, the inventory's, and those beside a playbook, with its variables, roles and plugins."""
    beside = [str(Path(wanted.playbook).parent)] if wanted.playbook.startswith("/") else []
    return [*(f"{run.collection}/{part}" for part in _RUN_OF_COLLECTION), *run.read_below, *beside]


_FILES = ("vault-password", "passphrases.json")
# of the rest of a collection nothing is run: https://docs.ansible.com/projects/ansible/latest/dev_guide/developing_collections_structure.html
_RUN_OF_COLLECTION = ("meta", "playbooks", "plugins", "roles")


def _secrets(run: Run, wanted: Wanted) -> dict[str, str]:
    """What the service is given, by the names of files. What a vault has is not written down a second time."""
    if wanted.vault_password:
        return {"vault-password": f"{wanted.vault_password}\n"}
    passphrases = {name: text for name, text in wanted.passphrases.items() if text}
    return {"passphrases.json": f"{json.dumps(passphrases)}\n"} if passphrases and not run.opens_vault else {}


def _problems(run: Run, wanted: Wanted) -> list[str]:
    said = {
        "tlsfront_renewal_name": (wanted.name, _NAME, "letters, digits and . _ -, and is by default what tlsfront_group is"),
        "tlsfront_group": (wanted.group, _NAME, "the name of a group, of letters, digits and . _ -"),
        "tlsfront_renewal_playbook": (wanted.playbook, _PLAYBOOK, "the name of a playbook in a collection, or an absolute path"),
        "tlsfront_renewal_calendar": (wanted.calendar, _CALENDAR, "a calendar event of systemd, such as daily or Sun 03:00 (systemd.time(7))"),
        "tlsfront_renewal_on_failure": (wanted.on_failure or "none", _UNIT, "the name of a unit of systemd, or empty"),
    }
    found = [f"{name} is {given!r}, and must be {must}." for name, (given, pattern, must) in said.items() if not pattern.fullmatch(given)]
    if not _USER.fullmatch(run.user):
        found.append(f"The user who runs Ansible is {run.user!r}, which systemd takes for no user's name: run it as another one.")
    if not run.inventories or any("," in inventory or not inventory.startswith("/") for inventory in run.inventories):
        found.append(f"The inventory is {', '.join(run.inventories) or 'none'}, but a timer needs one that is a file or directory: give its path with -i.")
    if len(wanted.ca_dirs) > 1:
        found.append(
            f"The nodes have their certificates from {len(wanted.ca_dirs)} own CAs ({', '.join(wanted.ca_dirs)}), and a timer has the passphrases of one: "
            "put the nodes of each into a group of their own, and install a timer for each group (tlsfront_group, tlsfront_renewal_name)."
        )
    if not wanted.ca_dirs:
        found.append("No node has its certificate from an own CA (certificate_source), so there is nothing to renew by a timer of the controller.")
    lost = sorted(name for name in run.said if _OURS.match(name) and name not in wanted.passphrases and not _GIVEN.match(name))
    if lost:
        found.append(f"The command line says {', '.join(lost)}, which a timer does not: put {'them' if len(lost) > 1 else 'it'} into the inventory.")
    if run.asked_for_vault and not wanted.vault_password:
        found.append(
            "This run opens a vault by what its command line or its environment says, which a timer does not have: set tlsfront_renewal_vault_password to the "
            "vault's password, or name a file with it in ansible.cfg (vault_password_file)."
        )
    if "\n" in wanted.vault_password or "\r" in wanted.vault_password:
        found.append("tlsfront_renewal_vault_password has more than one line, and must be one.")
    if not found and _is_anothers(run, wanted):
        found.append(
            f"The timer tlsfront-renew-{wanted.name} is there for another inventory or group, {_former(wanted, _INVENTORY)}, {_former(wanted, _GROUP)}: give "
            "this one another tlsfront_renewal_name, or remove that first, with its inventory and tlsfront_group, and tlsfront_renewal_state set to absent."
        )
    return found


def _former(wanted: Wanted, line_begins: str) -> str:
    return next((line[len(line_begins) :] for line in wanted.former.splitlines() if line.startswith(line_begins)), "")


def _is_anothers(run: Run, wanted: Wanted) -> bool:
    """Whether the service that is there is for another inventory, or for another group of it."""
    return _former(wanted, _INVENTORY) not in ("", _inventory(run)[len(_INVENTORY) :]) or _former(wanted, _GROUP) not in ("", wanted.group)


def _inventory(run: Run) -> str:
    try:
        return _INVENTORY + " ".join(_systemd.value(str(Path(each).resolve())) for each in run.inventories)  # whatever link leads there
    except ValueError:
        return _INVENTORY


def _service(run: Run, wanted: Wanted, secrets: t.Mapping[str, str], place: str) -> str:
    arguments = [each for inventory in run.inventories for each in ("--inventory", inventory)]
    words = [_systemd.program(run.program), *map(_systemd.argument, arguments)]
    if "vault-password" in secrets:
        words += ["--vault-password-file", f'"{_CREDENTIALS}/vault-password"']
    if "passphrases.json" in secrets:
        words += ["--extra-vars", f'"@{_CREDENTIALS}/passphrases.json"']
    if wanted.group != "elasticsearch":
        words += ["--extra-vars", _systemd.argument(f"tlsfront_group={wanted.group}")]
    words.append(_systemd.argument(wanted.playbook))
    # what Python takes for the encoding where nobody has logged in is no UTF-8, which Ansible wants
    environment = {"LC_ALL": "C.UTF-8", "ANSIBLE_NOCOLOR": "true", "ANSIBLE_COLLECTIONS_PATH": ":".join(run.collections), "ANSIBLE_CONFIG": run.config}
    lines = [
        "# Managed by Ansible: change variables of the playbook tlsfront.elasticsearch.renew_timer, not this file.",
        "[Unit]",
        "Description=Renews the certificates of an Elasticsearch cluster before they end",
        "Wants=network-online.target",
        "After=network-online.target",
        *([f"OnFailure={wanted.on_failure}"] if wanted.on_failure else []),
        _inventory(run),
        f"{_GROUP}{wanted.group}",
        "",
        "[Service]",
        "Type=oneshot",
        f"User={run.user}",
        "WorkingDirectory=~",
        *(f"Environment={_systemd.value(f'{name}={text}')}" for name, text in environment.items() if text),
        *(f"LoadCredential={name}:{place}/{name}" for name in secrets),
        f"ExecStart={' '.join(words)}",
        "TimeoutStartSec=2h",
        "UMask=0077",
        # the own CA's directory may be below one that is protected
        *(f"ReadWritePaths={_systemd.value('-' + ca_dir)}" for ca_dir in wanted.ca_dirs),
    ]
    read = [run.program, *run.inventories, *run.collections, run.config, wanted.playbook, *wanted.ca_dirs]
    if not any(path.startswith(_SHARED) for path in read):
        lines.append("PrivateTmp=true")  # it would hide what is there
    return "\n".join(lines) + "\n" + _HARDENING


def _timer(wanted: Wanted) -> str:
    return f"""\
# Managed by Ansible: change variables of the playbook tlsfront.elasticsearch.renew_timer, not this file.
[Unit]
Description=Looks each day whether certificates of an Elasticsearch cluster are due for renewal

[Timer]
OnCalendar={wanted.calendar}
# a controller that was off at the time looks when it is on again
Persistent=true
RandomizedDelaySec=1h

[Install]
WantedBy=timers.target
"""
