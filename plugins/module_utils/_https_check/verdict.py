# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""From what the addresses of an endpoint have shown to its one verdict."""

from __future__ import annotations

from typing import Sequence

from .options import Target
from .ports import port_ranges
from .reasons import NOT_TRIED, OK, Verdict
from .result import AddressResult, EndpointResult


def conclude(target: Target, addresses: Sequence[AddressResult]) -> Verdict:
    """That of the first address that fails the endpoint, then that of its ports."""
    if not addresses:
        return NOT_TRIED
    if not target.is_enough([address.verdict.ok for address in addresses]):
        first = next(address for address in addresses if not address.verdict.ok)
        prefix = "" if len(addresses) == 1 else f"{first.address}: "
        return Verdict(first.verdict.reason, prefix + first.verdict.message, first.verdict.hint)
    if any(address.open_ports for address in addresses):
        return _open(addresses)
    unknown = [address for address in addresses if address.unknown_ports]
    if unknown:
        return Verdict("unreachable", "Whether ports are closed cannot be told: " + "; ".join(map(_unknown, unknown[:3])))
    return OK


def _open(addresses: Sequence[AddressResult]) -> Verdict:
    found = sorted((address.address, port) for address in addresses for port in address.open_ports)
    shown = ", ".join("{} port {}".format(*item) for item in found[:10])
    if any(address.ports[port].kind == "open" for address in addresses for port in address.open_ports):
        return Verdict("port_open", f"Open from here: {shown}.")
    return Verdict(
        "port_open",
        f"Open from here, though each connection was closed at once, without a byte: {shown}.",
        "So does a transparent proxy or a load balancer on the way, for any port; and a service that turns this host away. "
        "Ask from a host that has none in between; if the node itself answers, close the port in its firewall and the cloud's.",
    )


def _unknown(address: AddressResult) -> str:
    ports = address.unknown_ports
    errors = sorted({address.ports[port].text for port in ports if address.ports[port].kind == "error"})
    why = ", ".join(errors) or "no answer, and none over verified https either, as from a host that is down"
    return f"{address.address} port {', '.join(port_ranges(ports))}: {why}."


def require_same_cluster(results: Sequence[EndpointResult]) -> None:
    """Whatever differs from the uuid that most addresses have is another cluster."""
    clusters = [address.cluster for result in results for address in result.addresses if address.cluster is not None]
    uuids = [cluster.uuid for cluster in clusters if cluster.uuid is not None]
    usual = max(dict.fromkeys(uuids), key=uuids.count) if uuids else None
    for result in results:
        for address in result.addresses:
            if address.cluster is None or not address.verdict.ok:
                continue
            if address.cluster.uuid is None:
                address.verdict = Verdict("cluster_mismatch", "The node names no cluster uuid, so it cannot be compared.")
            elif address.cluster.uuid != usual:
                text = f"The cluster's uuid is {address.cluster.uuid}; most endpoints have {usual}."
                address.verdict = Verdict("cluster_mismatch", text)
        if result.verdict.ok:
            result.verdict = conclude(result.target, result.addresses)
