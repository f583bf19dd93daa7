# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What Compute Engine demands of a resource beyond its schema, and what it fills in.

Google says this in prose only, in the descriptions of the resources' fields
(https://cloud.google.com/compute/docs/reference/rest/v1/firewalls and its neighbours). Where that leaves something open,
what is done here is an assumption, and says so.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any

LINKS = "https://www.googleapis.com/compute/v1/"

Resource = dict[str, Any]
Store = Mapping[str, Resource]


class Refused(Exception):
    """An error that the interface answers: status, reason and message."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status, self.reason = status, reason


def link_of(text: str, project: str) -> str:
    """Return the full address of a resource that is told by a full or partial one."""
    path = re.sub(r"^https://[^/]+/compute/v1/", "", text)
    return LINKS + (path if path.startswith("projects/") else f"projects/{project}/{path}")


def invalid(field: str, value: Any, message: str) -> Refused:
    return Refused(400, "invalid", f"Invalid value for field 'resource.{field}': '{value}'. {message}")


def firewall(new: Resource, link: str, store: Store) -> Resource:
    """A firewall rule: what it must be, and its defaults."""
    rule: Resource = {
        "direction": "INGRESS",
        "priority": 1000,
        "disabled": False,
        "logConfig": {"enable": False},
        **new,
    }
    project = _part(link, "projects")
    rule["network"] = link_of(rule.get("network") or "global/networks/default", project)
    _known(rule["network"], store)
    if bool(rule.get("allowed")) == bool(rule.get("denied")):
        raise Refused(400, "invalid", "Exactly one of allowed and denied must be specified.")
    for index, config in enumerate(rule.get("allowed") or rule["denied"]):
        _check_ports(config, f"{'allowed' if rule.get('allowed') else 'denied'}[{index}]")
    if not 0 <= rule["priority"] <= 65535:
        raise invalid("priority", rule["priority"], "Must be between 0 and 65535.")
    for side in ("sourceRanges", "destinationRanges"):
        if len({_network(text, side).version for text in rule.get(side, [])}) > 1:
            raise invalid(side, ",".join(rule[side]), "A rule has ranges of IPv4 or of IPv6, not of both.")
    if any("Tags" in field and rule[field] for field in rule) and any(
        "ServiceAccounts" in field and rule[field] for field in rule
    ):
        raise Refused(400, "invalid", "Tags and service accounts cannot be in one rule.")
    sources = ("sourceRanges", "sourceTags", "sourceServiceAccounts")
    if rule["direction"] == "EGRESS" and any(rule.get(field) for field in sources):
        raise Refused(400, "invalid", "A rule for EGRESS has no sources.")
    if rule["direction"] == "INGRESS" and not any(rule.get(field) for field in sources):
        rule["sourceRanges"] = ["0.0.0.0/0"]
    return rule


def network(new: Resource, link: str, store: Store) -> Resource:
    """A network; assumed is what a new one has its policies after."""
    return {
        "autoCreateSubnetworks": True,
        "mtu": 1460,
        "routingConfig": {"routingMode": "REGIONAL"},
        "networkFirewallPolicyEnforcementOrder": "AFTER_CLASSIC_FIREWALL",
        **new,
    }


def subnetwork(new: Resource, link: str, store: Store) -> Resource:
    """A subnetwork, which has a network."""
    project = _part(link, "projects")
    made = {"privateIpGoogleAccess": False, "purpose": "PRIVATE", "stackType": "IPV4_ONLY", **new}
    made["network"] = link_of(new["network"], project)
    made["region"] = link_of(f"regions/{_part(link, 'regions')}", project)
    made["gatewayAddress"] = str(_network(new["ipCidrRange"], "ipCidrRange")[1])
    _known(made["network"], store)
    return made


def instance(new: Resource, link: str, store: Store) -> Resource:
    """An instance, which runs at once; its external addresses are of a network for documentation (RFC 5737)."""
    project, zone = _part(link, "projects"), _part(link, "zones")
    made = {
        "canIpForward": False,
        "deletionProtection": False,
        "cpuPlatform": "Intel Broadwell",
        **new,
        "status": "RUNNING",
    }
    made["zone"] = link_of(f"zones/{zone}", project)
    made["machineType"] = link_of(new["machineType"], project)
    made["labelFingerprint"] = made["fingerprint"] = _fingerprint(new.get("labels"))
    made["tags"] = {**new.get("tags", {}), "fingerprint": _fingerprint(new.get("tags"))}
    made["networkInterfaces"] = [
        _interface(index, entry, project, store) for index, entry in enumerate(new["networkInterfaces"])
    ]
    made["disks"] = [
        {
            **{field: value for field, value in disk.items() if field != "initializeParams"},
            "kind": "compute#attachedDisk",
            "index": index,
            "type": "PERSISTENT",
            "mode": "READ_WRITE",
            "deviceName": f"persistent-disk-{index}",
            "source": link_of(f"zones/{zone}/disks/{new['name']}", project),
        }
        for index, disk in enumerate(new.get("disks", []))
    ]
    return made


COMPLETE: dict[str, Callable[[Resource, str, Store], Resource]] = {
    "firewalls": firewall,
    "networks": network,
    "subnetworks": subnetwork,
    "instances": instance,
}


def users_of(link: str, store: Store) -> list[str]:
    """Return the addresses of what uses a network or a subnetwork, which therefore cannot be deleted."""
    return [
        other
        for other, resource in store.items()
        if link in (resource.get("network"), resource.get("subnetwork"))
        or any(
            link in (interface["network"], interface["subnetwork"])
            for interface in resource.get("networkInterfaces", [])
        )
    ]


def is_for(rule: Resource, target: Resource) -> bool:
    """Say whether a firewall rule is for an instance."""
    tags, accounts = rule.get("targetTags"), rule.get("targetServiceAccounts")
    if tags:
        return bool(set(tags) & set(target["tags"].get("items", [])))
    if accounts:
        return bool(set(accounts) & {account["email"] for account in target.get("serviceAccounts", [])})
    return True


def _interface(index: int, new: Resource, project: str, store: Store) -> Resource:
    subnetwork_link = link_of(new["subnetwork"], project)
    _known(subnetwork_link, store)
    subnet = store[subnetwork_link]
    addresses = _network(subnet["ipCidrRange"], "networkInterfaces.subnetwork")
    taken = [nic["networkIP"] for resource in store.values() for nic in resource.get("networkInterfaces", [])]
    address = new.get("networkIP") or next(str(host) for host in addresses.hosts() if str(host) not in taken)
    if ipaddress.ip_address(address) not in addresses:
        raise invalid(f"networkInterfaces[{index}].networkIP", address, "It is not of the subnetwork.")
    external = [
        {
            **access,
            "kind": "compute#accessConfig",
            "networkTier": "PREMIUM",
            "natIP": f"203.0.113.{address.split('.')[-1]}",
        }
        for access in new.get("accessConfigs", [])
    ]
    return {
        **new,
        "kind": "compute#networkInterface",
        "name": f"nic{index}",
        "network": subnet["network"],
        "subnetwork": subnetwork_link,
        "networkIP": address,
        "stackType": "IPV4_ONLY",
        "fingerprint": _fingerprint(address),
        **({"accessConfigs": external} if external else {}),
    }


def _check_ports(config: Mapping[str, Any], field: str) -> None:
    protocol = str(config.get("IPProtocol", "")).lower()
    if not protocol:
        raise invalid(f"{field}.IPProtocol", "", "It must be specified.")
    if config.get("ports") and protocol not in ("tcp", "udp", "sctp", "6", "17", "132"):
        raise invalid(f"{field}.ports", config["ports"], f"Ports may not be specified for {protocol}.")
    for text in config.get("ports", []):
        span = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", text)
        if span is None or not int(span[1]) <= int(span[2] or span[1]) <= 65535:
            raise invalid(f"{field}.ports", text, "Not a port or a range of ports.")


def _network(text: str, field: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise invalid(field, text, "Must be a valid CIDR address range.") from None


def _known(link: str, store: Store) -> None:
    if link not in store:
        raise Refused(404, "notFound", f"The resource '{link.removeprefix(LINKS)}' was not found")


def _part(link: str, kind: str) -> str:
    parts = link.split("/")
    return parts[parts.index(kind) + 1]


def _fingerprint(value: Any) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:12] + "="
