# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is missing in Debian's reference policy, what is changed for it, and how that is taken away: by its file and a copy of its store.

What a kernel does with it is not seen here. The tree of selinuxfs is a stand-in.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._commands import Failed
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._selinux import needs
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._selinux.kernel import Kernel, label, mode, set_label
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._selinux.labels import BOOLEAN, PORT, Labels
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._selinux.needs import CONNECTS, File, Missing, Needs
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._selinux.transaction import Changes
from ansible_collections.tlsfront.elasticsearch.plugins.modules import selinux_policy
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import selinux
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.kills import killed

pytestmark = pytest.mark.slow

needs_policy = pytest.mark.skipif(bool(selinux.lacks()), reason=f"needs {selinux.lacks()}")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
FRONT = Needs("/usr/sbin/nginx", connect_ports=[9200], listen_ports=[9243, 443])
ALSO = FRONT._replace(listen_ports=[9243, 443, 6379])
PORT_SAID = "label of port 9243/tcp: unreserved_port_t -> http_port_t"
REDIS_SAID = "label of port 6379/tcp: redis_port_t -> http_port_t"
BOOLEAN_SAID = "boolean httpd_can_network_connect: off -> on"


@pytest.fixture(scope="module")
def policy_file() -> Iterator[selinux.PolicyFile]:
    path = selinux.policy_path()
    assert path
    policy = selinux.PolicyFile(path)
    yield policy
    policy.end()


@pytest.fixture
def policy(policy_file: selinux.PolicyFile) -> selinux.PolicyFile:
    for boolean in (CONNECTS, "httpd_graceful_shutdown"):
        policy_file.switch(boolean, False)
    return policy_file


class SwitchingLabels(Labels):
    """Also switches the boolean where the policy's file is asked, as semanage(8) does in a kernel."""

    def __init__(self, policy: selinux.PolicyFile) -> None:
        super().__init__()
        self.policy = policy

    def set(self, kind: str, name: str, value: str) -> None:
        super().set(kind, name, value)
        if kind == BOOLEAN:
            self.policy.switch(name, value == "on")


class StandIn(Labels):
    """In place of the store, in which a change takes seconds: a file that has the local records; the policy's own are the store's."""

    def __init__(self, policy: selinux.PolicyFile, file: Path) -> None:
        super().__init__()
        self.policy, self.file = policy, file

    own: ClassVar[dict[Any, str]] = {}

    def records(self) -> dict[str, dict[str, str]]:
        return json.loads(self.file.read_text()) if self.file.exists() else {PORT: {}, BOOLEAN: {}}

    def local(self, kind: str) -> dict[str, str]:
        return self.records()[kind]

    def port(self, port: int) -> str:
        if port not in self.own:
            self.own[port] = super().port(port)
        return self.local(PORT).get(str(port), self.own[port])

    def path(self, path: Path, kind: str) -> str:
        if (path, kind) not in self.own:
            self.own[path, kind] = super().path(path, kind)
        return self.own[path, kind]

    def is_on_at_boot(self, boolean: str) -> bool:
        return self.local(BOOLEAN).get(boolean) == "on"

    def set(self, kind: str, name: str, value: str) -> None:
        records = self.records()
        records[kind][name] = value
        self.write(records)
        if kind == BOOLEAN:
            self.policy.switch(name, value == "on")

    def remove_port(self, port: str) -> None:
        records = self.records()
        del records[PORT][port]
        self.write(records)

    def write(self, records: dict[str, dict[str, str]]) -> None:
        fresh = self.file.with_suffix(".new")
        fresh.write_text(json.dumps(records))
        fresh.rename(self.file)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{selinux.programs(tmp_path)}:{os.environ['PATH']}")
    return tmp_path


@pytest.fixture
def changes(policy: selinux.PolicyFile, place: Path) -> Changes:
    return Changes(policy, StandIn(policy, place / "records.json"), place / "tlsfront/selinux.json")


def calls(place: Path) -> str:
    return (place / "calls").read_text()


@needs_policy
def test_only_what_is_missing_is_changed_and_taken_away_again(policy: selinux.PolicyFile, place: Path) -> None:
    """By the real semanage(8): also a port that the policy itself has labelled."""
    changes = Changes(policy, SwitchingLabels(policy), place / "tlsfront/selinux.json")
    assert [each.said for each in changes.make(ALSO)] == [PORT_SAID, REDIS_SAID, BOOLEAN_SAID]
    assert Labels().local(PORT) == {"6379": "http_port_t", "9243": "http_port_t"} and Labels().is_on_at_boot(CONNECTS)
    assert stat.S_IMODE(changes.record.stat().st_mode) == 0o600
    assert changes.make(ALSO) == [] and len(json.loads(changes.record.read_text())) == 3
    assert [each.said for each in changes.take_away()] == [
        "label of port 9243/tcp: http_port_t -> unreserved_port_t",
        "label of port 6379/tcp: http_port_t -> redis_port_t",
        "boolean httpd_can_network_connect: on -> off",
    ]
    assert Labels().local(PORT) == {} and Labels().port(6379) == "redis_port_t" and not Labels().is_on_at_boot(CONNECTS)
    assert changes.take_away() == [] and not changes.record.exists()


@needs_policy
def test_what_was_there_before_is_neither_changed_nor_taken_away(changes: Changes) -> None:
    changes.labels.set(BOOLEAN, CONNECTS, "on")
    changes.labels.set(PORT, "9243", "http_port_t")
    assert changes.make(FRONT) == [] and not changes.record.exists()
    assert changes.take_away() == []
    assert changes.labels.local(PORT) == {"9243": "http_port_t"} and changes.labels.is_on_at_boot(CONNECTS)


@needs_policy
def test_what_another_has_changed_since_stays(changes: Changes) -> None:
    changes.make(Needs("/usr/sbin/nginx", listen_ports=[9243]))
    changes.labels.set(PORT, "9243", "http_cache_port_t")
    assert changes.take_away() == []
    assert changes.labels.local(PORT) == {"9243": "http_cache_port_t"}


@needs_policy
def test_a_label_that_allows_it_needs_no_boolean(changes: Changes, policy: selinux.PolicyFile) -> None:
    policy.switch("httpd_graceful_shutdown", True)  # by which it may connect to these
    assert changes.missing(Needs("/usr/sbin/nginx", connect_ports=[443], listen_ports=[443, 8008])) == []


@needs_policy
def test_a_port_that_an_administrator_has_labelled_is_refused(changes: Changes) -> None:
    changes.labels.set(PORT, "9243", "redis_port_t")
    with pytest.raises(Failed, match=r"nginx \(httpd_t\) may not listen on port 9243, which an administrator has labelled redis_port_t"):
        changes.make(FRONT)
    assert not changes.record.exists() and not changes.labels.is_on_at_boot(CONNECTS)


@needs_policy
def test_a_boolean_that_ends_with_the_next_boot_is_made_to_last(changes: Changes, policy: selinux.PolicyFile) -> None:
    policy.switch(CONNECTS, True)
    assert [each.said for each in changes.make(Needs("/usr/sbin/nginx", connect_ports=[9200]))] == [
        "boolean httpd_can_network_connect: on until the next boot -> on"
    ]
    assert [each.said for each in changes.take_away()] == ["boolean httpd_can_network_connect: on -> off, also now, where it was on until the next boot"]
    assert not policy.is_on(CONNECTS) and not changes.labels.is_on_at_boot(CONNECTS)


@needs_policy
def test_ports_of_outgoing_connections_need_no_label(changes: Changes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs._sockets, "ephemeral_ports", lambda: (9000, 9999))
    assert changes.missing(Needs("/usr/sbin/nginx", listen_ports=[9243])) == []


@needs_policy
def test_the_store_is_asked_once_for_all_ports(changes: Changes, place: Path) -> None:
    changes.labels = Labels()
    changes.missing(Needs("/usr/sbin/nginx", listen_ports=[80, 443, 8008], connect_ports=[80]))
    assert calls(place).count("semanage port") == 2


@needs_policy
@pytest.mark.parametrize("what", ["make", "take away"])
def test_a_run_that_is_killed_leaves_nothing_that_is_not_recorded(changes: Changes, policy: selinux.PolicyFile, what: str) -> None:
    changes.make(FRONT)
    changes.take_away()
    step = 0
    while True:
        step += 1
        if what == "take away":
            changes.make(FRONT)
        if not killed(lambda: changes.make(FRONT) if what == "make" else changes.take_away(), before=step):
            break
        recorded = {each["name"] for each in json.loads(changes.record.read_text())} if changes.record.exists() else set()
        assert set(changes.labels.local(PORT)) | {name for name, value in changes.labels.local(BOOLEAN).items() if value == "on"} <= recorded
        policy.switch(CONNECTS, changes.labels.is_on_at_boot(CONNECTS))
        if what == "make":
            changes.make(FRONT)
            assert Missing(policy, changes.labels, FRONT).changes == []
        changes.take_away()
        assert changes.labels.local(PORT) == {} and not changes.labels.is_on_at_boot(CONNECTS) and not changes.record.exists()
    assert step > 6


@needs_policy
def test_a_record_of_somebody_else_is_not_carried_out(changes: Changes) -> None:
    changes.record.parent.mkdir()
    changes.record.write_text(json.dumps([{"kind": "boolean", "name": "allow_execmem", "before": "off", "after": "on"}]))
    with pytest.raises(Failed, match="a record that this collection does not write"):
        changes.take_away()


def labelled(path: Path, kind: str) -> Path:
    set_label(path, f"system_u:object_r:{kind}:s0")
    return path


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Files with labels of their own; what leads to them has none, as without SELinux."""
    (tmp_path / "tls").mkdir()
    (tmp_path / "tls/key.pem").write_text("")
    labelled(tmp_path / "tls", "etc_t")
    labelled(tmp_path / "tls/key.pem", "etc_t")
    return tmp_path / "tls"


def files(policy: selinux.PolicyFile, path: Path, access: str = "read") -> Missing:
    return Missing(policy, Labels(), Needs("/usr/sbin/nginx", files=[File(path, access, "cert_t")]))


@needs_policy
def test_what_lies_in_etc_may_be_read_as_it_is(policy: selinux.PolicyFile, tree: Path, place: Path) -> None:
    found = files(policy, tree)
    assert (found.changes, found.problems) == ([], [])


@needs_policy
@pytest.mark.parametrize("what", ["", "key.pem"])
def test_files_of_another_place_are_refused_with_the_command(policy: selinux.PolicyFile, tree: Path, place: Path, what: str) -> None:
    labelled(tree / what, "shadow_t")
    (problem,) = files(policy, tree).problems
    assert f"may not read {tree} and what is in it (shadow_t)" in problem and f"semanage fcontext --add --type cert_t '{re.escape(str(tree))}(/.*)?'" in problem


@needs_policy
def test_what_may_not_be_passed_through_is_refused(policy: selinux.PolicyFile, tree: Path, place: Path) -> None:
    labelled(tree.parent, "shadow_t")
    (problem,) = files(policy, tree).problems
    assert f"{tree.parent} has the label shadow_t" in problem


@needs_policy
def test_files_with_another_label_than_their_place_are_labelled_anew(
    policy: selinux.PolicyFile, tree: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labelled(tree / "key.pem", "shadow_t")
    kinds = {tree: "etc_t", Path("/usr/sbin/nginx"): "httpd_exec_t"}
    monkeypatch.setattr(Labels, "path", lambda _self, path, _kind: f"system_u:object_r:{kinds[path]}:s0")
    found = files(policy, tree)
    assert [each.said for each in found.changes] == [f"label of {tree}: shadow_t -> etc_t"] and not found.problems


@needs_policy
def test_a_log_may_be_made_where_logs_are(policy: selinux.PolicyFile, tree: Path, place: Path) -> None:
    labelled(tree, "var_log_t")
    labelled(tree / "key.pem", "shadow_t")  # of others
    assert files(policy, tree / "front.log", "append").problems == []
    labelled(tree, "etc_t")
    assert f"may not append to {tree}/front.log" in files(policy, tree / "front.log", "append").problems[0]


@needs_policy
def test_nft_reads_the_way_back_only_with_the_label_of_the_rules(policy: selinux.PolicyFile) -> None:
    """Why nftables_table labels it."""
    nft = policy.runs_as("system_u:object_r:iptables_exec_t:s0")
    assert not policy.allows(nft, "system_u:object_r:var_run_t:s0", "file", "open", "read")
    assert policy.allows(nft, "system_u:object_r:etc_t:s0", "file", "open", "read", "getattr")


@pytest.fixture
def tree_of_selinuxfs(tmp_path: Path) -> Path:
    """A stand-in: its files keep what is written, and then have the answer."""
    mount = tmp_path / "selinux"
    (mount / "class/file/perms").mkdir(parents=True)
    (mount / "class/file/index").write_text("6")
    (mount / "class/file/perms/read").write_text("2")
    (mount / "class/file/perms/write").write_text("3")
    (mount / "booleans").mkdir()
    (mount / "booleans/on").write_text("1 1")
    (mount / "booleans/off").write_text("0 1")
    (mount / "mls").write_text("1")
    (mount / "enforce").write_text("1")
    return mount


@pytest.mark.parametrize(("text", "said"), [("1", "enforcing"), ("0", "permissive")])
def test_the_mode_is_the_kernels(tree_of_selinuxfs: Path, text: str, said: str) -> None:
    (tree_of_selinuxfs / "enforce").write_text(text)
    assert mode(tree_of_selinuxfs) == said and mode(tree_of_selinuxfs / "nothing") == "disabled"


@pytest.mark.parametrize(
    ("vector", "asked", "allowed"), [("2", ["read"], True), ("4", ["read"], False), ("2", ["read", "write"], False), ("6", ["read", "write"], True)]
)
def test_a_decision_is_read_bit_by_bit(tree_of_selinuxfs: Path, vector: str, asked: list[str], allowed: bool) -> None:
    question = "a:b:c:s0 d:e:f:s0 6"
    (tree_of_selinuxfs / "access").write_text("-" * len(question) + f"{vector} ffffffff 0 0 1 0")
    assert Kernel(tree_of_selinuxfs).allows("a:b:c:s0", "d:e:f:s0", "file", *asked) is allowed
    assert (tree_of_selinuxfs / "access").read_text().startswith(question)


def test_what_the_policy_does_not_know_is_not_allowed(tree_of_selinuxfs: Path) -> None:
    assert not Kernel(tree_of_selinuxfs).allows("a", "b", "nothing", "read")
    assert not Kernel(tree_of_selinuxfs).allows("a", "b", "file", "nothing")


def test_booleans_are_what_they_are_now(tree_of_selinuxfs: Path) -> None:
    policy = Kernel(tree_of_selinuxfs)
    assert (policy.is_on("on"), policy.is_on("off"), policy.is_on("none"), policy.has("off"), policy.has("none")) == (True, False, False, True, False)
    assert policy.context("http_port_t") == "system_u:object_r:http_port_t:s0"


def given(**others: Any) -> dict[str, Any]:
    return {"program": "/usr/sbin/nginx", "listen_ports": [9243], "connect_ports": [], "files": [], "state": "present", **others}


def test_without_selinux_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selinux_policy, "mode", lambda: "disabled")
    monkeypatch.setenv("PATH", "/nonexistent")
    assert selinux_policy.run(given(), check_mode=False)["changes"] == []


def test_without_semanage_check_mode_says_what_it_cannot_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selinux_policy, "mode", lambda: "enforcing")
    monkeypatch.setattr(selinux_policy, "lacks", lambda: ["policycoreutils-python-utils"])
    (said,) = selinux_policy.run(given(), check_mode=True)["warnings"]
    assert "cannot be said before policycoreutils-python-utils is installed" in said


def test_without_semanage_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(Failed, match="install the package policycoreutils-python-utils"):
        Labels().port(9243)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"listen_ports": [0]}, "listen_ports has 0"),
        ({"connect_ports": [65536]}, "connect_ports has 65536"),
        ({"program": "nginx"}, "'nginx' is no absolute path"),
        ({"files": [{"path": "/etc/../x", "access": "read", "type": "cert_t"}]}, "is no absolute path"),
        ({"files": [{"path": "/etc/x", "access": "read", "type": "cert_t'; x"}]}, "no type of SELinux"),
    ],
)
def test_what_cannot_be_meant_is_refused(option: dict[str, Any], said: str) -> None:
    with pytest.raises(Failed, match=said):
        selinux_policy.run(given(**option), check_mode=False)


@needs_policy
def test_permissive_changes_the_same_and_says_so(changes: Changes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selinux_policy, "mode", lambda: "permissive")
    monkeypatch.setattr(selinux_policy, "Changes", lambda _kernel, _labels: changes)
    monkeypatch.setattr(selinux_policy, "lacks", list)
    seen = selinux_policy.run(given(), check_mode=True)
    assert seen["changes"] == [PORT_SAID] and not changes.record.exists()
    done = selinux_policy.run(given(), check_mode=False)
    assert done["changes"] == [PORT_SAID] and "permissive" in done["warnings"][0]
    assert done["diff"]["before"] == "label of port 9243/tcp: unreserved_port_t\n" and done["diff"] == seen["diff"]


@needs_root
def test_a_label_is_read_as_it_was_set(tmp_path: Path) -> None:
    set_label(tmp_path, "system_u:object_r:etc_t:s0")
    assert label(tmp_path) == "system_u:object_r:etc_t:s0"
    assert label(tmp_path / "nothing") == ""
