# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file of users and hashes of their passwords that nginx reads.

https://nginx.org/en/docs/http/ngx_http_auth_basic_module.html#auth_basic_user_file
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Any, Iterable, Mapping, NamedTuple

from .sha_crypt import sha512_crypt

__all__ = ["USER_NAME", "UsersFile", "users_file"]

USER_NAME = re.compile(r"[A-Za-z0-9._@+-]{1,64}", re.ASCII)  #: what may stand before the colon


class UsersFile(NamedTuple):
    name: str
    content: str


def users_file(users: Iterable[Mapping[str, Any]], secret: str, rounds: int) -> UsersFile:
    """The file's name and content.

    Everybody on the node may read the configuration, and so the name. It changes with the content, so that a configuration and its users come and go
    together, but nobody who does not know the node's own `secret` can try passwords on it. The salts come from that secret as well: they differ
    from node to node and from user to user, and stay from run to run.
    """
    lines = []
    for user in users:
        name, password, ready = (user.get(key) or "" for key in ("name", "password", "hash"))
        lines.append(f"{name}:{ready or sha512_crypt(password, _keyed(secret, 'salt ' + name), rounds)}\n")
    content = "".join(lines)
    return UsersFile(f"users-{_keyed(secret, 'file ' + content)}", content)


def _keyed(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()[:16]
