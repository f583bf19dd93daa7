# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Is what nginx serves what was written?

Each question is a new connection to this host's loopback, verified where it is TLS. A reload that nginx accepted and then
dropped (a taken port is enough) shows here and nowhere else: both "nginx -t" and the reload return 0.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import secrets
import socket
import ssl
from pathlib import Path
from typing import Any, NamedTuple

from .._tls.keypair import client_context, leaf, presenter_context
from . import configuration, files


class Proof:
    """What was seen.

    Whether it is served is one question, which configuration nginx runs is another: the second has an answer also where the certificate has ended, or
    where its CA is no longer the one that signed it.
    """

    def __init__(self) -> None:
        self.problems: list[str] = []  # one line for each thing that is not served as it was written
        self.another = False  # nginx runs another configuration
        self.running_at: list[str] = []  # the listeners that say that they run it, each with the name that was asked for

    def is_another(self, problem: str) -> None:
        self.problems.append(problem)
        self.another = True

    @property
    def served(self) -> bool:
        return not self.problems

    @property
    def running(self) -> bool:
        """Whether nginx runs it, if perhaps not for every user. What could not be asked says nothing either way."""
        return bool(self.running_at) and not self.another


# Of a connection that is nobody else's: https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt, section 2.1
_OWN_CONNECTION = b"PROXY UNKNOWN\r\n"


class _Contexts(NamedTuple):
    """Whom to believe: about the certificate, and about which configuration is run; and what is sent before the handshake."""

    client: ssl.SSLContext
    presenter: ssl.SSLContext
    before: bytes = b""


def prove(text: str, nginx_dir: Path, pid_file: Path) -> Proof:
    """Asks every listener, for every name, as a client does."""
    proof = Proof()
    try:
        written = configuration.served(text)
    except ValueError as error:
        proof.is_another(f"what was written cannot be read: {error}")
        return proof
    _files(proof, text, nginx_dir, pid_file)
    try:
        contexts = _Contexts(client_context(Path(written["ca"])), presenter_context(Path(written["chain"])))
        fingerprint = hashlib.sha256(leaf(Path(written["chain"]))).hexdigest()
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        proof.problems.append(f"the certificate or its CA cannot be read: {error}")
        return proof
    its, balancer = configuration.sites(written), configuration.balancer(written)
    everybody = list(dict.fromkeys(name for site in its for name in site.names))
    plain = [configuration.Site(int(port), everybody) for port in written.get("plain_ports", [])]
    asked = [*((each, contexts) for each in its), *((each, None) for each in plain)]
    if balancer:
        listener, is_proxied = balancer
        asked.append((listener, contexts._replace(before=_OWN_CONNECTION) if is_proxied else contexts))
    for address in written["addresses"]:
        for site, how in asked:
            for name in site.names:
                _ask(proof, written, fingerprint, (address, site.port, name), how)
        for site in its if written.get("login") else []:
            _log_in(proof, (address, site.port, site.names[0]), contexts)
    return proof


def _files(proof: Proof, text: str, nginx_dir: Path, pid_file: Path) -> None:
    """What it names is there, for whom reads it. nginx -t opens what the master reads, and nothing of what the workers do."""
    for path in configuration.read_by_master(text, nginx_dir):
        if not path.exists():
            proof.problems.append(f"it names {path}, which is not there")
    worker = files.worker(pid_file)
    for path in configuration.read_by_workers(text, nginx_dir):
        if not path.exists():
            proof.problems.append(f"it names {path}, which is not there")
        elif worker is not None and not worker.reads(path):
            proof.problems.append(f"nginx's workers (user {worker.user}, group {worker.group}) cannot read {path}")


def _ask(proof: Proof, written: Any, fingerprint: str, where: Any, contexts: _Contexts | None) -> None:
    """Which configuration the listener says that it runs, and which certificate it presents."""
    place = "{} port {} as {}".format(*where)
    try:
        with _connect(proof, where, contexts) as connection:
            presented = hashlib.sha256(connection.getpeercert(binary_form=True) or b"").hexdigest() if isinstance(connection, ssl.SSLSocket) else None
            running = _get(connection, "/_tlsfront/configuration", where[2]).read(200).decode("ascii", "replace")
    except (OSError, http.client.HTTPException) as error:
        proof.problems.append(f"{place}: {type(error).__name__}: {error}")
        return
    if running == written["configuration"]:
        proof.running_at.append(place)
    else:
        proof.is_another(f"{place}: another configuration is served ({running[:16]}) than was written ({written['configuration'][:16]})")
    if presented is not None and presented != fingerprint:
        proof.problems.append(f"{place}: another certificate is served ({presented[:16]}) than was written ({fingerprint[:16]})")


def _log_in(proof: Proof, where: Any, contexts: _Contexts) -> None:
    """What a user gets whose password is wrong: 401. Where nginx cannot read its users it is 403 or 500, for everybody.

    Without a login it would be 401 in any case: nginx opens the file only for a name that it is to look up.
    """
    wrong = base64.b64encode(f"tlsfront-probe:{secrets.token_hex(16)}".encode()).decode()
    place = "{} port {} as {}".format(*where)
    try:
        with _connect(proof, where, contexts) as connection:
            status = _get(connection, "/", where[2], {"Authorization": f"Basic {wrong}"}).status
    except (OSError, http.client.HTTPException) as error:
        proof.problems.append(f"{place}: {type(error).__name__}: {error}")
        return
    # 429: others ask as much as one address may; it says nothing of logins, and the files have been looked at
    if status not in (401, 429):
        proof.problems.append(f"{place}: a wrong password is answered with {status} and not with 401, so users cannot log in")


def _connect(proof: Proof, where: Any, contexts: _Contexts | None) -> socket.socket:
    """A verified connection: as a client verifies or, where clients refuse the certificate, to whom has one of this node's own certificates."""
    if contexts is None:
        return _open(where, None)
    try:
        return _open(where, contexts.client, contexts.before)
    except ssl.SSLCertVerificationError as error:
        problem = "{} port {} as {}: {}".format(*where, error)
        if problem not in proof.problems:
            proof.problems.append(problem)
        return _open(where, contexts.presenter, contexts.before)


def _open(where: Any, context: ssl.SSLContext | None, before: bytes = b"") -> socket.socket:
    address, port, name = where
    plain = socket.create_connection((address, port), timeout=5)
    if context is None:
        return plain
    try:
        plain.sendall(before)
        return context.wrap_socket(plain, server_hostname=name)
    except BaseException:
        plain.close()
        raise


def _get(connection: socket.socket, target: str, name: str, headers: dict[str, str] | None = None) -> http.client.HTTPResponse:
    host = f"[{name}]" if ":" in name else name
    lines = [f"GET {target} HTTP/1.1", f"Host: {host}", *(f"{key}: {value}" for key, value in (headers or {}).items()), "Connection: close", "", ""]
    connection.sendall("\r\n".join(lines).encode("ascii"))
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    return answer
