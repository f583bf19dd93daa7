# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the timer starts: checks, writes what was seen, and ends with the status. Also the plugin of Nagios and Icinga, which reads what was written.

Root becomes the service's user before anything is connected or written, so that no file is written by root into a directory of somebody else.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import os
import pwd
import re
import sys
import typing as t
from pathlib import Path

from ansible_collections.tlsfront.elasticsearch.plugins.module_utils import _files
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check import asked
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.check import check_all
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.fault import where
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.libraries import unusable
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.reasons import InvalidOption
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.result import failure_text, result_of
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._checks import checks_of
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._prometheus import prometheus
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._time import instant

from .settings import BadSettings, Settings, login, of_type, parameters, settings
from .status import UNKNOWN, Status, status_of, unknown

__all__ = ["METRICS", "PAGE", "RESULT", "main"]

SETTINGS = "/etc/tlsfront-continuous-check/settings.json"
PAGE, RESULT, METRICS = "report.html", "result.json", "textfile/tlsfront_https_check.prom"
"""What is written below the state directory, this one after the other."""
_LOCK = "lock"
_WAIT = 30  # seconds for another run to end
_INVOCATION = re.compile("[0-9a-f]{32}")
_AHEAD = 60  # seconds that a clock may have been put back


class _Arguments(argparse.ArgumentParser):
    def error(self, message: str) -> t.NoReturn:
        """As `argparse` does, but for its status, 2, which is critical."""
        print(unknown(f"{message}. {self.format_usage()}").line(numbers=False))
        raise SystemExit(UNKNOWN)


def main(given: t.Sequence[str] | None = None) -> int:
    """Run it. Returns the status as plugins have it: 0 for OK, 1 for WARNING, 2 for CRITICAL, 3 for UNKNOWN."""
    parser = _Arguments(prog="check", description="Checks that a cluster is reachable over verified https only, and writes what was seen.")
    parser.add_argument("--settings", type=Path, default=Path(SETTINGS), help="default %(default)s")
    parser.add_argument("--nagios", action="store_true", help="tell what the last check has come to, with performance data")
    parser.add_argument("--now", action="store_true", help="with --nagios, check now; needs root or the service's user")
    parser.add_argument("--which", action="store_true", help="tell which run of systemd the last check was, and whether it has really checked")
    parser.add_argument("--max-age", type=int, metavar="SECONDS", help="with --nagios, the age after which a result says nothing any more")
    arguments = parser.parse_args(given)
    try:
        wanted = settings(arguments.settings)
        if arguments.which:
            if not os.geteuid():
                _become(wanted.user)
            print(which(wanted))
            return 0
        if arguments.nagios and not arguments.now:
            if not os.geteuid():  # whom a link of the service's user could lead to what only root can read
                _become(wanted.user)
            status = last(wanted, wanted.max_age if arguments.max_age is None else arguments.max_age)
        else:
            status = checked_now(wanted, arguments.settings.parent)
    except BadSettings as error:
        status = unknown(f"The settings cannot be used, and nothing was checked: {error}")
    except Exception as error:
        status = unknown(f"The program has a fault of its own, and nothing is proved: {where(error)}. Please report it.")
    print(status.line(numbers=arguments.nagios), flush=True)
    return status.code


def checked_now(wanted: Settings, directory: Path) -> Status:
    """Check, and write what was seen.

    Raises `BadSettings` where not even that can be written.
    """
    credentials: dict[str, str] = {}
    problem = ""
    if wanted.logs_in:
        try:
            credentials = login(Path(os.environ.get("CREDENTIALS_DIRECTORY") or directory))
        except BadSettings as error:
            problem = str(error)
    with contextlib.suppress(ImportError):
        from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _page  # noqa: F401 # as root, of whom the libraries may be
    _become(wanted.user)
    try:
        lock = wanted.state_dir / _LOCK
        lock.mkdir(mode=0o700, exist_ok=True)
        with _files.locked(lock, _WAIT):
            result = {"failed": True, "msg": problem} if problem else _result(wanted, credentials)
            return _written(wanted, result)
    except _files.Locked:
        return unknown(f"Another check has been running for {_WAIT} seconds, and nothing was checked by this one")
    except OSError as error:
        return unknown(f"What was seen cannot be written: {error.strerror}: {error.filename}")


def _become(name: str) -> None:
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        raise BadSettings(f"The user {name} is not there: run the playbook tlsfront.elasticsearch.continuous_check.") from None
    if os.geteuid() == user.pw_uid:
        return
    if os.geteuid():
        raise BadSettings(f"Only root and {name} can check now: without --now, --nagios tells what the last check has come to.")
    os.setgroups([])
    os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
    os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)
    os.umask(0o022)


def _result(wanted: Settings, credentials: dict[str, str]) -> dict[str, t.Any]:
    """That of `https_check`, also where it could not check."""
    lacking = [f"{package} >= {least}" + (f" (it is {found})" if found else "") for package, least, found, _error in unusable()]
    if lacking:
        return {"failed": True, "msg": f"Python packages are missing or too old: {', '.join(lacking)}."}
    fault = ""
    try:
        given = parameters(wanted.check, credentials)
        targets, contexts = asked.prepare(given, of_type)
        results = check_all(targets, contexts, concurrency=given["concurrency"], retry_for=given["retry_for"])
        result = result_of(results)
        return {**result, "failed": True, "msg": failure_text(results)} if result["failed_endpoints"] else result
    except (InvalidOption, BadSettings) as error:
        fault = f"The settings cannot be used: {error}"
    except Exception as error:
        fault = f"https_check has a fault of its own: {where(error)}. Please report it."
    return {"failed": True, "msg": fault}


def _written(wanted: Settings, result: dict[str, t.Any]) -> Status:
    """Write it, each file as a whole or not at all, the metrics last: what they say, the others have."""
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    observation = {"from": wanted.probe, "result": result}
    checks = checks_of([observation])
    told = {"at": now.isoformat(), "invocation": os.environ.get("INVOCATION_ID", ""), "observation": observation}
    texts = {RESULT: json.dumps(told, indent=1) + "\n", METRICS: prometheus(checks, now)}
    status = status_of(checks, wanted.check, 0)
    try:
        from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._page import page

        texts = {PAGE: page(checks, now, f"Verified https of {wanted.cluster}"), **texts}
    except ImportError:
        status = unknown(f"The Python package jinja2 is missing, so that there is no page. {status.line(numbers=False)}")
    for name, text in texts.items():
        path = wanted.state_dir / name
        _files.make_directory(path.parent)
        _files.write(path, text, 0o644)
    return status


def which(wanted: Settings) -> str:
    """The run of systemd by which the last check was made, and whether it has asked; `none` where there is no such check."""
    try:
        told = json.loads((wanted.state_dir / RESULT).read_text("utf-8"))
        invocation, endpoints = told["invocation"], told["observation"]["result"].get("endpoints")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "none"
    return f"{invocation} {'has checked' if endpoints else 'has not checked'}" if isinstance(invocation, str) and _INVOCATION.fullmatch(invocation) else "none"


def last(wanted: Settings, max_age: int) -> Status:
    """What the last check has come to, unless that was too long ago."""
    path = wanted.state_dir / RESULT
    cure = "look at tlsfront-continuous-check.timer and at the journal of tlsfront-continuous-check.service"
    try:
        told = json.loads(path.read_text("utf-8"))
        at, checks = instant(told["at"]), checks_of([told["observation"]])
    except FileNotFoundError:
        return unknown(f"There is no result yet in {path}: {cure}")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return unknown(f"The result in {path} cannot be read: {cure}")
    age = (datetime.datetime.now(datetime.timezone.utc) - at).total_seconds()
    if age > max_age:
        return unknown(f"The last check was made {round(age)} seconds ago, and a result counts for {max_age}: {cure}")
    if age < -_AHEAD:
        return unknown(f"The last check was made {round(-age)} seconds from now, by another clock: look at the clock of this host")
    return status_of(checks, wanted.check, age)


if __name__ == "__main__":
    sys.exit(main())
