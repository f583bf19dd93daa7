# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The module as Ansible runs it, on files as they are: no file ends the look at others, and what was not read is said."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Iterator

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._text_files import Reader

RUN = """
import sys
from ansible.module_utils import basic
basic._ANSIBLE_PROFILE = "legacy"  # of ansible-core 2.19 and newer
basic.has_journal = False
basic.AnsibleModule._log_to_syslog = lambda self, text: None
from ansible_collections.tlsfront.elasticsearch.plugins.modules import plaintext_clients_info
basic._ANSIBLE_ARGS = sys.stdin.buffer.read()
plaintext_clients_info.main()
"""


def run(**params: Any) -> dict[str, Any]:
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(each for each in sys.path if each))
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": params}),
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def look(*paths: Path, **options: Any) -> dict[str, Any]:
    found = run(paths=[str(path) for path in paths], **options)
    assert not found.get("failed"), found
    found["told"] = [each["text"].replace(f"{paths[0]}/", "") for each in found["mentions"]]
    return found


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "app").mkdir()
    (tmp_path / "app/first.conf").write_text("name=x\nes=http://es1:9200\n")
    (tmp_path / "app/last.conf").write_text("es=es2:9200\n")
    return tmp_path


def test_files_are_told_with_line_and_url_and_check_mode_is_the_same(tree: Path) -> None:
    found = look(tree)
    assert found["told"] == ["app/first.conf:2: http://es1:9200", "app/last.conf:1: es2:9200"]
    assert found["mentions"][0] | {"path": "", "text": ""} == {"path": "", "line": 2, "kind": "http", "host": "es1", "port": 9200, "text": ""}
    assert (found["unread"], found["files_read"], found["binary_files"], found["changed"]) == ([], 2, 0, False)
    again = look(tree, _ansible_check_mode=True)
    assert again["mentions"] == found["mentions"]


@pytest.mark.parametrize(
    "content",
    [
        b"caf\xe9=x\nes=http://es9:9200\n",
        b"\xff\xfe\xfd\nes=http://es9:9200\n",
        "caf\u00e9\nes=http://es9:9200\n".encode("utf-16"),
        "caf\u00e9\nes=http://es9:9200\n".encode("utf-16-le"),
        "caf\u00e9\nes=http://es9:9200\n".encode("utf-16-be"),
        "\ufeffname\nes=http://es9:9200\n".encode(),
        b"# " + b"a long file of settings, " * 20 + b"\0\nes=http://es9:9200\n",
        b"name\r\nes=http://es9:9200\r\n",
        b"name\res=http://es9:9200",
    ],
    ids=["Latin-1", "no encoding", "UTF-16", "UTF-16LE", "UTF-16BE", "byte order mark", "a stray zero", "CR LF", "CR"],
)
def test_no_encoding_ends_the_look(tree: Path, content: bytes) -> None:
    (tree / "app/before.conf").write_bytes(content)
    assert look(tree)["told"] == ["app/before.conf:2: http://es9:9200", "app/first.conf:2: http://es1:9200", "app/last.conf:1: es2:9200"]


def test_a_binary_file_is_counted_and_ends_nothing(tree: Path) -> None:
    (tree / "app/a.bin").write_bytes(b"\x7fELF\0\0\0http://es1:9200\0\1\2\3" * 100)
    found = look(tree)
    assert (len(found["told"]), found["binary_files"], found["unread"]) == (2, 1, [])


def test_nothing_is_opened_that_is_no_file(tree: Path) -> None:
    os.mkfifo(tree / "app/a.fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tree / "app/a.sock"))
        (tree / "app/zero").symlink_to("/dev/zero")
        found = look(tree)
    assert len(found["told"]) == 2
    assert len(found["unread"]) == 1 and "/dev/zero, which is not looked into" in found["unread"][0]


def test_a_unit_that_is_masked_says_nothing(tree: Path) -> None:
    (tree / "app/elsewhere.timer").symlink_to("/dev/null")  # systemctl(1), "mask"
    found = look(tree)
    assert len(found["told"]) == 2 and found["unread"] == []


def test_links_are_followed_once_and_never_for_ever(tree: Path) -> None:
    (tree / "app/again").symlink_to(tree)
    (tree / "other").mkdir()
    (tree / "other/in.conf").write_text("http://es7:9200")
    (tree / "app/linked").symlink_to(tree / "other")
    (tree / "app/nowhere").symlink_to(tree / "missing")
    found = look(tree / "app")
    # the link "again" leads to the whole tree: each file in it is told once, by the way on which it was met first
    assert sorted(line.rpartition(": ")[2] for line in found["told"]) == ["es2:9200", "http://es1:9200", "http://es7:9200"]
    assert found["unread"] == []


def test_what_could_not_be_read_is_said(tree: Path) -> None:
    (tree / "app/circle").symlink_to("circle")
    (tree / "app/root").symlink_to("/")
    (tree / "app/large.conf").write_text("x" * 5000)
    found = look(tree, tree / "missing", max_file_size=4096)
    assert [line.rpartition("/app/")[2] for line in found["unread"] if "/app/" in line] == [
        "circle: Too many levels of symbolic links",
        "large.conf: it has more than 4096 bytes (max_file_size)",
        "root: it is /, which is not looked into",
    ]
    assert f"{tree}/missing: it is not there" in found["unread"]
    assert len(found["told"]) == 2


def test_what_may_be_missing_is_no_fault_of_it(tree: Path) -> None:
    found = run(optional_paths=[str(tree), str(tree / "missing")])
    assert (len(found["mentions"]), found["unread"]) == (2, [])


def test_too_many_files_are_said(tree: Path) -> None:
    found = look(tree, max_files=1)
    assert found["told"] == ["app/first.conf:2: http://es1:9200"]
    assert len(found["unread"]) == 1 and "more than 1 files" in found["unread"][0]


def test_exclusions_and_other_hosts(tree: Path) -> None:
    (tree / "app/x.log").write_text("http://es1:9200")
    assert len(look(tree)["told"]) == 3
    assert look(tree, exclude=["*.log", "*/last.conf"], other_hosts=["http://ES1:9200/"])["told"] == []


def test_a_pattern_of_files_leaves_out_no_directory(tree: Path) -> None:
    for name in ("releases.log.2/x.conf", "old.log/x.conf", "conf.log.4j.properties", "app.log.1", "a/node_modules/b/c.js", "a/node_modules/d.js"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("http://es5:9200")
    found = look(tree, exclude=["*.log", "*.log.[0-9]", "*/node_modules/*", str(tree / "app")])
    assert [line.partition(":")[0] for line in found["told"]] == ["conf.log.4j.properties", "old.log/x.conf", "releases.log.2/x.conf"]
    assert (found["files_left_out"], found["files_read"]) == (5, 3)


def test_a_range_of_ports(tree: Path) -> None:
    (tree / "app/x.conf").write_text("http://es1:9201")
    assert "app/x.conf:1: http://es1:9201" in look(tree, ports=["9200-9299"])["told"]


@pytest.fixture
def strange() -> Iterator[Path]:
    """A place that another user may come to."""
    place = Path(tempfile.mkdtemp(dir="/tmp"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place)


def test_a_name_of_any_bytes_is_shown(strange: Path) -> None:
    (strange / os.fsdecode(b"caf\xe9\n\x1b[31m.conf")).write_text("http://es1:9200")
    (found,) = look(strange)["mentions"]
    assert found["path"] == f"{strange}/caf\ufffd??[31m.conf"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_what_the_user_may_not_read_is_said(strange: Path) -> None:
    (strange / "a.conf").write_text("x")
    (strange / "b").mkdir()
    (strange / "c.conf").write_text("http://es1:9200")
    (strange / "a.conf").chmod(0o600)
    (strange / "b").chmod(0o700)
    reader = Reader(4096, 100)
    os.seteuid(65534)
    try:
        texts = dict(reader.texts([str(strange)]))
    finally:
        os.seteuid(0)
    assert texts == {f"{strange}/c.conf": "http://es1:9200"}
    assert reader.unread == {f"{strange}/a.conf": "Permission denied", f"{strange}/b": "Permission denied"}


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({}, "paths: give one path at least"),
        ({"paths": ["opt"]}, "'opt' is not an absolute path"),
        ({"paths": ["/opt"], "ports": ["9200x"]}, "'9200x' is neither a port"),
        ({"paths": ["/opt"], "ports": ["0"]}, "'0' is neither a port"),
        ({"paths": ["/opt"], "ports": ["99999"]}, "'99999' is neither a port"),
        ({"paths": ["/opt"], "ports": ["\uff19\uff12"]}, "neither a port"),
        ({"paths": ["/opt"], "ports": []}, "ports: give one port"),
        ({"paths": ["/opt"], "cluster_hosts": ["es1", " "]}, "cluster_hosts[1] names no host"),
        ({"paths": ["/opt"], "max_files": 0}, "max_files: must be 1 or more"),
    ],
)
def test_what_cannot_work_is_refused(params: dict[str, Any], said: str) -> None:
    result = run(**params)
    assert result["failed"] and said in result["msg"], result
