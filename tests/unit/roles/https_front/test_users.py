# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Users and passwords: who gets in through a real nginx, and what the world-readable configuration gives away."""

from __future__ import annotations

import base64
import stat
from collections.abc import Iterator
from pathlib import Path

import nginx
import pytest

PASSWORD = "dragon42"
# of "from elsewhere", by "openssl passwd -6 -salt saltsaltsaltsalt"
HASH = "$6$saltsaltsaltsalt$5LDDkA4b7dqbD.CngEX17HaAqegstygA4.wVgMAxsYcrt2vVS7l.qpiZmokg7i.Ss6xCpy3Pb6V0cd3BYgyri1"
USERS = [
    {"name": "app", "password": PASSWORD},
    {"name": "other", "password": PASSWORD},
    {"name": "umlaut", "password": "pässwörd: € "},
    {"name": "hashed", "hash": HASH},
]

APR1 = "$apr1$saltsalt$NOdkcdnj07Pwa3vo9LL3o1"
SSHA = "{SSHA}" + base64.b64encode(b"d" * 20 + b"salt").decode()
BCRYPT = "$2y$08$" + "a" * 53
SHA256 = "$5$rounds=99999$salt$" + "a" * 43
NO_HASHES = {
    "a line more": HASH + "\nroot:{PLAIN}x",
    "a line feed": HASH + "\n",
    "a line feed after each kind": APR1 + "\n",
    "a line feed after base64": SSHA + "\n",
    "a line feed after bcrypt": BCRYPT + "\n",
    "a line feed in the salt": HASH.replace("saltsalt", "salt\nsal", 1),
    "a carriage return in the salt": APR1.replace("saltsalt", "salt\rsal"),
    "a colon in the salt": HASH.replace("saltsalt", "salt:sal", 1),
    "digits of another script": SHA256.replace("99999", "\u0669" * 4),
    "cut off": HASH[:-1],
    "one too many": HASH + "a",
    "of the other length": HASH.replace("$6$", "$5$"),
    "too many rounds": SHA256.replace("99999", "100000"),
    "no rounds": SHA256.replace("99999", "00000"),
    "no salt": "{SSHA}" + base64.b64encode(b"d" * 20).decode(),
    "no base64": SSHA + "==",
    "a cost of a second": BCRYPT.replace("08", "14"),
    "traditional": "ab1jbK1vpvgkI",
    "plain": "{PLAIN}secret",
}


def users_file(front: nginx.Front) -> Path:
    """The file that the configuration names."""
    (line,) = (line for line in front.configuration.splitlines() if "auth_basic_user_file" in line)
    return Path(line.split()[1].rstrip(";"))


def changed(front: nginx.Front) -> int:
    return sum(bool(outcome.get("changed")) for outcome in front.outcomes)


@pytest.fixture(scope="module")
def fronts() -> Iterator[nginx.Fronts]:
    cases = nginx.Fronts()
    for name in ("node1", "node2"):
        # all else is the same, also the machine's id
        cases.add(name, https_front_users=USERS, https_front_port=nginx.free_port())
    cases.add("no hashes", https_front_users=[{"name": f"user{number}", "hash": each} for number, each in enumerate(NO_HASHES.values())])
    cases.add("hashes", https_front_users=[{"name": f"user{number}", "hash": each} for number, each in enumerate((APR1, SSHA, BCRYPT, SHA256, HASH))])
    cases.render()
    yield cases
    cases.close()


def test_passwords_of_every_kind_open_and_others_do_not(fronts: nginx.Fronts) -> None:
    with fronts["node1"].running() as front:
        for user in (f"app:{PASSWORD}", f"other:{PASSWORD}", "umlaut:pässwörd: € ", "hashed:from elsewhere"):
            assert front.ask("GET", "/", user=user).status == 200, user
        for user in ("app:wrong", "hashed:wrong", "umlaut:passwort", "app:", "nobody:x"):
            assert front.ask("GET", "/", user=user).status == 401, user


def test_only_what_is_a_hash_to_its_end_comes_into_the_file(fronts: nginx.Fronts) -> None:
    """A line feed in one would be another user: crypt(5)."""
    refused = fronts["no hashes"].refused
    assert [name for number, name in enumerate(NO_HASHES) if f"user{number}," not in refused and f"user{number}." not in refused] == []
    assert not any(part in refused for part in ("saltsalt", "PLAIN", HASH[-20:-1])), "nothing of a hash is told"
    assert not (fronts["no hashes"].place / "conf.d/tlsfront.conf").exists()
    assert not fronts["hashes"].refused


def test_nothing_that_all_may_read_depends_on_what_is_known_and_a_password(fronts: nginx.Fronts) -> None:
    """Users, passwords and the machine's id are the same: what differs comes from a secret, so nobody can try passwords on it."""
    one, two = (users_file(fronts[name]).name for name in ("node1", "node2"))
    assert one != two
    salts = [line.split("$")[3] for name in ("node1", "node2") for line in users_file(fronts[name]).read_text().splitlines()[:3]]
    assert len(set(salts)) == 6, "one for each user of each node"


def test_only_root_and_nginx_can_read_what_is_secret(fronts: nginx.Fronts) -> None:
    front = fronts["node1"]
    (private,) = (path for path in (front.place / "front").iterdir() if path.is_dir())
    assert stat.S_IMODE(private.stat().st_mode) == 0o700, "nobody gets in even while a file in it has no mode of its own yet"
    secret = {path for path in private.iterdir() if stat.S_IMODE(path.stat().st_mode) & 0o077 == 0}
    users = users_file(front)
    assert {path for path in (front.place / "front").rglob("*") if path.is_file()} == secret | {users}
    assert len(secret) == 1, "that of the salts"
    assert stat.S_IMODE(users.stat().st_mode) == 0o640
    (content,) = (path.read_text().strip() for path in secret)
    assert len(content) >= 32
    assert content not in front.configuration + users.read_text()


def test_no_password_is_told(fronts: nginx.Fronts) -> None:
    printed = fronts.render("-vvv", "--diff")
    assert PASSWORD not in printed
    assert HASH not in printed
    assert users_file(fronts["node1"]).read_text().split("$")[4][:40] not in printed


def test_a_second_run_changes_nothing(fronts: nginx.Fronts) -> None:
    front = fronts["node1"]
    before = users_file(front).read_bytes(), front.configuration
    fronts.render()
    assert (users_file(front).read_bytes(), front.configuration) == before
    assert changed(front) == 0


def test_another_password_is_another_file_and_the_former_one_stays(fronts: nginx.Fronts) -> None:
    front = fronts["node2"]
    former, content = users_file(front), users_file(front).read_bytes()
    front.variables["https_front_users"] = [{"name": "app", "password": "another"}]
    fronts.render(names=["node2"])
    assert users_file(front) != former
    assert former.read_bytes() == content
    with front.running() as running:
        assert running.ask("GET", "/", user="app:another").status == 200
        assert running.ask("GET", "/", user=f"app:{PASSWORD}").status == 401
    front.variables["https_front_users"] = USERS
    fronts.render(names=["node2"])
    assert users_file(front) == former


def test_check_mode_before_the_first_run_tells_nothing_of_the_passwords() -> None:
    cases = nginx.Fronts()
    try:
        for name in ("one", "two"):
            users = [{"name": "app", "password": PASSWORD if name == "one" else "another"}]
            cases.add(name, https_front_users=users, https_front_port=9443)
        printed = cases.render("--check", "--diff")
        assert not cases["one"].refused and not cases["two"].refused
        # older versions of Ansible print what the module was given as well, in which nothing is put in yet
        names = {part.split(";")[0] for part in printed.split("auth_basic_user_file ")[1:]} - {"%USERS_FILE%"}
        assert len({Path(name).name for name in names}) == 1, "the same for each password"
        assert not list((cases["one"].place / "front").iterdir())
    finally:
        cases.close()
