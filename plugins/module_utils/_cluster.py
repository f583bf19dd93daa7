# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Answers of the root and of _cluster/health to cluster facts: Elasticsearch 1.x to 9.x, and OpenSearch.

The product is told from body and header together: the header X-elastic-product came with Elasticsearch 7.14, OpenSearch
has none, and both its distribution and its tagline can be had. Of the body only ``version.number`` is required.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import Any, Mapping

from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._verdict import Problem

STATUSES = ("red", "yellow", "green")
_VERSION = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}){0,3}([-+.][0-9A-Za-z.+-]{1,40})?")
_NO_UUID = (None, "", "_na_")  # _na_ is what a node says that has not joined a cluster


@dataclass
class Cluster:
    """What a node says of its cluster; ``status`` only where health was asked for."""

    name: str | None
    uuid: str | None
    distribution: str
    version: str
    node: str | None = None
    status: str | None = None

    def facts(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Expected:
    """What the play asks of the cluster; None is not asked."""

    min_status: str | None = None
    cluster_name: str | None = None
    cluster_uuid: str | None = None
    min_version: str | None = None
    product: str | None = None


def read_root(status: int, headers: Mapping[str, str], body: bytes, with_credentials: bool) -> Cluster:
    """Reads the answer to ``GET /``.

    :raises Problem: it is not that of a node that is ready to serve
    """
    answer = _json_object(body)
    cluster = _cluster(answer, headers) if answer is not None else None
    if status == 200 and cluster is not None:
        return cluster
    if status == 503 and cluster is not None:
        raise Problem("cluster_unhealthy", "The node answers 503: it has no elected master.")
    if status == 200:
        raise _not_elasticsearch(headers, body)
    raise _unexpected(status, headers, body, "/", with_credentials)


def read_health(status: int, headers: Mapping[str, str], body: bytes, with_credentials: bool) -> str:
    """Reads the answer to ``GET /_cluster/health``.

    :return: one of ``STATUSES``
    :raises Problem: there is none in it
    """
    answer = _json_object(body) or {}
    health = answer.get("status")
    if health in STATUSES:
        return str(health)
    if status in (408, 503) and answer:
        raise Problem("cluster_unhealthy", f"_cluster/health answers {status}: no elected master.")
    if status == 200:
        raise Problem("malformed_response", f"_cluster/health answers without a status: {excerpt(body)}")
    raise _unexpected(status, headers, body, "/_cluster/health", with_credentials)


def require_expected(cluster: Cluster, expected: Expected) -> None:
    """:raises Problem: the first expectation that the cluster does not meet"""
    for what, wanted, found in (
        ("name", expected.cluster_name, cluster.name),
        ("uuid", expected.cluster_uuid, cluster.uuid),
    ):
        if wanted is not None and wanted != found:
            raise Problem("cluster_mismatch", f"The cluster's {what} is {found}; wanted is {wanted}.")
    if expected.product is not None and expected.product != cluster.distribution:
        raise Problem(
            "version_mismatch",
            f"The product is {cluster.distribution} {cluster.version}; wanted is {expected.product}.",
        )
    if expected.min_version is not None and version_key(cluster.version) < version_key(expected.min_version):
        raise Problem(
            "version_mismatch",
            f"{cluster.distribution} is version {cluster.version}; wanted is {expected.min_version} or newer.",
        )
    if expected.min_status is not None and not _at_least(cluster.status, expected.min_status):
        raise Problem(
            "cluster_unhealthy",
            f"The cluster's status is {cluster.status}; wanted is {expected.min_status} or better.",
        )


def _at_least(found: str | None, wanted: str) -> bool:
    return found is not None and STATUSES.index(found) >= STATUSES.index(wanted)


def version_key(text: str) -> tuple[int, ...]:
    """The numbers of a version, to compare; what follows them (-SNAPSHOT, -rc1) does not count.

    :raises ValueError: there is no number at the front
    """
    found = re.match(r"\d{1,9}(\.\d{1,9})*", text)
    if not found:
        raise ValueError(f"{text!r} is not a version like 8.11 or 7.17.29")
    numbers = tuple(int(number) for number in found.group().split("."))
    return numbers + (0,) * (3 - len(numbers))


def excerpt(body: bytes, length: int = 80) -> str:
    """The beginning of an answer, as one line that is safe to show."""
    text = body[: 4 * length].decode("utf-8", "replace")
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return text[:length] + "..." if len(text) > length else text


def has_product_header(headers: Mapping[str, str]) -> bool:
    return headers.get("x-elastic-product", "").lower() == "elasticsearch"


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _cluster(answer: dict[str, Any], headers: Mapping[str, str]) -> Cluster | None:
    version = answer.get("version")
    tagline = answer.get("tagline")
    number = version.get("number") if isinstance(version, dict) else None
    if not isinstance(version, dict) or not isinstance(number, str) or not _VERSION.fullmatch(number):
        return None
    if version.get("distribution") == "opensearch" or (isinstance(tagline, str) and "OpenSearch" in tagline):
        distribution = "opensearch"
    elif tagline == "You Know, for Search" or has_product_header(headers):
        distribution = "elasticsearch"
    else:
        return None
    uuid = answer.get("cluster_uuid")
    return Cluster(
        name=_text(answer.get("cluster_name")),
        uuid=None if uuid in _NO_UUID else _text(uuid),
        distribution=distribution,
        version=number,
        node=_text(answer.get("name")),
    )


def _text(value: object) -> str | None:
    """A name as it may be shown: what answers may be hostile."""
    if not isinstance(value, str):
        return None
    if value.isprintable() and len(value) <= 256:
        return value
    return excerpt(value.encode("utf-8", "replace"), 256)


def _not_elasticsearch(headers: Mapping[str, str], body: bytes) -> Problem:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind.endswith("json") and not _is_json(body):
        return Problem("malformed_response", f"The answer says that it is JSON, and is not: {excerpt(body)}")
    return Problem("not_elasticsearch", "200 with {}: {}".format(kind or "no content type", excerpt(body) or "nothing"))


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body.decode("utf-8"))
    except RecursionError:
        return True
    except ValueError:
        return False
    return True


def _unexpected(status: int, headers: Mapping[str, str], body: bytes, path: str, with_credentials: bool) -> Problem:
    found = f"GET {path} answers {status}"
    if 300 <= status < 400:
        target = headers.get("location", "")
        clear = " (without encryption)" if target.lower().startswith("http:") else ""
        return Problem(
            "http_redirect", "{} and points to {}{}.".format(found, excerpt(target.encode()) or "nowhere", clear)
        )
    if status in (400, 495, 496) and b"SSL certificate" in body[:4096]:
        # nginx ends the handshake first and then refuses with its own 495 and 496, shown as 400:
        # https://nginx.org/en/docs/http/ngx_http_ssl_module.html#errors
        if b"No required SSL certificate" in body[:4096]:
            return Problem("client_certificate_required", found + ": no client certificate was sent.")
        return Problem("client_certificate_rejected", found + ": the client certificate does not verify there.")
    if status == 401:
        if with_credentials:
            return Problem(
                "http_unauthorized",
                found + ": the credentials are not valid there.",
                "Correct them, or give the user access; TLS itself is in order.",
            )
        return Problem("http_unauthorized", found + ": it wants credentials, and none were given.")
    if status == 403:
        return Problem("http_forbidden", "{}: {}".format(found, excerpt(body) or "forbidden"))
    if status == 404:
        return Problem("http_not_found", found + ".")
    if status in (502, 503, 504) and not has_product_header(headers):
        return Problem("bad_gateway", "{}: {}".format(found, excerpt(body) or "no body"))
    return Problem("http_error", "{}: {}".format(found, excerpt(body) or "no body"))
