# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Hashes of passwords are those that crypt(3) computes."""

from __future__ import annotations

import ctypes

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx.sha_crypt import sha512_crypt
from hypothesis import given, settings
from hypothesis import strategies as st

SALTS = st.text("./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", min_size=1, max_size=16)


# https://www.akkadia.org/drepper/SHA-crypt.txt
@pytest.mark.parametrize(
    ("password", "salt", "rounds", "digest"),
    [
        ("Hello world!", "saltstringsaltstring", 10000, "OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v."),
        (
            "This is just a test",
            "toolongsaltstring",
            5000,
            "lQ8jolhgVRVhY4b5pZKaysCLi0QBxGoNeKQzQ3glMhwllF7oGDZxUhx1yxdYcz/e1JSbq3y6JMxxl8audkUEm0",
        ),
        (
            "a very much longer text to encrypt.  This one even stretches over morethan one line.",
            "anotherlongsaltstring",
            1400,
            "POfYwTEok97VWcjxIiSOjiykti.o/pQs.wPvMxQ6Fm7I6IoYN3CmLs66x9t0oSwbtEW7o7UmJEiDwGqd8p4ur1",
        ),
        (
            "we have a short salt string but not a short password",
            "short",
            77777,
            "WuQyW2YR.hBNpjjRhpYD/ifIw05xdfeEyQoMxIXbkvr0gge1a1x3yRULJ5CCaUeOxFmtlcGZelFl5CxtgfiAc0",
        ),
    ],
)
def test_the_published_examples(password: str, salt: str, rounds: int, digest: str) -> None:
    assert sha512_crypt(password, salt, rounds) == f"$6$rounds={rounds}${salt[:16]}${digest}"


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=150), SALTS)
@settings(max_examples=100, deadline=None)
def test_it_agrees_with_the_c_library(password: str, salt: str) -> None:
    try:
        library = ctypes.CDLL("libcrypt.so.1")
    except OSError:
        pytest.skip("there is no libcrypt.so.1 to compare with")
    library.crypt.restype = ctypes.c_char_p
    wanted = f"$6$rounds=1000${salt}$"
    assert sha512_crypt(password, salt, 1000) == library.crypt(password.encode(), wanted.encode()).decode()
