# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Observations -> checks: what every report is made of.

An observation is what one host saw: `{"from": host, "result": result of https_check}`. A check is one address of one
endpoint, as one host saw it. All text in a check has been through `one_line`; a report escapes only for its own format.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t
import urllib.parse
from collections.abc import Mapping, Sequence

from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.reasons import REASONS
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._ports import Ports
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._text import one_line
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._time import instant

__all__ = ["NOT_RUN", "Check", "State", "checks_of"]

NOT_RUN = "check_not_run"
"""The reason of a check that gave no result: the one reason that `https_check` itself cannot give."""

State = t.Literal["verified", "warning", "failed"]


@dataclasses.dataclass(frozen=True)
class Check:
    """One address of one endpoint, as one host saw it."""

    probe: str
    """The host that looked."""
    url: str
    """The endpoint; empty if the check did not run."""
    node: str
    """The host in the endpoint's URL, and the port where one is written."""
    address: str
    """The IP address; empty if none was reached for, as when the name is unknown."""
    verified: bool
    """Whether everything that was asked for holds."""
    tls_verified: bool
    """Whether the TLS part of it does."""
    tolerated: bool
    """Whether the endpoint is verified although this address is not; never where a port of it is open or unknown."""
    reason: str
    """`ok`, or the reason why not."""
    message: str
    hint: str
    warnings: tuple[str, ...]
    tls: Mapping[str, str]
    """`version`, `cipher`, `alpn`; those that are known."""
    days_left: int | None
    """Whole days until the first certificate of the chain expires; negative if it has."""
    expires: datetime.datetime | None
    """When that is."""
    certificates: tuple[Mapping[str, t.Any], ...]
    """The facts of each certificate that was presented, the endpoint's own first."""
    timings: Mapping[str, float]
    """Seconds by phase: `dns`, `connect`, `tls`, `http`; those that were reached."""
    cluster: Mapping[str, str]
    """`name`, `uuid`, `distribution`, `version`, `status`; those that are known."""
    ports: Ports
    """The ports that must be closed."""

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
        for check in _checks_of_endpoint(probe, endpoint)
    ]
    return checks or [_not_run(probe, result)]


def _checks_of_endpoint(probe: str, endpoint: t.Any) -> list[Check]:
    if not isinstance(endpoint, Mapping):
        raise TypeError(f"An endpoint of the result from {probe} is no mapping: {_SHAPE}")
    checks = [_check(probe, endpoint, address) for address in endpoint.get("addresses") or [{}]]
    if endpoint.get("verified") is not True and all(check.verified for check in checks):
        # Nothing that the module says of any address by itself explains it: then none of them is good, and no port is closed.
        return [dataclasses.replace(_doubted(check), **_failure(endpoint)) for check in checks]
    return checks


def _doubted(check: Check) -> Check:
    ports = check.ports
    return dataclasses.replace(check, ports=Ports(open=ports.open, unknown=ports.closed + ports.unknown))


def _check(probe: str, endpoint: Mapping[str, t.Any], address: Mapping[str, t.Any]) -> Check:
    def either(key: str) -> t.Any:
        return endpoint.get(key) if address.get(key) is None else address[key]

    where = one_line(address.get("address"))
    ports = Ports(*(tuple(map(one_line, address.get(f"{kind}_ports") or ())) for kind in ("open", "closed", "unknown")))
    verdict = _verdict(endpoint, address, ports)
    certificates = tuple(address.get("certificates") or ())
    return Check(
        probe=probe,
        url=one_line(endpoint.get("url")),
        node=_host_of(one_line(endpoint.get("url"))),
        address=where,
        **verdict,
        tls_verified=either("tls_verified") is True,
        tolerated=not verdict["verified"] and endpoint.get("verified") is True and ports.proved,
        warnings=tuple(map(one_line, endpoint.get("warnings") or ())),
        tls=_texts(address.get("tls")),
        days_left=min((certificate["days_left"] for certificate in certificates), default=None),
        expires=min((instant(certificate["not_after"]) for certificate in certificates), default=None),
        certificates=certificates,
        timings={one_line(k): float(v) for k, v in (address.get("timings") or {}).items() if v is not None},
        cluster=_texts(either("cluster")),
        ports=ports,
    )


def _verdict(endpoint: Mapping[str, t.Any], address: Mapping[str, t.Any], ports: Ports) -> dict[str, t.Any]:
    """Return the verdict on one address. An endpoint has only one, that of the first thing that broke."""
    if address.get("verified") is not True:
        return _failure(address if address.get("reason") else endpoint)
    if ports.open:
        message = f"Open from here: port {', '.join(ports.open)}."
        cure = endpoint.get("hint") if endpoint.get("reason") == "port_open" else None
        return _failure({"reason": "port_open", "message": message, "hint": cure or REASONS["port_open"].cure})
    if ports.unknown:
        message = f"Whether it is closed cannot be told: port {', '.join(ports.unknown)}."
        return _failure({"reason": "unreachable", "message": message, "hint": REASONS["unreachable"].cure})
    return {"verified": True, "reason": "ok", "message": "", "hint": ""}


def _failure(said: Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {"verified": False, **{key: one_line(said.get(key)) for key in ("reason", "message", "hint")}}


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
        expires=None,
        certificates=(),
        timings={},
        cluster={},
        ports=Ports(),
    )


def _host_of(url: str) -> str:
    """Return the host of a URL, and its port where one is written."""
    try:
        parts = urllib.parse.urlsplit(url)
        return (parts.netloc if parts.port else parts.hostname) or url
    except ValueError:  # what was asked for is no URL, and that is what its reason says
        return url


def _texts(mapping: Mapping[str, t.Any] | None) -> dict[str, str]:
    return {one_line(k): one_line(v) for k, v in (mapping or {}).items() if v is not None}
