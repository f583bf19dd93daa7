# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What answers on which hosts, to whom it is open, and which of them are one cluster."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

import yaml
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._summary import and_join
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._text import one_line

__all__ = ["Report", "Service", "report"]

_NO_UUID = ("", "_na_")  # that of a node which has found no cluster yet
_CLUSTERED = ("elasticsearch", "opensearch")
_SHAPE = "give a mapping of hosts to what search_services_info has returned there"


@dataclass(frozen=True)
class Service:
    """One thing that answers on one host."""

    host: str
    product: str
    version: str
    ports: str
    addresses: str
    scheme: str
    login: str
    open_to: str
    cluster: str
    uuid: str
    problem: str
    level: str

    @property
    def shown(self) -> tuple[str, ...]:
        """Return what is shown of it."""
        what = f"{self.product} {self.version}".strip()
        return self.host, what, self.ports, self.scheme, self.login, self.open_to, self.cluster or "-"


@dataclass(frozen=True)
class Report:
    """All of it."""

    services: list[Service]
    unknown: list[str]
    notes: list[str]
    groups: dict[str, list[str]]
    hosts: int
    seen: int

    def count(self, *levels: str) -> int:
        """Return how many have one of these levels."""
        return sum(service.level in levels for service in self.services)

    @property
    def summary(self) -> str:
        """Return one line."""
        hosts = len({service.host for service in self.services})
        exposed = f"{self.count('failed')} of them open to everybody without TLS or login"
        text = f"{len(self.services)} services on {hosts} of {self.seen} hosts that were looked at, {exposed}"
        clusters = sum(bool(members) for name, members in self.groups.items() if not name.endswith("_unknown"))
        missing = f"; {self.hosts - self.seen} hosts were not seen" if self.hosts > self.seen else ""
        unknown = f"; {len(self.unknown)} things are not known" if self.unknown else ""
        return f"{text}; {clusters} clusters{missing}{unknown}."

    @property
    def inventory(self) -> str:
        """Return an inventory with a group for each cluster, which the playbook site takes by `tlsfront_group`."""
        children = {name: {"hosts": {host: {} for host in members}, "vars": {"tlsfront_group": name}} for name, members in self.groups.items()}
        text: str = yaml.safe_dump({"all": {"children": children}}, sort_keys=False, allow_unicode=False)
        return "---\n# Made by tlsfront.elasticsearch.discover: what is said of the hosts themselves stays in the inventory that they came from.\n" + text


def report(told: object, clouds: object = None) -> Report:
    """Put it together; `clouds` has a text for each host where the rules of its cloud let others in.

    Raises `TypeError` or `ValueError` where it is nothing of that kind.
    """
    if not isinstance(told, Mapping) or not told:
        raise ValueError(f"There is no host to tell of: {_SHAPE}.")
    services: list[Service] = []
    unknown: list[str] = []
    notes: list[str] = []
    members: dict[tuple[str, str], list[str]] = {}
    seen = 0
    let_in = {str(host): one_line(text) for host, text in (clouds if isinstance(clouds, Mapping) else {}).items() if text}
    for host, its in told.items():
        if not isinstance(its, Mapping):
            raise TypeError(f"What is told of {host} is no mapping: {_SHAPE}.")
        if not isinstance(its.get("services"), list):
            unknown.append(f"{host} was not seen: {one_line(its.get('msg')) or 'Ansible could not look there'}")
            continue
        seen += 1
        services += _services(str(host), its, str(host) in let_in)
        unknown += [f"{host}: port {one_line(each['port'])} speaks TLS and is not known: {one_line(each['problem'])}" for each in its.get("unknown") or ()]
        if not its.get("is_complete"):
            unknown.append(f"{host}: not looked at as root, so that something may be missing")
        if its.get("left_out"):
            unknown.append(f"{host}: {int(its['left_out'])} listeners were not asked, for there are too many")
        if str(host) in let_in:
            notes.append(f"{host}: {let_in[str(host)]}")
        for each in its["services"]:
            if each.get("product") in _CLUSTERED:
                uuid = str(each.get("cluster_uuid") or "")
                key = ("", "") if uuid in _NO_UUID else (uuid, str(each.get("cluster_name") or ""))
                members.setdefault(key, []).append(str(host))
    order = {"failed": 0, "warning": 1, "verified": 2}
    services.sort(key=lambda service: (order[service.level], service.host, service.ports))
    return Report(services, unknown, notes, _groups(members), len(told), seen)


def _services(host: str, its: Mapping[str, t.Any], cloud_lets_in: bool) -> list[Service]:
    """One for each port, whatever addresses it has."""
    found: dict[int, list[Mapping[str, t.Any]]] = {}
    for each in its["services"]:
        found.setdefault(int(each["port"]), []).append(each)
    return [_service(host, port, several, cloud_lets_in) for port, several in found.items()]


def _service(host: str, port: int, several: list[Mapping[str, t.Any]], cloud_lets_in: bool) -> Service:
    worst = max(several, key=lambda each: ("itself", "some", "unknown", "everybody").index(each["open_to"]))
    login = {True: "yes", False: "NO", None: "not known"}[worst["wants_login"]]
    is_open = worst["open_to"] == "everybody"
    if worst["open_to"] == "itself" or (worst["scheme"] == "https" and login == "yes"):
        level = "verified"
    elif is_open:
        level = "failed"
    else:
        level = "warning"
    text = {
        "itself": "the host itself",
        "everybody": "everybody" + (", also by the cloud" if cloud_lets_in else ""),
        "some": f"{and_join([one_line(each) for each in worst['let_in'][:3]]) or 'nobody'}" + (" and more" if len(worst["let_in"]) > 3 else ""),
        "unknown": f"not known: {one_line(worst['why'])}",
    }[worst["open_to"]]
    return Service(
        host=host,
        product=one_line(worst["product"]),
        version=one_line(worst["version"]),
        ports=str(port),
        addresses=", ".join(one_line(each["address"]) for each in several),
        scheme=one_line(worst["scheme"]),
        login=login,
        open_to=text,
        cluster=one_line(worst["cluster_name"]),
        uuid=one_line(worst["cluster_uuid"]),
        problem=one_line(worst["problem"]),
        level=level,
    )


def _groups(members: Mapping[tuple[str, str], list[str]]) -> dict[str, list[str]]:
    """Names of groups as Ansible takes them, each once. Whoever names a cluster may name it anything."""
    found: dict[str, list[str]] = {}
    for (uuid, name), hosts in sorted(members.items()):
        part = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:40] or "cluster"
        group = "elasticsearch_unknown" if not uuid else f"elasticsearch_{part}"
        if group in found or (uuid and group == "elasticsearch_unknown"):
            group += "_" + re.sub(r"[^a-z0-9]+", "", uuid.lower())[:8]
        while group in found:
            group += "_"
        found[group] = list(dict.fromkeys([*found.get(group, []), *hosts]))
    return found
