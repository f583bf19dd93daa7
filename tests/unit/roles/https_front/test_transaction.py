# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What kills, second runs and two runs at once do to what is served. The nginx, the users and the files are real."""

from __future__ import annotations

import contextlib
import itertools
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
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx import candidate, files, transaction
from node import PATTERNS, Node, Policy

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
    for name in ("everybody", "anna", "bert", "elsewhere", "refused"):
        (cases[name].place / "front").mkdir(exist_ok=True)
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
    assert node.finish(policy(fronts, "everybody")) == "done"
    assert node.status() == 200
    node.killed_after("reloaded", policy(fronts, "anna"))
    assert (node.status(), node.status(ANNA)) == (401, 200)
    return node


def test_a_failed_change_takes_no_passwords_off(passwords_not_kept: Node, fronts: nginx.Fronts) -> None:
    assert passwords_not_kept.finish(policy(fronts, "refused")) == "rolled back"
    assert (passwords_not_kept.status(), passwords_not_kept.status(ANNA)) == (401, 200)


def test_a_failed_change_after_another_that_was_killed_takes_no_passwords_off(passwords_not_kept: Node, fronts: nginx.Fronts) -> None:
    """The second run is killed between the swap and the reload: what nginx runs is neither what is live nor what the first run began with."""
    passwords_not_kept.killed_after("wrote", policy(fronts, "bert"))
    assert passwords_not_kept.status(ANNA) == 200
    assert passwords_not_kept.finish(policy(fronts, "refused")) == "rolled back"
    assert (passwords_not_kept.status(), passwords_not_kept.status(ANNA), passwords_not_kept.status(BERT)) == (401, 200, 401)


def test_a_change_that_is_not_served_goes_back_to_what_was_served(passwords_not_kept: Node, fronts: nginx.Fronts) -> None:
    unserved = policy(fronts, "bert")
    unserved.text = unserved.text.replace("server {", "server {\n    listen 127.0.0.1:1;", 1) + "\n"
    lost = unserved.text.index('return 200 "') + len('return 200 "')
    unserved.text = unserved.text[:lost] + "of another" + unserved.text[lost:]
    assert passwords_not_kept.finish(unserved, wait=0.5) == "rolled back"
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


def test_a_failed_change_takes_no_passwords_off_when_the_ca_of_the_node_was_replaced(passwords_not_kept: Node, fronts: nginx.Fronts, certificate: Path) -> None:
    (certificate / "ca.pem").write_bytes(pki.root("Another").pem)
    assert passwords_not_kept.finish(policy(fronts, "refused"), wait=0) == "rolled back, not served"
    assert (passwords_not_kept.status(), passwords_not_kept.status(ANNA)) == (401, 200)


def test_a_failed_change_takes_no_passwords_off_when_a_certificate_of_another_ca_is_there_and_not_loaded(
    passwords_not_kept: Node, fronts: nginx.Fronts, certificate: Path
) -> None:
    another = pki.root("Another")
    write_version(certificate.with_name("versions") / "2", pki.issue(nginx.NAME, another, names=[nginx.NAME, "127.0.0.1"]), another)
    certificate.unlink()
    certificate.symlink_to(certificate.with_name("versions") / "2")
    assert passwords_not_kept.finish(policy(fronts, "refused"), wait=3) == "rolled back"
    passwords_not_kept.root = another
    assert (passwords_not_kept.status(), passwords_not_kept.status(ANNA)) == (401, 200)


def test_a_failed_change_takes_no_passwords_off_when_the_certificate_has_ended(passwords_not_kept: Node, fronts: nginx.Fronts, certificate: Path) -> None:
    ended = pki.issue(nginx.NAME, fronts.root, names=[nginx.NAME, "127.0.0.1"], not_before=-2 * pki.DAY, not_after=-pki.DAY)
    write_version(certificate.resolve(), ended, fronts.root)
    passwords_not_kept.reload()
    assert passwords_not_kept.finish(policy(fronts, "refused"), wait=0) == "rolled back, not served"
    write_version(certificate.resolve(), in_time(fronts), fronts.root)
    passwords_not_kept.reload()
    assert (passwords_not_kept.status(), passwords_not_kept.status(ANNA)) == (401, 200)


def test_a_failed_change_takes_no_passwords_off_when_nginx_was_down(passwords_not_kept: Node, fronts: nginx.Fronts) -> None:
    passwords_not_kept.stop()
    assert passwords_not_kept.finish(policy(fronts, "refused")) == "rolled back"
    assert (passwords_not_kept.status(), passwords_not_kept.status(ANNA)) == (401, 200)


def test_a_failed_change_takes_no_passwords_off_when_nginx_did_not_answer_in_time(passwords_not_kept: Node, fronts: nginx.Fronts) -> None:
    for worker in passwords_not_kept.workers():
        os.kill(int(worker), signal.SIGSTOP)
    began = passwords_not_kept.front.look()[0]
    for worker in passwords_not_kept.workers():
        os.kill(int(worker), signal.SIGCONT)
    passwords_not_kept.front.go_back(began, began.token)
    passwords_not_kept.reload()
    assert (passwords_not_kept.status(), passwords_not_kept.status(ANNA)) == (401, 200)


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
        live = passwords_not_kept.live[0]
        live.write_text(live.read_text() + f"# a file that is gone\nssl_trusted_certificate {passwords_not_kept.place}/gone.pem;\n")
    assert passwords_not_kept.finish(policy(fronts, "refused"), wait=0) in ("rolled back", "rolled back, not served", "failed")
    assert passwords_not_kept.status() == 401


def test_a_run_that_begins_while_nginx_reloads_goes_back_to_what_is_reloaded(node: Node, fronts: nginx.Fronts) -> None:
    assert node.finish(policy(fronts, "everybody")) == "done"
    node.killed_after("wrote", policy(fronts, "anna"))
    timer = threading.Timer(0.5, node.reload)
    timer.start()
    assert node.finish(policy(fronts, "refused")) == "rolled back"
    timer.join()
    assert (node.status(), node.status(ANNA)) == (401, 200)


def test_a_change_goes_back_to_what_is_served_on_another_port_than_what_is_live(node: Node, fronts: nginx.Fronts) -> None:
    """The run before was killed between the swap and the reload: nobody listens where the live configuration says."""
    assert node.finish(policy(fronts, "anna")) == "done"
    moved = policy(fronts, "everybody")
    moved.text = moved.text.replace(str(node.port), str(nginx.free_port()))
    node.killed_after("wrote", moved)
    assert node.finish(policy(fronts, "refused")) == "rolled back"
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
        _began, proof = passwords_not_kept.front.look()
        listener.shutdown(socket.SHUT_RDWR)
    assert (proof.running_at, asked) == ([], [])


def test_a_first_install_that_fails_leaves_nothing_live(node: Node, fronts: nginx.Fronts) -> None:
    began = node.front.look()[0]
    with pytest.raises(candidate.Refused, match=r'unknown directive "nonsense" in .*/nginx/conf.d/tlsfront.conf'):
        node.front.write(node.text(policy(fronts, "refused")), "", began)
    contents, _token = node.front.go_back(began, began.token)
    assert contents == (None, None)
    assert sorted(path.name for path in (node.place / "nginx").rglob("*")) == ["conf.d", "mime.types", "nginx.conf"]


@pytest.mark.parametrize("step", ["looked", "brought", "wrote", "reloaded"])
def test_the_next_run_finishes_what_a_killed_one_began(node: Node, fronts: nginx.Fronts, step: str) -> None:
    assert node.finish(policy(fronts, "anna")) == "done"
    node.killed_after(step, policy(fronts, "bert"))
    assert node.finish(policy(fronts, "bert")) == "done"
    assert (node.status(BERT), node.status(ANNA), node.status()) == (200, 401, 401)
    assert len(users_files(node)) == 1, "the former one's passwords are gone"


@pytest.mark.parametrize("step", ["looked", "brought", "wrote", "reloaded"])
def test_what_a_killed_run_left_can_be_served_after_a_restart(node: Node, fronts: nginx.Fronts, step: str) -> None:
    assert node.finish(policy(fronts, "anna")) == "done"
    node.killed_after(step, policy(fronts, "bert"))
    node.stop()
    node.start()
    assert sorted([node.status(ANNA), node.status(BERT)]) == [200, 401]


# ---- two runs at once


def interleaved(first: Iterator[str], second: Iterator[str], order: tuple[int, ...]) -> tuple[list[str], list[tuple[int, str]]]:
    """Both, each taking its turn as the order says, to their ends; what came of each, and what happened when."""
    runs, came, happened = [first, second], ["", ""], []
    for which in [*order, *[0, 1] * 20]:
        reached = next(runs[which], None)
        if reached is not None:
            came[which] = reached
            happened.append((which, reached))
    return came, happened


ORDERS = sorted({tuple(1 if place in places else 0 for place in range(10)) for places in itertools.combinations(range(10), 5)})
# the one that was reported, and some of each kind
CHOSEN = sorted({(0, 0, 0, 1, 1, 0, 0, 1, 1, 1), (0, 1, 0, 1, 0, 1, 0, 1, 0, 1), *ORDERS[::12]})


@pytest.mark.parametrize("order", CHOSEN, ids=lambda order: "".join("ab"[which] for which in order))
def test_two_runs_with_other_users_end_in_one_that_is_served(node: Node, fronts: nginx.Fronts, order: tuple[int, ...]) -> None:
    assert node.finish(policy(fronts, "everybody")) == "done"
    came, happened = interleaved(node.run(policy(fronts, "anna")), node.run(policy(fronts, "bert")), order)
    assert "done" in came, happened
    assert (node.status(), node.status("anna:wrong")) == (401, 401), happened
    assert sorted([node.status(ANNA), node.status(BERT)]) == [200, 401], happened
    last_done = [which for which, reached in happened if reached == "done"][-1]
    assert node.status([ANNA, BERT][last_done]) == 200, happened
    if came == ["done", "done"]:
        one, other = sorted((0, 1), key=lambda which: happened.index((which, "looked")))
        assert happened.index((one, "wrote")) < happened.index((other, "looked")), "who did not see it was told"
    assert len(users_files(node)) == 1 or came.count("done") == 1
    assert node.finish(policy(fronts, "anna")) == "done"


def test_the_run_that_finds_another_ones_change_says_so_and_changes_nothing(node: Node, fronts: nginx.Fronts) -> None:
    assert node.finish(policy(fronts, "everybody")) == "done"
    began = node.front.look()[0]
    assert node.finish(policy(fronts, "anna")) == "done"
    node.bring(policy(fronts, "bert"))
    live = node.front.contents()
    for step in (
        lambda: node.front.write(node.text(policy(fronts, "bert")), "", began),
        lambda: node.front.verify(began.token, 5, PATTERNS),
        lambda: node.front.go_back(began, began.token),
    ):
        with pytest.raises(transaction.Raced, match="another run has changed the node in the meantime"):
            step()
    assert node.front.contents() == live
    assert (node.status(), node.status(ANNA)) == (401, 200)


def test_what_another_run_removed_is_missed_before_anything_is_live(node: Node, fronts: nginx.Fronts) -> None:
    assert node.finish(policy(fronts, "anna")) == "done"
    began = node.front.look()[0]
    node.bring(policy(fronts, "bert"))
    for path in users_files(node):
        if path.read_bytes() in policy(fronts, "bert").files.values():
            path.unlink()
    with pytest.raises(candidate.Refused, match=r"users-.* is not there: another run may have removed it"):
        node.front.write(node.text(policy(fronts, "bert")), "", began)
    assert node.status(ANNA) == 200


def test_only_one_process_writes_at_a_time_and_a_killed_one_holds_nothing(node: Node) -> None:
    with files.locked(node.directory), pytest.raises(files.Locked), files.locked(node.directory, seconds=0.1):
        pass
    with files.locked(node.directory, seconds=0):
        pass


# ---- the proof asks what a user asks


@pytest.fixture
def with_users(node: Node, fronts: nginx.Fronts) -> Node:
    assert node.finish(policy(fronts, "anna")) == "done"
    assert node.front.look()[1].served
    return node


def test_users_whose_file_is_gone_are_no_proof(with_users: Node) -> None:
    (path,) = users_files(with_users)
    path.unlink()
    assert with_users.status(ANNA) == 403, "nginx's own answer, to everybody"
    problems = with_users.front.look()[1].problems
    assert f"it names {path}, which is not there" in problems
    assert any("a wrong password is answered with 403 and not with 401" in problem for problem in problems)
    with pytest.raises(transaction.NotServed):
        with_users.front.verify(transaction.token(with_users.front.contents()), 0, PATTERNS)


def test_users_whose_file_the_workers_cannot_read_are_no_proof(with_users: Node) -> None:
    (path,) = users_files(with_users)
    path.chmod(0o600)
    assert with_users.status(ANNA) == 500
    problems = with_users.front.look()[1].problems
    assert any("nginx's workers" in problem and f"cannot read {path}" in problem for problem in problems)
    assert any("a wrong password is answered with 500" in problem for problem in problems)


def test_users_that_this_host_cannot_ask_for_are_looked_at_in_their_file(node: Node, fronts: nginx.Fronts) -> None:
    """The host itself is none of the clients: it gets 403 whatever the password is."""
    assert node.finish(policy(fronts, "elsewhere")) == "done"
    assert node.status(BERT) == 403
    (path,) = users_files(node)
    path.chmod(0o600)
    (problem,) = node.front.look()[1].problems
    assert f"cannot read {path}" in problem


# ---- nothing is half written, and nothing is left


def test_what_a_killed_process_left_does_not_stay(node: Node, fronts: nginx.Fronts) -> None:
    files.beside(node.live[0]).write_text("half")
    (node.place / "nginx/.tlsfront-candidate-0").mkdir()
    assert node.finish(policy(fronts, "anna")) == "done"
    assert not list(node.place.rglob(".*")), "neither a stage nor half a file"


def test_no_room_for_one_of_the_files_changes_neither(node: Node, fronts: nginx.Fronts, monkeypatch: pytest.MonkeyPatch) -> None:
    assert node.finish(policy(fronts, "anna")) == "done"
    live = node.front.contents()
    began = node.front.look()[0]
    node.bring(policy(fronts, "bert"))
    node.front.live = (node.live[0], node.place / "nothing" / "drop-in.conf")
    began = node.front.look()[0]
    with pytest.raises(OSError):
        node.front.write(node.text(policy(fronts, "bert")), "# another\n", began)
    node.front.live = node.live
    assert node.front.contents() == live
    assert not list(node.place.rglob(".*"))


def test_a_file_that_only_a_comment_or_a_snippet_names_stays(with_users: Node) -> None:
    kept, other = with_users.directory / "users-of-a-snippet", with_users.directory / "users-of-nobody"
    for path in (kept, other):
        path.write_text("")
    with_users.live[0].write_text(with_users.live[0].read_text() + f"# {kept}\n")
    removed = with_users.front.verify(transaction.token(with_users.front.contents()), 0, PATTERNS)
    assert removed == [str(other)] and kept.exists()
