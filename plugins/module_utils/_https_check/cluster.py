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

from .._secrets import Secrets
from .reasons import CheckFailed

STATUSES = ("red", "yellow", "green")
_VERSION = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}){0,3}([-+.][0-9A-Za-z.+-]{1,40})?")
_ENCODING = "utf-8-sig"  # a byte order mark may be ignored: RFC 8259 section 8.1
NO_SECRETS = Secrets()
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


def read_root(
    status: int, headers: Mapping[str, str], body: bytes, with_credentials: bool, secrets: Secrets = NO_SECRETS
) -> Cluster:
    """Reads the answer to ``GET /``.

    :param secrets: of which nothing must be shown, should the answer repeat them
    :raises CheckFailed: it is not that of a node that is ready to serve
    """
    answer = json_object(body)
    cluster = _cluster(answer, headers, secrets) if answer is not None else None
    if status == 200 and cluster is not None:
        return cluster
    if status == 503 and cluster is not None:
        raise CheckFailed("cluster_unhealthy", "The node answers 503: it has no elected master.")
    if status == 200:
        raise not_elasticsearch(headers, body, secrets)
    raise unexpected(status, headers, body, "/", with_credentials, secrets)


def read_health(
    status: int, headers: Mapping[str, str], body: bytes, with_credentials: bool, secrets: Secrets = NO_SECRETS
) -> str:
    """Reads the answer to ``GET /_cluster/health``.

    :return: one of ``STATUSES``
    :raises CheckFailed: there is none in it
    """
    answer = json_object(body) or {}
    health = answer.get("status")
    if health in STATUSES:
        return str(health)
    if status in (408, 503) and answer:
        raise CheckFailed("cluster_unhealthy", f"_cluster/health answers {status}: no elected master.")
    if status == 200:
        raise CheckFailed("malformed_response", f"_cluster/health answers without a status: {secrets.excerpt(body)}")
    raise unexpected(status, headers, body, "/_cluster/health", with_credentials, secrets)


def require_expected(cluster: Cluster, expected: Expected) -> None:
    """:raises CheckFailed: the first expectation that the cluster does not meet"""
    for what, wanted, found in (
        ("name", expected.cluster_name, cluster.name),
        ("uuid", expected.cluster_uuid, cluster.uuid),
    ):
        if wanted is not None and wanted != found:
            raise CheckFailed("cluster_mismatch", f"The cluster's {what} is {found}; wanted is {wanted}.")
    if expected.product is not None and expected.product != cluster.distribution:
        raise CheckFailed(
            "version_mismatch",
            f"The product is {cluster.distribution} {cluster.version}; wanted is {expected.product}.",
        )
    if expected.min_version is not None and version_key(cluster.version) < version_key(expected.min_version):
        raise CheckFailed(
            "version_mismatch",
            f"{cluster.distribution} is version {cluster.version}; wanted is {expected.min_version} or newer.",
        )
    if expected.min_status is not None and not _at_least(cluster.status, expected.min_status):
        raise CheckFailed(
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
        raise ValueError("not a version like 8.11 or 7.17.29")
    numbers = tuple(int(number) for number in found.group().split("."))
    return numbers + (0,) * (3 - len(numbers))


def has_product_header(headers: Mapping[str, str]) -> bool:
    return headers.get("x-elastic-product", "").lower() == "elasticsearch"


def json_object(body: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(body.decode(_ENCODING))
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _cluster(answer: dict[str, Any], headers: Mapping[str, str], secrets: Secrets) -> Cluster | None:
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
        name=_text(answer.get("cluster_name"), secrets),
        uuid=None if uuid in _NO_UUID else _text(uuid, secrets),
        distribution=distribution,
        version=number,
        node=_text(answer.get("name"), secrets),
    )


def _text(value: object, secrets: Secrets) -> str | None:
    """A name as it may be shown: what answers may be hostile."""
    if not isinstance(value, str):
        return None
    if value.isprintable() and len(value) <= 256 and not secrets.occur_in(value):
        return value
    return secrets.excerpt(value, 256)


def not_elasticsearch(headers: Mapping[str, str], body: bytes, secrets: Secrets) -> CheckFailed:
    kind = secrets.excerpt(headers.get("content-type", "").partition(";")[0].strip().lower())
    if kind.endswith("json") and not _is_json(body):
        return CheckFailed("malformed_response", f"The answer says that it is JSON, and is not: {secrets.excerpt(body)}")
    found = secrets.excerpt(body) or "nothing"
    return CheckFailed("not_elasticsearch", "200 with {}: {}".format(kind or "no content type", found))


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body.decode(_ENCODING))
    except RecursionError:
        return True
    except ValueError:
        return False
    return True


# What is told apart where it is not a cluster of one's own; nobody can fix a proxy or a node there.
_SERVICES = {
    "Amazon OpenSearch Serverless": "It has no answer at / and no cluster health, and wants each request signed (SigV4), "
    "which https_check does not do: TLS is verified as far as tls_verified says, the rest cannot be asked here.",
    "Amazon Web Services": "It wants a signed request (SigV4), which https_check does not send. For a domain of OpenSearch "
    "Service, let this host in by its access policy, or by fine-grained access control with url_username and url_password.",
    "Elastic Cloud Serverless": "It has no cluster health: leave min_status out.",
    "Elastic Cloud": "Its proxy finds no deployment of that name: copy the endpoint from the deployment's page.",
}


def _service(status: int, headers: Mapping[str, str], answer: Mapping[str, Any]) -> str | None:
    """The hosted service that answers, where header or body tell it and its hint is for that status."""
    if headers.get("server", "").lower() == "aoss-amazon" or "x-aoss-response-hint" in headers:
        # https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-genref.html
        return "Amazon OpenSearch Serverless" if status in (401, 403, 404) else None
    if status in (401, 403) and ("x-amzn-requestid" in headers or "x-amzn-errortype" in headers):
        # https://docs.aws.amazon.com/opensearch-service/latest/developerguide/managedomains-signing-service-requests.html
        return "Amazon Web Services"
    error = answer.get("error")
    kind = str(error.get("type") if isinstance(error, Mapping) else error)
    if status in (404, 410) and (kind == "api_not_available_exception" or "in serverless mode" in kind):
        return "Elastic Cloud Serverless"
    if status == 404 and answer.get("ok") is False and "x-cloud-request-id" in headers:
        return "Elastic Cloud"
    return None


def unexpected(
    status: int, headers: Mapping[str, str], body: bytes, path: str, with_credentials: bool, secrets: Secrets
) -> CheckFailed:
    found = f"GET {path} answers {status}"
    said = secrets.excerpt(body)
    service = _service(status, headers, json_object(body) or {})
    hint = ""
    if service is not None:
        found, hint = f"{found}, from {service}", _SERVICES[service]
    if 300 <= status < 400:
        target = headers.get("location", "")
        clear = " (without encryption)" if target.lower().startswith("http:") else ""
        return CheckFailed("http_redirect", f"{found} and points to {secrets.excerpt(target) or 'nowhere'}{clear}.")
    if status in (400, 495, 496) and b"SSL certificate" in body[:4096]:
        # nginx ends the handshake first and then refuses with its own 495 and 496, shown as 400:
        # https://nginx.org/en/docs/http/ngx_http_ssl_module.html#errors
        if b"No required SSL certificate" in body[:4096]:
            return CheckFailed("client_certificate_required", found + ": no client certificate was sent.")
        return CheckFailed("client_certificate_rejected", found + ": the client certificate does not verify there.")
    if status == 401:
        if with_credentials:
            return CheckFailed(
                "http_unauthorized",
                found + ": the credentials are not valid there.",
                hint or "Correct them, or give the user access; TLS itself is in order.",
            )
        return CheckFailed("http_unauthorized", found + ": it wants credentials, and none were given.", hint)
    if status == 403:
        return CheckFailed("http_forbidden", f"{found}: {said or 'forbidden'}", hint)
    if status in (404, 410):
        return CheckFailed("http_not_found", found + ".", hint)
    if status == 407:  # RFC 9110 section 15.5.8: only a proxy says so
        return CheckFailed(
            "bad_gateway",
            f"{found}: a proxy in front of Elasticsearch wants a login of its own.",
            "Let this host through that proxy without a login, or take a way around it.",
        )
    if status in (502, 503, 504) and not has_product_header(headers):
        return CheckFailed("bad_gateway", f"{found}: {said or 'no body'}")
    return CheckFailed("http_error", f"{found}: {said or 'no body'}", hint)
