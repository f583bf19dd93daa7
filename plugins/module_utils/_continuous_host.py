# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the role continuous_check must know of a probe host."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
from pathlib import Path
from typing import Any, Sequence

from . import _commands

__all__ = ["METRICS", "gathered"]

METRICS = "tlsfront_https_check.prom"
_LONGEST = 60  # seconds that a program may take
_PROGRAM = """
import importlib.util, json, sys
def lacks(*names): return [name for name in names if not importlib.util.find_spec(name)]
print(json.dumps({"version": list(sys.version_info[:3]),
                  "lacks": lacks("elastic_transport", "cryptography", "jinja2"),
                  "venv": not lacks("ensurepip", "venv")}))
"""


def gathered(python: str, user: str, settings: str, record: str, target: str, directories: Sequence[str]) -> dict[str, Any]:
    """What is there, as the module's RETURN says."""
    system = _python("python3")
    check = _former(settings)
    noted = _text(record).rstrip("\n")
    places = [f"{directory}/{METRICS}" for directory in directories if directory.startswith("/")]
    # a record can name no other file than one that is called so
    places += [noted] if noted.startswith("/") and noted.endswith(f"/{METRICS}") else []
    places = list(dict.fromkeys(places))
    return {
        "python": _python(python) if python else {**system, "lacks": []},
        "has_venv": bool(system.get("venv")),
        "systemd": _systemd() if Path("/run/systemd/system").is_dir() else "",
        "comment": _comment(user),
        "former": check["cluster"],
        "former_urls": check["urls"],
        "directories": [path for path in directories if Path(path).is_dir()],
        "links": [path for path in places if _is_link_to(path, target)],
        "taken": [path for path in places if os.path.lexists(path) and not _is_link_to(path, target)],
    }


def _run(*command: str) -> str:
    # a unit test drives this without Ansible
    done = subprocess.run(  # pylint: disable=ansible-bad-function
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, timeout=_LONGEST, check=False
    )
    return done.stdout.decode("utf-8", "replace")


def _python(program: str) -> dict[str, Any]:
    try:
        told = json.loads(_run(program, "-I", "-c", _PROGRAM))
        return {"version": [int(part) for part in told["version"]], "lacks": [str(name) for name in told["lacks"]], "venv": bool(told["venv"])}
    except (OSError, ValueError, KeyError, TypeError, subprocess.SubprocessError) as error:
        return {"version": [], "lacks": [], "venv": False, "problem": type(error).__name__}


def _systemd() -> str:
    try:
        return _run(_commands.find("systemctl") or "systemctl", "--version")
    except (OSError, subprocess.SubprocessError):
        return ""


def _comment(user: str) -> str | None:
    try:
        return pwd.getpwnam(user).pw_gecos
    except KeyError:
        return None


def _former(settings: str) -> dict[str, Any]:
    try:
        told = json.loads(_text(settings))
        cluster = str(told.get("cluster", ""))
        endpoints = told["check"]["endpoints"]
        return {"cluster": cluster, "urls": [one["url"] if isinstance(one, dict) else str(one) for one in endpoints]}
    except (ValueError, AttributeError):
        return {"cluster": "", "urls": []}
    except (KeyError, TypeError):
        return {"cluster": cluster, "urls": []}


def _text(path: str) -> str:
    try:
        return Path(path).read_text("utf-8")
    except (OSError, ValueError):
        return ""


def _is_link_to(path: str, target: str) -> bool:
    try:
        return os.readlink(path) == target
    except (OSError, ValueError):
        return False
