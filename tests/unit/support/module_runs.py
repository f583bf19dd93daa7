# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""A module, https_check unless another is named, as Ansible runs it: a process that reads parameters and prints a result."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

# One process imports Ansible and the client, and runs the module once in a child of its own for each set of parameters.
DRIVER = """
import json, os, sys
from ansible.module_utils import basic
from ansible.module_utils.basic import AnsibleModule
basic._ANSIBLE_PROFILE = "legacy"  # of ansible-core 2.19 and newer
basic.has_journal = False
AnsibleModule._log_to_syslog = lambda self, text: print("LOG", text, file=sys.stderr)
{before}
from ansible_collections.tlsfront.elasticsearch.plugins.modules import {name}
for line in sys.stdin.buffer.read().splitlines():
    child = os.fork()
    if child == 0:
        basic._ANSIBLE_ARGS = line
        {name}.main()
    status = os.waitpid(child, 0)[1]
    print("", os.WEXITSTATUS(status), flush=True)
"""


def module_runs(*runs: dict[str, Any], before: str = "", name: str = "https_check") -> tuple[list[dict[str, Any]], str]:
    """Runs it with each set of parameters, and returns the results and all that was logged."""
    given = "".join(json.dumps({"ANSIBLE_MODULE_ARGS": params}) + "\n" for params in runs)
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(path for path in sys.path if path))
    command = [sys.executable, "-c", DRIVER.format(before=before, name=name)]
    done = subprocess.run(command, input=given.encode(), capture_output=True, env=environment, check=False)
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    printed = done.stdout.decode().splitlines()
    results = [json.loads(line) for line in printed if line.startswith("{")]
    codes = [int(line) for line in printed if line.startswith(" ")]
    assert len(results) == len(codes) == len(runs)
    for result, code in zip(results, codes):
        assert bool(result.get("failed")) == (code != 0)
    return results, done.stderr.decode()


def module(before: str = "", **params: Any) -> tuple[dict[str, Any], str]:
    (result,), log = module_runs(params, before=before)
    return result, log


def run(name: str, **params: Any) -> dict[str, Any]:
    """The result of one run in diff mode. A parameter that is None is not given."""
    given = {parameter: value for parameter, value in params.items() if value is not None}
    (result,), _log = module_runs({"_ansible_diff": True, **given}, name=name)
    return result
