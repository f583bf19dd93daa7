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


def report(told: object, clouds: object = None, taken: t.Collection[str] = ()) -> Report:
    """Put it together.

    clouds  by host what the rules of its cloud do: `state` (`closed`, or `open` also where it could not be seen) and `text`
    taken   names of groups that are there already

    Raises `TypeError` or `ValueError` where it is nothing of that kind.
    """
    if not isinstance(told, Mapping) or not told:
        raise ValueError(f"There is no host to tell of: {_SHAPE}.")
    services: list[Service] = []
    unknown: list[str] = []
    notes: list[str] = []
    members: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    seen = 0
    cloud = {str(host): its for host, its in (clouds if isinstance(clouds, Mapping) else {}).items() if its}
    for host, its in told.items():
        if not isinstance(its, Mapping):
            raise TypeError(f"What is told of {host} is no mapping: {_SHAPE}.")
        if not isinstance(its.get("services"), list):
            unknown.append(f"{host} was not seen: {one_line(its.get('msg')) or 'Ansible could not look there'}")
            continue
        seen += 1
        services += _services(str(host), its, str(cloud.get(str(host), {}).get('state', '')))
        unknown += [f"{host}: {one_line(each)}" for each in its.get("unknown") or ()]
        if not its.get("is_complete"):
            unknown.append(f"{host}: not looked at as root, so that something may be missing")
        if its.get("left_out"):
            unknown.append(f"{host}: {int(its['left_out'])} listeners were not asked, for there are too many")
        if cloud.get(str(host), {}).get("text"):
            notes.append(f"{host}: {one_line(cloud[str(host)]['text'])}")
        for each in its["services"]:
            if each.get("product") in _CLUSTERED:
                uuid = str(each.get("cluster_uuid") or "")
                key = "" if uuid in _NO_UUID else uuid
                members.setdefault(key, []).append(str(host))
                names.setdefault(key, str(each.get("cluster_name") or ""))
    order = {"failed": 0, "warning": 1, "verified": 2}
    services.sort(key=lambda service: (order[service.level], service.host, service.ports))
    return Report(services, unknown, notes, _groups(members, names, taken), len(told), seen)


def _services(host: str, its: Mapping[str, t.Any], cloud: str) -> list[Service]:
    """One for each port, whatever addresses it has: the one that is worst off stands for them."""
    found: dict[int, list[Mapping[str, t.Any]]] = {}
    for each in its["services"]:
        found.setdefault(int(each["port"]), []).append(each)
    return [max((_service(host, port, each, several, cloud) for each in several), key=_badness) for port, several in found.items()]


def _badness(service: Service) -> int:
    return ("verified", "warning", "failed").index(service.level)


def _service(host: str, port: int, one: Mapping[str, t.Any], several: list[Mapping[str, t.Any]], cloud: str) -> Service:
    login = {True: "yes", False: "NO", None: "not known"}[one["wants_login"]]
    open_to = one["open_to"]
    if open_to == "itself" or (one["scheme"] == "https" and login == "yes"):
        level = "verified"
    else:
        level = "failed" if open_to == "everybody" and cloud != "closed" else "warning"
    everybody = {"closed": "whom the cloud lets in: others it keeps out", "open": "everybody, also by the cloud"}.get(cloud, "everybody")
    text = {
        "itself": "the host itself",
        "everybody": everybody,
        "some": f"{and_join([one_line(each) for each in one['let_in'][:3]]) or 'nobody'}" + (" and more" if len(one["let_in"]) > 3 else ""),
        "unknown": f"not known: {one_line(one['why'])}",
    }[open_to]
    return Service(
        host=host,
        product=one_line(one["product"]),
        version=one_line(one["version"]),
        ports=str(port),
        addresses=", ".join(one_line(each["address"]) for each in several),
        scheme=one_line(one["scheme"]),
        login=login,
        open_to=text,
        cluster=one_line(one["cluster_name"]),
        uuid=one_line(one["cluster_uuid"]),
        problem=one_line(one["problem"]),
        level=level,
    )


def _groups(members: Mapping[str, list[str]], names: Mapping[str, str], taken: t.Collection[str]) -> dict[str, list[str]]:
    """Names of groups as Ansible takes them, each once and none that is there already. Whoever names a cluster may name it anything."""
    found: dict[str, list[str]] = {}
    for uuid, hosts in sorted(members.items()):
        part = re.sub(r"[^a-z0-9]+", "_", names[uuid].lower()).strip("_")[:40] or "cluster"
        group = f"elasticsearch_{part}" if uuid else "elasticsearch_unknown"
        if uuid and (group in found or group in taken or group == "elasticsearch_unknown"):
            group += "_" + re.sub(r"[^a-z0-9]+", "", uuid.lower())[:8]
        while group in found or group in taken:
            group += "_"
        found[group] = sorted(set(hosts))
    return found
