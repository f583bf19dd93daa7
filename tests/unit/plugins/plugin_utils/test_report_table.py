# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._checks import checks_of
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._table import table
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._text import width_of


def test_a_person_reads_what_is_right_and_what_is_wrong(observations):
    assert (
        table(checks_of(observations))
        == """\
NODE             ADDRESS       HTTPS              TLS      DAYS  CLUSTER         PORTS              FROM
es1.example.org  192.0.2.11    verified           TLSv1.3  89    lab (q8Jx2bTz)  9200, 9300 closed  client
es1.example.org  2001:db8::11  verified           TLSv1.3  89    lab (q8Jx2bTz)  9200, 9300 closed  client
es2.example.org  192.0.2.12    verified           TLSv1.3  12    lab (q8Jx2bTz)  9200, 9300 closed  client
es3.example.org  192.0.2.13    verified           TLSv1.3  89    lab (q8Jx2bTz)  9200, 9300 closed  client
es1.example.org  192.0.2.11    hostname_mismatch  TLSv1.3  89    -               9200, 9300 closed  outsider
es2.example.org  192.0.2.12    port_open          TLSv1.3  89    lab (q8Jx2bTz)  9200 OPEN          outsider
es3.example.org  -             dns_failure        -        -     -               -                  outsider
-                -             check_not_run      -        -     -               -                  office.example.org

WARNING es2.example.org from client: CN=es2.example.org has 12 days left, until 2026-12-06.
FAILED es1.example.org 192.0.2.11 from outsider: hostname_mismatch: The certificate is for a.example.org, not for
    es1.example.org. → Ask for a name that the certificate has, or issue one with es1.example.org in its subject
    alternative names.
FAILED es2.example.org 192.0.2.12 from outsider: port_open (TLS itself is verified): Open from here: port 9200. → Close
    it in the host's firewall and in the cloud's.
FAILED es3.example.org from outsider: dns_failure: es3.example.org has no address here. → Correct the name or its DNS
    records, or give the address with connect_to.
FAILED from office.example.org: check_not_run: Failed to connect to the host via ssh: Connection timed out → Look at
    what the task with https_check said on this host, and run it again.

NOT VERIFIED: 4 of 8 checks failed (3 endpoints, seen from client, outsider and office.example.org); 1 with a warning;
    ports OPEN: 9200."""
    )


def test_the_summary_of_a_good_run_says_what_was_proved(satisfied):
    satisfied[0]["result"]["endpoints"][1]["warnings"] = []
    assert table(checks_of(satisfied)).splitlines()[-2:] == [
        "",
        "VERIFIED: 4 checks, none failed (3 endpoints, seen from client); ports closed: 9200, 9300.",
    ]


@pytest.mark.parametrize(
    ("of", "says"),
    [
        ([0, 1, 2], "VERIFIED: 4 checks, none failed (3 endpoints, seen from client); no closed port was asked for."),
        ([2], "VERIFIED: 4 checks, none failed (3 endpoints, seen from client); ports closed: 9200, 9300; no closed port was asked for of es3.example.org."),
    ],
    ids=["of none", "of one"],
)
def test_where_no_closed_port_was_asked_for_the_summary_says_so(satisfied, of, says):
    satisfied[0]["result"]["endpoints"][1]["warnings"] = []
    for number in of:
        for address in satisfied[0]["result"]["endpoints"][number]["addresses"]:
            address |= {f"{kind}_ports": [] for kind in ("open", "closed", "unknown")}
    assert table(checks_of(satisfied), width=1000).splitlines()[-1] == says


def test_before_the_front_is_there_the_open_ports_stand_beside_the_refused_https(observations):
    refused = {
        "url": "https://es1.example.org",
        "verified": False,
        "reason": "connection_refused",
        "message": "192.0.2.11:443 refuses.",
        "hint": "Start the service.",
        "addresses": [
            {
                "address": "192.0.2.11",
                "verified": False,
                "reason": "connection_refused",
                "message": "192.0.2.11:443 refuses.",
                "hint": "Start the service.",
                "tls": None,
                "certificates": [],
                "cluster": None,
                "open_ports": ["9200", "9300"],
            }
        ],
        "open_ports": [{"address": "192.0.2.11", "port": 9200}, {"address": "192.0.2.11", "port": 9300}],
    }
    before = [{"from": "outsider", "result": {"endpoints": [refused]}}]
    row = " ".join(table(checks_of(before)).splitlines()[1].split())
    assert row == "es1.example.org 192.0.2.11 connection_refused - - - 9200, 9300 OPEN outsider"


def test_of_a_host_that_is_down_no_port_is_called_closed(satisfied):
    down = satisfied[0]["result"]["endpoints"][2]
    said = {"verified": False, "reason": "connection_timeout", "message": "No connection.", "hint": "Look."}
    down.update(said, cluster=None)
    down["addresses"][0].update(said, tls=None, certificates=[], cluster=None, closed_ports=[], unknown_ports=["9200", "9300"])
    lines = table(checks_of(satisfied)).splitlines()
    assert " ".join(lines[4].split()) == "es3.example.org 192.0.2.13 connection_timeout - - - 9200, 9300 unknown client"
    assert "ports UNKNOWN: 9200, 9300" in " ".join(lines[-2:])
    assert "ports closed" not in " ".join(lines[-2:])


def test_columns_line_up_under_wide_characters(satisfied):
    cluster = satisfied[0]["result"]["endpoints"][0]["addresses"][0]["cluster"]
    cluster["name"] = "東京"
    header, *rows = table(checks_of(satisfied)).splitlines()[:5]
    starts = {width_of(row[: row.index("9200")]) for row in rows}
    assert starts == {header.index("PORTS")}


def test_addresses_share_the_warnings_of_their_endpoint(satisfied):
    satisfied[0]["result"]["endpoints"][0]["warnings"] = ["CN=es1.example.org has 20 days left."]
    assert table(checks_of(satisfied)).count("CN=es1.example.org has 20 days left.") == 1


@pytest.mark.parametrize("width", [80, 100, 120, 200])
def test_lines_keep_to_the_width_and_the_verdict_is_never_cut(observations, width):
    lines = table(checks_of(observations), width).splitlines()
    shortest = 105  # what is left when all that can give way has done so
    assert max(map(width_of, lines)) <= max(width, shortest)
    assert [
        word for word in ("hostname_mismatch", "9200 OPEN", "9200, 9300 closed") if word not in "\n".join(lines[:9])
    ] == []


def test_every_line_is_fit_to_be_shown_as_a_block(observations):
    for line in table(checks_of(observations)).splitlines():
        assert line == line.rstrip()


def test_a_hostile_server_cannot_steer_the_terminal(satisfied):
    satisfied[0]["result"]["endpoints"][0]["addresses"][0]["cluster"]["name"] = "\x1b[2J\x1b]0;gone\x07\nes9  verified"
    shown = table(checks_of(satisfied), 200)
    assert "\x1b" not in shown and "\x07" not in shown
    assert not [line for line in shown.splitlines() if line.startswith("es9")]
