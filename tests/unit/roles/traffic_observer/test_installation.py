# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The program, its units and the table on a node: killed at any step, after a boot, and taken off."""

from __future__ import annotations

import itertools
import subprocess
from dataclasses import replace
from pathlib import Path

import kills
import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._commands import Failed
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._traffic.installation import Installation
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._traffic.observer import Observer
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._traffic.rules import Wanted
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._traffic.units import SAVER, SERVICE, installed
from firewall_network import Network
from systemctl import SYSTEMCTL

STEPS = (*kills.STEPS, "subprocess.Popen")


@pytest.fixture
def node(tmp_path: Path) -> Path:
    for name in ("units", "loaded", "active", "textfiles"):
        (tmp_path / name).mkdir()
    systemctl = tmp_path / "systemctl"
    systemctl.write_text(SYSTEMCTL)
    systemctl.chmod(0o755)
    return tmp_path


def installation(node: Path, observer: Observer, minutes: int = 5, textfile_dir: str = "") -> Installation:
    program = node / "program"
    files = installed(observer.nft, observer.directory, program, node / "units", textfile_dir, minutes)
    # the real clock: the program that is installed has no other
    return Installation(Observer(observer.nft, observer.directory), files, program, textfile_dir, str(node / "systemctl"))


def systemctl(node: Path, *command: str) -> None:
    subprocess.run([str(node / "systemctl"), *command], check=True)


def test_installed_twice_nothing_changes_and_after_a_boot_it_observes_again(network: Network, node: Path, observer: Observer, what: Wanted) -> None:
    ours = installation(node, observer, textfile_dir=str(node / "textfiles"))
    assert ours.install(what) and ours.is_there(what)
    assert not ours.install(what)
    (node / "active" / SERVICE).unlink()
    network.flush()
    systemctl(node, "boot")
    assert ours.observer.observes(what)
    assert "tlsfront_traffic_running 1" in (node / "textfiles/tlsfront_traffic.prom").read_text()


def test_what_the_timer_runs_brings_a_flushed_table_back(network: Network, node: Path, observer: Observer, what: Wanted) -> None:
    ours = installation(node, observer)
    ours.install(what)
    network.flush()
    systemctl(node, "start", SAVER)
    assert ours.observer.observes(what)


def test_where_files_and_units_are_right_a_flushed_table_and_other_ports_are_changes(
    network: Network, node: Path, observer: Observer, what: Wanted
) -> None:
    ours = installation(node, observer)
    ours.install(what)
    network.flush()
    assert ours.install(what) and ours.is_there(what)
    wish = replace(what, ports=("9300",))
    assert ours.install(wish) and ours.is_there(wish)
    assert not ours.install(wish)


def test_the_program_on_the_node_is_the_code_of_the_module(node: Path, observer: Observer) -> None:
    for file in installation(node, observer).files.program:
        if file.path.name not in ("observe.py", "__init__.py"):
            part = file.path.relative_to(node / "program/module_utils")
            assert file.content == Path(__file__).parents[4].joinpath("plugins/module_utils", part).read_text("utf-8")


@pytest.mark.parametrize("installed_before", [False, True], ids=["first", "change"])
def test_killed_before_any_of_its_steps_the_next_call_installs_it(
    network: Network, node: Path, observer: Observer, what: Wanted, installed_before: bool
) -> None:
    wish = replace(what, ports=("9300",))
    for step in itertools.count(1):
        installation(node, observer).remove()
        if installed_before:
            installation(node, observer).install(what)
        ours = installation(node, observer, minutes=7)
        killed = kills.killed(lambda ours=ours: ours.install(wish), step, STEPS)
        ours.install(wish)
        assert ours.is_there(wish), step
        if not killed:
            break
    assert step > 20


def test_killed_before_any_step_of_its_removal_the_next_one_leaves_nothing(network: Network, node: Path, observer: Observer, what: Wanted) -> None:
    for step in itertools.count(1):
        ours = installation(node, observer, textfile_dir=str(node / "textfiles"))
        ours.install(what)
        killed = kills.killed(ours.remove, step, STEPS)
        ours.remove()
        assert ours.remains() == [], step
        assert [path for path in node.rglob("*observe*") if "loaded" not in path.parts] == [], step
        if not killed:
            break
    assert step > 10


def test_a_textfile_that_is_not_wanted_any_more_goes(network: Network, node: Path, observer: Observer, what: Wanted) -> None:
    installation(node, observer, textfile_dir=str(node / "textfiles")).install(what)
    systemctl(node, "start", SAVER)
    assert list((node / "textfiles").iterdir())
    installation(node, observer).install(what)
    assert not list((node / "textfiles").iterdir())


@pytest.mark.parametrize("path", ["relative", "/a b", "/a%n", "/a\nExecStart=/bin/true", "/a;b", "/ü"])
def test_a_path_that_systemd_would_take_for_something_else_is_refused(node: Path, observer: Observer, path: str) -> None:
    with pytest.raises(Failed, match="Nothing was changed"):
        installation(node, observer, textfile_dir=path)
