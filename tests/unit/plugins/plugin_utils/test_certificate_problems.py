# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import base64
import datetime
import ipaddress
import subprocess

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _certificate_problems, _x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime.datetime(2030, 6, 1, tzinfo=datetime.timezone.utc)
DAY = datetime.timedelta(days=1)
SERVER_AUTH, CLIENT_AUTH = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
USAGES = [
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "crl_sign",
    "encipher_only",
    "decipher_only",
]


def pem(*things, passphrase=""):
    """PEM of certificates, or of one private key."""
    if isinstance(things[0], x509.Certificate):
        return "".join(thing.public_bytes(serialization.Encoding.PEM).decode() for thing in things)
    hidden = serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
    return things[0].private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, hidden).decode()


def key_usage(digital_signature, key_cert_sign):
    return x509.KeyUsage(
        digital_signature=digital_signature, key_cert_sign=key_cert_sign, **dict.fromkeys(USAGES, False)
    )


class Party:
    """A key and its certificate; that of a CA where it has no names."""

    def __init__(
        self,
        title,
        issuer=None,
        names=(),
        *,
        ca=None,
        key=None,
        start=NOW - 90 * DAY,
        end=NOW + 90 * DAY,
        pathlen=None,
        more=(),
        ski=True,
    ):
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        public = self.key.public_key()
        signer = issuer or self
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, title)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.certificate.subject if issuer else subject)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(not names if ca is None else ca, pathlen), critical=True)
        )
        extensions = list(more)
        if names:
            extensions.append(x509.SubjectAlternativeName(names))
        if ski:
            extensions.append(x509.SubjectKeyIdentifier.from_public_key(public))
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        self.certificate = builder.sign(signer.key, hashes.SHA256())


ES1 = [x509.DNSName("es1.example.org")]
WANTED = ["DNS:es1.example.org"]
ROOT = Party("root")
MIDDLE = Party("middle", ROOT, pathlen=0)
SERVER = Party("es1", MIDDLE, ES1)


def server(issuer=MIDDLE, title="es1", names=None, **more):
    return Party(title, issuer, ES1 if names is None else names, **more)


def problems_of(party=SERVER, *, chain=None, key=None, wanted=None, trusted=(ROOT,), now=NOW):
    return _certificate_problems.of_server(
        pem(*(one.certificate for one in chain or (party, MIDDLE))),
        pem(party.key) if key is None else key,
        WANTED if wanted is None else wanted,
        pem(*(one.certificate for one in trusted)) if trusted else "",
        now,
    )


@pytest.mark.parametrize(
    "party",
    [
        SERVER,
        server(title="wildcard", names=[x509.DNSName("*.example.org")]),
        server(title="rsa", key=rsa.generate_private_key(65537, 2048)),
        server(title="ed25519", key=ed25519.Ed25519PrivateKey.generate()),
        server(title="any purpose", more=[x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])]),
        server(title="two purposes", more=[x509.ExtendedKeyUsage([CLIENT_AUTH, SERVER_AUTH])]),
        server(title="usage", more=[key_usage(True, False)]),
    ],
    ids=lambda party: _x509.title(party.certificate),
)
def test_a_good_certificate_has_no_problem(party):
    assert problems_of(party) == []


def test_a_chain_may_end_with_the_ca_itself():
    assert problems_of(chain=(SERVER, MIDDLE, ROOT)) == []


@pytest.mark.parametrize(
    "written",
    [
        lambda one: one.replace("-----\n-----", "----------"),
        lambda one: "".join(f"    {line}\n" for line in one.splitlines()),
        lambda one: "\ufeff# f\xfcr \udcfc\n" + one.replace("\n", "\r\n"),
    ],
    ids=["joined", "indented", "of any encoding"],
)
def test_chain_and_key_may_be_written_as_people_do(written):
    chain, key, trusted = (written(pem(*things)) for things in ((SERVER.certificate, MIDDLE.certificate), (SERVER.key,), (ROOT.certificate,)))
    assert _certificate_problems.of_server(chain, key, WANTED, trusted, NOW) == []


def test_a_certificate_that_is_there_twice_counts_once():
    assert problems_of(chain=(SERVER, SERVER, MIDDLE, MIDDLE)) == []


def short_key(written):
    """An EC key whose number is written in fewer octets than its curve has, and what OpenSSL makes of it."""
    number = 2**247 + 5
    key = ec.derive_private_key(number, ec.SECP256R1())
    der = key.private_bytes(serialization.Encoding.DER, written, serialization.NoEncryption())
    place = der.index(b"\x04\x20" + number.to_bytes(32, "big"))
    octets = bytearray(der[:place] + b"\x04\x1f" + number.to_bytes(31, "big") + der[place + 34 :])
    # each sequence and octet string around it is one shorter
    for at in [at for at in range(place) if octets[at] in (0x30, 0x04) and octets[at + 1] < 0x80 and at + 2 + octets[at + 1] >= place + 33]:
        octets[at + 1] -= 1
    if octets[1] == 0x81:
        octets[2] -= 1
    label = "EC PRIVATE KEY" if written == serialization.PrivateFormat.TraditionalOpenSSL else "PRIVATE KEY"
    text = f"-----BEGIN {label}-----\n{base64.encodebytes(octets).decode()}-----END {label}-----\n"
    said = subprocess.run(["openssl", "pkey", "-noout", "-check"], input=text, capture_output=True, text=True, check=False)
    assert "Key is valid" in said.stdout + said.stderr, said
    return key, text


@pytest.mark.parametrize("written", [serialization.PrivateFormat.TraditionalOpenSSL, serialization.PrivateFormat.PKCS8])
def test_an_ec_key_with_a_short_number_is_one(written):
    key, text = short_key(written)
    assert problems_of(server(title="short", key=key), key=text) == []
    (told,) = problems_of(SERVER, key=text)
    assert told.startswith("The key does not match the certificate")


def test_a_chain_may_lead_to_any_of_the_cas_trusted():
    assert problems_of(trusted=(Party("another"), ROOT)) == []


def test_intermediates_may_come_from_those_whom_clients_trust():
    assert problems_of(chain=(SERVER,), trusted=(MIDDLE, ROOT)) == []


def test_a_root_that_was_renewed_with_its_key_is_the_same_ca():
    assert problems_of(chain=(SERVER, MIDDLE, ROOT), trusted=(Party("root", key=ROOT.key),)) == []


def test_a_ca_of_the_same_name_and_key_that_has_expired_does_no_harm():
    assert problems_of(trusted=(Party("root", key=ROOT.key, end=NOW - DAY), ROOT)) == []


def test_what_else_is_in_the_store_does_not_matter():
    store = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n" + pem(ROOT.certificate)
    chain = pem(SERVER.certificate, MIDDLE.certificate)
    assert _certificate_problems.of_server(chain, pem(SERVER.key), WANTED, store, NOW) == []


def test_a_certificate_signed_by_the_trusted_ca_needs_no_intermediate():
    party = server(ROOT)
    assert problems_of(party, chain=(party,)) == []


def test_an_address_is_covered_by_an_address():
    party = server(names=[x509.IPAddress(ipaddress.ip_address("fd00::7"))])
    assert problems_of(party, wanted=["IP:fd00::7"]) == []


def through(issuer, *rest):
    """A server's certificate by an unfit issuer, with its chain."""
    party = server(issuer)
    return {"party": party, "chain": (party, issuer, *rest)}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"wanted": ["DNS:es2.example.org", *WANTED]}, "covers DNS:es1.example.org, but not DNS:es2.example.org: get"),
        (
            {"party": Party("es1.example.org", MIDDLE, ca=False)},
            "covers no name (a common name does not count), but not DNS:es1.example.org",
        ),
        ({"key": pem(MIDDLE.key)}, 'The key does not match the certificate "es1"'),
        ({"key": ""}, "The key is no private key in PEM"),
        ({"key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"}, "The key is no private key in PEM"),
        (
            {"key": pem(SERVER.key, passphrase="secret")},
            "The key is encrypted, but no passphrase is set: give it in PEM, unencrypted",
        ),
        (
            {"party": server(end=NOW - DAY)},
            'The certificate "es1" has expired: it is valid from 2030-03-03 00:00:00+00:00 to 2030-05-31',
        ),
        ({"party": server(start=NOW + DAY)}, 'The certificate "es1" is not valid yet'),
        (through(Party("old", ROOT, end=NOW - DAY)), 'The certificate "old" has expired'),
        ({"party": server(key=rsa.generate_private_key(65537, 1024))}, 'The certificate "es1" has a weak key, rsa-1024'),
        ({"party": server(key=ec.generate_private_key(ec.SECP192R1()))}, "has a weak key, ecdsa-secp192r1"),
        ({"party": server(key=dsa.generate_private_key(2048))}, "has a weak key, dsa-2048"),
        ({"party": server(ca=True)}, 'The first certificate, "es1", is a CA: put the server\'s certificate first'),
        (
            {"party": server(more=[x509.ExtendedKeyUsage([CLIENT_AUTH])])},
            'The certificate "es1" is not for servers: get one with the extended key usage serverAuth',
        ),
        ({"party": server(more=[key_usage(False, False)])}, "may not sign handshakes"),
        (
            {"chain": (SERVER,)},
            'The chain ends with "es1", issued by CN=middle, and leads to no root CA that clients trust',
        ),
        ({"trusted": (Party("root"),)}, 'The chain ends with "middle", issued by CN=root, and leads to no root CA'),
        ({"trusted": (MIDDLE,)}, "leads to no root CA that clients trust"),
        ({"trusted": ()}, "leads to no root CA that clients trust"),
        (
            {"trusted": (Party("root", key=ROOT.key, end=NOW - DAY),)},
            'The CA "root", to which the chain leads, has expired',
        ),
        (
            {"chain": (SERVER, Party("middle", ROOT))},
            'After "es1", issued by CN=middle, the chain goes on with "middle", which did not sign it',
        ),
        (through(Party("no CA", ROOT, ca=False)), '"no CA" in the chain signed "es1", but its basic constraints'),
        (
            through(Party("no signer", ROOT, more=[key_usage(True, False)])),
            '"no signer" in the chain signed "es1", but',
        ),
        (through(Party("deep", MIDDLE), MIDDLE), '"middle" in the chain signed "deep", but its basic constraints'),
    ],
)
def test_each_problem_is_told_in_one_sentence(arguments, said):
    (told,) = problems_of(**arguments)
    assert said in told
    assert told.endswith(".")


def test_a_chain_in_the_wrong_order():
    told = problems_of(chain=(SERVER, ROOT, MIDDLE))
    assert 'After "es1", issued by CN=middle, the chain goes on with "root", which did not sign it' in told[0]


def test_the_certificate_must_be_the_first_of_the_chain():
    told = problems_of(chain=(MIDDLE, SERVER))
    assert any("put the server's certificate first" in sentence for sentence in told)
    assert any("key does not match" in sentence for sentence in told)


def test_all_problems_are_told_at_once():
    told = problems_of(
        server(start=NOW + DAY), key=pem(ROOT.key), wanted=["DNS:other.example"], trusted=(Party("another"),)
    )
    assert len(told) == 4


# openssl x509 -req -sha1 ...: cryptography makes no such signature any more
SIGNED_WITH_SHA1 = """\
-----BEGIN CERTIFICATE-----
MIIBezCCASKgAwIBAgIUBN3LsrZWWNPnch2BM5MCHb3gOcQwCQYHKoZIzj0EATAN
MQswCQYDVQQDDAJjYTAgFw0yNjExMjQxMzUzMDRaGA8yMTI2MTAzMTEzNTMwNFow
DjEMMAoGA1UEAwwDZXMxMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEpg5Lrz5Z
qG+tbg88S6hLJsJx0fBJXFfwnLIhd8neZhOm/n+Ys3Sfps1KVEi8fLdURHXVAAfj
MnwFDH5QYkK4EKNeMFwwGgYDVR0RBBMwEYIPZXMxLmV4YW1wbGUub3JnMB0GA1Ud
DgQWBBSgiXwAthqWN6EOLoTjtuI0FUlmIzAfBgNVHSMEGDAWgBSpwxE3gaYEs4bw
qelo+06adYzEjTAJBgcqhkjOPQQBA0gAMEUCIQDGKFmmYvkv66tuhQucg1K0ozuL
p9DvGIv+dp0Ue7EqVgIgdWY1jjUcZtVG47aT1cLUhzuz8hfUNCm9Nm3f9lxdxI8=
-----END CERTIFICATE-----
"""


def test_a_weak_signature():
    told = _certificate_problems.of_server(SIGNED_WITH_SHA1, pem(SERVER.key), WANTED, pem(ROOT.certificate), NOW)
    assert any('"es1" has a weak signature, sha1: get a new certificate' in sentence for sentence in told)


@pytest.mark.parametrize(
    "chain",
    [
        "",
        "text",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        pem(SERVER.certificate)[:-40],
    ],
)
def test_a_chain_that_cannot_be_read(chain):
    (told,) = _certificate_problems.of_server(chain, pem(SERVER.key), WANTED, pem(ROOT.certificate), NOW)
    assert "give certificates in PEM (-----BEGIN CERTIFICATE-----), the server's first" in told


def test_a_key_in_the_chain_is_refused_and_never_told():
    key = pem(SERVER.key)
    (told,) = _certificate_problems.of_server(pem(SERVER.certificate) + key, key, WANTED, pem(ROOT.certificate), NOW)
    assert "holds a private key" in told
    assert not any(line in told for line in key.splitlines()[1:-1])


def ca_problems(party=ROOT, *, certificate=None, key=None, passphrase="", days=30):
    certificate = pem(party.certificate) if certificate is None else certificate
    return _certificate_problems.of_ca(certificate, pem(party.key) if key is None else key, passphrase, days, NOW)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"key": ""},
        {"certificate": ""},
        {"certificate": "", "key": ""},
        {"key": pem(ROOT.key, passphrase="secret"), "passphrase": "secret"},
    ],
)
def test_a_good_ca_has_no_problem(arguments):
    assert ca_problems(**arguments) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"certificate": "text"}, "The CA's certificate holds no certificate that can be read"),
        ({"key": "text"}, "The CA's key is no private key in PEM"),
        ({"key": pem(MIDDLE.key)}, "The CA's key does not match the CA's certificate"),
        (
            {"key": pem(ROOT.key, passphrase="secret")},
            "is encrypted, but no passphrase is set: set certificate_own_ca_passphrase",
        ),
        (
            {"key": pem(ROOT.key, passphrase="secret"), "passphrase": "wrong"},
            "The CA's key does not open with the passphrase",
        ),
        ({"passphrase": "secret"}, "The CA's key is not encrypted, but a passphrase is set"),
        ({"certificate": "", "key": pem(ROOT.key, passphrase="secret")}, "The CA's key is encrypted"),
        ({"party": SERVER}, 'The certificate "es1" is no CA'),
        ({"party": Party("no signer", more=[key_usage(True, False)])}, 'The certificate "no signer" is no CA'),
        ({"party": Party("old style", ski=False)}, 'The certificate "old style" is no CA'),
        ({"days": 91}, "in fewer than 91 days"),
    ],
)
def test_each_problem_of_a_ca(arguments, said):
    (told,) = ca_problems(**arguments)
    assert said in told
    assert told.endswith(".")


def constrained(*domains):
    return Party("constrained", more=[x509.NameConstraints([x509.DNSName(one) for one in domains], None)])


@pytest.mark.parametrize(("domain", "told"), [("example.org", 0), ("another.org", 1)])
def test_a_ca_signs_only_for_names_that_its_constraints_permit(domain, told):
    ca = constrained(domain)
    problems = _certificate_problems.of_ca(pem(ca.certificate), pem(ca.key), "", 30, NOW, wanted=WANTED)
    assert len(problems) == told
    assert all('"constrained" may not sign for DNS:es1.example.org (name constraints)' in one for one in problems)


@pytest.mark.parametrize(("domain", "told"), [("example.org", 0), ("another.org", 1)])
def test_a_chain_through_a_ca_that_may_not_sign_for_the_name(domain, told):
    ca = constrained(domain)
    party = server(issuer=ca)
    problems = problems_of(party, chain=[party, ca], trusted=[ca])
    assert len(problems) == told
    assert all("may not sign for DNS:es1.example.org" in one for one in problems)


@pytest.mark.parametrize(
    ("permitted", "said"),
    [
        ([], None),
        (["example.org"], None),
        (["another.org"], "The CA that is to be made may not sign for DNS:es1.example.org"),
        (["*.example.org"], "certificate_own_ca_permitted: '*.example.org' is neither a domain"),
    ],
)
def test_a_ca_that_is_to_be_made_must_be_able_to_sign_what_is_wanted(permitted, said):
    problems = _certificate_problems.of_ca("", "", "", 30, NOW, wanted=WANTED, permitted=permitted)
    assert [said in one for one in problems] == ([True] if said else [])


def test_an_expired_intermediate_may_be_one_too_many():
    expired = Party("cross", ROOT, end=NOW - DAY)
    party = server(issuer=expired)
    (told,) = problems_of(party, chain=(party, expired))
    assert told.startswith('The certificate "cross" has expired')
    assert "Take it out of the chain where clients trust what it signed, else get a new certificate" in told


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (serialization.PrivateFormat.OpenSSH, "is in OpenSSH's own form, which servers do not read (ssh-keygen -p -m PKCS8"),
        (serialization.PrivateFormat.PKCS8, "is encrypted, but no passphrase is set"),
        (serialization.PrivateFormat.TraditionalOpenSSL, "is encrypted, but no passphrase is set"),
    ],
)
def test_a_key_that_no_server_reads(written, said):
    opened = written == serialization.PrivateFormat.OpenSSH
    hidden = serialization.NoEncryption() if opened else serialization.BestAvailableEncryption(b"secret")
    (told,) = problems_of(key=SERVER.key.private_bytes(serialization.Encoding.PEM, written, hidden).decode())
    assert said in told


@pytest.mark.parametrize(
    ("intermediate", "cure"),
    [(False, "leave certificate_own_ca_permitted empty to go on"), (True, "move the intermediate's certificate away")],
)
def test_a_ca_that_may_sign_for_more_than_it_is_to(intermediate, cure):
    ca = Party("narrow", more=[x509.NameConstraints([x509.IPAddress(ipaddress.ip_network("10.0.0.0/8"))], None)])
    (told,) = _certificate_problems.of_ca(
        pem(ca.certificate), pem(ca.key), "", 30, NOW, permitted=["10.0.0.0/8"], intermediate=intermediate
    )
    assert told.startswith('The CA "narrow" may sign for any host name, but certificate_own_ca_permitted lets it sign for 10.0.0.0/8 only')
    assert cure in told


def test_a_ca_that_is_valid_for_just_long_enough():
    assert ca_problems(days=90) == []


def test_facts_are_plain_and_in_the_words_of_the_role():
    facts = _x509.facts(SERVER.certificate)
    assert facts["names"] == WANTED
    assert facts["title"] == "es1"
    assert facts["issuer"] == "CN=middle"
    assert facts["key"] == "ecdsa-p256"
    assert (facts["not_before"], facts["not_after"]) == ("2030-03-03T00:00:00Z", "2030-08-30T00:00:00Z")
    assert facts["sha256"].replace(":", "") == SERVER.certificate.fingerprint(hashes.SHA256()).hex()
    assert facts["public_sha256"] == _x509.public_sha256(SERVER.key.public_key())
    assert facts["authority_key_identifier"] == ""
    assert len(facts["subject_key_identifier"]) == 59
