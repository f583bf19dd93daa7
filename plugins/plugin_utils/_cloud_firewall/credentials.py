# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files on the controller by which it logs in to a cloud and verifies it, and who else may read or change them."""

from __future__ import annotations

import os
import typing as t
from pathlib import Path

from ansible_collections.tlsfront.elasticsearch.plugins.module_utils import _access

if t.TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["files", "problems"]


def problems(provider: str, connection: Mapping[str, t.Any], environment: Mapping[str, str] | None = None) -> list[str]:
    """Return a sentence for each thing that lets others read credentials, or change them or what they are sent by."""
    found = [said for path, secret in files(provider, connection, environment) for said in _access.problems(path, secret=secret)]
    return list(dict.fromkeys(found))


def files(provider: str, connection: Mapping[str, t.Any], environment: Mapping[str, str] | None = None) -> list[tuple[str, bool]]:
    """Return the files that the cloud's modules read for this connection, and whether each is a secret."""
    known = os.environ if environment is None else environment
    given = {name: str(value) for name, value in connection.items() if value}
    chosen = _ec2(given, known) if provider == "ec2" else _gce(given, known) if provider == "gce" else []
    home = known.get("HOME", "")
    return [(str(Path(path.replace("~", home, 1) if path.startswith("~/") else path).absolute()), secret) for path, secret in chosen if path]


def _ec2(given: Mapping[str, str], known: Mapping[str, str]) -> list[tuple[str, bool]]:
    # https://docs.aws.amazon.com/sdkref/latest/guide/file-location.html; a profile may name a program to run (credential_process)
    found = [
        (given.get("aws_config") or known.get("AWS_CONFIG_FILE") or "~/.aws/config", False),
        (given.get("aws_ca_bundle") or known.get("AWS_CA_BUNDLE") or known.get("REQUESTS_CA_BUNDLE", ""), False),
    ]
    named = any(given.get(name) for name in ("access_key", "aws_access_key", "aws_access_key_id"))
    if not named and (given.get("profile") or known.get("AWS_PROFILE") or not known.get("AWS_ACCESS_KEY_ID")):
        found.append((known.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials", True))
    return found


def _gce(given: Mapping[str, str], known: Mapping[str, str]) -> list[tuple[str, bool]]:
    # https://cloud.google.com/docs/authentication/application-default-credentials
    found = [(known.get("REQUESTS_CA_BUNDLE") or known.get("CURL_CA_BUNDLE", ""), False)]
    kind = given.get("auth_kind") or known.get("GCP_AUTH_KIND") or "application"
    if kind == "serviceaccount" and not given.get("service_account_contents"):
        found.append((given.get("service_account_file") or known.get("GCP_SERVICE_ACCOUNT_FILE", ""), True))
    if kind == "application":
        gcloud = known.get("CLOUDSDK_CONFIG") or "~/.config/gcloud"
        found.append((known.get("GOOGLE_APPLICATION_CREDENTIALS") or f"{gcloud}/application_default_credentials.json", True))
    return found
