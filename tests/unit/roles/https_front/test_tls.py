# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Certificates, of the server and of clients, in a real nginx: what they may not do, and until when they are valid."""

from __future__ import annotations

import contextlib
import datetime
import http.client
import random
import re
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nginx
import pki
import pytest
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

OTHER = "other.example.org"
SHORT = datetime.timedelta(seconds=6)
INJECTION = "http://ocsp.invalid/\n location = /x { auth_basic off; return 200; } #"

# A site of somebody else that is the default of the listener, and hands out sessions that can be resumed
KEEPS_SESSIONS = "ssl_session_cache shared:other:1m; ssl_session_tickets off;"
# https://nginx.org/en/docs/http/ngx_http_ssl_module.html: what a site has that says nothing of sessions
SAYS_NOTHING = ""


def responders(*urls: str) -> x509.AuthorityInformationAccess:
    return x509.AuthorityInformationAccess(
        [x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(url)) for url in urls]
    )


def neighbour(front: nginx.Front, settings: str) -> str:
    directory = front.certificate_dir
    return (
        f"    server {{\n        listen {front.port} ssl default_server;\n        server_name {OTHER};\n"
        f"        ssl_certificate {directory}/chain.pem;\n        ssl_certificate_key {directory}/key.pem;\n"
        f"        ssl_protocols TLSv1.2 TLSv1.3;\n        {settings}\n        return 200 other;\n    }}\n"
    )


class Pki:
    """The authority of our clients, and that of the clients of another site."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.ours, self.others = pki.root("ours"), pki.root("others")
        for name, authority in (("ours", self.ours), ("others", self.others)):
            (place / f"{name}.pem").write_bytes(authority.pem)
        place.chmod(0o755)

    def path(self, name: str) -> str:
        return str(self.place / f"{name}.pem")

    def client(self, authority: pki.Issued, lasts: datetime.timedelta = pki.DAY) -> str:
        return pki.issue("client", authority, names=["client.example.org"], purposes=[pki.CLIENT], not_after=lasts).write(self.place)


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("clients"))


@pytest.fixture(scope="module")
def fronts(clients: Pki) -> Iterator[nginx.Fronts]:
    cases = nginx.Fronts()
    for name, urls in {
        "injection": [INJECTION],
        "responder": ["http://ocsp.example.org:8888/a?b=%20"],
        "https-responder": ["https://127.0.0.1/"],
        "no-responder": ["ldap://127.0.0.1/"],
    }.items():
        issued = pki.issue(nginx.NAME, cases.root, names=[nginx.NAME, "127.0.0.1"], extra=[responders(*urls)])
        cases.add(name, issued, https_front_users=[{"name": "user", "password": "secret"}])
    issued = pki.issue(nginx.NAME, cases.root, names=[nginx.NAME, OTHER, "127.0.0.1"])
    mutual: dict[str, Any] = {"https_front_client_ca": clients.path("ours")}
    # an address among the names lets those in who send none
    cases.add("default", issued, https_front_server_names=[nginx.NAME, "127.0.0.1"], **mutual)
    cases.add("beside", issued, https_front_reject_unknown_names=False, **mutual)
    cases.add("without-ca", issued)
    cases.add("two-names", issued, https_front_server_names=[nginx.NAME, OTHER, "127.0.0.1"], **mutual)
    cases.render()
    yield cases
    cases.close()


class Client:
    """Connections with a certificate, which resume the session of the one before if they are told to."""

    def __init__(self, running: nginx.Running, certificate: str = "", tls: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> None:
        self._running = running
        self._context = running.context()
        self._context.minimum_version = self._context.maximum_version = tls
        if certificate:
            self._context.load_cert_chain(certificate)
        self.session: Any = None
        self.reused = False

    def connect(self, resume: bool = False, name: str = nginx.NAME) -> ssl.SSLSocket:
        connection = self._running.connect(self._context, name, session=self.session if resume else None)
        self.reused = bool(connection.session_reused)
        return connection

    def request(self, connection: ssl.SSLSocket, host: str = nginx.NAME) -> tuple[int, str]:
        connection.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        response = http.client.HTTPResponse(connection)
        response.begin()
        said = response.read().decode()
        self.session = connection.session
        return response.status, said

    def ask(self, resume: bool = False, name: str = nginx.NAME, host: str = nginx.NAME) -> tuple[int, str]:
        with self.connect(resume, name) as connection:
            return self.request(connection, host)


def test_a_certificate_cannot_write_directives(fronts: nginx.Fronts) -> None:
    with fronts["injection"].running() as running:
        assert running.ask("GET", "/").status == 401
        assert running.ask("GET", "/x").status == 401
    assert "ocsp.invalid" not in fronts["injection"].configuration


@pytest.mark.parametrize(("name", "staples"), [("injection", False), ("responder", True), ("https-responder", True), ("no-responder", False)])
def test_stapling_is_on_where_the_certificate_names_a_responder(fronts: nginx.Fronts, name: str, staples: bool) -> None:
    assert ("ssl_stapling on;" in fronts[name].configuration) is staples
    fronts[name].test()


@pytest.mark.parametrize("tls", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize(("case", "settings"), [("default", None), ("beside", KEEPS_SESSIONS), ("beside", SAYS_NOTHING)])
def test_an_expired_client_certificate_is_refused_on_every_way_in(
    fronts: nginx.Fronts, clients: Pki, case: str, settings: str | None, tls: ssl.TLSVersion
) -> None:
    front = fronts[case]
    front.neighbours = "" if settings is None else neighbour(front, settings)
    with front.running() as running:
        ends = time.time() + SHORT.total_seconds()
        client = Client(running, clients.client(clients.ours, SHORT), tls)
        with client.connect() as kept:
            assert client.request(kept)[0] == 200
            session = client.session
            status, said = client.ask(resume=True)
            # only the site whose sessions they are can resume them
            assert client.reused is (settings == KEEPS_SESSIONS and tls is ssl.TLSVersion.TLSv1_3)
            assert (status == 421 and "resumed" in said) if client.reused else status == 200
            client.session = session
            time.sleep(max(0.0, ends + 1.5 - time.time()))
            assert client.ask(resume=True)[0] in (400, 421)
            assert client.ask()[0] == 400
            assert client.request(kept)[0] == 400
        assert Client(running, clients.client(clients.ours), tls).ask()[0] == 200


def test_the_end_of_a_certificate_is_compared_with_the_time(fronts: nginx.Fronts) -> None:
    """What nginx makes of the two texts, for any two of them."""
    front = fronts["default"]
    wanted = "tlsfront_now_month|tlsfront_end_month|tlsfront_now|tlsfront_end|tlsfront_certified"
    maps = "".join(re.findall(rf"^map [^{{]*\$(?:{wanted}) {{\n.*?^}}\n", front.configuration, re.M | re.S))
    for ours, theirs in (("$ssl_client_v_end", "$http_end"), ("$date_gmt", "$http_now"), ("$ssl_client_verify", "SUCCESS"), ("$tlsfront_", "$try_")):
        assert ours in maps
        maps = maps.replace(ours, theirs)
    port = nginx.free_port()
    front.neighbours = f"{maps}\nserver {{ listen 127.0.0.1:{port}; return 200 $try_certified; }}\n"
    chance = random.Random(14)
    now = datetime.datetime(2026, 11, 28, 14, 51, 38)
    pairs = [(now + datetime.timedelta(seconds=seconds), now) for seconds in (-1, 0, 1)]
    pairs += [(now.replace(day=9), now.replace(day=10)), (now.replace(day=10), now.replace(day=9)), (datetime.datetime(9999, 12, 31, 23, 59, 59), now)]
    for _each in range(500):
        one = datetime.datetime(2026, 1, 1) + datetime.timedelta(seconds=chance.randrange(10**9))
        pairs.append((one, one + datetime.timedelta(seconds=chance.choice([-1, 1]) * chance.randrange(1, 10 ** chance.randrange(1, 9)))))
    with front.running():
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for end, time_now in pairs:
            # as OpenSSL's ASN1_TIME_print() and strftime() write them
            texts = {"end": f"{end:%b} {end.day:2} {end:%H:%M:%S %Y} GMT", "now": f"{time_now:%A, %d-%b-%Y %H:%M:%S} GMT"}
            connection.request("GET", "/", headers=texts)
            assert connection.getresponse().read().decode() == str(int(end > time_now)), texts
        for nonsense in ({"end": "", "now": texts["now"]}, {"end": texts["end"], "now": ""}, {"end": "Bad time value", "now": texts["now"]}):
            connection.request("GET", "/", headers=nonsense)
            assert connection.getresponse().read().decode() == "0"


def test_sessions_are_resumed_where_no_client_certificate_is_asked_for(fronts: nginx.Fronts) -> None:
    with fronts["without-ca"].running() as running:
        client = Client(running)
        assert client.ask()[0] == 200
        assert client.ask(resume=True)[0] == 200
        assert client.reused


@pytest.mark.parametrize("settings", [KEEPS_SESSIONS, SAYS_NOTHING])
@pytest.mark.parametrize("tls", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_another_sites_client_ca_does_not_open_the_front(fronts: nginx.Fronts, clients: Pki, settings: str, tls: ssl.TLSVersion) -> None:
    front = fronts["beside"]
    front.neighbours = neighbour(front, f"ssl_verify_client on; ssl_client_certificate {clients.path('others')}; {settings}")
    with front.running() as running:
        stranger = Client(running, clients.client(clients.others), tls)
        assert stranger.ask(name=OTHER, host=OTHER) == (200, "other")
        for name in ("127.0.0.1", OTHER):  # no name is sent in the handshake for an address
            status, _said = stranger.ask(name=name)
            assert status == 421, name
            # nor with a session that the other site has begun
            with contextlib.suppress(ssl.SSLError):  # nginx itself refuses it where it can
                assert stranger.ask(resume=True)[0] in (400, 421)
        assert stranger.ask()[0] == 400
        ours = Client(running, clients.client(clients.ours), tls)
        assert ours.ask()[0] == 200
        # the case of letters and a dot at the end mean nothing in a name
        assert ours.ask(host=nginx.NAME.upper() + ".")[0] == 200


def test_a_client_that_names_no_server_is_let_in_where_ours_is_the_default(fronts: nginx.Fronts, clients: Pki) -> None:
    fronts["default"].neighbours = ""
    with fronts["default"].running() as running:
        assert Client(running, clients.client(clients.ours)).ask(name="127.0.0.1")[0] == 200
        assert Client(running, clients.client(clients.others)).ask(name="127.0.0.1")[0] == 400


def test_the_name_of_the_handshake_is_that_of_the_request(fronts: nginx.Fronts, clients: Pki) -> None:
    with fronts["two-names"].running() as running:
        client = Client(running, clients.client(clients.ours))
        assert client.ask(name=OTHER, host=OTHER)[0] == 200
        assert client.ask(name=OTHER)[0] == 421
        # nothing but the request tells which of them is meant
        assert client.ask(name="127.0.0.1", host=OTHER)[0] == 200


def test_the_role_still_asks_its_question_without_a_certificate(fronts: nginx.Fronts) -> None:
    for case in ("default", "beside"):
        front = fronts[case]
        front.neighbours = ""
        with front.running() as running:
            assert running.ask("GET", "/_tlsfront/configuration").status == 200
            assert running.ask("GET", "/_TLSFRONT/configuration").status in (400, 421)
