# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rulebook, run by a real ansible-rulebook that Alertmanager's messages are posted to over verified https."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki
from conftest import RULES, free_port

RULEBOOK = Path(__file__).parents[2] / "extensions/eda/rulebooks/heal.yml"
PROGRAM = Path(os.environ.get("TLSFRONT_RULEBOOK", "/nonexistent"), "ansible-rulebook")
TOKEN = "a-token-of-this-test"
LEFT_OUT = object()
# in place of heal: notes what it was called with
RECORD = [{"hosts": "localhost", "gather_facts": False, "connection": "local", "tasks": [{"ansible.builtin.shell": {
    "cmd": "cat >> {{ place }}", "stdin": "{{ tlsfront_alert_endpoint | to_json }}\n"}, "vars": {"place": "PLACE"}}]}]


class Receiver:
    """The rulebook, waiting for messages."""

    def __init__(self, directory: Path, **more: Any) -> None:
        self.calls, self.port = directory / "calls", free_port()
        root = pki.root("Root of the test")
        chain = pki.issue("localhost", root, names=["localhost"]).write(directory)
        self.context = ssl.create_default_context(cadata=root.pem.decode())
        playbook = directory / "record.yml"
        playbook.write_text(yaml.safe_dump(RECORD).replace("PLACE", str(self.calls)))
        variables = {
            "tlsfront_eda_token": TOKEN,
            "tlsfront_eda_certfile": str(chain),
            "tlsfront_eda_keyfile": str(chain),
            "tlsfront_eda_address": "localhost",
            "tlsfront_eda_port": self.port,
            "tlsfront_eda_inventory": str(directory / "inventory.yml"),
            "tlsfront_eda_playbook": str(playbook),
            **more,
        }
        (directory / "variables.yml").write_text(yaml.safe_dump({name: value for name, value in variables.items() if value is not LEFT_OUT}))
        (directory / "inventory.yml").write_text(yaml.safe_dump({"all": {"hosts": {"localhost": {"ansible_python_interpreter": sys.executable}}}}))
        self.log = directory / "log"
        command = [str(PROGRAM), "--rulebook", str(RULEBOOK), "--inventory", str(directory / "inventory.yml"), "--vars", str(directory / "variables.yml")]
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # where ansible-playbook is
        self.process = subprocess.Popen(
            command, stdout=self.log.open("w"), stderr=subprocess.STDOUT, cwd=directory, env={**os.environ, "PATH": path, "PYTHONPATH": ""}
        )

    def post(self, message: Any, token: str | None = TOKEN) -> int:
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        request = urllib.request.Request(f"https://localhost:{self.port}/alerts", json.dumps(message).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=10, context=self.context) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def wait(self) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            assert self.process.poll() is None, self.log.read_text()
            try:
                self.post({"status": "of no interest"})
                return
            except OSError:
                time.sleep(0.3)
        raise AssertionError(self.log.read_text())

    def called(self) -> list[str]:
        return [json.loads(line) for line in self.calls.read_text().split()] if self.calls.exists() else []

    def wait_for(self, count: int, seconds: float = 40) -> list[str]:
        until = time.monotonic() + seconds
        while time.monotonic() < until and len(self.called()) < count:
            time.sleep(0.3)
        return self.called()

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    if not PROGRAM.exists():
        pytest.skip("run by tests/monitoring/run")
    receiver = Receiver(tmp_path_factory.mktemp("rulebook"))
    try:
        receiver.wait()
        yield receiver
    finally:
        receiver.close()


def message(endpoint: Any, alertname: str = "ElasticsearchPortOpen", status: str = "firing") -> dict[str, Any]:
    """As Alertmanager posts it: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config"""
    labels = {"alertname": alertname, "endpoint": endpoint, "severity": "critical", "probe": "p1", "port": "9200"}
    alert = {
        "status": status,
        "labels": labels,
        "annotations": {"summary": "Port 9200 answers"},
        "startsAt": "2026-11-30T12:00:00Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "https://prometheus.example.org/graph",
        "fingerprint": "c0ffee",
    }
    return {
        "version": "4",
        "groupKey": f'{{}}:{{alertname="{alertname}", endpoint="{endpoint}"}}',
        "truncatedAlerts": 0,
        "status": status,
        "receiver": "heal",
        "groupLabels": {"alertname": alertname, "endpoint": endpoint},
        "commonLabels": labels,
        "commonAnnotations": {"summary": "Port 9200 answers"},
        "externalURL": "https://alertmanager.example.org",
        "alerts": [alert],
    }


HOSTILE = [
    "all", "*", "!es1", "https://es1:443/../x", "https://es1;reboot", "https://{{ lookup('pipe','id') }}", "https://es1 -e x=y", "http://es1", "", None, 7,
    ["https://es1"], {"a": 1}, "https://es1\n", "xhttps://es1", "https://é",
]


def test_an_alert_is_answered_once_in_a_while_for_each_node_and_nothing_else_is(receiver: Receiver) -> None:
    for endpoint in HOSTILE:
        assert receiver.post(message(endpoint)) == 200
    assert receiver.post(message("https://es4", alertname="SomethingElse")) == 200
    assert receiver.post(message("https://es5", status="resolved")) == 200
    assert receiver.post({"hello": "world"}) == 200
    for token in (None, "", "another", f"{TOKEN}x"):
        assert receiver.post(message("https://es6"), token) == 401
    for _time in range(3):
        assert receiver.post(message("https://es1")) == 200
    assert receiver.post(message("https://[fd00::1]:9243", alertname="ElasticsearchNotVerified")) == 200
    receiver.wait_for(2)
    # whatever came before has been answered by then, or never is
    assert receiver.post(message("https://es3")) == 200
    assert receiver.wait_for(3) == ["https://es1", "https://[fd00::1]:9243", "https://es3"]


@pytest.mark.parametrize("how", ["not there", "null", "empty"])
@pytest.mark.parametrize("missing", ["tlsfront_eda_token", "tlsfront_eda_certfile", "tlsfront_eda_keyfile"])
def test_without_a_token_or_a_certificate_it_does_not_begin(tmp_path: Path, missing: str, how: str) -> None:
    if not PROGRAM.exists():
        pytest.skip("run by tests/monitoring/run")
    receiver = Receiver(tmp_path, **{missing: {"not there": LEFT_OUT, "null": None, "empty": ""}[how]})
    try:
        assert receiver.process.wait(timeout=60) != 0
        assert missing in receiver.log.read_text()
    finally:
        receiver.close()


def test_each_alert_that_is_answered_is_one_of_ours() -> None:
    ours = {rule["alert"] for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"] for rule in group["rules"]}
    condition = yaml.safe_load(RULEBOOK.read_text("utf-8"))[0]["rules"][0]["condition"]["all"][0]
    named = set(yaml.safe_load(condition.split(" in ", 1)[1].split("]")[0] + "]"))
    assert named and named <= ours
