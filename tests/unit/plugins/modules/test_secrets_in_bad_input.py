# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""However ``endpoints`` is malformed, no secret in it reaches the result, the log or what a playbook run prints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.parameters import PASS_VARS
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import servers
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.lab import Lab
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.module_runs import module_runs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

CANARY = "c4n4ry-s3cret"
HERE = "127.0.0.1:9"  # nothing listens there
KEY = f"-----BEGIN PRIVATE KEY-----\n{CANARY}AAAAAAAA\n-----END PRIVATE KEY-----\n"
USERINFO = f"https://elastic:{CANARY}@{HERE}"
SHAPES: dict[str, Any] = {
    "a list in a list": [[{"url": HERE, "url_username": "u", "url_password": CANARY}]],
    "JSON": json.dumps([{"url": HERE, "url_username": "u", "url_password": CANARY}]),
    "JSON of one": json.dumps({"url": HERE, "api_key": CANARY}),
    "an item in JSON": [json.dumps({"url": HERE, "url_username": "u", "url_password": CANARY})],
    "JSON that is cut off": json.dumps([{"url": HERE, "url_password": CANARY}])[:-3],
    "Python's text of a list": str([{"url": HERE, "url_password": CANARY}]),
    "a mapping": {"url": HERE, "url_password": CANARY},
    "a mapping in url": [{"url": {"url": USERINFO}}],
    "a list in url": [{"url": [USERINFO]}],
    "a URL as a key": [{USERINFO: None}],
    "a secret as a key": [{"url": HERE, f"{CANARY}!": None}],
    "userinfo": [USERINFO],
    "userinfo with a comma, in a text": f"https://elastic:{CANARY},x@{HERE}",
    "userinfo with a slash": [f"https://elastic:/{CANARY}@{HERE}"],
    "userinfo without host": [f"https://elastic:{CANARY}"],
    "a query": [f"https://{HERE}/?api_key={CANARY}"],
    "a query with an at sign": [f"https://{HERE}/?to=a@{CANARY}"],
    "userinfo in connect_to": [{"url": HERE, "connect_to": f"u:{CANARY}@{HERE}"}],
    "userinfo in server_name": [{"url": HERE, "server_name": f"u:{CANARY}@es"}],
    "userinfo in proxy": [{"url": HERE, "proxy": f"http://u:{CANARY}@{HERE}"}],
    "an option that does not exist": [{"url": HERE, "urlpassword": CANARY}],
    "a mapping of unknown options": [{"url": HERE, "auth": {"password": [CANARY]}}],
    "a password of a wrong type": [{"url": HERE, "url_username": "u", "url_password": {"it": CANARY}}],
    "in a choice": [{"url": HERE, "min_status": CANARY}],
    "in a number": [{"url": HERE, "timeout": CANARY}],
    "in a boolean": [{"url": HERE, "all_addresses": CANARY}],
    "in a list": [{"url": HERE, "closed_ports": [CANARY], "fingerprints": CANARY}],
    "in a fingerprint": [{"url": HERE, "fingerprints": CANARY}],
    "in a version": [{"url": HERE, "min_version": CANARY}],
    "a key in place of its file": [{"url": HERE, "client_cert": "/c", "client_key": KEY}],
    "a key in place of its file, on one line": [{"url": HERE, "client_cert": CANARY}],
    "two kinds of credentials": [{"url": HERE, "api_key": CANARY, "bearer_token": CANARY + "2"}],
    "a line in a token": [{"url": HERE, "bearer_token": f"x\n{CANARY}"}],
    "twice": [{"url": HERE, "api_key": CANARY}] * 2,
    "nothing wrong": [{"url": HERE, "url_username": "u", "url_password": CANARY}],
}
OTHER_OPTIONS: dict[str, dict[str, Any]] = {
    "a wrong name": {"url_pasword": CANARY},
    "two kinds": {"api_key": CANARY, "bearer_token": CANARY},
    "a user without password": {"url_username": "u", "proxy": f"http://u:{CANARY}@p"},
    "userinfo in proxy": {"proxy": f"http://u:{CANARY}@127.0.0.1:9"},
    "userinfo in connect_to": {"connect_to": f"u:{CANARY}@127.0.0.1:9"},
    "a mapping in connect_to": {"connect_to": {"url": f"https://u:{CANARY}@127.0.0.1:9"}},
    "a list of secrets": {"url_username": "u", "url_password": [CANARY]},
    "a key in place of its file": {"client_cert": "/c", "client_key": KEY},
}
# what makes a run say more; older versions of ansible-core know fewer of these
_SAYS_MORE = {"inject_invocation": True, "verbosity": 4, "debug": True}
LOUD = {"timeout": 0.5, **{f"_ansible_{name}": value for name, value in _SAYS_MORE.items() if name in PASS_VARS}}
WITH_TRACEBACKS = dict(LOUD)
if "tracebacks_for" in PASS_VARS:
    WITH_TRACEBACKS["_ansible_tracebacks_for"] = ["error", "warning", "deprecated"]


def shown(params: list[dict[str, Any]], before: str = "") -> list[str]:
    """What each run gives back, and at the end what all of them have logged."""
    results, log = module_runs(*params, before=before)
    assert "Invoked with" in log
    return [*map(json.dumps, results), log]


def test_no_shape_of_endpoints_shows_what_is_in_it() -> None:
    everything = shown([{**LOUD, "endpoints": endpoints} for endpoints in SHAPES.values()])
    for name, text in zip([*SHAPES, "the log"], everything):
        assert CANARY not in text, name
        assert "endpoints" in text, name


def test_no_other_option_shows_what_is_in_it() -> None:
    everything = shown([{**LOUD, "endpoints": [HERE], **options} for options in OTHER_OPTIONS.values()])
    for name, text in zip([*OTHER_OPTIONS, "the log"], everything):
        assert CANARY not in text, name


def test_the_invocation_still_says_what_was_asked() -> None:
    endpoints = ["es1", {"url": "https://es2:9200/x", "api_key": CANARY}, {"url": USERINFO}, [CANARY]]
    (result,), log = module_runs({**LOUD, "endpoints": endpoints})
    given = result["invocation"]["module_args"]["endpoints"]
    assert given == ["https://es1", "https://es2:9200/x", f"https://{HERE}", "endpoints[3]"]
    assert "https://es2:9200/x" in log


FAULT = """
from ansible_collections.tlsfront.elasticsearch.plugins.modules import https_check
def fail(checks, *args, **options):
    raise RuntimeError(checks[0].authorization)
https_check.check_all = fail
"""


def test_a_fault_of_the_module_itself_shows_where_and_not_what() -> None:
    params = {**WITH_TRACEBACKS, "endpoints": [HERE], "url_username": "u", "url_password": CANARY}
    result, log = shown([params], before=FAULT)
    for text in (result, log):
        assert CANARY not in text and "dTpjNG40cnk" not in text
    assert "RuntimeError at " in result and "nothing is proved" in result


# alone it must not be a host name, which is shown
LEAF = st.sampled_from([CANARY + "!", USERINFO, f"u:{CANARY}@{HERE}", f"{HERE}/?{CANARY}", KEY, None, True, 5, ""])
NAME = st.sampled_from(["url", "url_password", "api_key", "connect_to", "proxy", "password", "timeout", USERINFO, ""])
ANYTHING = st.recursive(LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAME, inner, max_size=3))
TEXTS = ANYTHING | ANYTHING.map(json.dumps) | ANYTHING.map(str) | ANYTHING.map(json.dumps).map(lambda text: text[:-1])


@pytest.mark.slow
@given(st.lists(TEXTS, min_size=25, max_size=25))
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
def test_nothing_whatever_it_is_shows_a_secret(many: list[Any]) -> None:
    for text, endpoints in zip(shown([{**LOUD, "endpoints": endpoints} for endpoints in many]), many):
        assert CANARY not in text, endpoints


@pytest.mark.slow
@pytest.mark.skipif(sys.version_info < (3, 11), reason="needs ansible-playbook beside this Python")
def test_a_whole_playbook_run_shows_no_secret(lab: Lab, tmp_path: Path) -> None:
    """``-vvvv`` and tracebacks; the secrets come from a file, because ansible-core shows the lines of a playbook itself."""

    def repeat(tls: Any) -> None:
        request = servers.read_request(tls)
        tls.sendall(servers.response(request, 403))

    chosen = ["a list in a list", "a mapping in url", "userinfo in connect_to"]
    module = "tlsfront.elasticsearch.https_check"
    tasks = [
        *({module: {"endpoints": "{{ shapes[" + str(number) + "] }}"}} for number in range(len(chosen))),
        {module: {"endpoints": ["{{ repeating }}"], "ca_path": lab.ca_path, "url_username": "u", "url_password": "{{ s }}"}},
        {module: {"endpoints": ["{{ repeating }}"], "url_pasword": "{{ s }}"}},
        {module: {"endpoints": "{{ text }}"}},
    ]
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": sys.executable},
        "tasks": [{"name": f"Task {number}", "ignore_errors": True, **task} for number, task in enumerate(tasks)],
    }
    with lab.serving(handler=repeat) as server:
        told = {"shapes": [SHAPES[name] for name in chosen], "s": CANARY, "text": SHAPES["JSON"]}
        told["repeating"] = server.url
        (tmp_path / "play.yml").write_text(yaml.safe_dump([play]))
        (tmp_path / "secrets.json").write_text(json.dumps(told))
        loud = {"ANSIBLE_DISPLAY_TRACEBACK": "always", "ANSIBLE_INJECT_INVOCATION": "1", "ANSIBLE_LOG_PATH": str(tmp_path / "log")}
        environment = {**os.environ, **loud}
        done = subprocess.run(
            [Path(sys.executable).with_name("ansible-playbook"), "-vvvv", "play.yml", "-e", "@secrets.json"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    output = done.stdout + done.stderr + (tmp_path / "log").read_text()
    assert done.returncode == 0, output[-2000:]
    assert "ignored=6" in output, output[-2000:]
    assert "module_args" in output and "http_forbidden" in output
    lines = [line for line in output.splitlines() if CANARY in line or "dTpjNG40cnk" in line]
    assert lines == []
