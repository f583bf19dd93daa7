# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The modules about nginx and its certificate as Ansible runs them. What they do to a real nginx: tests/unit/roles/https_front."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jinja2
import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx import configuration
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx.detached import Lost, detached
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.module_runs import run
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.servers import elasticsearch, listening, over_tls, server_context

TEMPLATES = Path(__file__).parents[4] / "roles/https_front/templates"


@pytest.fixture
def places(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "nginx/conf.d").mkdir(parents=True)
    systemctl = tmp_path / "systemctl"
    systemctl.write_text(f"#!/bin/sh\necho \"$@\" >>{tmp_path}/asked\necho ActiveState=inactive\n")
    systemctl.chmod(0o755)
    return {
        "path": str(tmp_path / "nginx/conf.d/tlsfront.conf"),
        "drop_in_path": str(tmp_path / "service/tlsfront.conf"),
        "directory": str(tmp_path / "front"),
        "pid_file": str(tmp_path / "nginx.pid"),
        "nginx": str(tmp_path / "nothing"),
        "systemctl": str(systemctl),
    }


def given(place: Path, **more: Any) -> dict[str, Any]:
    served = {"configuration": "%CONFIGURATION_ID%", "addresses": [], "port": 443, "names": ["es1"], "chain": f"{place}/live/chain.pem", "ca": f"{place}/ca"}
    text = f"# served: {json.dumps(served)}\nauth_basic_user_file %USERS_FILE%;\n"
    return {"configuration": text, "drop_in": "c\n", "restart_drop_in": "d\n", **more}


# ---- nginx_config


def test_a_first_run_in_check_mode_shows_what_it_would_write_and_writes_nothing(places: dict[str, str], tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    users = [{"name": "anna", "password": "dragon42", "read_only": True}]
    files = [{"name": "client-ca-1.pem", "content": "a CA\n"}]
    result = run("nginx_config", **given(tmp_path, users=users, files=files), _ansible_check_mode=True, **places)
    assert result["changed"] and not result["raced"]
    shown = {each["after_header"]: each["after"] for each in result["diff"]}
    assert shown[places["drop_in_path"]] == "c\n" and shown[f"{tmp_path}/service/tlsfront-restart.conf"] == "d\n"
    assert shown[f"{tmp_path}/front/client-ca-1.pem"] == "a CA\n" and shown[f"{tmp_path}/front/users-new"] == "(not shown)\n"
    assert f"auth_basic_user_file {tmp_path}/front/users-new;" in shown[places["path"]] and "%" not in shown[places["path"]]
    assert "dragon42" not in json.dumps(result)
    assert (tmp_path / "asked").read_text() == "--version\n", "systemd is asked what it knows, and nothing else"
    (tmp_path / "asked").unlink()
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("check", [True, False])
def test_another_runs_change_is_told_and_kept(places: dict[str, str], tmp_path: Path, check: bool) -> None:
    Path(places["path"]).write_text("of another run\n")
    result = run("nginx_config", **given(tmp_path, token="seen before"), _ansible_check_mode=check, **places)
    assert result["failed"] and result["raced"]
    assert "another run has changed the node in the meantime" in result["msg"]
    assert Path(places["path"]).read_text() == "of another run\n"


def test_what_is_none_of_the_roles_is_refused(places: dict[str, str], tmp_path: Path) -> None:
    result = run("nginx_config", **{**given(tmp_path), "configuration": "a\n"}, **places)
    assert result["failed"] and "none of the role's" in result["msg"]


def test_a_certificate_that_is_not_there_is_told(places: dict[str, str], tmp_path: Path) -> None:
    result = run("nginx_config", **given(tmp_path), **places)
    assert result["failed"] and f"{tmp_path}/live has no chain.pem and key.pem" in result["msg"]


@pytest.mark.parametrize("check", [True, False])
def test_an_upstream_that_nginx_could_not_verify_is_refused_and_nothing_is_written(places: dict[str, str], tmp_path: Path, check: bool) -> None:
    root, live = pki.root(), tmp_path / "live"
    live.mkdir()
    front = pki.issue("es1", root, names=["es1"])
    for name, octets in (("chain.pem", front.pem), ("key.pem", front.key_pem), ("ca.pem", root.pem)):
        (live / name).write_bytes(octets)
    behind = pki.issue("es1", pki.root("Another"), names=["es1"]).write(tmp_path)
    with listening(over_tls(server_context(behind), elasticsearch())) as server:
        more = given(tmp_path, files=[{"name": "upstream-ca-1.pem", "content": root.pem.decode()}])
        more["configuration"] += (
            f"upstream tlsfront_elasticsearch {{ server 127.0.0.1:{server.port}; }}\n"
            f"server {{ proxy_ssl_trusted_certificate {tmp_path}/front/upstream-ca-1.pem; proxy_ssl_name es1; proxy_pass https://tlsfront_elasticsearch; }}\n"
        )
        result = run("nginx_config", **more, _ansible_check_mode=check, **places)
    assert result["failed"] and f"127.0.0.1:{server.port} does not pass as es1 by the CA in {tmp_path}/front/upstream-ca-1.pem" in result["msg"]
    assert not Path(places["path"]).exists() and not (tmp_path / "front/upstream-ca-1.pem").exists()


@pytest.mark.parametrize("name", ["../users", "a/b", "", ".hidden", "a\n"])
def test_a_file_is_only_in_its_own_directory(places: dict[str, str], tmp_path: Path, name: str) -> None:
    result = run("nginx_config", **given(tmp_path, files=[{"name": name, "content": "x"}]), **places)
    assert result["failed"] and "it must be the name of a file" in result["msg"]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"users": [{"name": "a\nintruder", "hash": "{PLAIN}s3cret"}]}, "it must be of 1 to 64 letters"),
        ({"users": [{"name": "x:y", "password": "s3cret"}]}, "it must be of 1 to 64 letters"),
        ({"users": [{"name": "a", "hash": "{PLAIN}s3cret\nsecond:{PLAIN}"}]}, "the hash of the user a has characters that no hash has"),
        ({"users": [{"name": "a"}]}, "the user a must have either a password or a hash"),
        ({"users": [{"name": "a", "hash": "{PLAIN}s3cret", "password": "s3cret"}]}, "the user a must have either a password or a hash"),
        ({"users": [{"name": "a", "password": "s3cret"}] * 2}, "users has a name twice"),
        ({"rounds": -5}, "rounds is -5"),
        ({"files": [{"name": "users-evil", "content": "x"}]}, "which another file has"),
        ({"files": [{"name": "a", "content": "x"}, {"name": "a", "content": "y"}]}, "which another file has"),
    ],
    ids=str,
)
def test_no_user_and_no_file_comes_in_by_another_one(places: dict[str, str], tmp_path: Path, more: dict[str, Any], says: str) -> None:
    result = run("nginx_config", **given(tmp_path, **more), **places)
    assert result["failed"] and says in result["msg"] and "s3cret" not in result["msg"]


@pytest.mark.parametrize("missing", ["configuration", "drop_in", "restart_drop_in"])
def test_what_it_needs_is_asked_for(places: dict[str, str], tmp_path: Path, missing: str) -> None:
    result = run("nginx_config", **{name: value for name, value in given(tmp_path).items() if name != missing}, **places)
    assert result["failed"] and missing in result["msg"]


def test_what_is_not_there_needs_no_removal(places: dict[str, str], tmp_path: Path) -> None:
    for check in (True, False):
        assert not run("nginx_config", state="absent", _ansible_check_mode=check, **places)["changed"]
    Path(places["directory"]).mkdir()
    assert run("nginx_config", state="absent", **places)["changed"] and not Path(places["directory"]).exists()


# ---- nginx_info


def test_where_nginx_is_not_there_that_is_told(places: dict[str, str], tmp_path: Path) -> None:
    asked = {"port": 443, "certificate_dir": str(tmp_path / "live"), "names": ["es1"]}
    result = run("nginx_info", **asked, **places)
    assert result["nginx"] == {"present": False, "version": "1.18.0", "group": "", "broken": ""}
    assert (result["installing"], result["restart_due"], result["certificate"]["files"]) == (False, False, [])
    (Path(places["directory"])).mkdir()
    (Path(places["directory"]) / "installing").touch()
    Path(places["path"]).write_text("another\n")
    again = run("nginx_info", **asked, **places)
    assert again["installing"] and again["token"] != result["token"]


def test_without_systemd_all_else_is_told_all_the_same(places: dict[str, str], tmp_path: Path) -> None:
    """What is wrong there is said by who asks, with all else that is."""
    asked = {"port": 443, "certificate_dir": str(tmp_path / "live"), "names": ["es1"], "drop_in": "[Service]\n"}
    result = run("nginx_info", **asked, **{**places, "systemctl": str(tmp_path / "none")})
    assert not result.get("failed") and not result["nginx"]["present"]


@pytest.mark.parametrize(("loaded", "obstacle"), [("loaded", ""), ("masked", "masked"), ("not-found", "not-found")])
def test_what_keeps_systemd_from_starting_nginx_is_told(places: dict[str, str], tmp_path: Path, loaded: str, obstacle: str) -> None:
    Path(places["systemctl"]).write_text(f"#!/bin/sh\necho LoadState={loaded}\n")
    Path(places["nginx"]).write_text("#!/bin/sh\necho nginx version: nginx/1.26.3 >&2\n")
    Path(places["nginx"]).chmod(0o755)
    result = run("nginx_info", port=443, certificate_dir=str(tmp_path / "live"), names=["es1"], **places)
    assert result["nginx"]["present"] and result["nginx"]["unit_obstacle"] == obstacle


def test_what_is_passed_on_to_by_https_is_told_of_each_site(places: dict[str, str], tmp_path: Path) -> None:
    asked = {"port": 443, "certificate_dir": str(tmp_path / "live"), "names": ["es1"]}
    result = run("nginx_info", **asked, **places)
    assert (result["passes_on_by"], result["https_upstreams"]) == ("", [])
    template = jinja2.Template((TEMPLATES / "upstream.j2").read_text("utf-8"), trim_blocks=True)
    upstreams = {"tlsfront_elasticsearch": ["127.0.0.1:9200"], "tlsfront_site_1": ["127.0.0.1:9201", "[::1]:9202"], "tlsfront_site_2": ["127.0.0.1:5601"]}
    passed = "server {{\n    location / {{\n        proxy_pass {}://{};\n    }}\n}}\n"
    Path(places["path"]).write_text(
        "\n".join(template.render(site={"id": name, "upstream": {"servers": servers}}) + "\n" for name, servers in upstreams.items())
        + passed.format("http", "tlsfront_elasticsearch")
        + passed.format("https", "tlsfront_site_1")
        + passed.format("http", "tlsfront_site_2")
    )
    result = run("nginx_info", **asked, **places)
    assert (result["passes_on_by"], result["https_upstreams"]) == ("http", ["127.0.0.1:9201", "[::1]:9202"])


# ---- what is begun is ended


def test_work_goes_on_when_who_asked_for_it_is_gone(tmp_path: Path) -> None:
    """As sshd and sudo end it: with its process group."""
    code = f"""
import os, time
from pathlib import Path
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx.detached import detached
def work():
    Path({str(tmp_path)!r}, "begun").touch()
    time.sleep(1)
    Path({str(tmp_path)!r}, "done").touch()
    return {{}}
detached(work)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code], start_new_session=True, env=dict(os.environ, PYTHONPATH=os.pathsep.join(each for each in sys.path if each))
    )
    deadline = time.monotonic() + 20
    while not (tmp_path / "begun").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGKILL):
        os.killpg(process.pid, number)
    assert process.wait(10) < 0 and not (tmp_path / "done").exists()
    while not (tmp_path / "done").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_the_work_returns_or_how_it_fails_is_told() -> None:
    assert detached(lambda: {"a": ["\u00e4"]}) == {"a": ["\u00e4"]}
    with pytest.raises(Lost, match="ZeroDivisionError"):
        detached(lambda: {"a": 1 // 0})
    with pytest.raises(Lost, match="without a word"):
        detached(lambda: os.kill(os.getpid(), signal.SIGKILL) or {})


# ---- what a configuration names


def test_files_are_found_as_nginx_would_find_them() -> None:
    text = r"""
    # auth_basic_user_file /in/a/comment;
    map $a $b { "auth_basic_user_file /in/a/text;" 1; "~x;{" 2; }
    server {
        ssl_certificate "/with a space/\"quoted\"/chain.pem"; ssl_certificate_key '/with a space/key.pem';
        auth_basic_user_file /escaped\ space/users; location / { auth_basic_user_file relative; }
        ssl_crl /once; ssl_crl /once;
        ssl_client_certificate $of_the_request; ssl_certificate_key data:$key; auth_basic off;
    }
    """
    here = Path("/etc/nginx")
    assert configuration.read_by_workers(text, here) == [Path("/escaped\\ space/users"), here / "relative"]
    assert [str(path) for path in configuration.read_by_master(text, here)] == ['/with a space/"quoted"/chain.pem', "/with a space/key.pem", "/once"]
