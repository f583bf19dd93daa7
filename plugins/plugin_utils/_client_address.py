# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a client connects to, and as whom: checked once, for every client alike."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._endpoint import Endpoint, parse
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._verdict import Problem

__all__ = ["Credentials", "absolute", "credentials", "endpoint"]


class Credentials(t.NamedTuple):
    """At most one kind of them is set; the others are empty."""

    username: str = ""
    password: str = ""
    api_key: str = ""
    bearer_token: str = ""


def endpoint(url: t.Any) -> Endpoint:
    """Return where an https URL leads; raises ValueError, which says what to write instead."""
    try:
        return parse(str(url))
    except Problem as problem:
        raise ValueError(f"{problem.message} {problem.hint}") from None


def credentials(
    username: str | None, password: str | None, api_key: str | None, bearer_token: str | None
) -> Credentials:
    """Return what was given, None as empty; raises ValueError where it contradicts itself. Never tells a secret."""
    given = Credentials(username or "", password or "", api_key or "", bearer_token or "")
    if bool(given.username) != bool(given.password):
        raise ValueError("url_username and url_password belong together: give both, or neither.")
    if sum(map(bool, (given.username, given.api_key, given.bearer_token))) > 1:
        raise ValueError("Give one of url_username with url_password, api_key and bearer_token, not several.")
    if any(re.search(r"[\x00-\x1f\x7f]", value) for value in given):
        raise ValueError(
            "A user name, password, key or token has a control character in it, perhaps a newline: trim it."
        )
    if ":" in given.username:
        raise ValueError(
            "url_username has a colon in it, which HTTP allows in the password only (RFC 7617, section 2)."
        )
    return given


def absolute(path: t.Any, option: str) -> str:
    """Return the path of a file; raises ValueError where a program could not find it from wherever it is started."""
    text = str(path)
    if not re.fullmatch(r"(/|[A-Za-z]:[\\/])[^\x00-\x1f\x7f]+", text):
        raise ValueError(f'{option} is "{text}", which is not an absolute path: write where the file is on the client.')
    return text
