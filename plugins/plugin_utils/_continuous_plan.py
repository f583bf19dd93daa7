# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the role continuous_check puts on a probe host, or all that is wrong with what it was asked for."""

from __future__ import annotations

import hashlib
import json
import re
import typing as t
from collections.abc import Mapping
from pathlib import Path

from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._continuous_host import METRICS
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check import ansible_types, asked, items
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.reasons import InvalidOption
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx import hardening
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._continuous_check import settings
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._numbers import whole

__all__ = ["BASE", "COMMENT", "plan", "program_files"]

BASE = "/usr/local/lib/tlsfront-continuous-check"
ETC = "/etc/tlsfront-continuous-check"
STATE = "/var/lib/tlsfront-continuous-check"
USER = "tlsfront-check"
COMMENT = "Continuous check of verified https (tlsfront.elasticsearch)"
"""By which the user is known to be the role's."""
SECONDS = 600
"""What a run may take."""
_NODE_EXPORTER = "/var/lib/prometheus/node-exporter"  # of Debian's package
_LEAST_PYTHON = (3, 9)
_LEAST_SYSTEMD = 247  # LoadCredential=: https://github.com/systemd/systemd/blob/main/NEWS
_LEAST_INTERVAL = 60
_PATH = re.compile(r"(/[A-Za-z0-9._@+=,-]+)+", re.ASCII)
_UNIT = re.compile(r"[A-Za-z0-9:_.@\\][A-Za-z0-9:_.@\\-]*", re.ASCII)
_PLUGINS = Path(__file__).parents[1]
# what the program is made of, below plugins/: packages as a whole, and single files
_PACKAGES = ("module_utils/_https_check", "plugin_utils/_continuous_check", "plugin_utils/report_page")
_FILES = (
    *(f"module_utils/{name}.py" for name in ("_certificate", "_der", "_files", "_pem", "_secrets")),
    *(f"plugin_utils/{name}.py" for name in ("_checks", "_page", "_ports", "_prometheus", "_summary", "_text", "_time")),
)
_IS_ANSIBLES = ("ansible_types.py",)


def program_files() -> dict[str, str]:
    """Return the files of the program, by their paths below its directory: those by which modules and reports do the same."""
    found = [path for package in _PACKAGES for path in sorted((_PLUGINS / package).iterdir()) if path.is_file() and path.name not in _IS_ANSIBLES]
    paths = [*found, *(_PLUGINS / name for name in _FILES)]
    below = "ansible_collections/tlsfront/elasticsearch/plugins"
    return {f"{below}/{path.relative_to(_PLUGINS)}": path.read_text("utf-8") for path in paths}


def plan(options: Mapping[str, t.Any], node: Mapping[str, t.Any], starter: str, lock: str, host: str) -> dict[str, t.Any]:
    """Return `problems`, each a sentence, and where there is none what is to be there.

    options  the variables of the role, without their prefix
    node     what the module continuous_check_info has told of the host
    starter  the file that is run
    lock     what pip installs
    host     the host's name, for the messages
    """
    found = [*_of_host(options, node), *_of_options(options)]
    if found:
        return {"problems": [f"{host}: {problem}" for problem in found]}
    files = {**program_files(), "run.py": starter}
    program = f"{BASE}/program-{_digest(*(part for item in sorted(files.items()) for part in item))}"
    python = options["python"] or f"{BASE}/venv-{_digest(lock, *map(str, node['python']['version']))}/bin/python"
    written = {f"{program}/{path}": text for path, text in files.items()}
    secrets = {f"{ETC}/{settings.LOGIN}": f"{json.dumps(_login(options))}\n"} if _login(options) else {}
    interval = t.cast(int, whole(options["interval"]))
    told = {
        "probe": options["probe"],
        "cluster": options["cluster"],
        "user": USER,
        "state_dir": STATE,
        # one that was late, and one that took all the time that it may take
        "max_age": 2 * interval + SECONDS,
        "logs_in": bool(secrets),
        "check": _check(options),
    }
    link = _link(options, node)
    record = f"{ETC}/link"
    return {
        "problems": [],
        "python": python,
        "venv": "" if options["python"] else str(Path(python).parents[1]),
        "lock": f"{program}/requirements.lock",
        "program": program,
        "directories": [{"path": str(path)} for path in _directories(written)],
        "program_files": {**written, f"{program}/requirements.lock": lock},
        "settings": f"{ETC}/settings.json",
        # where the link is, is noted before it is made, so that it is found when another directory is said
        "files": {f"{ETC}/settings.json": f"{json.dumps(told, indent=1)}\n", **({record: f"{link}\n"} if link else {})},
        "secrets": secrets,
        "absent": [
            *([] if secrets else [f"{ETC}/{settings.LOGIN}"]),
            *(path for path in node["links"] if path != link),
            *([] if link else [record]),
        ],
        "interval": interval,
        "delay": max(1, interval // 10),
        "seconds": SECONDS,
        "link": link,
        "keeps": [program, *([] if options["python"] else [str(Path(python).parents[1])])],
    }


def _directories(files: Mapping[str, str]) -> list[Path]:
    """Those in which the files are, those above others first."""
    found = {Path(ETC)} | {parent for path in files for parent in Path(path).parents if str(parent).startswith(BASE)}
    return sorted(found, key=lambda path: (len(path.parts), str(path)))


def _link(options: Mapping[str, t.Any], node: Mapping[str, t.Any]) -> str:
    """Where the node exporter is led to the metrics; empty for nowhere."""
    directory = options["textfile_dir"] or (_NODE_EXPORTER if _NODE_EXPORTER in node["directories"] else "")
    return f"{directory}/{METRICS}" if directory else ""


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:12]


def _login(options: Mapping[str, t.Any]) -> dict[str, str]:
    given = {"url_username": options["username"], "url_password": options["password"], "api_key": options["api_key"]}
    # ansible-core may hand over what is encrypted by itself (!vault) as an object that is no text
    return {name: str(value) for name, value in given.items() if str(value)}


def _given(options: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The options of https_check, as far as something was said."""
    texts = {name: str(options[name]) for name in ("ca_content", "crl_content") if str(options[name]).strip()}
    numbers = {name: options[name] for name in ("min_days_valid", "warn_days_valid", "retry_for")}
    return {"endpoints": options["endpoints"], "same_cluster": options["same_cluster"], **texts, **numbers}


def _check(options: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The same, each with the type that it has for the program, which converts nothing."""
    specs = {**asked.PER_ENDPOINT, **asked.WHOLE_TASK}
    given = _given(options)
    found = {name: value if name == "endpoints" else ansible_types.convert(value, specs[name]) for name, value in given.items()}
    own = [items.own_options(item, number, asked.PER_ENDPOINT, asked.WHOLE_TASK, ansible_types.convert) for number, item in enumerate(given["endpoints"])]
    return {**found, "endpoints": [{name: value for name, value in one.items() if value is not None} for one in own]}


def _of_host(options: Mapping[str, t.Any], node: Mapping[str, t.Any]) -> t.Iterator[str]:
    python, least = node["python"], ".".join(map(str, _LEAST_PYTHON))
    if python.get("problem"):
        yield f"continuous_check_python, {options['python']}, cannot be started: give the absolute path of a Python, such as that of a virtual environment."
    elif tuple(python["version"]) < _LEAST_PYTHON:
        yield f"its Python is {'.'.join(map(str, python['version']))}, and {least} or newer is needed: set continuous_check_python to the path of such a one."
    elif python["lacks"]:
        yield (
            f"{options['python']} lacks {', '.join(python['lacks'])}: install what the role's files/requirements.txt names, or leave "
            "continuous_check_python empty, so that a virtual environment is made."
        )
    if hardening.version(node["systemd"]) < _LEAST_SYSTEMD:
        yield f"it is not run by systemd {_LEAST_SYSTEMD} or newer, so there is no timer to be had: name another host in tlsfront_probe_hosts."
    if node["comment"] not in (None, COMMENT):
        yield f"it has a user {USER}, who is not the role's: rename that user."
    if node["former"] not in ("", options["cluster"]):
        yield (
            f"it checks the cluster {node['former']} already, and one host checks one cluster: name another host in tlsfront_probe_hosts, or remove the other "
            "check first (continuous_check_state=absent)."
        )
    # a group of the same name may be another cluster's, in another inventory
    if node["former"] == options["cluster"] and node["former_urls"] and not set(node["former_urls"]) & _urls(options):
        yield (
            f"it checks {node['former_urls'][0]} already, and nothing of what is to be checked now: where that is another cluster, name another host in "
            "tlsfront_probe_hosts; else remove the former check first (continuous_check_state=absent)."
        )
    if options["textfile_dir"] and options["textfile_dir"] not in node["directories"]:
        yield f"continuous_check_textfile_dir, {options['textfile_dir']}, is no directory there: name the one that the node exporter reads."
    if _link(options, node) in node["taken"]:
        yield f"{_link(options, node)} is there and is not the role's: move it away, or another check's metrics would be lost."


def _urls(options: Mapping[str, t.Any]) -> set[str]:
    endpoints = options["endpoints"] if isinstance(options["endpoints"], list) else []
    return {str(one.get("url") if isinstance(one, Mapping) else one) for one in endpoints}


def _of_options(options: Mapping[str, t.Any]) -> t.Iterator[str]:
    for name in ("probe", "cluster"):
        if not settings.NAME.fullmatch(str(options[name])):
            yield f"continuous_check_{name} is {options[name]!r}, and must be a name of letters, digits and _ . : -."
    for name in ("python", "textfile_dir"):
        if options[name] and (not _PATH.fullmatch(str(options[name])) or ".." in str(options[name]).split("/")):
            yield f"continuous_check_{name} is {options[name]!r}, and must be an absolute path of letters from A to Z, digits and ._@+=,- only."
    interval = whole(options["interval"])
    if interval is None or interval < _LEAST_INTERVAL:
        yield f"continuous_check_interval is {options['interval']!r}, and must be a whole number of seconds, at least {_LEAST_INTERVAL}."
    if options["on_failure"] and not _UNIT.fullmatch(str(options["on_failure"])):
        yield f"continuous_check_on_failure is {options['on_failure']!r}, and must be the name of a unit of systemd, or empty."
    if not isinstance(options["endpoints"], list) or not options["endpoints"]:
        yield "continuous_check_endpoints is empty, so nothing would be proved: run the playbook tlsfront.elasticsearch.continuous_check, which fills it in."
        return
    secret = [items.place(n) for n, item in enumerate(options["endpoints"]) if isinstance(item, Mapping) and set(item) & _SECRET]
    if secret:
        yield f"continuous_check_{secret[0]} has a login of its own: give the one login in continuous_check_username and _password, or _api_key."
        return
    try:
        asked.read_targets({**_defaults(), **_check(options), **_login(options)}, settings.of_type)
    except InvalidOption as error:
        yield f"continuous_check: {error}."
    except ValueError:
        yield "continuous_check: min_days_valid, warn_days_valid and retry_for must be numbers, and same_cluster true or false."


_SECRET = {"url_username", "url_password", "api_key", "bearer_token", "client_key"}


def _defaults() -> dict[str, t.Any]:
    return {name: spec.get("default") for name, spec in {**asked.PER_ENDPOINT, **asked.WHOLE_TASK}.items()}
