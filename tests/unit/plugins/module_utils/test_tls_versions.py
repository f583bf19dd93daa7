# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What stands in the directory of a key pair after each change, and after a kill before any step of it. The files are real."""

from __future__ import annotations

import contextlib
import os
import shutil
import ssl
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils import _files
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._tls import keypair, versions
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._tls.versions import Versions
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.kills import killed

NAMES = ["es1.example.org"]
ROOT = pki.root()
OTHER_ROOT = pki.root("Another")


def files(issued: pki.Issued, ca: bytes = ROOT.pem, about: str = "") -> dict[str, str]:
    found = versions.normalized(issued.pem.decode(), issued.key_pem.decode(), ca.decode())
    return {**found, "about.txt": about or f"sha256: {issued.fingerprint}\n"}


def issue(root: pki.Issued = ROOT, names: list[str] | None = None, **given: Any) -> pki.Issued:
    return pki.issue("es1", root, NAMES if names is None else names, **given)


FIRST, SECOND, THIRD = issue(), issue(), issue()


@pytest.fixture
def store() -> Iterator[Versions]:
    """In memory where that can be had: each kill is followed by a dozen fsync(2)."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as place:
        yield Versions(Path(place) / "certificate")


def live(store: Versions) -> dict[str, str]:
    return store.files(store.current())


def tree(store: Versions) -> dict[str, Any]:
    """Everything that is there: what it is, who may do what, and what is in it."""
    paths = sorted(store.directory.rglob("*")) if store.directory.exists() else []
    return {
        str(path.relative_to(store.directory)): os.readlink(path) if path.is_symlink() else (path.stat().st_mode, path.is_file() and path.read_bytes())
        for path in paths
    }


def sound(store: Versions, issued: pki.Issued) -> None:
    """What is live is this certificate, whole, as a client verifies it and closed to others, and at most one version is beside it."""
    assert live(store)["chain.pem"] == issued.pem.decode()
    keypair.check(store.live, NAMES)
    assert store.about.read_text() == live(store)["about.txt"] == f"sha256: {issued.fingerprint}\n"
    for path in store.directory.rglob("*"):
        wanted = {"key.pem": 0o600}.get(path.name, 0o700 if path.is_dir() else 0o644)
        assert path.is_symlink() or stat.S_IMODE(path.stat().st_mode) == wanted, path
    assert len(list(store.versions.iterdir())) <= 2
    assert {path.name for path in store.directory.iterdir()} == {"live", "versions", "about.txt"}


# ---- install


def test_the_first_and_the_next_are_live_and_the_one_before_stays(store: Versions) -> None:
    assert store.install(files(FIRST), NAMES)
    sound(store, FIRST)
    assert store.former() is None
    assert store.install(files(SECOND), NAMES)
    sound(store, SECOND)
    assert store.files(store.former())["chain.pem"] == FIRST.pem.decode()
    assert store.install(files(THIRD), NAMES)
    sound(store, THIRD)
    assert store.files(store.former())["chain.pem"] == SECOND.pem.decode()
    assert store.versions.joinpath(THIRD.fingerprint[:16]).is_dir()


def test_a_second_call_changes_nothing(store: Versions) -> None:
    store.install(files(FIRST), NAMES)
    store.install(files(SECOND), NAMES)
    before, times = tree(store), {path: path.lstat().st_mtime_ns for path in store.directory.rglob("*")}
    assert not store.differs(files(SECOND)) and not store.install(files(SECOND), NAMES)
    assert tree(store) == before and {path: path.lstat().st_mtime_ns for path in store.directory.rglob("*")} == times


def test_another_ca_for_the_same_certificate_is_another_version(store: Versions) -> None:
    store.install(files(FIRST), NAMES)
    both = files(FIRST, ROOT.pem + OTHER_ROOT.pem)
    for wanted in (both, files(FIRST), both):
        assert store.install(wanted, NAMES)
        assert live(store) == wanted
        sound(store, FIRST)
        assert len(list(store.versions.iterdir())) == 2


def test_it_has_no_ca_where_that_is_public(store: Versions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "store.pem").write_bytes(ROOT.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "store.pem"))
    store.install(files(FIRST), NAMES)
    public = {name: text for name, text in files(SECOND).items() if name != "ca.pem"}
    assert store.install(public, NAMES) and "ca.pem" not in live(store)
    assert not store.install(public, NAMES)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_umask_is_no_matter(store: Versions, umask: int) -> None:
    before = os.umask(umask)
    try:
        store.install(files(FIRST), NAMES)
        store.install(files(SECOND), NAMES)
    finally:
        os.umask(before)
    sound(store, SECOND)


def no_key(store: Versions) -> None:
    (store.live / "key.pem").unlink()


def key_of_another(store: Versions) -> None:
    (store.live / "key.pem").write_bytes(SECOND.key_pem)


def key_for_everybody(store: Versions) -> None:
    (store.live / "key.pem").chmod(0o644)
    store.live.resolve().chmod(0o755)


def key_that_is_a_link(store: Versions) -> None:
    key = store.live / "key.pem"
    target = store.directory.with_name("elsewhere")
    key.rename(target)
    key.symlink_to(target)


def ca_that_is_damaged(store: Versions) -> None:
    (store.live / "ca.pem").write_bytes(b"damaged \xff")


def key_for_everybody_and_a_ca_that_is_damaged(store: Versions) -> None:
    key_for_everybody(store)
    ca_that_is_damaged(store)


def chain_that_is_damaged(store: Versions) -> None:
    (store.live / "chain.pem").write_text("")


def words_that_are_damaged(store: Versions) -> None:
    store.about.write_bytes(b"\xff")
    (store.live / "about.txt").unlink()


def link_to_nothing(store: Versions) -> None:
    store.live.unlink()
    store.live.symlink_to("versions/none")


def no_link(store: Versions) -> None:
    store.live.unlink()
    store.about.unlink()


def leftovers(store: Versions) -> None:
    (store.live / "about.txt.new").write_text("half")
    for name in ("new", "staged", "removed", "aside", "0123456789abcdef", ".hidden"):
        (store.versions / name).mkdir()
        (store.versions / name / "key.pem").write_text("damaged")
    (store.versions / "file").write_text("")
    (store.directory / "live.new").symlink_to("nowhere")
    store.live.unlink()


DAMAGES = [
    no_key, key_of_another, key_for_everybody, key_that_is_a_link, ca_that_is_damaged, key_for_everybody_and_a_ca_that_is_damaged, chain_that_is_damaged,
    words_that_are_damaged, link_to_nothing, no_link, leftovers,
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_whatever_is_damaged_the_next_call_heals_it(store: Versions, damage: Callable[[Versions], None]) -> None:
    store.install(files(FIRST), NAMES)
    damage(store)
    assert store.differs(files(FIRST))
    assert store.install(files(FIRST), NAMES)
    sound(store, FIRST)
    assert not store.install(files(FIRST), NAMES)


# ---- what is refused


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (lambda: {**files(SECOND), "key.pem": FIRST.key_pem.decode()}, "key.pem does not belong to chain.pem"),
        (lambda: files(issue(names=["es2.example.org"])), "as es1.example.org: Hostname mismatch"),
        (lambda: files(issue(not_before=-2 * pki.DAY, not_after=-pki.DAY)), "certificate has expired"),
        (lambda: files(SECOND, OTHER_ROOT.pem), "unable to get local issuer certificate"),
        (lambda: {name: text for name, text in files(SECOND).items() if name != "ca.pem"}, "unable to get local issuer certificate"),
    ],
    ids=["key", "name", "expired", "issuer", "no CA"],
)
def test_what_no_client_would_accept_never_becomes_live(store: Versions, wanted: Callable[[], dict[str, str]], says: str) -> None:
    for installed in (False, True):
        if installed:
            store.install(files(FIRST), NAMES)
        before = tree(store)
        with pytest.raises(keypair.Refused, match=says):
            store.install(wanted(), NAMES)
        if installed:
            assert tree(store) == before
            sound(store, FIRST)
        else:
            assert set(tree(store)) == {"versions"}


def test_every_name_is_asked_for_and_a_wildcard_by_an_example(store: Versions) -> None:
    wide = files(issue(names=["*.example.org", "10.0.0.7", "::1"]))
    assert store.install(wide, keypair.asked(["*.example.org", "10.0.0.7", "::1"]))
    with pytest.raises(keypair.Refused, match=r"as 10[.]0[.]0[.]8"):
        store.install(wide, ["es1.example.org", "10.0.0.8"])


@pytest.mark.parametrize(
    ("chain", "key", "ca", "says"),
    [
        ("", FIRST.key_pem.decode(), "", "chain.pem holds no certificate"),
        (FIRST.pem.decode()[:300], FIRST.key_pem.decode(), "", "chain.pem holds no certificate"),
        (FIRST.pem.decode(), "s3cret", "", "key.pem holds no private key"),
        (FIRST.pem.decode(), FIRST.key_pem.decode(), "nothing", "ca.pem holds no certificate"),
        (FIRST.pem.decode(), "-----BEGIN ENCRYPTED PRIVATE KEY-----\ns3crets3\n-----END ENCRYPTED PRIVATE KEY-----", "", "has a passphrase"),
    ],
)
def test_what_is_no_pem_is_refused_without_a_word_of_the_key(chain: str, key: str, ca: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as refused:
        versions.normalized(chain, key, ca)
    assert "s3cret" not in str(refused.value)


def test_what_is_around_the_certificates_is_left_out() -> None:
    text = "\ufeff# f\u00fcr alle\r\n" + FIRST.pem.decode().replace("\n", "\r\n") + FIRST.pem.decode()
    assert versions.normalized(text, FIRST.key_pem.decode())["chain.pem"] == FIRST.pem.decode()


# ---- back, and away


def test_it_goes_back_to_the_one_that_was_live_before_and_forth_again(store: Versions) -> None:
    assert store.go_back(NAMES) is None and not store.directory.exists()
    store.install(files(FIRST), NAMES)
    assert store.go_back(NAMES) is None
    store.install(files(SECOND), NAMES)
    for one, other in ((FIRST, SECOND), (SECOND, FIRST), (FIRST, SECOND)):
        unserved = store.go_back(NAMES)
        sound(store, one)
        assert store.files(unserved)["chain.pem"] == other.pem.decode() and unserved == store.former()


def test_the_former_one_is_the_one_that_was_live_last_and_not_the_newest(store: Versions) -> None:
    store.install(files(FIRST), NAMES)
    store.install(files(SECOND), NAMES)
    store.go_back(NAMES)
    store.install(files(THIRD), NAMES)
    assert store.files(store.former()) == files(FIRST)


def test_it_does_not_go_back_to_what_clients_would_refuse(store: Versions) -> None:
    store.install(files(FIRST), NAMES)
    store.install(files(SECOND), NAMES)
    former = store.former()
    assert former
    (former / "key.pem").write_bytes(THIRD.key_pem)
    before = tree(store)
    with pytest.raises(keypair.Refused, match="does not belong"):
        store.go_back(NAMES)
    assert tree(store) == before


def test_removal_leaves_what_others_have_put_there(store: Versions) -> None:
    assert not store.remains() and not store.remove()
    store.install(files(FIRST), NAMES)
    (store.directory / "other").write_text("")
    assert store.remains() and store.remove()
    assert [path.name for path in store.directory.iterdir()] == ["other"]
    assert not store.remains() and not store.remove()
    (store.directory / "other").unlink()
    assert store.remains() and store.remove() and not store.directory.exists()


# ---- kills

def each_kill(store: Versions, prepare: Callable[[], None], do: Callable[[], Any]) -> Iterator[int]:
    """The number of each step before which it was killed, from the same state on."""
    step = 0
    while True:
        step += 1
        shutil.rmtree(store.directory, ignore_errors=True)
        prepare()
        if not killed(do, step):
            return
        yield step


@pytest.mark.parametrize("installed", [False, True], ids=["first", "change"])
@pytest.mark.parametrize("wanted", ["another certificate", "another CA", "a mode"])
def test_an_installation_that_is_killed_before_any_of_its_steps_has_a_whole_pair_live_and_the_next_one_finishes_it(
    store: Versions, installed: bool, wanted: str
) -> None:
    new = {"another certificate": files(SECOND), "another CA": files(FIRST, ROOT.pem + OTHER_ROOT.pem), "a mode": files(FIRST)}[wanted]
    after, steps = (SECOND if wanted == "another certificate" else FIRST), 0

    def prepare() -> None:
        if installed:
            store.install(files(THIRD), NAMES)
            store.install(files(FIRST), NAMES)
            if wanted == "a mode":
                key_for_everybody(store)

    for step in each_kill(store, prepare, lambda: store.install(new, NAMES)):
        steps += 1
        seen = live(store)
        if installed:
            assert seen in (files(FIRST), new), step
        if seen:
            keypair.check(store.live, NAMES)
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(store.live / "chain.pem", store.live / "key.pem")
            if installed and seen == files(FIRST) and wanted != "a mode":
                assert store.former() is not None, step
        store.install(new, NAMES)
        assert live(store) == new, step
        sound(store, after)
        assert not store.install(new, NAMES), step
    assert steps > (1 if installed and wanted == "a mode" else 25), "it was killed at every step"


def test_after_a_kill_the_one_before_can_be_installed_again(store: Versions) -> None:
    def prepare() -> None:
        store.install(files(FIRST), NAMES)

    for step in each_kill(store, prepare, lambda: store.install(files(SECOND), NAMES)):
        store.install(files(FIRST), NAMES)
        assert live(store) == files(FIRST), step
        sound(store, FIRST)


def test_going_back_that_is_killed_before_any_of_its_steps_has_one_of_the_two_live(store: Versions) -> None:
    def prepare() -> None:
        store.install(files(FIRST), NAMES)
        store.install(files(SECOND), NAMES)

    steps = 0
    for step in each_kill(store, prepare, lambda: store.go_back(NAMES)):
        steps += 1
        assert live(store) in (files(FIRST), files(SECOND)), step
        keypair.check(store.live, NAMES)
        if live(store) == files(SECOND):
            store.go_back(NAMES)
        else:
            store.install(files(FIRST), NAMES)
        sound(store, FIRST)
        assert store.files(store.former()) == files(SECOND)
    assert steps > 5


def test_removal_that_is_killed_before_any_of_its_steps_is_finished_by_the_next_one(store: Versions) -> None:
    def prepare() -> None:
        store.install(files(FIRST), NAMES)
        store.install(files(SECOND), NAMES)

    steps = 0
    for step in each_kill(store, prepare, store.remove):
        steps += 1
        assert live(store) in ({}, files(SECOND)), step
        assert store.remains() and store.remove(), step
        assert not store.directory.exists(), step
    assert steps > 10


def test_two_at_once_wait_for_each_other(store: Versions) -> None:
    store.install(files(FIRST), NAMES)
    children = []
    for issued in 4 * [SECOND, THIRD]:
        child = os.fork()
        if child == 0:
            status = 1
            with contextlib.suppress(BaseException):
                status = 0 if store.install(files(issued), NAMES) in (True, False) else 1
            os._exit(status)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 8
    sound(store, SECOND if live(store) == files(SECOND) else THIRD)


def test_who_holds_the_lock_for_too_long_is_told(store: Versions, monkeypatch: pytest.MonkeyPatch) -> None:
    store.install(files(FIRST), NAMES)
    before, locked = tree(store), _files.locked
    monkeypatch.setattr(_files, "locked", lambda directory: locked(directory, 0.1))
    with locked(store.directory), pytest.raises(_files.Locked, match="another run has been writing here"):
        store.install(files(SECOND), NAMES)
    assert tree(store) == before
