# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a client connects to, and as whom: checked once, for every client alike."""

from __future__ import annotations

import dataclasses
import re
import typing as t
from urllib.parse import quote

from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.endpoint import Endpoint, parse
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.reasons import CheckFailed

__all__ = ["Credentials", "absolute", "credentials", "directory_problems", "endpoint", "url", "url_problems"]

# what each of those who read a path from a file of settings reads alike: shells, systemd, Java and its options, YAML, Logstash
_DIRECTORY = re.compile(r"(/[A-Za-z0-9._@+=~,-]+){2,}")


class Credentials(t.NamedTuple):
    """At most one kind of them is set; the others are empty."""

    username: str = ""
    password: str = ""
    api_key: str = ""
    bearer_token: str = ""


def endpoint(text: t.Any) -> Endpoint:
    """Return where an https URL leads; raises ValueError, which says what to write instead.

    Its path has no character that is special to anybody who reads it from a file of settings - a shell, systemd, YAML, a list with
    commas: all but the unreserved ones are percent-encoded (RFC 3986, section 2), which a server reads as the same path.
    """
    try:
        found = parse(str(text))
    except CheckFailed as failed:
        raise ValueError(f"{failed.verdict.message} {failed.verdict.hint}") from None
    if re.search("%(?![0-9A-Fa-f]{2})", found.path):
        raise ValueError("The path has a percent sign without two hexadecimal digits after it: write %25 for the sign itself.")
    return dataclasses.replace(found, path=quote(found.path, safe="/%"))


def url(at: Endpoint) -> str:
    """The URL with its port: some programs take 9200 where none is said, whatever the scheme."""
    host = f"[{at.name}]" if ":" in at.name else at.name
    return f"https://{host}:{at.port}{at.path}"


def url_problems(urls: t.Any, option: str) -> list[str]:
    """Return what keeps them from being the URLs of a cluster, a sentence or two each. Never tells a password."""
    found = []
    for text in [urls] if isinstance(urls, str) else urls:
        try:
            endpoint(text)
        except ValueError as error:
            # what has a user name in it may have a password in it, wherever that ends
            shown = "a URL with a user name" if "@" in str(text) else f'"{text}"'
            found.append(f"{option} has {shown}. {error}")
    return found


def directory_problems(path: t.Any, option: str) -> list[str]:
    """Return what keeps a path from being a directory of settings on a client, which names it in each of them."""
    if _DIRECTORY.fullmatch(str(path)) and not {".", ".."} & set(str(path).split("/")):
        return []
    return [
        f'{option} is "{path}", which is not an absolute path with two parts or more, of the letters A to Z, digits and ._@+=~,- only: '
        "others are not read alike by all that are told of it. Choose a directory that only this role uses, such as /etc/tlsfront/client."
    ]


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
