# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the role has written for the program: settings, which everybody may read, and beside them the login, which only root may.

No error has a value in it that may be a secret in the wrong place.
"""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t
from collections.abc import Mapping
from pathlib import Path

from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.asked import PER_ENDPOINT, WHOLE_TASK

__all__ = ["LOGIN", "NAME", "BadSettings", "Settings", "login", "of_type", "parameters", "settings"]

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,127}")
"""A host, a group or a user."""
LOGIN = "login.json"
_CREDENTIALS = ("url_username", "url_password", "api_key")
_LEAST_AGE = 60
_KINDS: dict[str, tuple[type, ...]] = {"str": (str,), "path": (str,), "int": (int,), "float": (int, float), "bool": (bool,)}


class BadSettings(ValueError):
    """They cannot be meant; the text says what is wrong, and where."""


@dataclasses.dataclass(frozen=True)
class Settings:
    """Those that hold for the whole program."""

    probe: str
    """What this host is called in reports and metrics."""
    cluster: str
    """The inventory's group with the nodes."""
    user: str
    """Who checks; root becomes that user."""
    state_dir: Path
    """What the program writes is below it, and nothing elsewhere."""
    max_age: int
    """Seconds after which a result says nothing any more."""
    logs_in: bool
    """Whether there is a login."""
    check: Mapping[str, t.Any]
    """The options of `https_check`, but for the login."""


def settings(path: Path) -> Settings:
    """Read them. Raises `BadSettings`."""
    given = _mapping(path)
    fields = [field.name for field in dataclasses.fields(Settings)]
    wrong = sorted(set(fields) ^ set(given))
    if wrong:
        raise BadSettings(f"{path}: {wrong[0]} {'is missing' if wrong[0] in fields else 'is not known'}.")
    for name in ("probe", "cluster", "user"):
        if not isinstance(given[name], str) or not NAME.fullmatch(given[name]):
            raise BadSettings(f"{path}: {name} must be a name of letters, digits and _ . : -.")
    if not isinstance(given["state_dir"], str) or not given["state_dir"].startswith("/"):
        raise BadSettings(f"{path}: state_dir must be an absolute path.")
    if not isinstance(given["max_age"], int) or isinstance(given["max_age"], bool) or given["max_age"] < _LEAST_AGE:
        raise BadSettings(f"{path}: max_age must be a whole number of seconds, at least {_LEAST_AGE}.")
    if not isinstance(given["logs_in"], bool):
        raise BadSettings(f"{path}: logs_in must be true or false.")
    if not isinstance(given["check"], dict):
        raise BadSettings(f"{path}: check must be a mapping of options of https_check.")
    return Settings(**{**given, "state_dir": Path(given["state_dir"])})


def login(directory: Path) -> dict[str, str]:
    """Read what to log in with. Raises `BadSettings`."""
    path = directory / LOGIN
    given = _mapping(path)
    if not given or set(given) - set(_CREDENTIALS) or not all(isinstance(value, str) and value for value in given.values()):
        raise BadSettings(f"{path}: it must have url_username and url_password, or api_key, each a text that is not empty.")
    return given


def parameters(check: Mapping[str, t.Any], credentials: Mapping[str, str]) -> dict[str, t.Any]:
    """Return all options of `https_check`, those that are not given by default. Raises `BadSettings`."""
    specs = {**PER_ENDPOINT, **WHOLE_TASK}
    found = {name: spec.get("default") for name, spec in specs.items()}
    for name, value in check.items():
        if name not in specs or name in _CREDENTIALS or name == "bearer_token":
            known = name in specs
            raise BadSettings(f"check: it has {'a secret, which belongs into ' + LOGIN if known else 'an option that https_check does not have'}.")
        try:
            found[name] = value if name == "endpoints" else of_type(value, specs[name])
        except ValueError:
            raise BadSettings(f"check.{name}: it has not the type that https_check wants.") from None
    if not found["endpoints"] or not isinstance(found["endpoints"], list):
        raise BadSettings("check.endpoints: it must be a list that is not empty; with nothing to check, nothing would be proved.")
    return {**found, **credentials}


def of_type(value: t.Any, spec: Mapping[str, t.Any]) -> t.Any:
    """Return a value that has its type already, as JSON has one. Raises ValueError for any other."""
    if spec["type"] == "list":
        if not isinstance(value, list):
            raise ValueError
        return [of_type(item, {"type": spec["elements"]}) for item in value]
    kinds = _KINDS[spec["type"]]
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds) or ("choices" in spec and value not in spec["choices"]):
        raise ValueError
    return value


def _mapping(path: Path) -> dict[str, t.Any]:
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise BadSettings(f"{path} is not there: run the playbook tlsfront.elasticsearch.continuous_check.") from None
    except PermissionError:
        raise BadSettings(f"{path} cannot be read by this user: run it as root.") from None
    except (OSError, UnicodeDecodeError):
        raise BadSettings(f"{path} cannot be read.") from None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None  # outside of here: the error has the text in it
    if not isinstance(found, dict):
        raise BadSettings(f"{path} has no mapping in JSON in it.")
    return found
