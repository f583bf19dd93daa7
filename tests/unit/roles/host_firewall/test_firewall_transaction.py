# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A change of the rules that is killed, powered off or not confirmed at any step: closed stays closed, and confirmed is there after a reboot."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nftables.sets import with_elements
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nftables.table import Table
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nftables.units import UnitFile
from firewall_node import UNITS, Node
from firewall_rules import rules

OLD, NEW, OTHER = (rules(peers=["192.0.2.0/24"], closed_ports=ports) for ports in ([9200], [9200, 9300], [9200, 9400]))
FROM = pytest.mark.parametrize("installed", [False, True], ids=["first install", "change"])


@pytest.fixture(scope="module")
def built_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    if os.geteuid() != 0 or not shutil.which("ip") or not shutil.which("nft"):
        pytest.skip("needs root, ip and nft")
    node = Node(tmp_path_factory.mktemp("node"), f"tlsfront-{os.getpid()}-change")
    yield node
    node.close()


@pytest.fixture
def node(built_node: Node) -> Node:
    built_node.install()
    return built_node


@functools.cache
def unit_files(node: Node, confirm_timeout: int) -> tuple[UnitFile, ...]:
    return tuple(UnitFile(path, content) for path, content in node.unit_files(confirm_timeout).items())


def table(node: Node, content: str) -> Table:
    """The rules of another policy come with other units."""
    nft = shutil.which("nft")
    assert nft
    files = unit_files(node, 60 if content == NEW else 30)
    return Table("inet", "tlsfront", content, node.rules_file, node.run, nft=nft, systemctl=str(node.systemctl_path), unit_files=files)


def run(node: Node, content: str) -> None:
    """What the role does."""
    if table(node, content).load(0).unconfirmed:
        table(node, content).confirm()


def change(node: Node, content: str) -> None:
    """A whole run, and that it has ended as it must."""
    assert node.do(lambda: run(node, content)) == "done"
    assert table(node, content).is_confirmed()
    assert not table(node, content).differing_units()
    known = node.loaded_units()
    assert all(known[str(file.path.relative_to(node.directory / "units"))] == file.content for file in unit_files(node, 60 if content == NEW else 30))
    assert (node.active / "tlsfront-firewall.service").exists() and (node.directory / "units/sysinit.target.wants/tlsfront-firewall.service").exists()


def remains(node: Node) -> list[str]:
    """Whatever the role has brought, on the disk and in the kernel."""
    brought = [str(file) for file in node.directory.rglob("*firewall*") if "loaded" not in file.parts] + [node.table()]
    return [each for each in [*brought, *map(str, node.directory.glob("units/nftables.service.d"))] if each]


def made_by(node: Node, content: str) -> str:
    """What the kernel lists when it has loaded that."""
    restore = node.snapshot()
    node.load(content)
    listed = node.table()
    restore()
    return listed


def is_confirmed(node: Node) -> bool:
    return node.rules_file.exists() and node.rules_file.read_text() == NEW


def judge(node: Node, old: str, new: str) -> None:
    """From here, whatever comes next ends as it must: a reboot, the end of the timer, the next run."""
    expected = new if is_confirmed(node) else old
    restore = node.snapshot()
    node.power_off_and_boot()
    assert node.table() == expected, "after a reboot"
    restore()
    node.let_the_timer_elapse()
    assert node.table() == expected, "when the timer has ended"
    change(node, NEW)
    assert node.table() == new, "the next run"
    node.power_off_and_boot()
    assert node.table() == new, "the next run, after a reboot"


@FROM
def test_a_run_that_is_killed_while_it_loads_leaves_the_former_rules_or_a_way_back_to_them(node: Node, installed: bool) -> None:
    if installed:
        change(node, OLD)
    old, new = node.table(), made_by(node, NEW)
    restore = node.snapshot()
    step = 1
    while node.do(lambda: table(node, NEW).load(0), kill_before=step) == "killed":
        assert not is_confirmed(node), step
        judge(node, old, new)
        restore()
        step += 1
    assert step > 15, "it was killed at every step"


@FROM
def test_rules_that_a_new_connection_confirms_are_there_after_a_reboot_at_any_moment_from_then_on(node: Node, installed: bool) -> None:
    if installed:
        change(node, OLD)
    old = node.table()
    assert node.do(lambda: table(node, NEW).load(0)) == "done"
    new = node.table()
    restore = node.snapshot()
    step, outcomes = 1, []
    while node.do(table(node, NEW).confirm, kill_before=step) == "killed":
        outcomes.append(is_confirmed(node))
        judge(node, old, new)
        restore()
        step += 1
    assert outcomes == sorted(outcomes) and set(outcomes) == {False, True}, "killed before and after it was confirmed"


def test_a_node_that_joins_is_let_in_by_the_rules_that_are_there_and_nothing_else_changes(node: Node) -> None:
    before, after = (rules(peers=["192.0.2.1", "192.0.2.128/25", *more], closed_ports=[9200]) for more in ([], ["192.0.2.9", "2001:db8::9"]))
    assert node.do(lambda: run(node, before)) == "done"
    joined = with_elements(node.rules_file.read_text(), {"peers4": ["192.0.2.9"], "peers6": ["2001:db8::9"]})
    assert joined == after
    assert node.do(lambda: run(node, joined)) == "done"
    assert node.table() == made_by(node, after)


@FROM
def test_a_power_loss_while_it_is_armed_or_just_confirmed_ends_in_whole_rules(node: Node, installed: bool) -> None:
    if installed:
        change(node, OLD)
    old = node.table()
    assert node.do(lambda: table(node, NEW).load(0)) == "done"
    new, restore = node.table(), node.snapshot()
    node.power_off_and_boot()
    assert node.table() == old
    change(node, NEW)
    assert node.table() == new
    restore()
    assert node.do(table(node, NEW).confirm) == "done"
    node.power_off_and_boot()
    assert node.table() == new


@FROM
def test_rules_that_nobody_confirms_are_taken_back(node: Node, installed: bool) -> None:
    if installed:
        change(node, OLD)
    old = node.table()
    assert node.do(lambda: table(node, NEW).load(0)) == "done"
    assert node.table() != old
    node.let_the_timer_elapse()
    assert node.table() == old
    assert "too late" in node.do(table(node, NEW).confirm)
    assert node.table() == old
    assert node.rules_file.exists() is installed
    assert node.rules_file.with_name("firewall.nft.refused").read_text() == NEW, "for a person to look at"


@FROM
def test_rules_are_taken_back_when_they_are_told_to_be(node: Node, installed: bool) -> None:
    if installed:
        change(node, OLD)
    old = node.table()
    assert node.do(lambda: table(node, NEW).load(0)) == "done"
    assert node.do(table(node, NEW).take_back) == "done"
    assert node.table() == old
    change(node, NEW)
    new = node.table()
    assert node.do(table(node, NEW).take_back) == "done"
    assert node.table() == new, "confirmed is confirmed"


def test_confirmed_and_taken_back_at_the_same_moment_is_one_of_the_two(node: Node) -> None:
    change(node, OLD)
    old, new = node.table(), made_by(node, NEW)
    restore = node.snapshot()
    seen = set()
    for delay in range(40):
        restore()
        assert node.do(lambda: table(node, NEW).load(0)) == "done"
        timer = threading.Timer(delay / 2000, node.let_the_timer_elapse)
        timer.start()
        said = node.do(table(node, NEW).confirm)
        timer.join()
        assert (said == "done") is is_confirmed(node) is (node.table() == new)
        assert node.table() in (old, new)
        seen.add(said == "done")
    assert True in seen


def test_the_change_of_another_run_is_waited_for_and_not_confirmed_in_its_place(node: Node) -> None:
    change(node, OLD)
    assert node.do(lambda: table(node, NEW).load(0)) == "done"
    unconfirmed = node.table()
    said = node.do(lambda: table(node, OTHER).load(0.1))
    assert "Another run has changed the table" in said and "Nothing was changed" in said
    assert "Another run" in node.do(table(node, OTHER).confirm)
    assert node.do(table(node, OTHER).take_back) == "done"
    assert node.table() == unconfirmed, "its way back is not ours to take"
    assert node.do(table(node, NEW).confirm) == "done"
    change(node, OTHER)


def test_rules_that_something_else_changes_before_they_are_confirmed_are_not_confirmed(node: Node) -> None:
    change(node, OLD)
    assert node.do(lambda: table(node, NEW).load(0)) == "done"
    node.inside("nft", "flush", "ruleset")
    assert "Something else has changed the table" in node.do(table(node, NEW).confirm)
    assert node.rules_file.read_text() == OLD


@FROM
def test_rules_that_nft_refuses_change_nothing(node: Node, installed: bool) -> None:
    if installed:
        change(node, OLD)
    before, files = node.table(), sorted(node.directory.rglob("*"))
    assert "syntax error" in node.do(lambda: table(node, NEW.replace("drop", "dorp")).load(0))
    assert (node.table(), sorted(node.directory.rglob("*"))) == (before, files)


def test_a_second_run_changes_nothing_and_one_after_a_flush_puts_the_table_back(node: Node) -> None:
    change(node, NEW)
    new, files = node.table(), {file: file.stat() for file in node.etc.iterdir()}
    assert node.do(lambda: table(node, NEW).load(0)) == "done"
    assert {file: file.stat().st_mtime_ns for file in node.etc.iterdir()} == {file: stat.st_mtime_ns for file, stat in files.items()}
    node.inside("nft", "flush", "ruleset")
    change(node, NEW)
    assert node.table() == new


def test_systemd_accepts_the_units(node: Node) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("not installed: systemd-analyze")
    change(node, NEW)
    for unit in (node.directory / "units" / name for name in UNITS):
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False)
        assert "tlsfront" not in done.stderr.replace(str(node.directory), ""), done.stderr


def test_units_that_others_have_changed_and_a_service_that_was_disabled_or_stopped_are_put_right(node: Node) -> None:
    change(node, NEW)
    units = node.directory / "units"
    for damage in (
        lambda: (units / UNITS[1]).write_text("[Service]\nExecStart=/bin/false\n"),
        lambda: (units / UNITS[0]).chmod(0o666),
        (units / UNITS[2]).unlink,
        lambda: node.inside(str(node.systemctl_path), "disable", UNITS[0]),
        lambda: node.inside(str(node.systemctl_path), "stop", UNITS[0]),
        lambda: (node.directory / "loaded" / UNITS[1]).write_text("# as it was before"),
    ):
        damage()
        assert node.do(lambda: require(table(node, NEW).load(0) == (True, False))) == "done"
        change(node, NEW)
        assert node.do(lambda: require(table(node, NEW).load(0) == (False, False))) == "done"


def require(fact: bool) -> None:
    assert fact, "it is not so"


def test_units_that_are_killed_while_they_change_are_put_right_by_the_next_run(node: Node) -> None:
    """The rules stay as they are."""
    old = Table(**{**vars(table(node, NEW)), "unit_files": unit_files(node, 30)})
    assert node.do(lambda: old.load(0).unconfirmed and old.confirm()) == "done"
    rules, restore, step = node.table(), node.snapshot(), 1
    while node.do(lambda: table(node, NEW).load(0), kill_before=step) == "killed":
        again = node.snapshot()
        node.power_off_and_boot()
        assert node.table() == rules, step
        again()
        change(node, NEW)
        assert node.table() == rules, step
        restore()
        step += 1
    assert step > 8, "it was killed at every step"


@pytest.mark.parametrize("pending", [False, True], ids=["confirmed", "unconfirmed"])
def test_a_removal_that_is_killed_can_be_finished_or_taken_back_by_the_next_run(node: Node, pending: bool) -> None:
    change(node, OLD)
    old = node.table()
    if pending:
        assert node.do(lambda: table(node, NEW).load(0)) == "done"
    possible, new, restore, step = {"", old, node.table()}, made_by(node, NEW), node.snapshot(), 1
    while node.do(table(node, NEW).remove, kill_before=step) == "killed":
        again = node.snapshot()
        for end in (node.power_off_and_boot, node.let_the_timer_elapse):
            end()
            assert node.table() in possible, step
            assert node.do(table(node, NEW).remove) == "done"
            assert remains(node) == [], step
            assert node.loaded_units() == {}, step
            again()
        node.let_the_timer_elapse()  # the next run waits for it
        change(node, NEW)
        assert node.table() == new, step
        restore()
        step += 1
    assert step > 15, "it was killed at every step"
    assert remains(node) == []


def test_a_removal_leaves_what_others_have_put_beside_it_and_does_nothing_where_nothing_is(node: Node) -> None:
    assert node.do(lambda: require(not table(node, NEW).remove())) == "done"
    change(node, NEW)
    others = [node.etc / "certificate", node.directory / "units/nftables.service.d/mine.conf"]
    for file in others:
        file.write_text("mine")
    node.inside("nft", "add", "table", "inet", "others")
    assert node.do(table(node, NEW).remove) == "done"
    assert all(file.read_text() == "mine" for file in others)
    assert node.table().split() == ["table", "inet", "others", "{", "}"]
    node.inside("nft", "flush", "ruleset")
    assert [each for each in remains(node) if "nftables.service.d" not in each] == []


def test_what_waits_for_a_removal_makes_a_lock_of_its_own(node: Node) -> None:
    """Otherwise two would hold one each."""
    change(node, NEW)
    waiting, marker = table(node, NEW), node.directory / "held"

    def hold() -> None:
        with waiting._locked():
            marker.touch()
            time.sleep(1)
            waiting.lock.unlink()

    holder = threading.Thread(target=node.do, args=(hold,))
    holder.start()
    while not marker.exists():
        time.sleep(0.01)
    assert node.do(lambda: require(waiting.load(0) == (False, False))) == "done"
    holder.join()
    assert waiting.lock.exists()
