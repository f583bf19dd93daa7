# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What kills, second runs and two runs at once do to what is served. The nginx, the users and the files are real."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import nginx
import pki
import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx import files, transaction
from node import Node, Policy

# the backend of the tests has threads, the module has none
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")

ANNA = "anna:correct horse"
BERT = "bert:battery staple"


def user(login: str) -> dict[str, str]:
    name, password = login.split(":")
    return {"name": name, "password": password}


@pytest.fixture(scope="module")
def fronts() -> Iterator[nginx.Fronts]:
    cases = nginx.Fronts()
    port = nginx.free_port()
    everybody = cases.add("everybody", https_front_port=port)
    same = {"https_front_port": port, "https_front_certificate_dir": str(everybody.certificate_dir)}
    cases.add("anna", https_front_users=[user(ANNA)], **same)
    cases.add("bert", https_front_users=[user(BERT)], **same)
    cases.add("elsewhere", https_front_users=[user(BERT)], https_front_clients=["192.0.2.0/24"], **same)
    cases.add("refused", https_front_snippet="nonsense on;", **same)
    cases.render()
    yield cases
    cases.close()


@pytest.fixture
def node(fronts: nginx.Fronts) -> Iterator[Node]:
    node = Node(fronts["everybody"].port, fronts.root)
    yield node
    node.close()


def policy(fronts: nginx.Fronts, name: str) -> Policy:
    assert not fronts[name].refused, fronts[name].refused
    return Policy(fronts[name])


def users_files(node: Node) -> list[Path]:
    return sorted(node.directory.glob("users-*"))


# ---- what a change goes back to


@pytest.fixture
def passwords_not_kept(node: Node, fronts: nginx.Fronts) -> Node:
    """Kept is a front for everybody; live and served is one with users, whose run was killed before it kept it."""
    assert node.change(policy(fronts, "everybody")) == "done"
    assert node.status() == 200
    node.cut_off("_keep", policy(fronts, "anna"))
    assert (node.status(), node.status(ANNA)) == (401, 200)
    return node


def fails(node: Node, what: Policy, wait: float = 5) -> None:
    """It is taken back, and the former one is served."""
    told = node.change(what, wait)
    assert told.startswith("rolled back: ") and "taken back; the former one is served. Cause: " in told, told


def test_a_failed_change_takes_no_passwords_off(passwords_not_kept: Node, fronts: nginx.Fronts) -> None:
    fails(passwords_not_kept, policy(fronts, "refused"))
    assert (passwords_not_kept.status(), passwords_not_kept.status(ANNA)) == (401, 200)


def test_a_failed_change_after_another_that_was_killed_takes_no_passwords_off(passwords_not_kept: Node, fronts: nginx.Fronts) -> None:
    """The second run is killed between the swap and the reload: what nginx runs is neither what is live nor what the first run began with."""
    passwords_not_kept.cut_off("_serve", policy(fronts, "bert"))
    assert passwords_not_kept.status(ANNA) == 200
    fails(passwords_not_kept, policy(fronts, "refused"))
    assert (passwords_not_kept.status(), passwords_not_kept.status(ANNA), passwords_not_kept.status(BERT)) == (401, 200, 401)


def test_a_change_that_is_not_served_goes_back_to_what_was_served(passwords_not_kept: Node, fronts: nginx.Fronts) -> None:
    unserved = policy(fronts, "bert")
    unserved.text = unserved.text.replace(f'200 "{transaction.CONFIGURATION_ID}"', '200 "of another"')
    told = passwords_not_kept.change(unserved, wait=0.5)
    assert "taken back; the former one is served" in told and "another configuration is served (of another)" in told
    assert (passwords_not_kept.status(), passwords_not_kept.status(ANNA)) == (401, 200)


@pytest.mark.parametrize("drop_in", ["", "# another\n"], ids=["reload", "restart"])
def test_a_port_that_another_program_has_is_not_served_and_the_former_is(passwords_not_kept: Node, fronts: nginx.Fronts, drop_in: str) -> None:
    """nginx accepts a reload and goes on with what it has; a restart ends it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        unserved = policy(fronts, "bert")
        unserved.text = unserved.text.replace("server {", f"server {{\n    listen 127.0.0.1:{taken.getsockname()[1]};", 1)
        unserved.drop_in = drop_in or unserved.drop_in
        fails(passwords_not_kept, unserved, 1)
    assert (passwords_not_kept.status(), passwords_not_kept.status(ANNA)) == (401, 200)


@pytest.fixture
def certificate(fronts: nginx.Fronts) -> Iterator[Path]:
    """The directory of the certificate, which is one of several versions; afterwards it is as it was."""
    live = fronts["everybody"].certificate_dir
    versions = live.with_name("versions")
    versions.mkdir()
    live.rename(versions / "1")
    live.symlink_to(versions / "1")
    before = {path: path.read_bytes() for path in (versions / "1").iterdir()}
    yield live
    live.unlink()
    for path, octets in before.items():
        path.write_bytes(octets)
    (versions / "1").rename(live)
    shutil.rmtree(versions)


def write_version(directory: Path, issued: pki.Issued, root: pki.Issued) -> None:
    directory.mkdir(exist_ok=True)
    for name, octets in (("chain.pem", issued.pem), ("key.pem", issued.key_pem), ("ca.pem", root.pem)):
        (directory / name).write_bytes(octets)


def in_time(fronts: nginx.Fronts) -> pki.Issued:
    return pki.issue(nginx.NAME, fronts.root, names=[nginx.NAME, "127.0.0.1"])


def test_a_failed_change_takes_no_passwords_off_when_a_certificate_of_another_ca_is_there_and_not_loaded(
    passwords_not_kept: Node, fronts: nginx.Fronts, certificate: Path
) -> None:
    another = pki.root("Another")
    write_version(certificate.with_name("versions") / "2", pki.issue(nginx.NAME, another, names=[nginx.NAME, "127.0.0.1"]), another)
    certificate.unlink()
    certificate.symlink_to(certificate.with_name("versions") / "2")
    fails(passwords_not_kept, policy(fronts, "refused"))
    passwords_not_kept.root = another
    assert (passwords_not_kept.status(), passwords_not_kept.status(ANNA)) == (401, 200)


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("expired", "certificate has expired[.]"),
        ("of another authority", "unable to get local issuer certificate"),
        ("with another key", "key[.]pem does not belong to chain[.]pem"),
    ],
)
def test_a_certificate_that_no_client_would_accept_is_not_served_and_the_one_before_it_is_live_again(
    passwords_not_kept: Node, fronts: nginx.Fronts, certificate: Path, kind: str, says: str
) -> None:
    live = passwords_not_kept.front.token()
    versions = certificate.with_name("versions")
    good, refused, another = certificate.resolve(), versions / "2", pki.root("Another")
    issuer, begins, ends = (another, 0 * pki.DAY, pki.DAY) if kind == "of another authority" else (fronts.root, -2 * pki.DAY, -pki.DAY)
    if kind == "with another key":
        write_version(refused, in_time(fronts), fronts.root)
        (refused / "key.pem").write_bytes(in_time(fronts).key_pem)
    else:
        write_version(refused, pki.issue(nginx.NAME, issuer, [nginx.NAME, "127.0.0.1"], not_before=begins, not_after=ends), fronts.root)
    write_version(versions / "3", in_time(fronts), another)
    certificate.unlink()
    certificate.symlink_to("versions/2")
    with pytest.raises(transaction.PairRefused, match=says + r".* The one before it, .*/versions/1, is there again and is served on"):
        passwords_not_kept.front.change(passwords_not_kept.wanted(policy(fronts, "bert")))
    assert certificate.resolve() == good and os.readlink(certificate) == "versions/1"
    assert passwords_not_kept.front.token() == live and passwords_not_kept.status(ANNA) == 200


@pytest.mark.parametrize("names", [["chain.pem", "key.pem"], ["key.pem"]])
def test_a_certificate_that_is_not_there_is_told_and_what_is_served_is_served(
    passwords_not_kept: Node, fronts: nginx.Fronts, certificate: Path, names: list[str]
) -> None:
    for name in names:
        (certificate / name).unlink()
    with pytest.raises(transaction.PairRefused, match=r"has no chain[.]pem and key[.]pem"):
        passwords_not_kept.front.change(passwords_not_kept.wanted(policy(fronts, "bert")))
    assert passwords_not_kept.status(ANNA) == 200


def test_a_failed_change_takes_no_passwords_off_when_nginx_was_down(passwords_not_kept: Node, fronts: nginx.Fronts) -> None:
    passwords_not_kept.stop()
    fails(passwords_not_kept, policy(fronts, "refused"))
    assert (passwords_not_kept.status(), passwords_not_kept.status(ANNA)) == (401, 200)


def test_a_change_goes_back_to_what_is_live_when_nginx_did_not_answer_in_time(passwords_not_kept: Node, fronts: nginx.Fronts) -> None:
    for worker in passwords_not_kept.workers():
        os.kill(int(worker), signal.SIGSTOP)
    began = passwords_not_kept.front._look()
    for worker in passwords_not_kept.workers():
        os.kill(int(worker), signal.SIGCONT)
    assert began.keep and not began.proof.running


@pytest.mark.parametrize("fault", ["no users", "users for root only", "no file of a snippet"])
def test_a_failed_change_takes_no_passwords_off_whatever_is_wrong_with_them(
    passwords_not_kept: Node, fronts: nginx.Fronts, fault: str
) -> None:
    (users,) = users_files(passwords_not_kept)
    if fault == "no users":
        users.unlink()
    elif fault == "users for root only":
        users.chmod(0o600)
    else:
        live = passwords_not_kept.front.live[0]
        live.write_text(live.read_text() + f"# a file that is gone\nssl_trusted_certificate {passwords_not_kept.place}/gone.pem;\n")
    assert passwords_not_kept.change(policy(fronts, "refused"), wait=0) != "done"
    assert passwords_not_kept.status() == 401


def test_a_run_that_begins_while_nginx_reloads_goes_back_to_what_is_reloaded(node: Node, fronts: nginx.Fronts) -> None:
    assert node.change(policy(fronts, "everybody")) == "done"
    node.cut_off("_serve", policy(fronts, "anna"))
    timer = threading.Timer(0.5, node.reload)
    timer.start()
    fails(node, policy(fronts, "refused"))
    timer.join()
    assert (node.status(), node.status(ANNA)) == (401, 200)


def test_a_change_goes_back_to_what_is_served_on_another_port_than_what_is_live(node: Node, fronts: nginx.Fronts) -> None:
    """The run before was killed between the swap and the reload: nobody listens where the live configuration says."""
    assert node.change(policy(fronts, "anna")) == "done"
    moved = policy(fronts, "everybody")
    moved.text = moved.text.replace(str(node.port), str(nginx.free_port()))
    node.cut_off("_serve", moved)
    fails(node, policy(fronts, "refused"))
    assert (node.status(), node.status(ANNA)) == (401, 200)


def test_who_has_no_key_of_this_node_does_not_say_what_nginx_runs(passwords_not_kept: Node, fronts: nginx.Fronts, certificate: Path) -> None:
    """Another server of the same CA is on the port, and repeats what it was told."""
    passwords_not_kept.stop()
    stranger = passwords_not_kept.place / "stranger"
    write_version(stranger, in_time(fronts), fronts.root)
    (certificate / "ca.pem").write_bytes(pki.root("Another").pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(str(stranger / "chain.pem"), str(stranger / "key.pem"))
    asked: list[bytes] = []

    def answer(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                plain = listener.accept()[0]
                with plain, contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True) as connection:
                    asked.append(connection.recv(1 << 16))

    with socket.create_server(("127.0.0.1", passwords_not_kept.port)) as listener:
        threading.Thread(target=answer, args=(listener,), daemon=True).start()
        proof = passwords_not_kept.front._look().proof
        listener.shutdown(socket.SHUT_RDWR)
    assert (proof.running_at, asked) == ([], [])


def test_a_first_install_that_fails_leaves_nothing_live(node: Node, fronts: nginx.Fronts) -> None:
    before = (node.place / "nginx/nginx.conf").read_bytes()
    told = node.change(policy(fronts, "refused"))
    assert told.startswith("failed: ") and "there was none before" in told
    assert 'unknown directive "nonsense" in' in told and "/nginx/conf.d/tlsfront.conf" in told
    assert not any(path.exists() for path in node.front.live) and not node.is_up()
    assert sorted(path.name for path in (node.place / "nginx").rglob("*")) == ["conf.d", "mime.types", "nginx.conf"]
    assert (node.place / "nginx/nginx.conf").read_bytes() == before


def test_a_second_run_changes_nothing_and_asks_nginx_for_nothing(node: Node, fronts: nginx.Fronts) -> None:
    first = node.front.change(node.wanted(policy(fronts, "anna")))
    assert first.changed and not first.restarted
    before = {path: path.stat() for path in node.place.rglob("*") if path.is_file() and path.suffix != ".log"}
    workers = node.workers()
    second = node.front.change(node.wanted(policy(fronts, "anna")))
    assert (second.changed, second.restarted, second.diff, second.removed) == (False, False, [], [])
    assert {path: path.stat().st_mtime_ns for path in before} == {path: stat.st_mtime_ns for path, stat in before.items()}
    assert node.workers() == workers


def test_what_systemd_is_told_is_a_restart_and_a_process_that_is_older_than_it_is_one_too(node: Node, fronts: nginx.Fronts) -> None:
    assert node.change(policy(fronts, "anna")) == "done"
    other = policy(fronts, "anna")
    other.drop_in = "# other limits\n"
    first = node.pid_file.read_text()
    assert node.front.preview(node.wanted(other)).restarted
    assert node.front.change(node.wanted(other)).restarted and node.pid_file.read_text() != first
    assert not node.front.preview(node.wanted(other)).changed
    other.drop_in = "# other limits again\n"
    node.cut_off("_serve", other)
    assert node.front.preview(node.wanted(other)).restarted
    assert node.front.change(node.wanted(other)).restarted and node.status(ANNA) == 200


# ---- kills


@pytest.mark.parametrize("installed", [False, True], ids=["first install", "change"])
def test_a_change_that_is_killed_before_any_of_its_steps_can_be_served_after_a_boot_and_the_next_one_finishes_it(
    node: Node, fronts: nginx.Fronts, installed: bool
) -> None:
    """A step is whatever changes something: what is opened to be written, renamed, removed, made, signalled, started."""
    if installed:
        assert node.change(policy(fronts, "anna")) == "done"
    possible = [[200, 401]] if installed else [[0, 0], [200, 401]]
    restore, wanted, step = node.snapshot(), node.wanted(policy(fronts, "bert")), 1
    while node.killed(lambda: node.front.change(wanted), before=step):
        # as it is, and after a boot
        for boots in (False, True):
            if boots:
                restore()
                node.killed(lambda: node.front.change(wanted), before=step)
                node.boot()
            assert sorted([node.status(ANNA), node.status(BERT)]) in possible, (step, boots)
            assert node.status() in (401, 0 if not installed else 401), (step, boots)
            assert node.change(policy(fronts, "bert")) == "done", (step, boots)
            assert (node.status(BERT), node.status(ANNA), node.status()) == (200, 401, 401), (step, boots)
            assert len(users_files(node)) == 1, "the former one's passwords are gone"
            assert not list(node.place.rglob(".*")), (step, boots)
        restore()
        step += 1
    assert step > 30, "it was killed at every step"


def test_a_change_that_fails_and_is_killed_before_any_step_of_its_way_back_is_taken_back_by_the_next_one(node: Node, fronts: nginx.Fronts) -> None:
    assert node.change(policy(fronts, "anna")) == "done"
    unserved = policy(fronts, "bert")
    unserved.text = unserved.text.replace(f'200 "{transaction.CONFIGURATION_ID}"', '200 "of another"')
    restore, step = node.snapshot(), 1
    while node.killed(lambda: node.change(unserved, wait=0), before=step):
        node.boot()
        assert sorted([node.status(ANNA), node.status(BERT)]) == [200, 401], step
        assert node.status() == 401, step
        fails(node, policy(fronts, "refused"))
        assert node.status() == 401, step
        restore()
        step += 1
    assert step > 30, "it was killed at every step"


def test_the_removal_that_is_killed_before_any_of_its_steps_is_finished_by_the_next_one(node: Node, fronts: nginx.Fronts) -> None:
    (node.place / "nginx/conf.d/other.conf").write_text(f"server {{ listen 127.0.0.1:{nginx.free_port()}; }}\n")
    before = (node.place / "nginx/nginx.conf").read_bytes()
    assert node.change(policy(fronts, "anna")) == "done"
    restore, step = node.snapshot(), 1
    while node.killed(node.front.remove, before=step):
        assert node.front.remove().changed, step
        assert node.status(ANNA) == 0 and node.is_up(), "for the other site"
        assert not node.directory.exists() and not (node.place / "service").exists(), step
        assert (node.place / "nginx/nginx.conf").read_bytes() == before
        assert not node.front.remove().changed
        restore()
        step += 1
    assert step > 10, "it was killed at every step"


def test_nginx_ends_where_it_has_nothing_more_to_serve(node: Node, fronts: nginx.Fronts) -> None:
    assert node.change(policy(fronts, "anna")) == "done"
    assert node.front.remove(write=False).changed and node.status(ANNA) == 200
    (node.place / "service/other.conf").write_text("")
    assert node.front.remove().changed
    assert not node.is_up() and (node.place / "service/other.conf").exists()


# ---- two runs at once


def test_two_runs_with_other_users_end_in_one_that_is_served(node: Node, fronts: nginx.Fronts) -> None:
    assert node.change(policy(fronts, "everybody")) == "done"
    for _attempt in range(5):
        began, children = node.front.token(), []
        for name in ("anna", "bert"):
            child = os.fork()
            if child == 0:
                status = 2
                try:
                    told = node.change(policy(fronts, name), expected=began)
                    status = 0 if told == "done" else 1 if told.startswith("raced: ") and "another run has changed the node" in told else 2
                finally:
                    os._exit(status)
            children.append(child)
        came = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        assert sorted(came) in ([0, 1], [0, 0]), came
        assert node.status([ANNA, BERT][came.index(0)]) == 200 or came == [0, 0]
        assert sorted([node.status(ANNA), node.status(BERT)]) == [200, 401]
        assert (node.status(), len(users_files(node))) == (401, 1)


def test_the_run_that_finds_another_ones_change_says_so_and_changes_nothing(node: Node, fronts: nginx.Fronts) -> None:
    assert node.change(policy(fronts, "everybody")) == "done"
    began = node.front.token()
    assert node.change(policy(fronts, "anna")) == "done"
    before = {path: path.read_bytes() for path in node.place.rglob("*") if path.is_file() and path.suffix != ".log"}
    assert "another run has changed the node in the meantime" in node.change(policy(fronts, "bert"), expected=began)
    with pytest.raises(transaction.Raced):
        node.front.preview(node.wanted(policy(fronts, "bert")), began)
    assert {path: path.read_bytes() for path in node.place.rglob("*") if path.is_file() and path.suffix != ".log"} == before
    assert (node.status(), node.status(ANNA)) == (401, 200)


def test_what_is_changed_without_the_lock_is_left_as_it_is(node: Node, fronts: nginx.Fronts, monkeypatch: pytest.MonkeyPatch) -> None:
    assert node.change(policy(fronts, "everybody")) == "done"

    def serve(*_given: object) -> None:
        node.front.live[0].write_text("# of somebody else\n")
        raise transaction.NotServed("it is not")

    monkeypatch.setattr(node.front, "_serve", serve)
    assert node.change(policy(fronts, "anna")).startswith("raced: ")
    assert node.front.live[0].read_text() == "# of somebody else\n"


def test_only_one_process_writes_at_a_time_and_a_killed_one_holds_nothing(node: Node) -> None:
    files.make_directory(node.directory)
    with files.locked(node.directory), pytest.raises(files.Locked), files.locked(node.directory, seconds=0.1):
        pass
    with files.locked(node.directory, seconds=0):
        pass


# ---- the proof asks what a user asks


@pytest.fixture
def with_users(node: Node, fronts: nginx.Fronts) -> Node:
    assert node.change(policy(fronts, "anna")) == "done"
    assert node.front._look().proof.served
    return node


def test_users_whose_file_is_gone_are_no_proof_and_the_next_run_brings_it(with_users: Node, fronts: nginx.Fronts) -> None:
    (path,) = users_files(with_users)
    path.unlink()
    assert with_users.status(ANNA) == 403, "nginx's own answer, to everybody"
    problems = with_users.front._look().proof.problems
    assert f"it names {path}, which is not there" in problems
    assert any("a wrong password is answered with 403 and not with 401" in problem for problem in problems)
    assert with_users.change(policy(fronts, "anna")) == "done" and with_users.status(ANNA) == 200


def test_users_whose_file_the_workers_cannot_read_are_no_proof_and_the_next_run_lets_them(with_users: Node, fronts: nginx.Fronts) -> None:
    (path,) = users_files(with_users)
    path.chmod(0o600)
    assert with_users.status(ANNA) == 500
    problems = with_users.front._look().proof.problems
    assert any("nginx's workers" in problem and f"cannot read {path}" in problem for problem in problems)
    assert any("a wrong password is answered with 500" in problem for problem in problems)
    assert with_users.change(policy(fronts, "anna")) == "done" and with_users.status(ANNA) == 200


def test_users_that_this_host_cannot_ask_for_are_looked_at_in_their_file(node: Node, fronts: nginx.Fronts) -> None:
    """The host itself is none of the clients: it gets 403 whatever the password is."""
    assert node.change(policy(fronts, "elsewhere")) == "done"
    assert node.status(BERT) == 403
    (path,) = users_files(node)
    path.chmod(0o600)
    (problem,) = node.front._look().proof.problems
    assert f"cannot read {path}" in problem


# ---- nothing is half written, and nothing is left


def test_what_a_killed_process_left_does_not_stay(node: Node, fronts: nginx.Fronts) -> None:
    files.beside(node.front.live[0]).write_text("half")
    (node.place / "nginx/.tlsfront-candidate-0").mkdir()
    assert node.change(policy(fronts, "anna")) == "done"
    assert not list(node.place.rglob(".*")), "neither a stage nor half a file"


def test_no_room_for_one_of_the_files_changes_none(node: Node, fronts: nginx.Fronts) -> None:
    assert node.change(policy(fronts, "anna")) == "done"
    whole = node.front.live
    before = [path.read_bytes() for path in whole]
    node.front.live = (*whole[:2], node.place / "nothing" / "restart.conf")
    assert "No such file or directory" in node.change(policy(fronts, "bert"))
    assert [path.read_bytes() for path in whole] == before
    assert not list(node.place.rglob(".*"))
    assert node.status(ANNA) == 200


def test_a_file_that_only_a_comment_or_a_snippet_names_stays(with_users: Node, fronts: nginx.Fronts) -> None:
    kept, other = with_users.directory / "users-of-a-snippet", with_users.directory / "users-of-nobody"
    for path in (kept, other):
        path.write_text("")
    named = policy(fronts, "anna")
    named.text += f"# {kept}\n"
    assert with_users.front.change(with_users.wanted(named)).removed == [str(other)]
    assert kept.exists()
