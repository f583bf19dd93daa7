# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The shipped playbooks against a real https endpoint on loopback: what ends green says what was proved, and what proved nothing does not end green."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.lab import Lab

pytestmark = pytest.mark.slow

CHECK = "tlsfront.elasticsearch.check"
DEAD = {"ansible_host": "127.0.0.1", "ansible_port": 1, "ansible_connection": "ssh"}
# what is said of nodes, and must reach neither the controller nor a probe host
OF_NODES = {"ansible_become": True, "ansible_become_exe": "/nonexistent/sudo"}


class Cluster:
    """An inventory of one node, this machine, which serves https; of a node that is dead; and of a client host."""

    def __init__(self, lab: Lab, port: int, closed: int) -> None:
        self.ca = lab.ca_path
        here = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "ansible_become": False}
        # who is not root cannot see whose the node's sockets are
        root = {"ansible_become": True, "ansible_become_exe": "sudo"} if os.geteuid() else {}
        self.node = here | root | {"tlsfront_server_names": ["127.0.0.1"], "tlsfront_https_port": port}
        self.variables: dict[str, Any] = {
            **OF_NODES,
            "tlsfront_cloud": "none",
            "tlsfront_ca_path": self.ca,
            "tlsfront_closed_ports": [closed],
            "tlsfront_check_retry_for": 0,
        }
        self.client = here

    def inventory(self, **nodes: Any) -> dict[str, Any]:
        clients = self.variables.get("tlsfront_client_group", "clients")
        groups = {"elasticsearch": {"hosts": nodes or {"es1": self.node}}, clients: {"hosts": {"client": self.client}}}
        return {"all": {"vars": self.variables, "children": groups}}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    if os.geteuid() and not (shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0):
        pytest.skip("needs root, or sudo without a password")
    lab = Lab(tmp_path_factory.mktemp("lab"))
    with lab.serving() as server, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # nothing listens there, and nobody else gets it
        yield lambda: Cluster(lab, server.port, closed.getsockname()[1])


def said(run: subprocess.CompletedProcess[str]) -> str:
    return " ".join((run.stdout + run.stderr).split())


def test_check_ends_with_what_it_has_proved_of_which_nodes_and_from_where(play: Any, cluster: Any) -> None:
    run = play(CHECK, cluster().inventory())
    assert run.returncode == 0, run.stdout
    port = cluster().variables["tlsfront_closed_ports"][0]
    assert f"Proved: es1 (1 of 1 nodes): VERIFIED: 1 check, none failed (1 endpoint, seen from localhost); ports closed: {port}." in run.stdout


@pytest.mark.parametrize("playbook", ["check", "site", "remove"])
def test_a_limit_that_leaves_no_node_is_refused(play: Any, cluster: Any, playbook: str) -> None:
    run = play(f"tlsfront.elasticsearch.{playbook}", cluster().inventory(), "--limit", "clients")
    assert run.returncode != 0
    assert '--limit clients leaves no node of the group "elasticsearch" in this run' in said(run)


def test_a_limit_that_leaves_no_client_host_is_refused(play: Any, cluster: Any) -> None:
    run = play("tlsfront.elasticsearch.cutover", cluster().inventory(), "--limit", "es1")
    assert run.returncode != 0
    assert "--limit es1 leaves out client of the group" in said(run)


@pytest.mark.parametrize("playbook", ["check", "site", "remove", "cutover"])
@pytest.mark.parametrize("tags", [("--tags", "certificate"), ("--skip-tags", "untagged")], ids=" ".join)
def test_tags_that_leave_out_steps_are_refused(play: Any, cluster: Any, playbook: str, tags: tuple[str, str]) -> None:
    run = play(f"tlsfront.elasticsearch.{playbook}", cluster().inventory(), *tags)
    assert run.returncode != 0
    assert "leaves out the steps of this playbook, and its proof" in said(run)


@pytest.mark.parametrize("playbook", ["check", "cutover"])
@pytest.mark.parametrize("tags", ["always", "tagged", "always,untagged"])
def test_tags_that_leave_out_what_always_runs_are_refused(play: Any, cluster: Any, playbook: str, tags: str) -> None:
    run = play(f"tlsfront.elasticsearch.{playbook}", cluster().inventory(), "--skip-tags", tags)
    assert run.returncode != 0
    assert "leaves out steps of this playbook, and what it says of its proof. Nothing was changed" in said(run)
    assert "TASK" not in run.stdout


@pytest.mark.parametrize("option", ["--syntax-check", "--list-tasks", "--list-hosts"])
def test_the_playbooks_can_be_read_without_being_run(play: Any, cluster: Any, option: str) -> None:
    assert play(CHECK, cluster().inventory(), option).returncode == 0


def test_tags_that_leave_nothing_out_are_not(play: Any, cluster: Any) -> None:
    mine = [{"name": "Mine", "ansible.builtin.import_playbook": CHECK, "tags": ["tls"]}]
    run = play(mine, cluster().inventory(), "--tags", "tls")
    assert run.returncode == 0, run.stdout
    assert "Proved: es1 (1 of 1 nodes)" in run.stdout


# to Ansible, some of them are not there, for the nodes are grouped first: it would run nothing, and end green
@pytest.mark.parametrize("task", ["Tell what was proved", "Write the report", "Group the nodes", "no task of this name"])
def test_a_start_that_leaves_out_the_proof_does_not_end_green(play: Any, cluster: Any, task: str) -> None:
    run = play(CHECK, cluster().inventory(), "--start-at-task", task)
    assert run.returncode != 0
    assert "--start-at-task leaves out steps on which all others rest" in said(run)


@pytest.mark.parametrize("strategy", ["free", "ansible.builtin.host_pinned"])
def test_a_strategy_that_lets_some_go_on_when_others_fail_is_refused(play: Any, cluster: Any, monkeypatch: pytest.MonkeyPatch, strategy: str) -> None:
    monkeypatch.setenv("ANSIBLE_STRATEGY", strategy)
    run = play(CHECK, cluster().inventory())
    assert run.returncode != 0
    assert f"With the strategy {strategy}, hosts go on when others have failed" in said(run), run.stdout


def test_no_probe_host_is_no_proof(play: Any, cluster: Any) -> None:
    run = play(CHECK, cluster().inventory(), "-e", '{"tlsfront_probe_hosts": []}')
    assert run.returncode != 0
    assert "tlsfront_probe_hosts is empty, so nothing would be proved" in said(run)


def test_a_probe_host_that_cannot_be_asked_fails_the_proof_and_the_others_are_asked_all_the_same(play: Any, cluster: Any) -> None:
    inventory = cluster().inventory()
    inventory["all"]["children"]["probes"] = {"hosts": {"away": DEAD}}
    run = play(CHECK, inventory, "-e", '{"tlsfront_probe_hosts": ["away", "localhost"]}')
    assert run.returncode != 0
    assert "NOT VERIFIED: 1 of 2 checks failed (1 endpoint, seen from away and localhost)" in said(run)


@pytest.mark.parametrize("without", ["es1", "es2"])
def test_a_node_without_closed_ports_keeps_no_other_from_being_asked_for_its_own(play: Any, cluster: Any, without: str) -> None:
    this = cluster()
    with socket.create_server(("127.0.0.1", 0)) as opened:
        node = this.node | {"tlsfront_addresses": ["127.0.0.1"]}
        nodes = {name: node | {"tlsfront_closed_ports": [] if name == without else [opened.getsockname()[1]]} for name in ("es1", "es2")}
        run = play(CHECK, this.inventory(**nodes))
    assert run.returncode != 0
    assert "port_open" in said(run), run.stdout


def test_each_answer_is_that_of_the_probe_host_which_gave_it(play: Any, cluster: Any) -> None:
    inventory = cluster().inventory()
    inventory["all"]["children"]["probes"] = {"hosts": {"away": DEAD}}
    for _attempt in range(3):
        run = play(CHECK, inventory, "-e", '{"tlsfront_probe_hosts": "{{ [\'away\', \'localhost\', \'client\'] | shuffle }}"}')
        assert run.returncode != 0
        assert "FAILED from away: check_not_run" in said(run) and said(run).count("check_not_run:") == 1, run.stdout


def test_an_option_that_refers_to_what_is_not_defined_is_refused(play: Any, cluster: Any) -> None:
    run = play(CHECK, cluster().inventory(), "-e", '{"tlsfront_closed_ports": "{{ office_ports }}"}')
    assert run.returncode != 0
    assert "tlsfront_closed_ports refers to office_ports, which is not defined: correct it" in said(run), run.stdout


def test_no_probe_host_is_refused_before_anything_changes(play: Any, cluster: Any) -> None:
    parts = [{"ansible.builtin.import_playbook": f"tlsfront.elasticsearch.{part}"} for part in ("nodes", "probes")]
    run = play(parts, cluster().inventory(), "-e", '{"tlsfront_probe_hosts": []}')
    assert run.returncode != 0
    assert "tlsfront_probe_hosts is empty, so nothing would be proved" in said(run)


@pytest.mark.parametrize("given", [{}, {"tlsfront_check_api_key": "key"}, {"tlsfront_check_username": "u", "tlsfront_check_password": "p"}])
def test_a_proof_without_the_login_that_elasticsearch_wants_is_refused_before_anything_changes(play: Any, cluster: Any, given: dict[str, str]) -> None:
    parts = [{"ansible.builtin.import_playbook": f"tlsfront.elasticsearch.{part}"} for part in ("nodes", "probes")]
    this = cluster()
    this.variables |= given
    run = play(parts, this.inventory(es1=this.node | {"__host_firewall_decided": {"wants_login": "es1"}}))
    assert (run.returncode == 0) is bool(given), run.stdout
    why = "Elasticsearch on es1 wants a login, and the proof has none, so each of its requests would be refused: set tlsfront_check_username"
    assert (why in said(run)) is not bool(given)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be somebody else")
def test_a_node_that_is_not_asked_as_root_is_not_proved(play: Any, cluster: Any, tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\nexec setpriv --reuid=65534 --clear-groups /usr/bin/python3 "$@"\n')
    python.chmod(0o755)
    this = cluster()
    run = play(CHECK, this.inventory(es1=this.node | {"ansible_python_interpreter": str(python)}), ANSIBLE_PIPELINING="true")
    assert run.returncode != 0
    assert "Ansible cannot reach es1, or not as root, so it is not known at which ports Elasticsearch listens there" in said(run), run.stdout


def test_a_port_that_a_direct_client_finds_open_is_told_with_the_way_out(play: Any, cluster: Any) -> None:
    this = cluster()
    with socket.create_server(("127.0.0.1", 0)) as opened:
        this.variables |= {"tlsfront_closed_ports": [opened.getsockname()[1]], "tlsfront_direct_clients": ["192.0.2.7"]}
        run = play(CHECK, this.inventory(es1=this.node | {"tlsfront_addresses": ["127.0.0.1"]}))
    assert run.returncode != 0
    assert "Where it is one of them that has found a port open, take it out of tlsfront_probe_hosts." in said(run), run.stdout


def test_one_dead_node_does_not_keep_the_others_from_being_proved_and_the_check_ends_red(play: Any, cluster: Any) -> None:
    this = cluster()
    dead = DEAD | {"ansible_become": False, "tlsfront_addresses": ["127.0.0.9"], "tlsfront_https_port": 1}
    run = play(CHECK, this.inventory(es1=this.node, es2=dead))
    assert run.returncode != 0
    rows = [line.split() for line in run.stdout.replace('"', "").splitlines() if line.split()[-1:] in (["localhost,"], ["localhost"])]
    assert [(row[0].split(":")[0], row[2]) for row in rows] == [("127.0.0.1", "verified"), ("es2", "connection_refused")], run.stdout


def test_what_the_cloud_lets_in_is_told_although_a_node_is_dead_and_is_no_success_where_all_else_is_good(play: Any, cluster: Any) -> None:
    inventory = cluster().inventory(es1={**cluster().node, "tlsfront_cloud": "ec2", "node_identity_cloud": "none"}, es2=DEAD)
    run = play(CHECK, inventory)
    assert run.returncode != 0
    assert "es1 is to be on EC2, but its instance" in said(run) and "Ansible cannot reach es2, or not as root" in said(run)
    del inventory["all"]["children"]["elasticsearch"]["hosts"]["es2"]
    run = play(CHECK, inventory)
    assert run.returncode != 0
    assert said(run).count("es1 is to be on EC2, but its instance") > 1 and "Proved:" not in run.stdout


@pytest.mark.parametrize("lost", ["es1", "es2"])
def test_a_node_that_was_not_asked_for_its_ports_is_not_proved_by_its_https(play: Any, cluster: Any, lost: str) -> None:
    this = cluster()
    node = this.node | {"tlsfront_addresses": ["127.0.0.1"]}
    run = play(CHECK, this.inventory(**{name: node | (DEAD if name == lost else {}) for name in ("es1", "es2")}))
    assert run.returncode != 0, run.stdout
    assert f"Ansible cannot reach {lost}, or not as root" in said(run) and f"--limit 'elasticsearch:!{lost}'" in said(run), run.stdout


def test_ansible_host_that_is_a_name_is_where_the_node_is_asked(play: Any, cluster: Any) -> None:
    this = cluster()
    # the node's own name resolves nowhere, so it is found by ansible_host or not at all
    node = {**this.node, "ansible_connection": "ssh", **DEAD, "ansible_host": "localhost", "tlsfront_server_names": ["es1"], "ansible_become": False}
    run = play(CHECK, this.inventory(es1=node))
    assert "es1:" in run.stdout and " 127.0.0.1 " in run.stdout and "dns_failure" not in run.stdout, run.stdout


def test_a_probe_host_without_the_official_client_is_found_before_anything_changes_with_what_to_do(play: Any, cluster: Any, tmp_path: Path) -> None:
    this = cluster()
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    inventory = this.inventory()
    inventory["all"]["children"]["probes"] = {"hosts": {"probe": this.client | {"ansible_python_interpreter": f"{bare}/bin/python"}}}
    parts = [{"ansible.builtin.import_playbook": f"tlsfront.elasticsearch.{part}"} for part in ("nodes", "probes")]
    run = play(parts, inventory, "-e", '{"tlsfront_probe_hosts": ["localhost", "probe"]}')
    assert run.returncode != 0
    assert "probe is among tlsfront_probe_hosts, but cannot prove anything:" in said(run)
    assert "'elasticsearch>=8'" in said(run) and "tlsfront_probe_venv" in said(run)

    # with a virtual environment that has it, the same host can
    run = play(parts, inventory, "-e", '{"tlsfront_probe_hosts": ["probe"]}', "-e", f"tlsfront_probe_venv={sys.prefix}")
    assert run.returncode == 0, run.stdout


def maker(place: Path) -> str:
    """A PATH whose python3 makes virtual environments in which pip finds what is installed here: no package index is asked."""
    (place / "bin").mkdir()
    python3 = place / "bin/python3"
    site = f"lib/python3.{sys.version_info.minor}/site-packages"
    python3.write_text(f'#!/bin/sh\n{sys.executable} "$@" && echo {sys.prefix}/{site} > "$3/{site}/here.pth"\n')
    python3.chmod(0o755)
    return f"{place}/bin:{os.environ['PATH']}"


def test_check_makes_the_virtual_environment_where_it_is_missing(play: Any, cluster: Any, tmp_path: Path) -> None:
    this = cluster()
    this.variables["tlsfront_probe_venv"] = f"{tmp_path}/venv"
    run = play(CHECK, this.inventory(), PATH=maker(tmp_path))
    assert run.returncode == 0, run.stdout
    assert "Proved: es1 (1 of 1 nodes)" in run.stdout
    assert (tmp_path / "venv/bin/pip").is_file()


@pytest.mark.parametrize("probes", [["away", "probe"], ["probe", "away"]])
def test_check_says_why_the_virtual_environment_cannot_be_made_and_asks_the_others(play: Any, cluster: Any, probes: list[str]) -> None:
    this = cluster()
    inventory = this.inventory()
    inventory["all"]["children"]["probes"] = {"hosts": {"away": DEAD, "probe": this.client}}
    run = play(CHECK, inventory, "-e", json.dumps({"tlsfront_probe_hosts": probes, "tlsfront_probe_venv": "/proc/venv"}))
    assert run.returncode != 0
    assert f"NOT VERIFIED: 2 of 2 checks failed (0 endpoints, seen from {' and '.join(probes)})" in said(run), run.stdout
    assert "tlsfront_probe_venv: Ansible cannot reach it." in said(run)
    assert "tlsfront_probe_venv: Error: [Errno 2] No such file or directory: '/proc/venv" in said(run)


def test_check_mode_says_that_it_makes_no_virtual_environment(play: Any, cluster: Any, tmp_path: Path) -> None:
    this = cluster()
    this.variables["tlsfront_probe_venv"] = f"{tmp_path}/venv"
    run = play(CHECK, this.inventory(), "--check", PATH=maker(tmp_path))
    assert run.returncode != 0
    assert "tlsfront_probe_venv is not made in check mode, but by a run without --check." in said(run), run.stdout
    assert not (tmp_path / "venv").exists()


def test_a_client_host_is_proved_with_the_virtual_environment(play: Any, cluster: Any, tmp_path: Path) -> None:
    this = cluster()
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    (tmp_path / "files").mkdir()
    (tmp_path / "files/settings.env").write_text("LANG=C\n")  # where nothing is read, nothing is known
    this.client = this.client | {
        "ansible_python_interpreter": f"{bare}/bin/python",
        "client_trust_dir": f"{tmp_path}/tls/front",
        "tlsfront_cutover_paths": [f"{tmp_path}/files"],
        "tlsfront_probe_venv": f"{tmp_path}/venv",
    }
    run = play("tlsfront.elasticsearch.cutover", this.inventory(), PATH=maker(tmp_path))
    assert run.returncode == 0, run.stdout
    assert "Proved: client (1 of 1 client hosts) reach 1 URLs over verified https" in run.stdout


def test_a_client_host_is_ready_and_texts_on_the_command_line_mean_what_they_say(play: Any, cluster: Any, tmp_path: Path) -> None:
    this = cluster()
    (tmp_path / "files").mkdir()
    (tmp_path / "files/settings.env").write_text("LANG=C\n")  # where nothing is read, nothing is known
    this.variables["tlsfront_client_group"] = "apps"  # of the inventory, which a play's hosts know nothing of
    this.client = this.client | {
        "client_trust_dir": f"{tmp_path}/tls/front",
        "client_trust_cas": [this.ca],
        "client_trust_urls": [f"https://127.0.0.1:{this.node['tlsfront_https_port']}"],
        "tlsfront_cutover_paths": [f"{tmp_path}/files"],
    }
    options = ("-e", "client_trust_system=false", "-e", "client_trust_java_cacerts=false", "-e", "tlsfront_close_when_clients_are_ready=true")
    run = play("tlsfront.elasticsearch.cutover", this.inventory(), *options)
    assert run.returncode == 0, run.stdout
    assert "Proved: client (1 of 1 client hosts) reach 1 URLs over verified https" in run.stdout


def test_a_run_that_is_killed_in_its_proof_leaves_no_ca_on_the_probe_host(cluster: Any, tmp_path: Path) -> None:
    this = cluster()
    # short: Ansible opens a Unix socket below it, whose path may have 107 bytes, https://man7.org/linux/man-pages/man7/unix.7.html
    with tempfile.TemporaryDirectory(prefix="probe") as place, socket.create_server(("127.0.0.1", 0)) as silent:
        this.node["tlsfront_https_port"] = silent.getsockname()[1]
        (tmp_path / "inventory.yml").write_text(yaml.safe_dump(this.inventory()))
        asked = threading.Event()

        def answer() -> None:
            connection, _peer = silent.accept()
            asked.set()
            connection.recv(1 << 16)

        threading.Thread(target=answer, daemon=True).start()
        command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(tmp_path / "inventory.yml"), CHECK]
        process = subprocess.Popen(command, env={**os.environ, "TMPDIR": place}, start_new_session=True, stdout=subprocess.DEVNULL)
        try:
            assert asked.wait(120)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            end_workers(place)
        assert list(Path(place).rglob("*.pem")) == []


def end_workers(place: str) -> None:
    """Ends Ansible's workers whose TMPDIR is ``place``: each is in a session of its own, and outlives the ansible-playbook that started it."""
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if f"TMPDIR={place}".encode() in environ.read_bytes().split(b"\0"):
                os.kill(int(environ.parent.name), signal.SIGKILL)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("files/ca.pem", 'tlsfront_ca_path is "files/ca.pem", which is not the absolute path of a file on the controller'),
        ("{place}/file/ca.pem", "tlsfront_ca_path: {place}/file/ca.pem may be changed by everybody (mode 0666): chmod go-w {place}/file/ca.pem. Nothing"),
        ("{place}/directory/ca.pem", "{place}/directory may be changed by everybody (mode 0777): chmod go-w {place}/directory. Nothing"),
        ("{place}/link/ca.pem", "{place}/directory may be changed by everybody (mode 0777)"),
        ("{place}/owner/ca.pem", "{place}/owner/ca.pem is owned by nobody, who may change what is there: chown"),
    ],
    ids=["relative", "file", "directory", "link", "owner"],
)
def test_a_ca_that_others_may_change_is_no_ca_to_trust(play: Any, cluster: Any, tmp_path: Path, path: str, says: str) -> None:
    this = cluster()
    for name in ("file", "directory", "owner"):
        (tmp_path / name).mkdir()
        shutil.copy(this.ca, tmp_path / name / "ca.pem")
    (tmp_path / "file/ca.pem").chmod(0o666)
    (tmp_path / "directory").chmod(0o777)
    (tmp_path / "link").symlink_to("directory")
    if "owner" in path:
        if os.geteuid() != 0:
            pytest.skip("only root may give a file away")
        shutil.chown(tmp_path / "owner/ca.pem", "nobody")
    this.variables["tlsfront_ca_path"] = path.format(place=tmp_path)
    run = play(CHECK, this.inventory())
    assert run.returncode != 0
    assert says.format(place=tmp_path) in said(run), run.stdout
    assert "Gather the names and addresses of every node" not in run.stdout


@pytest.mark.parametrize("path", ["~/venv", "venv", "/opt/my venv", "/opt/venv;id", "/opt/venv\n"])
def test_a_virtual_environment_that_no_shell_could_name_is_refused(play: Any, cluster: Any, path: str) -> None:
    this = cluster()
    this.variables["tlsfront_probe_venv"] = path
    run = play(CHECK, this.inventory())
    assert run.returncode != 0
    assert "tlsfront_probe_venv is" in said(run) and "and must be an absolute path" in said(run), run.stdout
    assert "Gather the names and addresses of every node" not in run.stdout


def test_a_dead_node_whose_addresses_rest_on_facts_does_not_keep_the_others_from_being_proved(play: Any, cluster: Any) -> None:
    this = cluster()
    dead = DEAD | {"ansible_become": False, "tlsfront_addresses": "{{ tlsfront_identity.private_addresses }}", "tlsfront_https_port": 1}
    run = play(CHECK, this.inventory(es1=this.node, es2=dead | {"ansible_host": "127.0.0.9"}))
    assert run.returncode != 0
    assert "NOT VERIFIED: 1 of 2 checks failed" in said(run), run.stdout


def test_a_virtual_environment_that_somebody_else_owns_proves_nothing(play: Any, cluster: Any, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may give a file away")
    this = cluster()
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    for name in ("python", "pip"):
        (venv / "bin" / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
        (venv / "bin" / name).chmod(0o755)
        shutil.chown(venv / "bin" / name, "nobody")
    this.variables["tlsfront_probe_venv"] = str(venv)
    run = play(CHECK, this.inventory())
    assert run.returncode != 0
    assert f"{venv}/bin/python is owned by nobody" in said(run), run.stdout
    assert not (tmp_path / "started").exists()


def test_what_the_play_says_of_the_nodes_is_proved(play: Any, cluster: Any) -> None:
    """The form of use in README.md: hostvars knows nothing of vars of import_playbook."""
    this = cluster()
    names = ("tlsfront_server_names", "tlsfront_https_port")
    variables = {name: this.node.pop(name) for name in names} | {name: this.variables.pop(name) for name in ("tlsfront_ca_path", "tlsfront_closed_ports")}
    mine = [{"name": "Mine", "ansible.builtin.import_playbook": CHECK, "vars": variables | {"tlsfront_addresses": ["{{ place }}"]}}]
    run = play(mine, this.inventory(es1=this.node | {"place": "127.0.0.1"}))
    assert run.returncode == 0, run.stdout
    port = variables["tlsfront_closed_ports"][0]
    assert f"Proved: es1 (1 of 1 nodes): VERIFIED: 1 check, none failed (1 endpoint, seen from localhost); ports closed: {port}." in run.stdout


def test_one_run_is_for_one_cluster(play: Any, cluster: Any) -> None:
    """Otherwise what is said of the second would be done to the first one's nodes."""
    this = cluster()
    both = [
        {"name": f"Cluster of {group}", "ansible.builtin.import_playbook": CHECK, "vars": {"tlsfront_group": group}} for group in ("elasticsearch", "clients")
    ]
    run = play(both, this.inventory())
    assert run.returncode != 0
    assert 'This run has dealt with es1 before, not of the group "clients": a run is for one cluster.' in said(run), run.stdout


def test_what_the_play_says_of_the_nodes_is_what_client_hosts_are_told(play: Any, cluster: Any, tmp_path: Path) -> None:
    this = cluster()
    names = ("tlsfront_server_names", "tlsfront_https_port")
    variables = {name: this.node.pop(name) for name in names} | {"tlsfront_closed_ports": [9207], "certificate_source": "provided"}
    variables["certificate_provided_ca"] = this.variables.pop("tlsfront_ca_path")
    (tmp_path / "files").mkdir()
    (tmp_path / "files/x.env").write_text("ES=http://search.example.net:9207\n")
    this.client = this.client | {"client_trust_dir": f"{tmp_path}/tls/front", "tlsfront_cutover_paths": [f"{tmp_path}/files"]}
    del this.variables["tlsfront_closed_ports"]
    mine = [{"name": "Mine", "ansible.builtin.import_playbook": "tlsfront.elasticsearch.cutover", "vars": variables}]
    run = play(mine, this.inventory())
    assert f"client reaches https://127.0.0.1:{variables['tlsfront_https_port']} over verified https, but is not ready" in said(run), run.stdout
    assert "/x.env:1: http://search.example.net:9207" in said(run)
    (tmp_path / "files/x.env").write_text("\n")
    run = play(mine, this.inventory())
    assert run.returncode == 0, run.stdout


def test_each_node_is_asked_for_its_own_ports(play: Any, cluster: Any) -> None:
    this = cluster()
    own = this.variables.pop("tlsfront_closed_ports")
    with socket.create_server(("127.0.0.2", 0)) as open_there:
        port = open_there.getsockname()[1]
        # an open port of the second is no matter of the first, nor is a closed one of the first a matter of the second
        nodes = {
            "es1": this.node | {"tlsfront_addresses": ["127.0.0.1"], "tlsfront_closed_ports": own},
            "es2": this.node | {"tlsfront_addresses": ["127.0.0.2"], "tlsfront_https_port": 1, "tlsfront_closed_ports": [port]},
        }
        run = play(CHECK, this.inventory(**nodes))
    rows = {line.split()[1]: line for line in run.stdout.replace('"', "").splitlines() if line.split()[1:2] in (["127.0.0.1"], ["127.0.0.2"])}
    assert f"{own[0]} closed" in rows["127.0.0.1"] and str(port) not in rows["127.0.0.1"], run.stdout
    assert f"{port} OPEN" in rows["127.0.0.2"] and str(own[0]) not in rows["127.0.0.2"], run.stdout


def test_a_ca_of_ours_that_others_may_change_proves_nothing(play: Any, cluster: Any, tmp_path: Path) -> None:
    this = cluster()
    (tmp_path / "own/ca").mkdir(parents=True)
    (tmp_path / "own/ca").chmod(0o777)
    shutil.copy(this.variables.pop("tlsfront_ca_path"), tmp_path / "own/ca/ca.pem")
    this.variables["tlsfront_controller_dir"] = f"{tmp_path}/own"
    run = play(CHECK, this.inventory())
    assert run.returncode != 0
    assert f"{tmp_path}/own/ca may be changed by everybody (mode 0777): chmod go-w {tmp_path}/own/ca. Nothing was proved" in said(run), run.stdout
