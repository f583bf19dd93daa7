# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs modules of Ansible in this process, so that a test can make hundreds of calls of the clouds' own modules."""

from __future__ import annotations

import contextlib
import functools
import importlib
import io
import json
import time
import types
from typing import Any

import botocore.session

# Amazon's description of EC2 is read once, and not by each module's client
botocore.session.create_loader = functools.cache(botocore.session.create_loader)

# nothing here takes long: what modules wait for is there at once
_QUICK = types.SimpleNamespace(**{**vars(time), "sleep": lambda _seconds: None})


class Killed(BaseException):
    """The run ends here, with no time to clean up."""


class Modules:
    """Calls modules, and counts the calls. `kill_at` is the number of the call before which the run is killed."""

    def __init__(self, **connection: Any) -> None:
        self.connection = connection
        self.called: list[str] = []
        self.kill_at: int | None = None

    def __call__(self, module: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if self.kill_at is not None and len(self.called) >= self.kill_at:
            raise Killed
        self.called.append(module)
        return run(module, {**self.connection, **arguments})


def run(module: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Run one module as Ansible does, and return what it says."""
    from ansible.module_utils import basic

    namespace, collection, name = module.split(".")
    code = importlib.import_module(f"ansible_collections.{namespace}.{collection}.plugins.modules.{name}")
    for attribute, quick in (("time", _QUICK), ("sleep", _QUICK.sleep)):
        if hasattr(code, attribute):
            setattr(code, attribute, quick)
    basic._ANSIBLE_PROFILE = "legacy"  # of ansible-core 2.19 and newer
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()
    told = io.StringIO()
    with contextlib.redirect_stdout(told), contextlib.suppress(SystemExit):
        try:
            code.main()
        except Exception as error:
            # gcp_compute_firewall has one for a lost connection, and Ansible makes the same of it
            return {"failed": True, "msg": f"Module failed: {error}"}
    # an emulation in this process may have printed, too
    result: dict[str, Any] = json.loads(next(line for line in reversed(told.getvalue().splitlines()) if line.startswith("{")))
    return result
