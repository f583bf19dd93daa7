# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""All that is wrong with the options of the role certificate and with what they name, before anything changes."""

from __future__ import annotations

import json
import re
import typing as t
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ansible_collections.tlsfront.elasticsearch.plugins.module_utils import _access
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _bundle, _certificate_problems, _distributions, _names, _revocation

from .plan import Plan, expanded

__all__ = ["problems"]

_DIRECTORY = re.compile(r"(/(?!\.\.(/|\Z))[^/\x00-\x1f\x7f]+){2,}")
_ACME_DIRECTORY = re.compile(r"https://[A-Za-z0-9.:\[\]-]+/[!-~]*")
# RFC 5322, section 3.2.3, without quotes; certbot takes what begins with a hyphen for an option
_CONTACT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9.!#$%&*+/=?^_{|}~-]*@[A-Za-z0-9.-]+[.][A-Za-z0-9-]+")
_KID, _EAB_KEY = re.compile(r"[A-Za-z0-9._~:/@%+=-]*"), re.compile(r"[A-Za-z0-9_=-]*")
_HOOK = re.compile(r"/[A-Za-z0-9/._-]+")
_UNIT = re.compile(r"[A-Za-z0-9:_.@\\][A-Za-z0-9:_.@\\-]*")  # systemctl takes what begins with a hyphen for an option
_HALF_A_DAY = 43200


def problems(
    plan: Plan, host: str, facts: Mapping[str, t.Any], acme_package: str, public_cas: str = "", keeps_lists: bool = False
) -> list[str]:
    """Return a sentence or more for each thing that is wrong, with the option, the value and the remedy; empty where nothing is.

    No part of a key or a passphrase is in any of them.

    host           its name, for the messages
    facts          those of the host
    acme_package   the package of the ACME client there; empty where its distribution has none
    public_cas     the CAs that everybody trusts, in PEM
    keeps_lists    whether the run signs the own CA's lists of revoked certificates anew, when they are due
    """
    # of another source, nothing runs on the node by itself
    found = _distributions.problems(facts, host) if plan.source == "acme" else []
    directory = plan.text("certificate_dir")
    if not _DIRECTORY.fullmatch(directory):
        found.append(
            f'certificate_dir is "{directory}", which is not an absolute path with two parts or more, on one line. '
            "Choose a directory that only this role uses, such as /etc/tlsfront/certificate."
        )
    if plan.text("certificate_state") == "absent":
        return found
    _distributions.warn(facts, host)
    given, addresses = plan.options.get("certificate_names", []), plan.options.get("certificate_addresses", [])
    names = _names.problems(given, addresses)
    if names:
        found.append(
            f"Of {host}, certificate_names is {json.dumps(given)} and certificate_addresses is {json.dumps(addresses)}. {' '.join(names)} "
            "Set tlsfront_server_names (or certificate_names) and certificate_addresses for this host."
        )
    if plan.source == "own_ca":
        found += _of_own_ca(plan, host, plan.names)
        found += () if keeps_lists else _of_list(plan)
    elif plan.source == "acme":
        found += _of_acme(plan, host, plan.names)
    else:
        found += _of_provided(plan, host, plan.names, public_cas)
    access = list(dict.fromkeys([*_on_controller(plan), *plan.node.get("problems", [])]))
    if access:
        found.append(
            f"Others can read or change what {host} gets its certificate from. {'; '.join(access)}. Look first whether somebody has changed it, and take "
            "another key in place of one that others could read."
        )
    # with other problems, it is not looked at whether one is due
    is_due = bool(found) or plan.source != "own_ca" or bool(plan.reasons)
    return [*found, *(_lacks(plan, host, facts, acme_package) if is_due else ())]


def _lacks(plan: Plan, host: str, facts: Mapping[str, t.Any], acme_package: str) -> Iterator[str]:
    """What the source needs on the node and cannot be installed."""
    if not plan.node:
        return
    has_cryptography = plan.node.get("python_packages", {}).get("cryptography")
    if plan.source in ("own_ca", "acme") and not has_cryptography:
        yield from _distributions.not_installable(facts, host, "cryptography for its Python")
        python = plan.node.get("python", {})
        if plan.source == "own_ca" and not python.get("is_systems", True):
            yield (
                f"Ansible takes {python['path']} on {host}, which has no cryptography, and the distribution's packages are for /usr/bin/python3. Set "
                f"ansible_python_interpreter of {host} to /usr/bin/python3, or install cryptography for {python['path']}."
            )
    client = plan.node.get("programs", {}).get("certbot", "")
    if plan.source == "acme" and client.startswith("/snap/"):
        yield (
            f"certbot of {host} is a snap, which cannot be run by the unit that renews: it may write to no home. Install it as a package of the distribution "
            "(which takes /usr/bin/certbot), or choose another certificate_source."
        )
    if plan.source != "acme" or client:
        return
    yield from _distributions.not_installable(facts, host, "certbot")
    if not acme_package:
        yield (
            f"certificate_source of {host} is acme, but certbot is not there, and no package of it is known on that {_distributions.named(facts)}. Install it "
            "(Red Hat's family has it in EPEL: dnf install epel-release, then dnf install certbot), or choose another certificate_source."
        )


def _two_sources(plan: Plan, host: str) -> Iterator[str]:
    if plan.provided_options:
        yield (
            f"certificate_source of {host} is {plan.source}, but {' and '.join(plan.provided_options)} is set as well. "
            "Set certificate_source to provided, or take the other out."
        )


def _of_trust(plan: Plan, option: str, given: str, host: str, verb: str = "is") -> Iterator[str]:
    """What is to be a PEM file on the controller, with certificates."""
    path = expanded(given)
    if not Path(path).is_absolute() or path not in plan.texts or _bundle.problems(plan.texts[path], judged=False):
        yield (
            f'{option} of {host} {verb} "{given}", which is not the absolute path, on the controller, of a PEM file with certificates, whole ones and no key. '
            "Correct it; a path beside the playbook begins with playbook_dir."
        )


def _of_own_ca(plan: Plan, host: str, wanted: Sequence[str]) -> Iterator[str]:
    yield from _two_sources(plan, host)
    renew, days, ca_days = (plan.number(f"certificate_{name}") for name in ("renew_days", "days", "own_ca_days"))
    if not 0 <= renew < days <= ca_days:
        yield (
            f"certificate_renew_days is {renew}, certificate_days {days} and certificate_own_ca_days {ca_days}, but a certificate is renewed before it ends "
            "(fewer days) and its CA outlives it (no fewer days). Correct them."
        )
    if plan.number("certificate_own_ca_crl_days") < 1:
        yield f"certificate_own_ca_crl_days is {plan.number('certificate_own_ca_crl_days')}, and must be 1 or more: a list that ends at once refuses all."
    if not Path(plan.own_ca_dir).is_absolute():
        yield (
            f'certificate_own_ca_dir is "{plan.text("certificate_own_ca_dir")}", which is not an absolute path on the controller. '
            "Write it with / or ~ in front."
        )
    permitted = plan.options.get("certificate_own_ca_permitted", [])
    signs_intermediate = plan.has_intermediate and bool(plan.intermediate_reasons)
    of_ca = _certificate_problems.of_ca(
        plan.own_ca_text("ca.pem"),
        # where an intermediate signs, the CA's own key is looked at only when it is needed
        "" if plan.has_intermediate and not signs_intermediate else plan.own_ca_text("ca.key"),
        plan.text("certificate_own_ca_passphrase"),
        renew,
        plan.now,
        wanted=wanted,
        permitted=permitted,
        intermediates=int(plan.has_intermediate),
    )
    if of_ca:
        yield f"The own CA in {plan.own_ca_dir} on the controller (ca.pem, ca.key) cannot sign. {' '.join(of_ca)}"
    if plan.has_intermediate:
        yield from _of_intermediate(plan, wanted, permitted)
    for given in plan.options.get("certificate_own_ca_also_trusted", []):
        yield from _of_trust(plan, "certificate_own_ca_also_trusted", given, host, "has")


def _of_list(plan: Plan) -> Iterator[str]:
    try:
        ended = plan.list_ended
    except ValueError:  # it cannot be read, which whoever reads it says
        return
    if ended:
        yield (
            f"The list of revoked certificates {plan.own_ca_dir}/{_revocation.LIST} ended at {ended:%Y-%m-%d %H:%M:%S} UTC, so that whoever wants a list, as "
            "the proof of the playbooks does, refuses whatever this CA has signed: run ansible-playbook tlsfront.elasticsearch.renew, which signs it anew."
        )


def _of_intermediate(plan: Plan, wanted: Sequence[str], permitted: Sequence[str]) -> Iterator[str]:
    days, own, ca_days = (plan.number(f"certificate_{name}") for name in ("days", "own_ca_intermediate_days", "own_ca_days"))
    if not days <= own <= ca_days:
        yield (
            f"certificate_own_ca_intermediate_days is {own}, certificate_days {days} and certificate_own_ca_days {ca_days}, but the intermediate outlives "
            "what it signs, and the CA the intermediate. Correct them."
        )
    if plan.intermediate_reasons:
        key = f"{plan.own_ca_dir}/ca.key"
        if plan.own_ca_text("ca.pem") and key not in plan.texts:
            yield (
                f"The own CA must sign an intermediate ({'; '.join(plan.intermediate_reasons)}), but its key {key} is not on the controller. "
                "Put the key there for one run."
            )
        return
    found = _certificate_problems.of_ca(
        plan.own_ca_text("intermediate.pem"),
        plan.own_ca_text("intermediate.key"),
        plan.text("certificate_own_ca_intermediate_passphrase"),
        0,
        plan.now,
        wanted=wanted,
        permitted=permitted,
        passphrase_option="certificate_own_ca_intermediate_passphrase",
        intermediate=True,
    )
    if found:
        yield f"The intermediate in {plan.own_ca_dir} on the controller (intermediate.pem, intermediate.key) cannot sign. {' '.join(found)}"


def _of_provided(plan: Plan, host: str, wanted: Sequence[str], public_cas: str) -> Iterator[str]:
    complete = True
    for what in ("chain", "key"):
        given = [name for name in plan.provided_options if name.startswith(f"certificate_provided_{what}")]
        if len(given) != 1:
            complete = False
            yield (
                f"certificate_source of {host} is provided, and exactly one of certificate_provided_{what} (a path on the controller) and "
                f"certificate_provided_{what}_content (the text itself) must be set, but {'both are' if given else 'neither is'}."
            )
    is_remote = plan.flag("certificate_provided_remote")
    for option, path in plan.provided_files.items():
        is_there = path in plan.slurped if is_remote else Path(plan.path(option)).is_absolute() and plan.path(option) in plan.texts
        if not is_there:
            complete = False
            where = (
                "of a file on the node (certificate_provided_remote). Put the file there, or correct the path."
                if is_remote
                else "of a file on the controller. Correct it (a path beside the playbook begins with playbook_dir), or set certificate_provided_remote "
                "where the file is on the node."
            )
            yield f'{option} of {host} is "{path}", which is not the absolute path {where}'
    if not complete:
        return
    trusted = plan.provided("ca") if plan.text("certificate_provided_ca") else public_cas
    found = _certificate_problems.of_server(plan.provided("chain"), plan.provided("key"), wanted, trusted, plan.now)
    if found:
        yield f"The certificate provided for {host} ({', '.join(plan.provided_options)}) would not work. {' '.join(found)}"


def _of_acme(plan: Plan, host: str, wanted: Sequence[str]) -> Iterator[str]:
    yield from _two_sources(plan, host)
    directory = plan.text("certificate_acme_directory")
    shown = re.sub("//.*@", "//***@", directory)
    if not _ACME_DIRECTORY.fullmatch(directory):
        yield (
            f'certificate_acme_directory is "{shown}", which is not the https address of an ACME directory. '
            "The CA tells it, as in https://acme-v02.api.letsencrypt.org/directory."
        )
    if not plan.flag("certificate_acme_terms_agreed"):
        yield (
            f"certificate_acme_terms_agreed is not true. The CA at {shown} issues certificates only to those who agree to its terms. "
            "Read them, and set certificate_acme_terms_agreed to true."
        )
    contacts = plan.options.get("certificate_acme_contacts", [])
    if not all(_CONTACT.fullmatch(str(contact)) for contact in contacts):
        yield f"certificate_acme_contacts is {json.dumps(contacts)}: it must be a list of mail addresses."
    kid, key = plan.text("certificate_acme_eab_kid"), plan.text("certificate_acme_eab_key")
    if bool(kid) != bool(key) or not _KID.fullmatch(kid) or not _EAB_KEY.fullmatch(key):
        yield (
            "certificate_acme_eab_kid and certificate_acme_eab_key must be set both or neither, the identifier of letters, digits and "
            ". _ ~ : / @ % + = -, the key in base64url as the CA gives it (letters, digits, - and _)."
        )
    yield from _of_challenge(plan, host, wanted)
    unit = plan.text("certificate_acme_unit")
    if not _UNIT.fullmatch(unit):
        yield f"certificate_acme_unit is {json.dumps(unit)}, which is no name of a unit of systemd, such as nginx.service."
    for option in ("certificate_acme_directory_ca", "certificate_acme_ca"):
        if plan.text(option):
            yield from _of_trust(plan, option, plan.text(option), host)
    yield from _of_times(plan)


def _of_challenge(plan: Plan, host: str, wanted: Sequence[str]) -> Iterator[str]:
    challenge, hook = plan.text("certificate_acme_challenge"), plan.text("certificate_acme_dns_hook")
    is_dns = challenge == "dns-01"
    unprovable = [name for name in wanted if name.startswith("IP:" if is_dns else ("IP:", "DNS:*"))]
    if unprovable:
        yield (
            f"Of {host}, {', '.join(unprovable)} cannot be had by the challenge {challenge}: addresses by none, and wildcard names by dns-01 only. "
            "Take them out of tlsfront_server_names (or certificate_names) and certificate_addresses, or take another challenge or another "
            "certificate_source."
        )
    if not (_HOOK.fullmatch(hook) if is_dns else not hook):
        yield (
            f'certificate_acme_dns_hook is "{hook}" and certificate_acme_challenge {challenge}: dns-01 needs the absolute path of a program on the node '
            "(letters, digits, . _ - and /), and http-01 needs none. Correct one of them."
        )
    elif is_dns and not any(one["path"] == hook and one["executable"] for one in plan.node.get("paths", [])):
        yield f'certificate_acme_dns_hook is "{hook}", which is no program on {host}. Put it there, executable, before the role runs.'


def _of_times(plan: Plan) -> Iterator[str]:
    renew, every, port = (plan.number(f"certificate_{name}") for name in ("renew_days", "acme_every", "acme_port"))
    if not (renew > 0 and 0 < every <= _HALF_A_DAY and 1 <= port <= 65535):
        yield (
            f"certificate_renew_days ({renew}) must be 1 or more, certificate_acme_every ({every}) from 1 to {_HALF_A_DAY} seconds, and certificate_acme_port "
            f"({port}) a port."
        )
    elif (86400 if every % 3600 == 0 else 3600 if every % 60 == 0 else 60) % every:
        yield (
            f"certificate_acme_every is {every} seconds, of which a day, an hour or a minute is no multiple. "
            "Take whole hours that divide a day, minutes that divide an hour, or seconds that divide a minute."
        )


def _on_controller(plan: Plan) -> Iterator[str]:
    """Who else could read or change what is on the controller.

    What the own CA has is root's, or whose Ansible it is; what is provided is also its owner's and its group's.
    """
    looked_at: list[tuple[str, dict[str, t.Any]]] = []
    if plan.source == "own_ca":
        looked_at += [(f"{plan.own_ca_dir}/{name}.key", {"secret": True, "ours": True}) for name in ("ca", "intermediate")]
        looked_at += [(f"{plan.own_ca_dir}/{name}.pem", {"ours": True}) for name in ("ca", "intermediate", "crl")]
        looked_at += [(expanded(path), {}) for path in plan.options.get("certificate_own_ca_also_trusted", [])]
    elif plan.source == "acme":
        looked_at += [(plan.path(name), {}) for name in ("certificate_acme_ca", "certificate_acme_directory_ca")]
    elif not plan.flag("certificate_provided_remote"):
        looked_at += [(plan.path(name), {"secret": name.endswith("_key")}) for name in plan.provided_files]
    for path, how in looked_at:
        yield from _access.problems(path, **how)
