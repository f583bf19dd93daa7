# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Observations -> checks: what every report is made of.

An observation is what one host saw: `{"from": host, "result": result of https_check}`. A check is one address of one
endpoint, as one host saw it. All text in a check has been through `one_line`; a report escapes only for its own format.
"""

from __future__ import annotations

import dataclasses
import typing as t
import urllib.parse
from collections.abc import Mapping, Sequence

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._text import one_line

__all__ = ["NOT_RUN", "Check", "State", "checks_of"]

NOT_RUN = "check_not_run"
"""The reason of a check that gave no result: the one reason that `https_check` itself cannot give."""

State = t.Literal["verified", "warning", "failed"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Check:
    """One address of one endpoint, as one host saw it."""

    probe: str
    """The host that looked."""
    url: str
    """The endpoint; empty if the check did not run."""
    node: str
    """The host name in the endpoint's URL."""
    address: str
    """The IP address; empty if none was reached for, as when the name is unknown."""
    verified: bool
    """Whether everything that was asked for holds."""
    tls_verified: bool
    """Whether the TLS part of it does."""
    tolerated: bool
    """Whether the endpoint is verified although this address is not."""
    reason: str
    """`ok`, or the reason why not."""
    message: str
    hint: str
    warnings: tuple[str, ...]
    tls: Mapping[str, str]
    """`version`, `cipher`, `alpn`; those that are known."""
    days_left: int | None
    """Whole days that the certificate is still valid; negative if it has expired."""
    certificates: tuple[Mapping[str, t.Any], ...]
    """The facts of each certificate that was presented, the endpoint's own first."""
    timings: Mapping[str, float]
    """Seconds by phase: `dns`, `connect`, `tls`, `http`; those that were reached."""
    cluster: Mapping[str, str]
    """`name`, `uuid`, `distribution`, `version`, `status`; those that are known."""
    asked_ports: tuple[str, ...]
    """The ports and ranges that must be closed; empty if that was not asked, not known or not tried."""
    open_ports: tuple[int, ...]
    """Those of them that answered."""

    @property
    def state(self) -> State:
        """`failed`, `warning` (accepted, but somebody should look) or `verified`."""
        if not self.verified and not self.tolerated:
            return "failed"
        return "warning" if self.warnings or not self.verified else "verified"


def checks_of(observations: object) -> list[Check]:
    """Return the checks of all observations, in their order.

    A result without endpoints (the module could not run, its host was unreachable) is one failed check: what was not
    checked is not verified.

    Raises `TypeError` or `ValueError`, with what to do, for anything that is not a list of at least one observation.
    """
    if not isinstance(observations, Sequence) or isinstance(observations, str):
        raise TypeError(f"A list of observations is needed, not {type(observations).__name__}: {_SHAPE}")
    if not observations:
        raise ValueError(f"There is no observation, so nothing was checked and there is nothing to report: {_SHAPE}")
    return [check for observation in observations for check in _checks_of_one(observation)]


_SHAPE = "give one {from: HOST, result: RESULT OF https_check} for each host that looked."


def _checks_of_one(observation: object) -> list[Check]:
    if not isinstance(observation, Mapping) or not isinstance(observation.get("result"), Mapping):
        raise TypeError(f"An observation needs `from` and `result`, and its result must be a mapping: {_SHAPE}")
    probe = one_line(observation.get("from"))
    if not probe:
        raise ValueError(f"An observation does not say `from` where: {_SHAPE}")
    result = observation["result"]
    checks = [
        check
        for endpoint in result.get("endpoints") or []
        for check in _checks_of_endpoint(probe, endpoint, observation.get("closed_ports"))
    ]
    return checks or [_not_run(probe, result)]


def _checks_of_endpoint(probe: str, endpoint: Mapping[str, t.Any], closed_ports: t.Any) -> list[Check]:
    addresses = endpoint.get("addresses") or [{}]
    if not _is_true(endpoint, "verified") and all(_is_true(address, "verified") for address in addresses):
        # Nothing is wrong with any address by itself (two of them may lead to different clusters, a port may be open):
        # what the endpoint says holds for each of them.
        addresses = [{**address, "verified": None, "reason": None} for address in addresses]
    return [_check(probe, endpoint, address, closed_ports) for address in addresses]


def _check(probe: str, endpoint: Mapping[str, t.Any], address: Mapping[str, t.Any], closed_ports: t.Any) -> Check:
    def either(key: str) -> t.Any:
        return endpoint.get(key) if address.get(key) is None else address[key]

    url = one_line(endpoint.get("url"))
    where = one_line(address.get("address"))
    certificates = tuple(address.get("certificates") or ())
    days = certificates[0].get("days_left") if certificates else None
    verified = either("verified") is True
    return Check(
        probe=probe,
        url=url,
        node=_host_of(url),
        address=where,
        verified=verified,
        tls_verified=either("tls_verified") is True,
        tolerated=not verified and _is_true(endpoint, "verified"),
        reason=one_line(either("reason")),
        message="" if verified else one_line(either("message")),
        hint="" if verified else one_line(either("hint")),
        warnings=tuple(one_line(w) for w in either("warnings") or ()),
        tls=_texts(address.get("tls")),
        days_left=_whole(endpoint.get("days_left") if days is None else days),
        certificates=certificates,
        timings={one_line(k): float(v) for k, v in (address.get("timings") or {}).items() if v is not None},
        cluster=_texts(either("cluster")),
        # without an address, no port was tried
        asked_ports=tuple(one_line(p) for p in closed_ports or ()) if where else (),
        open_ports=_open_ports(endpoint, where),
    )


def _not_run(probe: str, result: Mapping[str, t.Any]) -> Check:
    said = result.get("msg") or result.get("skip_reason")
    return Check(
        probe=probe,
        url="",
        node="",
        address="",
        verified=False,
        tls_verified=False,
        tolerated=False,
        reason=NOT_RUN,
        message=one_line(said) or "The check gave no result.",
        hint="Look at what the task with https_check said on this host, and run it again.",
        warnings=(),
        tls={},
        days_left=None,
        certificates=(),
        timings={},
        cluster={},
        asked_ports=(),
        open_ports=(),
    )


def _open_ports(endpoint: Mapping[str, t.Any], address: str) -> tuple[int, ...]:
    """Return the ports open on `address`; an open port of an address that has no check counts for each that has."""
    checked = {one_line(a.get("address")) for a in endpoint.get("addresses") or []}
    return tuple(
        sorted(
            {
                int(opened["port"])
                for opened in endpoint.get("open_ports") or []
                if opened.get("address") == address or opened.get("address") not in checked
            }
        )
    )


def _host_of(url: str) -> str:
    try:
        return urllib.parse.urlsplit(url if "//" in url else f"//{url}").hostname or url
    except ValueError:  # what was asked for is no URL, and that is what its reason says
        return url


def _texts(mapping: Mapping[str, t.Any] | None) -> dict[str, str]:
    return {one_line(k): one_line(v) for k, v in (mapping or {}).items() if v is not None}


def _is_true(mapping: Mapping[str, t.Any], key: str) -> bool:
    return mapping.get(key) is True


def _whole(days: float | None) -> int | None:
    return None if days is None else int(days // 1)
