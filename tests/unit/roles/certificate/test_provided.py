# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What stands on a node when a certificate was provided in one of the ways in which people write PEM: what every server reads."""
from __future__ import annotations

import base64
import ssl
from pathlib import Path
from typing import Any

import pki
import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._tls import keypair
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

NAME = "es1.example.org"


def short_key() -> tuple[Any, bytes]:
    """A key whose number is written in fewer octets than its curve has, as old versions of OpenSSL did."""
    number = 2**247 + 5
    key = ec.derive_private_key(number, ec.SECP256R1())
    der = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    whole = b"\x04\x20" + number.to_bytes(32, "big")
    inner = der[2:].replace(whole, b"\x04\x1f" + number.to_bytes(31, "big"))
    octets = base64.encodebytes(bytes([0x30, len(inner)]) + inner)
    return key, b"-----BEGIN EC PRIVATE KEY-----\n" + octets + b"-----END EC PRIVATE KEY-----\n"


def joined(pem: bytes) -> bytes:
    return pem.replace(b"-----\n-----", b"----------").strip()


def indented(pem: bytes) -> bytes:
    return b"".join(b"    " + line + b"\n" for line in pem.splitlines())


def commented(pem: bytes) -> bytes:
    return b"\xef\xbb\xbf# f\xfcr die S\xfcdstadt\r\n" + pem.replace(b"\n", b"\r\n")


# the host, how its files are written, and its variables
CASES: dict[str, tuple[Any, dict[str, Any]]] = {
    "joined": (joined, {}),
    "indented": (indented, {}),
    "commented": (commented, {}),
    "commented_on_the_node": (commented, {"certificate_provided_remote": True}),
    "indented_text": (
        indented,
        {
            "certificate_provided_chain": "",
            "certificate_provided_key": "",
            "certificate_provided_chain_content": "{{ lookup('ansible.builtin.file', place ~ '/chain') }}",
            "certificate_provided_key_content": "{{ lookup('ansible.builtin.file', place ~ '/key') }}",
        },
    ),
}


@pytest.fixture(scope="module")
def nodes(play: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The directories of the hosts after two runs, and these."""
    places, hosts = {}, {}
    root = pki.root()
    middle = pki.intermediate("Test Intermediate", root)
    key, key_pem = short_key()
    server = pki.issue("es1", middle, [NAME], key=key)
    for case, (written, variables) in CASES.items():
        place = places[case] = tmp_path_factory.mktemp(case)
        for name, octets in (("chain", server.pem + middle.pem), ("key", key_pem), ("ca", root.pem)):
            (place / name).write_bytes(written(octets))
            (place / name).chmod(0o600)
        hosts[case] = {
            "place": str(place),
            "certificate_dir": f"{place}/node/certificate",
            "certificate_names": [NAME],
            "certificate_source": "provided",
            **{f"certificate_provided_{name}": f"{place}/{name}" for name in ("chain", "key", "ca")},
            **variables,
        }
    playbook = Path(__file__).with_name("role.yml")
    return places, [play(playbook, hosts), play(playbook, hosts)], (server, middle, root)


@pytest.mark.parametrize("case", CASES)
def test_what_is_installed_is_what_every_server_reads(nodes: Any, case: str) -> None:
    places, (first, second), (server, middle, root) = nodes
    assert first.count(case, "failures") == 0, first.outcomes(case)[-1]
    live = places[case] / "node/certificate/live"
    assert (live / "chain.pem").read_bytes() == server.pem + middle.pem
    assert (live / "ca.pem").read_bytes() == root.pem
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(live / "chain.pem", live / "key.pem")
    keypair.check(live, [NAME])
    assert (live / "key.pem").stat().st_mode & 0o777 == 0o600
    assert first.count(case, "changed") > 0
    assert second.count(case, "changed") == second.count(case, "failures") == 0


def test_one_that_would_not_work_stops_all_before_any_change_and_no_key_is_told(play: Any, tmp_path: Path) -> None:
    root = pki.root()
    middle = pki.intermediate("Test Intermediate", root)
    server, another = (pki.issue("es1", middle, [NAME]) for _number in range(2))
    files = {"chain": server.pem + middle.pem, "ca": root.pem, "sound": server.key_pem, "another_key": another.key_pem}
    for name, octets in files.items():
        (tmp_path / name).touch(0o600)
        (tmp_path / name).write_bytes(octets)
    hosts = {
        case: {
            "certificate_dir": f"{tmp_path}/{case}-node/certificate",
            "certificate_names": [NAME],
            "certificate_source": "provided",
            "certificate_provided_chain": f"{tmp_path}/chain",
            "certificate_provided_key": f"{tmp_path}/{case}",
            "certificate_provided_ca": f"{tmp_path}/ca",
        }
        for case in ("sound", "another_key")
    }
    run = play(Path(__file__).with_name("role.yml"), hosts, secrets=[one.key_pem.decode().splitlines()[1] for one in (server, another)])
    said = run.failure("another_key")["msg"]
    given = "certificate_provided_chain, certificate_provided_key, certificate_provided_ca"
    assert f'The certificate provided for another_key ({given}) would not work. The key does not match the certificate "es1"' in said
    assert "give the key with which the certificate was requested" in said and "Nothing was changed" in said
    assert run.count("sound", "failures") == 0 and run.count("sound", "changed") == 0
    assert [*tmp_path.glob("*-node")] == []
