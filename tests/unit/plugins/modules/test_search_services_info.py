# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What answers on a host is found at any port, within bounds, whatever else listens there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki

HOST = Path(__file__).parents[2] / "support/services_host.py"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    if os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("ip"):
        pytest.skip("needs root, unshare and ip")
    chain = pki.issue("localhost", pki.root("Somebody's root"), names=["localhost"]).write(tmp_path_factory.mktemp("chain"))
    command = ["unshare", "--net", sys.executable, str(HOST), str(chain)]
    here = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}  # where this process has the collection from
    done = subprocess.run(command, env=here, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def at(found: dict[str, Any], port: int) -> dict[str, Any]:
    (service,) = [service for service in found["services"] if service["port"] == port]
    return service


def test_elasticsearch_and_opensearch_are_told_with_their_cluster_at_any_port(found: dict[str, Any]) -> None:
    service = at(found, 9200)
    assert (service["product"], service["version"], service["scheme"], service["wants_login"]) == ("elasticsearch", "7.17.13", "http", False)
    assert (service["cluster_name"], service["cluster_uuid"]) == ("logs", "1eUnCn8pSvSDp2bPQaI0Gw")
    assert at(found, 19200)["product"] == "opensearch"


def test_one_that_wants_a_login_is_told_all_the_same(found: dict[str, Any]) -> None:
    assert at(found, 9201)["product"] == "elasticsearch" and at(found, 9201)["wants_login"] is True


def test_consoles_are_told_by_the_header_that_names_them(found: dict[str, Any]) -> None:
    assert at(found, 5601)["product"] == "kibana" and at(found, 5602)["product"] == "opensearch-dashboards"


def test_a_console_wants_a_login_that_sends_the_browser_there_and_behind_a_base_path_it_is_not_known(found: dict[str, Any]) -> None:
    assert {port: at(found, port)["wants_login"] for port in range(5601, 5606)} == {5601: True, 5602: False, 5603: False, 5604: None, 5605: True}


def test_what_listens_at_loopback_is_open_to_the_host_itself_and_the_others_to_everybody(found: dict[str, Any]) -> None:
    assert at(found, 19200)["open_to"] == "itself" and at(found, 9200)["open_to"] == "everybody"


def test_whatever_else_listens_is_none_of_them(found: dict[str, Any]) -> None:
    assert {service["port"] for service in found["services"]} == {9200, 19200, 9201, 5601, 5602, 5603, 5604, 5605}


def test_a_certificate_that_no_ca_vouches_for_is_not_believed_and_told_as_not_known(found: dict[str, Any]) -> None:
    (unknown,) = found["unknown"]
    assert unknown.startswith("port 9443 speaks TLS")


def test_answers_that_no_parser_takes_cost_nothing_but_themselves(found: dict[str, Any]) -> None:
    assert at(found, 9200) and found["left_out"] == 0  # ports 7007 to 7009 answer so


def test_listeners_that_hang_drip_or_pour_cost_no_more_than_their_time(found: dict[str, Any]) -> None:
    assert found["seconds"] < 20
