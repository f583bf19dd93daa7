# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""When the node asks for another certificate, and when it does not."""
from __future__ import annotations

import datetime
import http.server
import json
import ssl
import threading

import due
import pki
import pytest
from cryptography import x509

DAY = datetime.timedelta(days=1)
MINUTE = datetime.timedelta(minutes=1)


def good(node, **options):
    return pki.issue("es1", node.ca, ["es1.example.org"], **options)


@pytest.fixture
def directory(node, tmp_path):
    """A directory that suggests when to renew, over verified https: set its window."""

    class Handler(http.server.BaseHTTPRequestHandler):
        window: tuple[datetime.datetime, datetime.datetime] | None = None
        asked: str | None = None
        plain: str | None = None

        def do_GET(self):
            if self.path != "/dir" and Handler.plain:
                self.send_response(302)
                self.send_header("Location", Handler.plain)
                self.end_headers()
                return
            if self.path == "/dir":
                answer = {"renewalInfo": f"{address}/renewal"} if Handler.window else {}
            else:
                Handler.asked = self.path.rpartition("/")[2]
                answer = {"suggestedWindow": dict(zip(("start", "end"), (time.isoformat() for time in Handler.window)))}
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pki.issue("ca", node.ca, ["127.0.0.1"]).write(tmp_path))
        server.socket = context.wrap_socket(server.socket, server_side=True)
        address = f"https://127.0.0.1:{server.server_port}"
        (tmp_path / "directory-ca.pem").write_bytes(node.ca.pem)
        node.settings.update(directory=f"{address}/dir", directory_ca=str(tmp_path / "directory-ca.pem"))
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Handler
        server.shutdown()
        thread.join()


def from_it(node, certificate):
    node.has(certificate)
    (node.live / "directory.txt").write_text(node.settings["directory"])


def test_a_node_without_a_certificate_needs_one(node):
    assert due.reasons(node.settings) == ["none is there"]


def test_a_certificate_that_cannot_be_read_is_replaced(node):
    (node.live / "chain.pem").write_text("damaged")
    assert due.reasons(node.settings) == ["it cannot be read"]


def test_a_good_certificate_stays_also_when_the_directory_does_not_answer(node, directory):
    from_it(node, good(node))
    node.settings["directory_ca"] = node.settings["certificate_dir"] + "/live/key.pem"
    assert due.reasons(node.settings) == []


@pytest.mark.parametrize(
    ("setting", "value", "reason"),
    [
        ("directory", "https://another.example/dir", "it is not from https://another.example/dir"),
        ("names", ["es1.example.org", "es.example.org"], "its names are to be others"),
        ("key_type", "rsa-2048", "its key is to be of another type"),
    ],
)
def test_a_certificate_is_replaced_when_another_is_wanted(node, setting, value, reason):
    node.has(good(node))
    node.settings[setting] = value
    assert due.reasons(node.settings) == [reason]


def test_a_certificate_from_another_source_is_replaced(node):
    node.has(good(node))
    (node.live / "directory.txt").unlink()
    assert due.reasons(node.settings) == ["it is not from https://127.0.0.1:1/dir"]


def test_a_certificate_with_the_key_of_another_is_replaced(node):
    node.has(good(node), key=good(node))
    assert due.reasons(node.settings) == ["clients would refuse it (key.pem does not belong to chain.pem)"]


def test_a_certificate_of_a_ca_that_clients_do_not_trust_is_replaced(node):
    node.has(good(node))
    node.settings["ca"] = "Räuber\n" + pki.root("Another").pem.decode()
    [reason] = due.reasons(node.settings)
    assert reason.startswith("clients would refuse it (as es1.example.org: unable to get local issuer")


@pytest.mark.parametrize(
    ("days", "renew_days", "left"),
    [(90, 30, 30), (90, 20, 20), (90, 60, 30), (6, 30, 2), (398, 30, 30)],
)
def test_it_is_renewed_some_days_before_its_end_but_not_before_two_thirds_of_its_life(node, days, renew_days, left):
    certificate = good(node, not_before=-DAY, not_after=(days - 1) * DAY).certificate
    latest = due.latest(certificate, renew_days)
    assert abs(certificate.not_valid_after_utc - latest - left * DAY) < MINUTE


def test_it_is_due_from_that_moment_on(node):
    certificate = node.has(good(node, not_before=-DAY, not_after=89 * DAY)).certificate
    latest = due.latest(certificate, 30)
    assert due.reasons(node.settings, latest) == [f"it ends at {certificate.not_valid_after_utc}"]
    assert due.reasons(node.settings, latest - MINUTE) == []


@pytest.mark.parametrize(
    ("start", "end", "suggested"),
    [
        (-2 * DAY, -DAY / 2, True),  # over
        (10 * DAY, 12 * DAY, False),  # to come
        (-1000 * DAY, 1000 * DAY, False),  # wider than its life
    ],
)
def test_it_is_renewed_when_the_ca_suggests_it(node, directory, start, end, suggested):
    from_it(node, good(node, not_before=-DAY, not_after=89 * DAY))
    directory.window = (pki.now() + start, pki.now() + end)
    assert due.reasons(node.settings) == (["the CA suggests it"] if suggested else [])
    assert directory.asked


def test_the_ca_is_asked_about_the_certificate_by_the_identifier_of_the_standard(node, monkeypatch):
    # the example of RFC 9773, section 4.1
    monkeypatch.setattr(pki, "_serial", iter([0x87654321]))
    authority = x509.AuthorityKeyIdentifier(bytes.fromhex("69885b6b87464041e1b37b847ba0ae2cde01c8d4"), None, None)
    certificate = good(node, identifiers=False, extra=[authority]).certificate
    assert due.identifier(certificate) == "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"


def test_the_moment_is_in_the_window_and_another_for_another_certificate(node):
    window = (pki.now(), pki.now() + 2 * DAY)
    moments = {due.moment(window, good(node).certificate) for _number in range(20)}
    assert len(moments) == 20
    assert all(window[0] <= moment <= window[1] for moment in moments)


@pytest.mark.parametrize(
    "text",
    ["2026-11-24T12:00:00Z", "2026-11-24t12:00:00z", "2026-11-24T12:00:00.123456789Z", "2026-11-24T14:00:00+02:00"],
)
def test_times_are_read_as_rfc_3339_writes_them(text):
    assert due.instant(text) == datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.timezone.utc)


@pytest.mark.parametrize("text", ["", "soon", "2026-11-24T12:00:00"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match="is no time"):
        due.instant(text)


def test_the_ca_is_not_asked_over_a_connection_that_is_not_verified(node, directory, capsys):
    asked = []

    class Plain(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

    from_it(node, good(node))
    now = datetime.datetime.now(datetime.timezone.utc)
    directory.window = (now - DAY, now - MINUTE)
    with http.server.HTTPServer(("127.0.0.1", 0), Plain) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        directory.plain = f"http://127.0.0.1:{server.server_port}/"
        assert due.reasons(node.settings) == []
        server.shutdown()
    assert asked == []
    assert "which is not https" in capsys.readouterr().out
