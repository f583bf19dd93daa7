# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Who an instance is, by its firmware and the metadata service of its cloud.

Single values are asked for, never a whole tree: user data, custom metadata and the credentials of the instance's role are there, too.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Iterable

from .http import NO_ANSWER, Service, Unanswered

FIRMWARE = Path("/sys/class/dmi/id")
_OR_FACTS = "set node_identity_cloud to none, to take the host's facts."
_DOCUMENT = "dynamic/instance-identity/document"
_MACS = "meta-data/network/interfaces/macs/"
_EC2_NAMES = ("meta-data/public-hostname", "meta-data/local-hostname")
_INTERFACES = "instance/network-interfaces/?recursive=true"
# https://cloud.google.com/compute/docs/metadata/predefined-metadata-keys
_GCE_PATHS = ("instance/name", "instance/hostname", "instance/zone", "project/project-id", _INTERFACES)


def detect(firmware: Path = FIRMWARE) -> str:
    """The cloud that made this machine's firmware: `ec2`, `gce` or `none`."""
    # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/identify_ec2_instances.html (bios_version is for instances on Xen)
    # https://cloud.google.com/compute/docs/instances/detect-compute-engine
    said = " ".join(_read(firmware / name) for name in ("sys_vendor", "product_name", "bios_version"))
    if "amazon" in said.lower():
        return "ec2"
    return "gce" if "Google Compute Engine" in said else "none"


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:  # hosts without such firmware are in neither cloud
        return ""


def identify(cloud: str, endpoint: str, timeout: float, firmware: Path = FIRMWARE) -> dict[str, Any]:
    """The instance's cloud, names, addresses and place; of `none` nothing but the cloud.

    :raises Unanswered: where the service does not answer, or not as it should
    """
    found = detect(firmware) if cloud == "auto" else cloud
    if found == "none":
        return {"cloud": "none"}
    service = Service(endpoint, timeout)
    read = _ec2 if found == "ec2" else _gce
    try:
        return {"cloud": found, **read(service)}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unanswered(
            f"was told by its metadata service, {endpoint}, what no instance has ({type(error).__name__}: {str(error)[:200]}). Nothing was changed. "
            f"Look at what answers there, or {_OR_FACTS}"
        ) from None


def _ec2(service: Service) -> dict[str, Any]:
    # Not amazon.aws.ec2_metadata_facts, which reads all there is, user data and credentials of the instance's role included, into facts.
    # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
    token = service.ask("latest/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": "300"}, "PUT")  # a slow service takes seconds for each question
    if token.status != 200:
        said = "no answer" if token.status == NO_ANSWER else f"status {token.status}"
        raise Unanswered(
            f"got no session token from {service.endpoint} ({said}). Nothing was changed. "
            "Look at the instance's metadata options: HttpEndpoint must be enabled, and a node in a container needs a hop limit of 2. "
            f"Or {_OR_FACTS}"
        )
    if not re.fullmatch(r"[!-~]+", token.text):
        raise ValueError("its session token is none")
    headers = {"X-aws-ec2-metadata-token": token.text}
    told = _ec2_values(service, headers, [_DOCUMENT, _MACS, *_EC2_NAMES])
    document = json.loads(told[_DOCUMENT])
    macs = told[_MACS].split()
    if not all(re.fullmatch(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}/", mac) for mac in macs):
        raise ValueError(f"{macs} are no network interfaces")
    of_each = _ec2_values(service, headers, [f"{_MACS}{mac}{kind}" for mac in macs for kind in ("local-ipv4s", "public-ipv4s", "ipv6s")])

    def of(kind: str) -> list[str]:
        return [address for path, text in of_each.items() if path.endswith(f"/{kind}") for address in text.split()]

    return {
        "instance_id": document["instanceId"],
        "region": document["region"],
        "zone": document["availabilityZone"],
        "names": _unique(name for path in _EC2_NAMES for name in told[path].split()),
        **_addresses(of("local-ipv4s"), of("public-ipv4s"), of("ipv6s")),
    }


def _ec2_values(service: Service, headers: dict[str, str], paths: list[str]) -> dict[str, str]:
    """The values at these paths; one that this instance does not have is an empty text."""
    answers = {path: service.ask(f"latest/{path}", headers) for path in paths}
    unanswered = [path for path, answer in answers.items() if answer.status not in (200, 404)]
    if unanswered:
        statuses = ", ".join(_unique(str(answer.status) for answer in answers.values()))
        raise Unanswered(
            f"got no answer from {service.endpoint}/latest/ to {', '.join(unanswered)} (status {statuses}). Nothing was changed. Try again, or {_OR_FACTS}"
        )
    return {path: answer.text if answer.status == 200 else "" for path, answer in answers.items()}


def _gce(service: Service) -> dict[str, Any]:
    told: dict[str, str] = {}
    for path in _GCE_PATHS:
        answer = service.ask(f"computeMetadata/v1/{path}", {"Metadata-Flavor": "Google"})
        # The header tells Google's server from whatever else may answer at that address.
        if answer.status == 200 and answer.flavor == "Google":
            told[path] = answer.text
        if answer.status == NO_ANSWER:
            break  # the others would not be answered, either
    if len(told) < len(_GCE_PATHS):
        raise Unanswered(
            f"got no answer with Google's header Metadata-Flavor from {service.endpoint}/computeMetadata/v1/ to "
            f"{', '.join(path for path in _GCE_PATHS if path not in told)}. Nothing was changed. "
            "If this host is an instance of Compute Engine, something on it keeps it from its metadata server. "
            f"Or {_OR_FACTS}"
        )
    interfaces = json.loads(told[_INTERFACES])
    zone = told["instance/zone"].split("/")[-1]
    return {
        "instance": told["instance/name"],
        "project": told["project/project-id"],
        "region": re.sub(r"-[a-z]+$", "", zone),
        "zone": zone,
        "names": _unique([told["instance/hostname"], told["instance/name"]]),
        **_addresses(
            [interface["ip"] for interface in interfaces if interface.get("ip")],
            [access["externalIp"] for interface in interfaces for access in interface.get("accessConfigs", []) if access.get("externalIp")],
            [address for interface in interfaces for address in interface.get("ipv6s", [])],
        ),
    }


def _addresses(private: list[str], public: list[str], v6: list[str]) -> dict[str, list[str]]:
    """An address of IPv6 is both private and public."""
    local, world = _unique([*private, *v6]), _unique([*public, *v6])
    return {"addresses": _unique([*local, *world]), "private_addresses": local, "public_addresses": world}


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
