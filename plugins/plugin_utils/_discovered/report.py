# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What answers on which hosts, to whom it is open, and which of them are one cluster."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

import yaml
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._intervals import port_set
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._summary import and_join
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._text import one_line

__all__ = ["Report", "Service", "report"]

_UNKNOWN = "elasticsearch_unknown"
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
        clusters = sum(name != _UNKNOWN for name in self.groups)
        missing = f"; {self.hosts - self.seen} hosts were not seen" if self.hosts > self.seen else ""
        unknown = f"; {len(self.unknown)} things are not known" if self.unknown else ""
        return f"{text}; {clusters} clusters{missing}{unknown}."

    @property
    def inventory(self) -> str:
        """Return an inventory with a group for each cluster, which the playbook site takes by `tlsfront_group`."""
        children: dict[str, t.Any] = {}
        for name, members in self.groups.items():
            children[name] = {"hosts": {host: {} for host in members}}
            if name != _UNKNOWN:  # these may be of several clusters, and a run of site is for one
                children[name]["vars"] = {"tlsfront_group": name}
        text: str = yaml.safe_dump({"all": {"children": children}}, sort_keys=False, allow_unicode=False)
        return "---\n# Made by tlsfront.elasticsearch.discover: what is said of the hosts themselves stays in the inventory that they came from.\n" + text


def report(told: object, clouds: object = None, taken: Mapping[str, t.Any] | None = None) -> Report:
    """Put it together.

    clouds  by host what the rules of its cloud do: `state` (`looked`, `unknown`, `none`), `text`, a line for each rule that lets others in, and `ports`, to
            which they do
    taken   groups that are there already, with their hosts

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
        services += _services(str(host), its, cloud.get(str(host), {}))
        unknown += [f"{host}: {one_line(each)}" for each in its.get("unknown") or ()]
        if not its.get("is_complete"):
            unknown.append(f"{host}: not looked at as root, so that something may be missing")
        if its.get("left_out"):
            unknown.append(f"{host}: {int(its['left_out'])} listeners were not asked, for there are too many")
        of_cloud = cloud.get(str(host), {})
        if of_cloud.get("state") == "unknown":
            unknown.append(f"{host}: what its cloud lets in could not be seen: {one_line(of_cloud.get('text'))}")
        elif of_cloud.get("text"):
            notes.extend(one_line(line) for line in str(of_cloud["text"]).splitlines())
        for each in its["services"]:
            if each.get("product") in _CLUSTERED:
                uuid = str(each.get("cluster_uuid") or "")
                key = "" if uuid in _NO_UUID else uuid
                members.setdefault(key, []).append(str(host))
                names.setdefault(key, str(each.get("cluster_name") or ""))
    order = {"failed": 0, "warning": 1, "verified": 2}
    services.sort(key=lambda service: (order[service.level], service.host, service.ports))
    return Report(services, unknown, notes, _groups(members, names, taken or {}), len(told), seen)


def _services(host: str, its: Mapping[str, t.Any], cloud: Mapping[str, t.Any]) -> list[Service]:
    """One for each port, whatever addresses it has: the one that is worst off stands for them."""
    found: dict[int, list[Mapping[str, t.Any]]] = {}
    for each in its["services"]:
        found.setdefault(int(each["port"]), []).append(each)
    return [max((_service(host, port, each, several, cloud) for each in several), key=_badness) for port, several in found.items()]


def _badness(service: Service) -> tuple[int, bool]:
    return ("verified", "warning", "failed").index(service.level), service.open_to.startswith("not known")


def _by_cloud(cloud: Mapping[str, t.Any], port: int) -> str:
    """`open`, `closed` or `unknown`; empty where the host is on no cloud, or nobody has looked."""
    ports = cloud.get("ports")
    if cloud.get("state") != "looked" or not isinstance(ports, list):
        return "unknown" if cloud.get("state") in ("looked", "unknown") else ""
    return "open" if port in port_set(ports) else "closed"


def _service(host: str, port: int, one: Mapping[str, t.Any], several: list[Mapping[str, t.Any]], of_cloud: Mapping[str, t.Any]) -> Service:
    login = {True: "yes", False: "NO", None: "not known"}[one["wants_login"]]
    open_to, cloud = one["open_to"], _by_cloud(of_cloud, port)
    if open_to == "itself" or (one["scheme"] == "https" and login == "yes"):
        level = "verified"
    else:
        level = "failed" if open_to == "everybody" and cloud != "closed" else "warning"
    everybody = {
        "closed": "hosts of this inventory: the cloud keeps others out",
        "open": "everybody, also by the cloud",
        "unknown": "everybody, unless the cloud keeps them out",
    }.get(cloud, "everybody")
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


def _groups(members: Mapping[str, list[str]], names: Mapping[str, str], taken: Mapping[str, t.Any]) -> dict[str, list[str]]:
    """Names of groups as Ansible takes them, each once and none that is there already. Whoever names a cluster may name it anything."""
    found: dict[str, list[str]] = {}

    def is_taken(group: str, hosts: list[str]) -> bool:
        """An earlier inventory of this kind may be there, too: its group is the same one as long as its hosts are."""
        return group in found or (group in taken and sorted(map(str, taken[group] or ())) != hosts)

    for uuid, members_of in sorted(members.items()):
        hosts = sorted(set(members_of))
        part = re.sub(r"[^a-z0-9]+", "_", names[uuid].lower()).strip("_")[:40] or "cluster"
        group = f"elasticsearch_{part}" if uuid else _UNKNOWN
        if uuid and (group == _UNKNOWN or is_taken(group, hosts)):
            group += "_" + re.sub(r"[^a-z0-9]+", "", uuid.lower())[:8]
        while is_taken(group, hosts):
            group += "_"
        found[group] = hosts
    return found
