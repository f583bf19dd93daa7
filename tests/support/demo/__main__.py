# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What tests/demo shows: demo [--keep | --local NGINX]. Exit status 0 only if the proof holds."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import local
from steps import Failed, Steps, last_table

TOP = Path(__file__).resolve().parents[3]
LAB, NET = TOP / "tests/lab", os.environ.get("LAB_NET") or "40"
INVENTORY = ["-i", "tests/lab/inventory"]
LOOK_AROUND = """
The lab goes on running. To look around:
  . tests/environment.sh           # the tools, in this shell
  {check}
  curl --cacert .ansible/lab/{net}/controller/ca/ca.pem --connect-to es1:443:10.89.{net}.11:443 'https://es1/_cat/nodes?v'
  ansible -i tests/lab/inventory outsider -m shell -a 'curl --max-time 3 http://es1:9200/'   # times out
  tests/demo --down                # takes it away
"""


@contextlib.contextmanager
def lab(steps: Steps, keep: bool) -> Iterator[None]:
    """Is taken away at the end, whatever happens, and at once where it did not come up."""
    try:
        yield
    except BaseException:
        keep = False
        raise
    finally:
        if not keep:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            if not steps.quietly("tests/lab/lab", "down"):
                print("The lab could not be taken away: try tests/demo --down", flush=True)


def in_containers(steps: Steps, keep: bool) -> str:
    """Shows it with real servers; the verdict."""
    playbook = ["ansible-playbook", *INVENTORY, "tlsfront.elasticsearch.site"]
    if (LAB / "servers" / os.environ.get("LAB_SERVER", "") / "secure.yml").exists():
        playbook += ["-e", "@tests/lab/login.yml"]
    with lab(steps, keep):
        steps.run("make a cluster that is wide open on http", "tests/lab/lab", "up")
        said = steps.run("look at it from outside", "ansible-playbook", *INVENTORY, "tests/lab/before.yml")
        rows, *_remarks, summary = last_table(said)  # the remarks say the same of each address
        show("Before", rows, summary, "\n".join(each["text"] for each in said if each["host"] == "outsider"))
        said = steps.run("run the playbook tlsfront.elasticsearch.site", *playbook)
        *table, _summary = last_table(said)  # the verdict says it again
        show("After", *table)
        if keep:
            print(LOOK_AROUND.format(net=NET, check=shlex.join(playbook).replace(".site", ".check")))
    return said[-1]["text"]


def show(when: str, *parts: str) -> None:
    print("\n" + "\n\n".join([f"{when}:", *filter(None, parts)]) + "\n", flush=True)


def interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    os.chdir(TOP)
    os.environ.update(ANSIBLE_PIPELINING="true", ANSIBLE_CALLBACK_RESULT_FORMAT="yaml", ANSIBLE_DISPLAY_SKIPPED_HOSTS="false")
    is_local = sys.argv[1:2] == ["--local"]
    steps = Steps(TOP / "tests/output" / ("demo-local.log" if is_local else "demo.log"), 3)
    print(f"All that is printed goes to {steps.log.relative_to(TOP)}.", flush=True)
    try:
        verdict = local.show(steps, sys.argv[2], show) if is_local else in_containers(steps, keep="--keep" in sys.argv[1:])
    except Failed as error:
        print(f"\n{error}\n\nFAILED after {steps.seconds()} s: see {steps.log.relative_to(TOP)}")
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted: nothing is left running.")
        return 130
    finally:
        steps.close()
    print(f"took {steps.seconds()} s\n{verdict}")
    return 0


sys.exit(main())
