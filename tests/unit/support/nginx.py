# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The configuration that the role https_front makes of its variables, run by a real nginx on loopback.

    fronts = nginx.Fronts()
    fronts.add("a", https_front_users=[...])      # as many as are needed: all are rendered in one run of Ansible
    fronts.add("b", https_front_rate_limit=5)
    fronts.render()
    assert "https_front_rate_limit" in fronts["c"].refused
    with fronts["a"].running() as running:
        answer = running.ask("GET", "/_search", user="reader:secret")
        assert answer.status == 200 and answer.reached == "GET /_search"
    fronts.close()

Behind each is a backend that says in its answer what has reached it. The files are in a directory of their own that nginx's workers can read.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import grp
import http.client
import http.server
import json
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pki
import pytest
import yaml
from servers import free_port

TOP = Path(__file__).resolve().parents[3]
NAME = "es1.example.org"


DEBIANS = {"": "12", "bullseye": "11"}  # the release whose nginx is run: version
# of module fixtures whose tests are also run with the oldest nginx that the role knows
EACH_NGINX = [pytest.param("", id="this Debian"), pytest.param("bullseye", id="Debian 11", marks=pytest.mark.slow)]


@functools.lru_cache(maxsize=None)
def binary(release: str = "") -> str:
    """Debian's nginx, wherever it is: that of this Debian, or of the release."""
    if os.geteuid() != 0:
        pytest.skip("files of root and nginx's group, and workers of another user, need root")
    done = subprocess.run([str(TOP / "tests/support/nginx"), *release.split()], check=False, capture_output=True, text=True)
    if release and done.returncode != 0 and "does not have a Release file" in done.stderr:
        pytest.skip(f"the mirror has no Debian {DEBIANS[release]} any more")
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[-1]


@functools.lru_cache(maxsize=None)
def version(release: str = "") -> str:
    said = subprocess.run([binary(release), "-v"], check=True, stderr=subprocess.PIPE, text=True).stderr
    return said.split("/")[1].split()[0]


def worker_group() -> str:
    """The user and group of nginx's workers on Debian."""
    grp.getgrnam("www-data")
    return "www-data"


class Backend:
    """Answers each request with what reached it, and keeps the list."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.extra: list[tuple[str, str]] = []  # headers that its answers have besides
        backend = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # header and body are two packets, and the second would wait for the first one's acknowledgement
            disable_nagle_algorithm = True

            def __getattr__(self, name: str) -> Any:
                if name.startswith("do_"):
                    return self._any
                raise AttributeError(name)

            def _any(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                # not self.path, which has lost a second slash at its beginning
                reached = self.requestline.rsplit(" ", 1)[0]
                backend.requests.append({"reached": reached, "headers": dict(self.headers), "body": body.decode("utf-8", "replace")})
                said = json.dumps(backend.requests[-1]).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("x-reached", "1")
                for name, value in backend.extra:
                    self.send_header(name, value)
                self.send_header("content-length", str(len(said)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(said)

            def log_message(self, *_arguments: Any) -> None:
                """Says nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Answer:
    """What a client gets; `reached` is the request as the backend had it ("GET /_search"), or None if nginx answered by itself."""

    def __init__(self, response: http.client.HTTPResponse, method: str) -> None:
        self.status = response.status
        self.headers = response.headers
        self.text = response.read().decode("utf-8", "replace")
        self.reached: str | None = None
        self.backend: dict[str, Any] = {}
        if response.headers.get("x-reached"):
            self.backend = json.loads(self.text) if method != "HEAD" else {"reached": "HEAD"}
            self.reached = self.backend["reached"]


class Running:
    """An nginx that runs one case."""

    def __init__(self, front: Front, process: subprocess.Popen[str]) -> None:
        self._front = front
        self._process = process
        self._connection: ssl.SSLSocket | None = None

    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self._front.certificate_dir / "ca.pem"))
        context.hostname_checks_common_name = False
        return context

    def connect(
        self, context: ssl.SSLContext | None = None, name: str = NAME, to: tuple[str, int] | None = None, before: bytes = b"", **options: Any
    ) -> ssl.SSLSocket:
        """A verified connection to the front, or to another place; ``before`` is sent before the handshake."""
        plain = socket.create_connection(to or ("127.0.0.1", self._front.port), timeout=20)
        plain.sendall(before)
        return (context or self.context()).wrap_socket(plain, server_hostname=name, **options)

    def ask(
        self, method: str, target: str, user: str = "", headers: dict[str, str] | None = None, body: str = "", host: str = NAME, new: bool = False
    ) -> Answer:
        """One request, its target sent as it is, over a verified connection that is kept from one request to the next unless `new`."""
        given = {"Host": host, **(headers or {})}
        if user:
            given["Authorization"] = "Basic " + base64.b64encode(user.encode()).decode()
        if body or method in ("POST", "PUT", "PATCH"):
            given["Content-Length"] = str(len(body.encode()))
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items()), "", ""]
        message = "\r\n".join(lines).encode("latin-1") + body.encode()
        if new:
            self.hang_up()
        for last_try in (False, True):
            kept = self._connection is not None
            if self._connection is None:
                self._connection = self.connect()
            try:
                self._connection.sendall(message)
                response = http.client.HTTPResponse(self._connection, method=method)
                response.begin()
                answer = Answer(response, method)
            except (OSError, http.client.HTTPException):
                # a kept connection may have been closed meanwhile
                self.hang_up()
                if last_try or not kept:
                    raise
                continue
            if response.will_close:
                self.hang_up()
            return answer
        raise AssertionError("unreachable")

    def hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def reload(self) -> None:
        """Takes a configuration that was written meanwhile, and waits until new connections get it."""
        before = self.workers()
        self._front.test()
        self._process.send_signal(1)
        deadline = time.monotonic() + 10
        while not self.workers() - before:
            assert time.monotonic() < deadline, self._front.log()
            time.sleep(0.02)
        time.sleep(0.1)
        self.hang_up()

    def workers(self) -> set[str]:
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return set(children.read_text().split())


class Front:
    """One case: what the role was given, and what it made of it."""

    def __init__(self, place: Path, name: str, backend: Backend, variables: dict[str, Any], release: str) -> None:
        self.name = name
        self.release = release
        self.place = place
        self.backend = backend
        self.port = free_port()
        self.certificate_dir = place / "certificate"
        self.refused = ""  # why the role stopped
        self.outcomes: list[Any] = []  # of the role's tasks, each as Ansible tells it
        self.neighbours = ""  # what other sites have in the http block, before the role's configuration
        place.mkdir(parents=True)
        self.certificate_dir.mkdir()
        (place / "front").mkdir()
        (place / "conf.d").mkdir()
        self.variables = {
            "case_dir": str(place),
            "https_front_server_names": [NAME],
            "https_front_port": self.port,
            "https_front_upstreams": [f"127.0.0.1:{backend.port}"],
            "https_front_certificate_dir": str(self.certificate_dir),
            "https_front_access_log": "",
            **variables,
        }
        self.port = int(self.variables["https_front_port"]) if str(self.variables["https_front_port"]).isdigit() else self.port

    @property
    def configuration(self) -> str:
        return (self.place / "conf.d/tlsfront.conf").read_text()

    def has_certificate(self, issued: pki.Issued, root: pki.Issued) -> None:
        (self.certificate_dir / "chain.pem").write_bytes(issued.pem)
        (self.certificate_dir / "key.pem").touch(0o600)
        (self.certificate_dir / "key.pem").write_bytes(issued.key_pem)
        (self.certificate_dir / "ca.pem").write_bytes(root.pem)

    def log(self) -> str:
        log = self.place / "error.log"
        return log.read_text() if log.exists() else ""

    def command(self) -> list[str]:
        caches = "".join(
            f"    {name}_temp_path {self.place}/cache-{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (self.place / "nginx.conf").write_text(
            f"user {worker_group()};\nworker_processes 1;\ndaemon off;\npid {self.place}/nginx.pid;\nerror_log {self.place}/error.log notice;\n"
            f"events {{\n    worker_connections 256;\n}}\nhttp {{\n    access_log off;\n{caches}{self.neighbours}\n"
            f"    include {self.place}/conf.d/tlsfront.conf;\n}}\n"
        )
        # the option -e is of nginx 1.19.5
        early = [] if self.release == "bullseye" else ["-e", str(self.place / "error.log")]
        return [binary(self.release), "-p", str(self.place), *early, "-c", str(self.place / "nginx.conf")]

    def test(self) -> str:
        """What "nginx -t" says of the configuration, which it must accept."""
        done = subprocess.run([*self.command(), "-t"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr + self.log()
        return done.stderr

    @contextlib.contextmanager
    def running(self) -> Iterator[Running]:
        assert not self.refused, self.refused
        self.test()
        process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
        running = Running(self, process)
        try:
            self._wait(process)
            yield running
        finally:
            running.hang_up()
            process.terminate()
            process.wait(10)

    def _wait(self, process: subprocess.Popen[str]) -> None:
        deadline = time.monotonic() + 10
        while True:
            assert process.poll() is None and time.monotonic() < deadline, self.log()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.02)


class Fronts:
    """Cases that are rendered together, for this Debian's nginx or a release's."""

    def __init__(self, release: str = "") -> None:
        binary(release)
        self.release = release
        self.place = Path(tempfile.mkdtemp(prefix="tlsfront-nginx-"))
        # nginx's workers are another user
        self.place.chmod(0o755)
        self.backend = Backend()
        self.root = pki.root()
        self._cases: dict[str, Front] = {}

    def __getitem__(self, name: str) -> Front:
        return self._cases[name]

    def add(self, name: str, certificate: pki.Issued | None = None, **variables: Any) -> Front:
        front = Front(self.place / name, name, self.backend, variables, self.release)
        names = [each for each in front.variables["https_front_server_names"] if isinstance(each, str)]
        front.has_certificate(certificate or pki.issue(NAME, self.root, names=[*names, "127.0.0.1"]), self.root)
        self._cases[name] = front
        return front

    def render(self, *arguments: str, names: list[str] | None = None, command: str = "ansible-playbook", environment: dict[str, str] | None = None) -> str:
        """Runs the role's own steps up to its configuration, for all cases or those that are named; what Ansible printed."""
        wanted = {name: front for name, front in self._cases.items() if names is None or name in names}
        for front in wanted.values():
            front.command()  # writes what other sites have, which the role looks at
        inventory = self.place / "inventory.yml"
        everywhere = {
            "ansible_connection": "local",
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
            "case_nginx_version": version(self.release),
            "case_nginx_binary": binary(self.release),
        }
        inventory.write_text(yaml.safe_dump({"all": {"hosts": {name: front.variables for name, front in wanted.items()}, "vars": everywhere}}))
        done = subprocess.run(
            [command, "-i", str(inventory), str(Path(__file__).with_suffix(".yml")), *arguments],
            env={**os.environ, "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json", "ANSIBLE_FORKS": "4", **(environment or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        printed = done.stdout + done.stderr
        assert "{" in done.stdout, printed
        told = json.loads(done.stdout[done.stdout.index("{") :])
        for name, front in wanted.items():
            front.outcomes = [task["hosts"][name] for play in told["plays"] for task in play["tasks"] if name in task["hosts"]]
            failed = [outcome for outcome in front.outcomes if outcome.get("failed")]
            front.refused = str(failed[-1].get("msg") or failed[-1]) if failed else ""
        return printed

    def close(self) -> None:
        self.backend.close()
        shutil.rmtree(self.place)
