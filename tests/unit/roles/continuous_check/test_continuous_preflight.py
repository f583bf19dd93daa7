# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the role refuses before it changes anything, and what it says then: one run of it over many hosts, each with other options."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ENDPOINTS = [{"url": "https://es1.example", "connect_to": "192.0.2.7", "closed_ports": [9200]}]
PASSWORD = "correct-horse-battery-staple"

# variables of the host, and what the message must say
CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "nothing_to_ask": ({"continuous_check_endpoints": []}, ["continuous_check_endpoints is empty, so nothing would be proved"]),
    "an_unknown_state": ({"continuous_check_state": "gone"}, ["continuous_check_state must be one of: present, absent", "gone"]),
    "an_interval_in_words": ({"continuous_check_interval": "15min"}, ["continuous_check_interval", "15min"]),
    "an_interval_that_is_too_short": ({"continuous_check_interval": 5}, ["continuous_check_interval is 5, and must be", "at least 60"]),
    "a_name_without_its_password": ({"continuous_check_username": "elastic"}, ["url_username and url_password must be given together"]),
    "a_unit_with_a_line_feed": ({"continuous_check_on_failure": "a.service\nUser=root"}, ["continuous_check_on_failure is 'a.service\\nUser=root'"]),
    "a_directory_beside": ({"continuous_check_textfile_dir": "metrics"}, ["continuous_check_textfile_dir is"]),
    "a_python_that_is_not_there": ({"continuous_check_python": "/nonexistent/python"}, ["/nonexistent/python, cannot be started"]),
    "a_python_that_others_can_change": ({"continuous_check_python": "{{ case_python }}"}, ["may be changed by everybody", "Nothing in it was started"]),
}


@pytest.fixture(scope="module")
def refused(play: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    python = tmp_path_factory.mktemp("others") / "python"
    python.write_text("#!/bin/sh\ntouch $0.started\n")
    python.chmod(0o777)
    login = {"continuous_check_username": "elastic", "continuous_check_password": PASSWORD}
    hosts = {
        name: {"continuous_check_endpoints": ENDPOINTS, "case_python": str(python), **({} if "continuous_check_username" in given else login), **given}
        for name, (given, _says) in CASES.items()
    }
    found = play(Path(__file__).with_name("preflight.yml"), hosts, secrets=[PASSWORD])
    assert [path.name for path in python.parent.iterdir()] == ["python"], "it was not started"
    return found


@pytest.mark.parametrize("case", CASES)
def test_it_is_refused_and_the_message_says_what_is_wrong_and_nothing_of_the_login(refused: Any, case: str) -> None:
    message = " ".join(str(refused.failure(case)["msg"]).split())
    assert [text for text in CASES[case][1] if text not in message] == [], message
