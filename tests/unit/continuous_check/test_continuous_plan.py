# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the role continuous_check puts on a host, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.filter.continuous_check_plan import continuous_check_plan
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _continuous_plan as module
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._continuous_check import settings

HOST: dict[str, Any] = {
    "python": {"version": [3, 11, 2], "lacks": []},
    "has_venv": True,
    "systemd": "systemd 252 (252.38-1~deb12u1)",
    "comment": None,
    "former": "",
    "former_urls": [],
    "directories": [],
    "links": [],
    "taken": [],
}
OPTIONS: dict[str, Any] = {
    "continuous_check_state": "present",
    "continuous_check_endpoints": [{"url": "https://es1.example", "connect_to": "10.0.0.1", "closed_ports": [9200, "9300-9302"]}],
    "continuous_check_ca_content": "-----BEGIN CERTIFICATE-----\n",
    "continuous_check_crl_content": "",
    "continuous_check_same_cluster": True,
    "continuous_check_username": "",
    "continuous_check_password": "",
    "continuous_check_api_key": "",
    "continuous_check_min_days_valid": "14",
    "continuous_check_warn_days_valid": 30,
    "continuous_check_retry_for": "10",
    "continuous_check_interval": "900",
    "continuous_check_probe": "bastion",
    "continuous_check_cluster": "elasticsearch",
    "continuous_check_python": "",
    "continuous_check_textfile_dir": "",
    "continuous_check_on_failure": "",
}


def plan(node: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    given = {**OPTIONS, **{f"continuous_check_{name}": value for name, value in options.items()}}
    return continuous_check_plan(given, node={**HOST, **(node or {})}, starter="run", lock="lock", host="bastion")


def written(found: dict[str, Any], directory: Path) -> settings.Settings:
    (directory / "settings.json").write_text(found["files"][found["settings"]])
    return settings.settings(directory / "settings.json")


def test_the_program_takes_its_settings_as_they_are_written(tmp_path: Path) -> None:
    found = written(plan(), tmp_path)
    assert (found.probe, found.cluster, found.user, found.max_age, found.logs_in) == ("bastion", "elasticsearch", "tlsfront-check", 2400, False)
    given = settings.parameters(found.check, {})
    assert given["endpoints"] == [{"url": "https://es1.example", "connect_to": "10.0.0.1", "closed_ports": ["9200", "9300-9302"]}]
    assert (given["min_days_valid"], given["retry_for"], given["same_cluster"], given["concurrency"]) == (14, 10, True, 32)
    assert given["ca_content"] == OPTIONS["continuous_check_ca_content"] and given["crl_content"] is None


def test_without_a_ca_the_systems_store_is_meant(tmp_path: Path) -> None:
    assert "ca_content" not in written(plan(ca_content=""), tmp_path).check


@pytest.mark.parametrize("given", [{"username": "elastic", "password": "wOrd"}, {"api_key": "id:wOrd"}])
def test_a_login_stands_in_a_secret_file_and_nowhere_else(given: dict[str, str], tmp_path: Path) -> None:
    found = plan(**given)
    (path,) = found["secrets"]
    assert path == "/etc/tlsfront-continuous-check/login.json" and path not in found["absent"]
    assert "wOrd" not in json.dumps({name: value for name, value in found.items() if name not in ("secrets", "program_files")})
    (tmp_path / "login.json").write_text(found["secrets"][path])
    assert "wOrd" in str(settings.login(tmp_path)) and written(found, tmp_path).logs_in
    assert path in plan()["absent"]


def test_another_program_python_or_lock_is_another_directory() -> None:
    first = plan()
    assert first == plan()
    assert plan({"python": {"version": [3, 13, 1], "lacks": []}})["venv"] != first["venv"]
    other = continuous_check_plan(OPTIONS, node=HOST, starter="another", lock="lock", host="bastion")
    assert other["program"] != first["program"] and other["venv"] == first["venv"]
    assert first["keeps"] == [first["program"], first["venv"]] and first["python"] == f"{first['venv']}/bin/python"
    assert all(path.startswith(f"{first['program']}/") for path in first["program_files"])
    made = [each["path"] for each in first["directories"]]
    assert {str(Path(path).parent) for path in first["program_files"]} <= set(made) and made == sorted(made, key=lambda path: path.count("/"))


def test_the_node_exporter_is_led_to_the_metrics_where_it_is() -> None:
    assert plan()["link"] == ""
    there = {"directories": ["/var/lib/prometheus/node-exporter"]}
    assert plan(there)["link"] == "/var/lib/prometheus/node-exporter/tlsfront_https_check.prom"
    assert plan({"directories": ["/srv/metrics", *there["directories"]]}, textfile_dir="/srv/metrics")["link"] == "/srv/metrics/tlsfront_https_check.prom"


def test_where_the_link_is_is_noted_and_one_in_a_former_place_is_removed() -> None:
    record, link, former = "/etc/tlsfront-continuous-check/link", "/srv/metrics/tlsfront_https_check.prom", "/srv/former/tlsfront_https_check.prom"
    found = plan({"directories": ["/srv/metrics"], "links": [link, former]}, textfile_dir="/srv/metrics")
    assert found["files"][record] == f"{link}\n" and former in found["absent"] and not {record, link} & set(found["absent"])
    found = plan({"links": [former]})
    assert record not in found["files"] and {record, former} <= set(found["absent"])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"endpoints": []}, "continuous_check_endpoints is empty, so nothing would be proved"),
        ({"endpoints": "https://es1"}, "continuous_check_endpoints is empty"),
        ({"endpoints": [{"url": "https://es1", "api_key": "wOrd"}]}, "endpoints[0] has a login of its own"),
        ({"endpoints": [{"url": "https://es1", "closed_port": 9200}]}, "endpoints[0].closed_port: there is no such option; closed_ports may be meant"),
        ({"endpoints": ["https://es1", "https://es1"]}, "endpoints[1]: the same as endpoints[0]"),
        ({"username": "elastic"}, "url_username and url_password must be given together"),
        ({"username": "elastic", "password": "wOrd", "api_key": "wOrd"}, "only one of url_username, api_key and bearer_token"),
        ({"min_days_valid": "many"}, "must be numbers"),
        ({"interval": "10"}, "continuous_check_interval is '10', and must be a whole number of seconds, at least 60"),
        ({"interval": "15min"}, "continuous_check_interval is '15min'"),
        ({"probe": "a\nb"}, "continuous_check_probe is 'a\\nb'"),
        ({"cluster": 'a"}'}, "continuous_check_cluster is"),
        ({"python": "/usr/bin/python3 -c"}, "continuous_check_python is '/usr/bin/python3 -c'"),
        ({"python": "/opt/../tmp/python"}, "continuous_check_python is '/opt/../tmp/python'"),
        ({"textfile_dir": "metrics"}, "continuous_check_textfile_dir is 'metrics'"),
        ({"on_failure": "mail.service\nExecStart=/bin/sh"}, "continuous_check_on_failure is"),
    ],
)
def test_options_that_cannot_be_meant_are_refused_in_a_sentence(options: dict[str, Any], says: str) -> None:
    found = plan(**options)
    assert list(found) == ["problems"] and "wOrd" not in str(found)
    assert any(says in problem and problem.startswith("bastion: ") for problem in found["problems"]), found


@pytest.mark.parametrize(
    ("node", "options", "says"),
    [
        ({"python": {"version": [3, 8, 10], "lacks": []}}, {}, "its Python is 3.8.10, and 3.9 or newer is needed"),
        ({"python": {"version": [], "lacks": [], "problem": "OSError"}}, {"python": "/opt/none"}, "/opt/none, cannot be started"),
        ({"python": {"version": [3, 11, 2], "lacks": ["jinja2"]}}, {"python": "/opt/python"}, "/opt/python lacks jinja2"),
        ({"systemd": "systemd 245 (245.4)"}, {}, "not run by systemd 247 or newer"),
        ({"systemd": ""}, {}, "not run by systemd 247 or newer"),
        ({"comment": "A person"}, {}, "a user tlsfront-check, who is not the role's"),
        ({"former": "logs"}, {}, "it checks the cluster logs already"),
        ({"former": "elasticsearch", "former_urls": ["https://logs1"]}, {}, "it checks https://logs1 already, and nothing of what is to be checked now"),
        ({}, {"textfile_dir": "/srv/none"}, "/srv/none, is no directory there"),
        (
            {"directories": ["/srv/m"], "taken": ["/srv/m/tlsfront_https_check.prom"]},
            {"textfile_dir": "/srv/m"},
            "/srv/m/tlsfront_https_check.prom is there and is not the role's",
        ),
    ],
)
def test_a_host_that_cannot_check_is_refused_in_a_sentence(node: dict[str, Any], options: dict[str, Any], says: str) -> None:
    assert any(says in problem for problem in plan(node, **options)["problems"])
    assert not plan({"comment": module.COMMENT, "former": "elasticsearch", "former_urls": ["https://es0", "https://es1.example"]})["problems"]
