# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What clients make of the constraints that are planned for an own CA: a thief of its key can speak for nobody else.

Each verifier reads RFC 5280, section 4.2.1.10, in its own way: GnuTLS takes IPv4 and IPv6 for two kinds of names, Java ignores what
stands in the CA that it trusts itself (section 6.1.1) and stumbles over an IPv4 address where a subtree of IPv6 comes first,
OpenSSL and GnuTLS take a common name for a host name where the subjectAltName has none.
"""

from __future__ import annotations

import shutil
import subprocess

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _constraints
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki
from cryptography import x509

MAIL = x509.RFC822Name("somebody@example.org")
PAGE = x509.UniformResourceIdentifier("https://es1.example.org/")
LEAVES = {
    "v4": ["10.1.2.3"],
    "other v4": ["11.1.2.3"],
    "v6": ["fd00::1"],
    "other v6": ["2001:db8::1"],
    "name": ["es1.example.org"],
    "other name": ["es1.another.org"],
    "v4 and name": ["10.1.2.3", "es1.example.org"],
    "v4 and v6": ["10.1.2.3", "fd00::1"],
    "mail": [MAIL],
    "page": [PAGE],
}
# what may be signed for, and which of the leaves that is
PERMITTED = [
    (["10.0.0.0/8"], {"v4"}),
    (["fd00::/8"], {"v6"}),
    (["fd00::/8", "10.0.0.0/8"], {"v4", "v6", "v4 and v6"}),
    (["example.org"], {"name"}),
    (["example.org", "10.0.0.0/8"], {"v4", "name", "v4 and name"}),
    (["10.0.0.0/8", "fd00::/8", "example.org"], {"v4", "v6", "name", "v4 and name", "v4 and v6"}),
]
JAVA = """
import java.io.FileInputStream;
import java.security.cert.*;
import java.util.*;

public class Verify {
  static X509Certificate read(String path) throws Exception {
    try (FileInputStream in = new FileInputStream(path)) {
      return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
    }
  }

  public static void main(String[] args) throws Exception {
    PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(read(args[0]), null)));
    parameters.setRevocationEnabled(false);
    for (int i = 2; i < args.length; i++) {
      CertPath path = CertificateFactory.getInstance("X.509").generateCertPath(List.of(read(args[i]), read(args[1])));
      String said = "OK";
      try {
        CertPathValidator.getInstance("PKIX").validate(path, parameters);
      } catch (Exception refusal) {
        said = refusal.toString();
      }
      System.out.println(args[i] + "\\t" + said);
    }
  }
}
"""


def verified_by_openssl(place, leaves):
    for leaf in leaves:
        trust = ["-no-CApath", "-CAfile", place / "ca.pem", "-untrusted", place / "intermediate.pem"]
        done = subprocess.run(["openssl", "verify", *trust, place / leaf], capture_output=True, text=True, check=False)
        assert done.returncode == 0 or "subtree violation" in done.stderr, done.stderr
        yield leaf, done.returncode == 0


def verified_by_java(place, leaves):
    (place / "Verify.java").write_text(JAVA)
    files = [place / name for name in ["ca.pem", "intermediate.pem", *leaves]]
    done = subprocess.run(["java", place / "Verify.java", *files], capture_output=True, text=True, check=True)
    said = dict(line.split("\t") for line in done.stdout.splitlines())
    yield from ((leaf, said[str(place / leaf)] == "OK") for leaf in leaves)


def verified_by_gnutls(place, leaves):
    for leaf in leaves:
        (place / "chain").write_text((place / leaf).read_text() + (place / "intermediate.pem").read_text())
        command = ["certtool", "--verify", "--load-ca-certificate", place / "ca.pem", "--infile", place / "chain"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0 or "violates the signer's constraints" in done.stdout, done.stdout
        yield leaf, done.returncode == 0


CLIENTS = {"openssl": verified_by_openssl, "java": verified_by_java, "certtool": verified_by_gnutls}
UNKNOWN_TO = {"certtool": {"page"}}  # GnuTLS heeds no constraint of addresses of pages, which no server is verified by


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(("permitted", "expected"), PERMITTED, ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_clients_accept_what_is_permitted_and_nothing_else(tmp_path, permitted, expected, client):
    if shutil.which(client) is None:
        pytest.skip(f"there is no {client} here")
    constraints = _constraints.planned(permitted)
    ca = pki.root(constraints=constraints)
    intermediate = pki.intermediate("Test Intermediate", ca, constraints=constraints)
    (tmp_path / "ca.pem").write_bytes(ca.pem)
    (tmp_path / "intermediate.pem").write_bytes(intermediate.pem)
    for title, entries in LEAVES.items():
        leaf = pki.issue("", intermediate, entries)
        (tmp_path / title).write_bytes(leaf.pem)
    accepted = {leaf for leaf, accepted in CLIENTS[client](tmp_path, list(LEAVES)) if accepted}
    assert accepted - UNKNOWN_TO.get(client, set()) == expected
