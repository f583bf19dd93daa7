# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The file of users that nginx reads, and the connections in its main file."""

from __future__ import annotations

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx.connections import with_connections
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx.users import users_file


def test_the_file_of_users_is_the_same_in_each_run_and_another_for_another_secret_and_content() -> None:
    users = [{"name": "a", "password": "x"}, {"name": "b", "password": "x"}, {"name": "c", "hash": "$6$ready", "password": None}]
    first = users_file(users, "secret", 1000)
    assert first == users_file(users, "secret", 1000)
    assert first.name != users_file(users, "other", 1000).name
    assert first.name != users_file(users[:1], "secret", 1000).name
    a, b, c = first.content.splitlines()
    assert a.split("$")[3] != b.split("$")[3], "salts"
    assert c == "c:$6$ready"


@pytest.mark.parametrize(
    ("before", "needed", "after"),
    [
        ("\tworker_connections 768;", 4096, "\tworker_connections 4096; # 768 before tlsfront"),
        ("\tworker_connections 4096; # 768 before tlsfront", 4096, None),
        ("\tworker_connections 4096; # 768 before tlsfront", 8192, "\tworker_connections 8192; # 768 before tlsfront"),
        ("\tworker_connections 4096; # 768 before tlsfront", 0, "\tworker_connections 768;"),
        ("worker_connections 10000;", 4096, None),
        ("# worker_connections 768;", 4096, None),
        ("events { }", 4096, None),
    ],
)
def test_connections_are_raised_and_never_lowered_and_can_be_put_back(before: str, needed: int, after: str | None) -> None:
    main = "user www-data;\n{}\n# end\n"
    assert with_connections(main.format(before).encode(), needed).decode() == main.format(before if after is None else after)
