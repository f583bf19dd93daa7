# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which files a connection to a cloud rests on, and what is said of those that others may read or change."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.credentials import files, problems


@pytest.mark.parametrize(
    ("provider", "connection", "environment", "expected"),
    [
        ("ec2", {}, {}, [("/h/.aws/config", False), ("/h/.aws/credentials", True)]),
        ("ec2", {"profile": "es"}, {"AWS_ACCESS_KEY_ID": "x"}, [("/h/.aws/config", False), ("/h/.aws/credentials", True)]),
        ("ec2", {"access_key": "x", "secret_key": "y"}, {}, [("/h/.aws/config", False)]),
        ("ec2", {}, {"AWS_ACCESS_KEY_ID": "x"}, [("/h/.aws/config", False)]),
        (
            "ec2",
            {"aws_ca_bundle": "/c.pem", "aws_config": "~/cfg"},
            {"AWS_SHARED_CREDENTIALS_FILE": "/s", "AWS_CONFIG_FILE": "/other"},
            [("/h/cfg", False), ("/c.pem", False), ("/s", True)],
        ),
        ("gce", {"auth_kind": "application"}, {}, [("/h/.config/gcloud/application_default_credentials.json", True)]),
        ("gce", {}, {"GOOGLE_APPLICATION_CREDENTIALS": "/k.json"}, [("/k.json", True)]),
        ("gce", {"auth_kind": "serviceaccount", "service_account_file": "~/k.json"}, {}, [("/h/k.json", True)]),
        ("gce", {"auth_kind": "serviceaccount", "service_account_contents": "{}"}, {"GCP_SERVICE_ACCOUNT_FILE": "/k"}, []),
        ("gce", {"auth_kind": "accesstoken", "access_token": "x"}, {"REQUESTS_CA_BUNDLE": "/ca.pem"}, [("/ca.pem", False)]),
        ("none", {}, {}, []),
    ],
)
def test_the_files_are_those_that_the_clouds_tools_read(
    provider: str, connection: dict[str, str], environment: dict[str, str], expected: list[tuple[str, bool]]
) -> None:
    assert files(provider, connection, {"HOME": "/h", **environment}) == expected


def test_what_others_may_read_or_change_is_said_with_its_remedy(tmp_path: Path) -> None:
    key, ca = tmp_path / "key.json", tmp_path / "ca.pem"
    for path, mode in ((key, 0o644), (ca, 0o666)):
        path.write_text("x")
        path.chmod(mode)
    connection = {"auth_kind": "serviceaccount", "service_account_file": str(key)}
    assert problems("gce", connection, {"REQUESTS_CA_BUNDLE": str(ca)}) == [
        f"{ca} may be changed by everybody (mode 0666): chmod o-w {ca}",
        f"{key} may be read by everybody (mode 0644): chmod o-rwx {key}",
    ]
    key.chmod(0o600)
    ca.chmod(0o644)
    assert problems("gce", connection, {"REQUESTS_CA_BUNDLE": str(ca)}) == []
