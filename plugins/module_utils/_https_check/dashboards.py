# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The answer of Kibana or OpenSearch Dashboards to a question for its status.

Both say it at one path, which came from one source. Kibana since 8 says a level, OpenSearch Dashboards and Kibana before 8 a colour. To whom is not
logged in, Kibana tells nothing but that level (packages/core/status/core-status-server-internal/src/routes/status.ts of its source, v8.11.0).
"""

from __future__ import annotations

from typing import Any, Mapping

from .._secrets import Secrets
from .cluster import NO_SECRETS, json_object, not_elasticsearch, unexpected, version_key
from .reasons import CheckFailed

PRODUCT = "dashboards"  #: as the option product names both
STATUS_PATH = "/api/status"
_SERVES = ("available", "degraded", "green", "yellow")
_KNOWN = (*_SERVES, "unavailable", "critical", "red", "uninitialized")


def read_status(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    with_credentials: bool,
    secrets: Secrets = NO_SECRETS,
    min_version: str | None = None,
) -> None:
    """Reads the answer to ``GET /api/status``.

    :param secrets: of which nothing must be shown, should the answer repeat them
    :raises CheckFailed: it is not that of one that serves
    """
    answer = json_object(body) or {}
    overall = _mapping(_mapping(answer.get("status")).get("overall"))
    said = str(overall.get("level") or overall.get("state") or "")
    if said not in _KNOWN:
        if status == 200:
            raise not_elasticsearch(headers, body, secrets)
        raise unexpected(status, headers, body, STATUS_PATH, with_credentials, secrets)
    if status != 200 or said not in _SERVES:
        raise CheckFailed(
            "cluster_unhealthy",
            f"Kibana or OpenSearch Dashboards answers {status}, and that it is {said}.",
            "Read its log: as a rule, it does not reach its Elasticsearch. retry_for waits while it starts.",
        )
    if min_version is not None:
        _require_version(_mapping(answer.get("version")).get("number"), min_version)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _require_version(number: Any, wanted: str) -> None:
    try:
        found = version_key(str(number))
    except ValueError:
        raise CheckFailed(
            "version_mismatch", f"It says no version; wanted is {wanted} or newer.", "To whom is not logged in, Kibana says none: give credentials."
        ) from None
    if found < version_key(wanted):
        raise CheckFailed("version_mismatch", f"Its version is {'.'.join(map(str, found))}; wanted is {wanted} or newer.")
