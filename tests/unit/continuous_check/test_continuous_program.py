# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The program that a timer runs on a probe host, as a process of its own, against real servers."""

from __future__ import annotations

import contextlib
import datetime
import importlib
import json
import os
import pwd
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils import _files
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._checks import checks_of
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._continuous_check import program as module
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._continuous_check import settings, status
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki, servers
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.kills import killed
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.lab import Lab

pytestmark = pytest.mark.slow

SUPPORT = Path(__file__).resolve().parents[1] / "support"
OK, WARNING, CRITICAL, UNKNOWN = range(4)


def series(text: str, name: str) -> list[float]:
    return [float(value) for value in re.findall(rf"^tlsfront_https_check_{name}(?:{{.*}})? (\S+)$", text, re.MULTILINE)]


def test_it_checks_without_ansible_and_writes_metrics_page_and_result(program: Any, lab: Lab) -> None:
    closed = servers.closed_port()
    with lab.serving() as server:
        code, line = program.asks({"url": server.url, "closed_ports": [str(closed)]}).run(INVOCATION_ID="0123")
    assert code == OK and line.startswith("OK - VERIFIED: 1 check, none failed (1 endpoint, seen from bastion)")
    assert f"ports closed: {closed}" in line and "|" not in line
    text = program.metrics.read_text("utf-8")
    assert series(text, "verified") == [1] and series(text, "probe_success") == [1] and series(text, "closed_port_open") == [0]
    assert abs(series(text, "last_run_timestamp_seconds")[0] - time.time()) < 60
    assert 'probe="bastion"' in text and f'endpoint="{server.url}"' in text
    assert "Verified https of elasticsearch" in program.page.read_text("utf-8")
    told = json.loads(program.result.read_text("utf-8"))
    assert told["invocation"] == "0123" and told["observation"]["result"]["endpoints"][0]["verified"] is True
    assert {oct(path.stat().st_mode & 0o777) for path in (program.metrics, program.page, program.result)} == {"0o644"}, "whoever reads them is another user"
    assert sorted(str(path.relative_to(program.state)) for path in program.state.rglob("*") if path.is_file()) == sorted(
        [module.METRICS, module.PAGE, module.RESULT]
    )


def test_each_module_of_it_can_be_imported_without_ansible(tree: Path) -> None:
    modules = sorted(str(path.relative_to(tree).with_suffix("")).replace("/", ".").removesuffix(".__init__") for path in tree.rglob("ansible_*/**/*.py"))
    assert len(modules) > 30 and not [name for name in modules if "ansible_types" in name]
    code = f"import sys; sys.path.insert(0, {str(tree)!r}); sys.modules['ansible'] = None\nfor name in {modules!r}: __import__(name)"
    subprocess.run([sys.executable, "-I", "-c", code], check=True)


def test_as_a_plugin_it_tells_the_last_result_with_numbers(program: Any, lab: Lab) -> None:
    with lab.serving() as server:
        program.asks(server.url, warn_days_valid=7, min_days_valid=3).run()
    code, line = program.run("--nagios")  # and nobody serves any more
    assert code == OK
    said, numbers = line.split(" | ")
    assert said.startswith("OK - VERIFIED")
    found = dict(number.split("=") for number in numbers.split(" "))
    assert found["checks"] == "1;;;0" and found["failed"] == "0;;0;0" and found["days_left"].endswith(";7:;3:") and re.fullmatch("[0-9]+s;;;0", found["age"])
    code, line = program.run("--nagios", "--now")
    assert code == CRITICAL and "connection_refused" in line and "failed=1;;0;0" in line
    assert series(program.metrics.read_text("utf-8"), "verified") == [0]


def test_it_tells_which_run_of_systemd_has_checked(program: Any, lab: Lab) -> None:
    first, second = "0" * 32, "a" * 32
    with lab.serving() as server:
        assert program.asks(server.url).run("--which") == (0, "none")
        program.run(INVOCATION_ID=first)
        assert program.run("--which") == (0, f"{first} has checked")
        program.asks()
        program.run(INVOCATION_ID=second)
        assert program.run("--which") == (0, f"{second} has not checked")
        program.asks(server.url).run()
    assert program.run("--which") == (0, "none"), "one by hand is none of systemd's"
    program.result.write_text('{"invocation": ["a"], "observation": {"result": 1}}')
    assert program.run("--which") == (0, "none")


@pytest.mark.parametrize("failure", ["expired", "unknown issuer", "port"])
def test_what_is_not_verified_and_a_port_that_is_open_are_critical(program: Any, lab: Lab, failure: str) -> None:
    with contextlib.ExitStack() as stack:
        if failure == "expired":
            issued: Any = pki.issue("es1", lab.intermediate, not_before=-3 * pki.DAY, not_after=-pki.DAY)
        else:
            issued = pki.issue("es1", lab.other_root) if failure == "unknown issuer" else None
        server = stack.enter_context(lab.serving(issued))
        ports = [str(stack.enter_context(servers.listening(servers.silent)).port)] if failure == "port" else []
        code, line = program.asks({"url": server.url, "closed_ports": ports}).run()
    assert code == CRITICAL and line.startswith("CRITICAL - NOT VERIFIED: 1 of 1 check failed")
    text = program.metrics.read_text("utf-8")
    assert series(text, "verified") == [0] and series(text, "probe_success") == [1]
    assert series(text, "closed_port_open") == ([1] if ports else [])
    reason = {"expired": "certificate_expired", "unknown issuer": "untrusted_issuer", "port": "port_open"}[failure]
    assert f'reason="{reason}"' in text and reason in line
    assert program.run("--nagios")[0] == CRITICAL


def test_a_certificate_that_ends_is_a_warning(program: Any, lab: Lab) -> None:
    with lab.serving() as server:
        code, line = program.asks(server.url, warn_days_valid=100000).run()
    assert code == WARNING and line.startswith("WARNING - VERIFIED: 1 check, none failed") and "1 with a warning" in line


def seen(**address: Any) -> list[dict[str, Any]]:
    """An observation of one address that is verified but for what is said."""
    its = {"address": "192.0.2.7", "verified": True, "tls_verified": True, "reason": "ok", "message": "", **address}
    ok = its["verified"] and not its.get("unknown_ports")
    endpoint = {"url": "https://es1", "verified": ok, "tls_verified": its["tls_verified"], "reason": "ok" if ok else "unreachable", "addresses": [its]}
    return [{"from": "bastion", "result": {"endpoints": [endpoint]}}]


def test_what_is_not_proved_to_be_closed_is_unknown_and_not_green() -> None:
    assert status.status_of(checks_of(seen(unknown_ports=["9200"])), {}, 0).code == UNKNOWN
    for reason in ("connection_timeout", "unreachable"):
        down = seen(verified=False, tls_verified=False, reason=reason, unknown_ports=["9200"])
        assert status.status_of(checks_of(down), {}, 0).code == CRITICAL, "it is not verified"
    both = seen(unknown_ports=["9200"])[0]["result"]["endpoints"] + down[0]["result"]["endpoints"]
    assert status.status_of(checks_of([{"from": "bastion", "result": {"endpoints": both}}]), {}, 0).code == CRITICAL, "the worse one"
    assert status.status_of(checks_of([{"from": "bastion", "result": {"msg": "no"}}]), {}, 0).code == UNKNOWN


def test_an_endpoint_that_hangs_holds_it_up_no_longer_than_its_timeout(program: Any, lab: Lab) -> None:
    with servers.listening(servers.silent) as hung, lab.serving() as server:
        begun = time.monotonic()
        code, line = program.asks({"url": hung.url, "timeout": 1.0}, server.url, retry_for=0).run()
    assert time.monotonic() - begun < 20
    assert code == CRITICAL and "NOT VERIFIED: 1 of 2 checks failed" in line
    assert sorted(series(program.metrics.read_text("utf-8"), "verified")) == [0, 1]


def test_a_run_that_is_killed_at_any_moment_leaves_each_file_whole(program: Any) -> None:
    wanted = settings.settings(program.asks("https://es1").settings)
    former, new = ({"endpoints": [dict(each, url=url) for each in seen()[0]["result"]["endpoints"]]} for url in ("https://former", "https://new"))
    wholes: list[set[str]] = []
    for result in (new, former):
        module._written(wanted, result)
        wholes.append({url for url in ("https://former", "https://new") if url in program.metrics.read_text("utf-8")})
    assert wholes == [{"https://new"}, {"https://former"}]
    step, found = 0, set()
    while True:
        step += 1
        module._written(wanted, former)
        was_killed = killed(lambda: module._written(wanted, new), before=step)
        text, page, told = (path.read_text("utf-8") for path in (program.metrics, program.page, program.result))
        assert text.startswith("# HELP") and text.endswith("\n") and len(series(text, "last_run_timestamp_seconds")) == 1
        assert page.rstrip().endswith("</html>") and json.loads(told)["at"]
        files = ["new" if "https://new" in each else "former" for each in (page, told, text)]
        assert files == sorted(files, reverse=True), "the page first, and the metrics last"
        found.add(tuple(files))
        if not was_killed:
            break
    assert len(found) == 4 and step > 8


def test_two_at_once_check_one_after_the_other(program: Any, lab: Lab) -> None:
    with servers.listening(servers.silent) as hung:
        program.asks({"url": hung.url, "timeout": 2.0}, retry_for=0)
        begun = time.monotonic()
        both = [subprocess.Popen(program.command(), stdout=subprocess.PIPE, text=True) for _run in range(2)]
        lines = [process.communicate(timeout=60)[0] for process in both]
    assert time.monotonic() - begun > 4
    assert all("NOT VERIFIED" in line for line in lines)


def test_where_another_run_does_not_end_nothing_is_checked_or_written(program: Any, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_WAIT", 0.2)
    with lab.serving() as server:
        program.asks(server.url)
        (program.state / "lock").mkdir(mode=0o700)
        with _files.locked(program.state / "lock"):
            told = module.checked_now(settings.settings(program.settings), program.directory)
        assert server.accepted == 0
    assert told.code == UNKNOWN and "Another check" in told.text and not program.result.exists()


@pytest.mark.parametrize("place", ["beside the settings", "given by systemd"])
def test_the_login_is_used_and_seen_nowhere(program: Any, lab: Lab, tmp_path: Path, place: str) -> None:
    """Not even where a server tells it back; and it is in no command line and in no environment of any process."""
    password = "correct-horse-battery-staple"
    requests: list[bytes] = []
    echo = servers.answering(servers.response({"error": f"no such user elastic:{password}"}, status=401), requests=requests)
    with lab.serving(handler=echo) as server:
        program.asks(server.url, retry_for=0).login(url_username="elastic", url_password=password)
        environment = dict(os.environ)
        if place == "given by systemd":
            environment["CREDENTIALS_DIRECTORY"] = str(tmp_path / "given")
            (tmp_path / "given").mkdir()
            (program.directory / "login.json").rename(tmp_path / "given/login.json")
        secrets = tmp_path / "secrets.json"
        secrets.write_text(json.dumps([password]))
        watched = [sys.executable, str(SUPPORT / "command_lines.py"), str(secrets), *program.command("--nagios", "--now")]
        done = subprocess.run(watched, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == CRITICAL, done.stderr
    assert requests and b"authorization: Basic ZWxhc3RpYzpj" in requests[0]
    files = [path.read_text("utf-8") for path in program.state.rglob("*") if path.is_file()]
    assert len(files) == 3 and "http_unauthorized" in done.stdout
    assert not [text for text in (done.stdout, done.stderr, *files) if password in text]


def test_what_a_server_says_steers_neither_nagios_nor_a_browser_nor_a_terminal_nor_prometheus(program: Any, lab: Lab) -> None:
    hostile = '</script><script>alert(1)</script>|x=1;\n`reboot` $(reboot) "\x1b[31m\u202e&\\'
    root = {**servers.ROOT, "cluster_name": hostile}
    with lab.serving(handler=servers.elasticsearch(root)) as server:
        code, line = program.asks(server.url, cluster_name="lab", retry_for=0).run("--nagios", "--now")
    assert code == CRITICAL and "cluster_mismatch" in line
    assert line.count("|") == 1 and not set(line.split(" | ")[0]) & set("`$&<>'\"\\|\x1b\n*{}!#~")
    assert "<script>alert" not in program.page.read_text("utf-8")
    lines = program.metrics.read_text("utf-8").splitlines()
    label = r'\w+="(?:[^"\\\n]|\\[\\"n])*"'
    assert all(re.fullmatch(rf"# (HELP|TYPE) .*|\w+(\{{{label}(,{label})*\}})? \S+", each) for each in lines)
    assert "\x1b" not in "".join(lines)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"probe": "a b"}, "probe must be a name"),
        ({"user": "no one"}, "user must be a name"),
        ({"user": "nobody-knows"}, "The user nobody-knows is not there"),
        ({"max_age": "600"}, "max_age must be a whole number of seconds"),
        ({"max_age": 5}, "at least 60"),
        ({"state_dir": "state"}, "state_dir must be an absolute path"),
        ({"check": []}, "check must be a mapping"),
        ({"logs_in": 1}, "logs_in must be true or false"),
        ({"more": 1}, "more is not known"),
    ],
)
def test_settings_that_cannot_be_meant_are_unknown(program: Any, change: dict[str, Any], says: str) -> None:
    program.asks("https://es1")
    program.given.update(change)
    program.write()
    code, line = program.run()
    assert code == UNKNOWN and line.startswith("UNKNOWN - The settings cannot be used, and nothing was checked") and says in line
    assert not program.metrics.exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"endpoints": []}, "check.endpoints: it must be a list that is not empty"),
        ({"endpoints": ["https://user:word@es1"]}, "invalid_url"),
        ({"endpoints": ["https://es1"], "min_days_valid": "14"}, "check.min_days_valid: it has not the type"),
        ({"endpoints": ["https://es1"], "retry_for": True}, "check.retry_for: it has not the type"),
        ({"endpoints": [{"url": "https://es1", "all_addresses": "no"}]}, "endpoints(0).all_addresses: must be true or false".replace("(0)", "[0]")),
        ({"endpoints": ["https://es1"], "validate_certs": False}, "an option that https_check does not have"),
        ({"endpoints": ["https://es1"], "url_password": "word"}, "a secret, which belongs into login.json"),
        ({"endpoints": ["https://es1"], "ca_content": "none"}, "ca_content: the text has no certificate in PEM form"),
    ],
)
def test_options_that_cannot_be_meant_are_told_as_a_check_that_did_not_run(program: Any, options: dict[str, Any], says: str) -> None:
    program.given["check"] = {"timeout": 1, "retry_for": 0, **program.given["check"], **options}
    program.write()
    code, line = program.run()
    assert says in line and "word" not in line
    if "invalid_url" in says:  # a verdict of its own
        assert code == CRITICAL
        return
    assert code == UNKNOWN
    text = program.metrics.read_text("utf-8")
    assert series(text, "probe_success") == [0] and series(text, "verified") == []
    assert program.run("--nagios")[0] == UNKNOWN


def test_a_login_that_is_lost_is_told_and_nothing_is_asked_without_it(program: Any, lab: Lab) -> None:
    with lab.serving() as server:
        program.asks(server.url).login(url_username="elastic", url_password="")
        for _file in ("empty", "lost"):
            code, line = program.run()
            assert code == UNKNOWN and "login.json" in line
            (program.directory / "login.json").unlink(missing_ok=True)
        assert server.accepted == 0
    assert series(program.metrics.read_text("utf-8"), "probe_success") == [0]


def test_without_settings_it_says_what_to_do(program: Any) -> None:
    code, line = program.run()
    assert code == UNKNOWN and "run the playbook tlsfront.elasticsearch.continuous_check" in line
    program.settings.write_text("{")
    assert program.run("--nagios") == (UNKNOWN, line.split(": /")[0] + f": {program.settings} has no mapping in JSON in it.")


@pytest.mark.parametrize(
    ("moved", "arguments", "says"),
    [
        (-601, (), "and a result counts for 600"),
        (-30, ("--max-age", "20"), "and a result counts for 20"),
        (3600, (), "from now, by another clock"),
        (None, (), "There is no result yet"),
        ("nothing", (), "cannot be read"),
    ],
)
def test_a_result_that_is_old_or_lost_is_unknown(program: Any, lab: Lab, moved: Any, arguments: tuple[str, ...], says: str) -> None:
    with lab.serving() as server:
        assert program.asks(server.url).run()[0] == OK
    told = json.loads(program.result.read_text("utf-8"))
    if moved is None:
        program.result.unlink()
    elif moved == "nothing":
        program.result.write_text('{"at": "2026-01-01T00:00:00Z", "observation": 1}')
    else:
        told["at"] = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=moved)).isoformat()
        program.result.write_text(json.dumps(told))
    code, line = program.run("--nagios", *arguments)
    assert code == UNKNOWN and says in line


def test_an_argument_that_is_not_known_is_unknown_and_not_critical(program: Any) -> None:
    code, line = program.run("--nothing")
    assert code == UNKNOWN and "unrecognized arguments: --nothing" in line


def test_libraries_that_are_missing_are_told_as_a_check_that_did_not_run(program: Any, tree: Path) -> None:
    program.asks("https://es1")
    for lost in ("elastic_transport", "cryptography"):
        code = f"import runpy, sys; sys.modules[{lost!r}] = None; del sys.argv[0]; runpy.run_path(sys.argv[0], run_name='__main__')"
        command = [sys.executable, "-I", "-c", code, *program.command()[4:]]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == UNKNOWN and "Python packages are missing or too old" in done.stdout and not done.stderr
        assert series(program.metrics.read_text("utf-8"), "probe_success") == [0]


AS_NOBODY = [shutil.which("setpriv") or "setpriv", "--reuid=nobody", "--clear-groups", sys.executable]
needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or subprocess.run([*AS_NOBODY, "-c", ""], capture_output=True, check=False).returncode != 0,
    reason="needs root, and a Python that others may start, too",
)


@needs_root
def test_root_becomes_the_services_user_before_anything_is_written(public_program: Any, lab: Lab) -> None:
    program, tmp_path = public_program, public_program.directory
    nobody = pwd.getpwnam("nobody")
    program.given["user"] = "nobody"
    os.chown(program.state, nobody.pw_uid, nobody.pw_gid)
    # a link that the service's user may have laid, to what root alone could write
    target = tmp_path / "roots"
    target.write_text("root's")
    (program.state / "report.html").symlink_to(target)
    (program.state / "report.html.new").symlink_to(target)
    with lab.serving() as server:
        told = program.asks(server.url).run()
    assert told[0] == OK, told
    assert target.read_text() == "root's"
    assert {path.stat().st_uid for path in program.state.rglob("*") if path.is_file()} == {nobody.pw_uid}
    assert not program.page.is_symlink()
    # nor does root read by such a link
    secret = tmp_path / "secret"
    program.result.rename(secret)
    secret.chmod(0o600)
    os.chown(secret, 0, 0)
    program.result.symlink_to(secret)
    assert program.run("--nagios")[0] == UNKNOWN and program.run("--which") == (0, "none")


@needs_root
def test_another_user_can_read_the_result_and_cannot_check(public_program: Any, lab: Lab) -> None:
    program = public_program
    with lab.serving() as server:
        program.asks(server.url).run()
        for arguments, code, says in ((["--nagios"], OK, "VERIFIED"), (["--nagios", "--now"], UNKNOWN, "Only root and root can check now")):
            done = subprocess.run([*AS_NOBODY, *program.command(*arguments)[1:]], capture_output=True, text=True, check=False)
            assert done.returncode == code and says in done.stdout, done.stderr


def test_the_program_is_the_code_of_the_module_and_the_reports(tree: Path) -> None:
    plugins = Path(importlib.import_module(module.__name__).__file__ or "").parents[2]
    copies = [path for path in (tree / "ansible_collections/tlsfront/elasticsearch/plugins").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert all(path.read_bytes() == (plugins / path.relative_to(tree / "ansible_collections/tlsfront/elasticsearch/plugins")).read_bytes() for path in copies)
