# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a person sees of tests/demo: a line a step, why one failed, and nothing that is left running."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
DEMO = TOP / "tests/support/demo"
# runs one step; then its last table is shown, or why it failed
PROGRAM = """
import pathlib, signal, sys
sys.path.insert(0, sys.argv[1])
from steps import Failed, Steps, last_table
signal.signal(signal.SIGTERM, lambda *_given: (_ for _ in ()).throw(KeyboardInterrupt))
steps = Steps(pathlib.Path(sys.argv[2]), 2)
try:
    print(last_table(steps.run("the step", *sys.argv[3:])))
except Failed as error:
    sys.exit(str(error))
"""
TABLE = "NODE  HTTPS\\nes1   verified\\n\\nREMARK\\n\\nVERIFIED: 1 check."
PLAYBOOK = f"""
- hosts: one,two
  gather_facts: false
  tasks:
    - name: Table
      ansible.builtin.debug: {{msg: "{TABLE}"}}
      run_once: true
    - name: Loop
      ansible.builtin.debug: {{msg: "of {{{{ item }}}}"}}
      loop: [1, 2]
      when: inventory_hostname == "two"
    - name: Tolerated
      ansible.builtin.command: "false"
      ignore_errors: true
    - name: Command
      ansible.builtin.command: sh -c 'echo broken >&2; exit {{{{ code }}}}'
"""


def command(log: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-c", PROGRAM, str(DEMO), str(log), *arguments]


def run(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(place / "demo.log", *arguments), capture_output=True, text=True, check=False)


@pytest.fixture
def playbook(tmp_path: Path) -> list[str]:
    (tmp_path / "play.yml").write_text(PLAYBOOK)
    return ["ansible-playbook", "-i", "one,two,", "-c", "local", str(tmp_path / "play.yml"), "-e", f"ansible_python_interpreter={sys.executable}"]


def test_a_step_is_two_lines_and_its_output_is_in_the_log(tmp_path: Path, playbook: list[str]) -> None:
    done = run(tmp_path, *playbook, "-e", "code=0")
    assert done.returncode == 0, done.stdout + done.stderr
    begun, *_each_minute, ended, shown = done.stdout.splitlines()
    assert re.fullmatch(r"\d\d:\d\d:\d\d  1 of 2  the step", begun) and re.fullmatch(r"\d\d:\d\d:\d\d +done in \d+ s", ended)
    assert shown == str(TABLE.replace("\\n", "\n").split("\n\n"))
    assert "PLAY RECAP" in (tmp_path / "demo.log").read_text()


def test_what_failed_is_said_once_for_all_hosts(tmp_path: Path, playbook: list[str]) -> None:
    done = run(tmp_path, *playbook, "-e", "code=3")
    assert done.returncode == 1 and "failed after" in done.stdout
    assert re.fullmatch(r"Task 'Command' on (one, two|two, one):\n  non-zero return code\n  broken\n", done.stderr), done.stderr


def test_of_a_command_without_tasks_the_last_lines_are_shown(tmp_path: Path) -> None:
    done = run(tmp_path, "sh", "-c", "seq 100; exit 7")
    assert done.returncode == 1 and done.stderr.split() == [str(number) for number in range(89, 101)]


def test_on_a_terminal_one_line_tells_what_goes_on(tmp_path: Path) -> None:
    controller, terminal = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    said = "echo '12:00:00  building an image'; sleep 1; exit 1"
    done = subprocess.run(command(tmp_path / "demo.log", "sh", "-c", said), stdout=terminal, stderr=subprocess.DEVNULL, env=environment, check=False)
    os.close(terminal)
    shown = os.read(controller, 65536).decode()
    os.close(controller)
    assert done.returncode == 1
    assert re.search(r"\r\033\[K1 of 2  the step  \d s  building an image\r\033\[K", shown)
    assert shown.count("\n") == 1 and re.search(r"\r\033\[K1 of 2  the step: failed after \d s\r\n$", shown)


def test_an_interrupt_ends_all_that_the_step_has_started(tmp_path: Path) -> None:
    started = tmp_path / "started"
    with subprocess.Popen(command(tmp_path / "demo.log", "bash", "-c", f"sleep 300 & echo $! >{started}; wait"), stdout=subprocess.PIPE, text=True) as demo:
        deadline = time.monotonic() + 20
        while not (started.exists() and started.read_text()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        demo.send_signal(signal.SIGTERM)
        shown, _nothing = demo.communicate(timeout=20)
    assert "interrupted after" in shown and demo.returncode != 0
    child = Path(f"/proc/{int(started.read_text())}/stat")
    assert not child.exists() or child.read_text().split()[2] == "Z"


LAB = """#!/bin/sh
echo "$1" >>told
[ "$1" != up ] || { echo "of the lab"; sleep "${UP:-0}"; exit "${CODE:-0}"; }
"""
EVENTS = [
    {"kind": "said", "task": "Table", "host": "localhost", "text": TABLE.replace("\\n", "\n")},
    {"kind": "said", "task": "Tell what was proved", "host": "es1", "text": "Proved: all of it"},
]


@pytest.fixture
def whole(tmp_path: Path) -> list[str]:
    """The whole demo, on a lab that writes down what it is told, with playbooks that only say something."""
    (tmp_path / "tests/lab").mkdir(parents=True)
    (tmp_path / "tests/unit").symlink_to(TOP / "tests/unit")
    shutil.copytree(DEMO, tmp_path / "tests/support/demo", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "events").write_text("".join(json.dumps(event) + "\n" for event in EVENTS))
    (tmp_path / "bin").mkdir()
    for script, text in {"tests/lab/lab": LAB, "bin/ansible-playbook": '#!/bin/sh\ncat events >>"$TLSFRONT_PROGRESS"\n'}.items():
        (tmp_path / script).write_text(text)
        (tmp_path / script).chmod(0o755)
    return ["env", f"PATH={tmp_path}/bin:{os.environ['PATH']}", sys.executable, str(tmp_path / "tests/support/demo")]


@pytest.mark.parametrize(("arguments", "told"), [([], ["up", "down"]), (["--keep"], ["up"])], ids=["plain", "keep"])
def test_the_verdict_is_last(tmp_path: Path, whole: list[str], arguments: list[str], told: list[str]) -> None:
    done = subprocess.run([*whole, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == "Proved: all of it" and re.fullmatch(r"took \d+ s", lines[-2]) and len(lines) < 60
    assert lines.count("es1   verified") == 2 and ("tests/demo --down" in done.stdout) == bool(arguments)
    assert (tmp_path / "told").read_text().split() == told


@pytest.mark.parametrize("keep", [[], ["--keep"]], ids=["plain", "keep"])
def test_after_a_failure_the_lab_is_taken_away_and_the_log_is_named(tmp_path: Path, whole: list[str], keep: list[str]) -> None:
    done = subprocess.run(["env", "CODE=3", *whole, *keep], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and (tmp_path / "told").read_text().split() == ["up", "down"]
    assert re.search(r"of the lab\n\nFAILED after \d+ s: see tests/output/demo.log\n$", done.stdout)
    assert "of the lab" in (tmp_path / "tests/output/demo.log").read_text()


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda by: by.name)
def test_after_an_interrupt_the_lab_is_taken_away(tmp_path: Path, whole: list[str], by: signal.Signals) -> None:
    with subprocess.Popen(["env", "UP=300", *whole], stdout=subprocess.PIPE, text=True) as demo:
        deadline = time.monotonic() + 60
        while not (tmp_path / "told").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        demo.send_signal(by)
        shown, _nothing = demo.communicate(timeout=60)
    assert demo.returncode == 130 and shown.endswith("\nInterrupted: nothing is left running.\n")
    assert (tmp_path / "told").read_text().split() == ["up", "down"]
