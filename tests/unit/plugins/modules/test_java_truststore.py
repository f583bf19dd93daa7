# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The module as Ansible runs it, and the store as others read it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._pkcs12 import truststore
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.lab import Lab
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

RUN = """
import sys
from ansible.module_utils import basic
from ansible.module_utils.basic import AnsibleModule
basic._ANSIBLE_PROFILE = "legacy"  # of ansible-core 2.19 and newer
basic.has_journal = False
AnsibleModule._log_to_syslog = lambda self, text: print("LOG", text, file=sys.stderr)
from ansible_collections.tlsfront.elasticsearch.plugins.modules import java_truststore
basic._ANSIBLE_ARGS = sys.stdin.buffer.read()
java_truststore.main()
"""


def run(path: Path, *certificates: Any, **params: Any) -> dict[str, Any]:
    text = "".join(f"# a CA\n{each.pem.decode()}" for each in certificates)
    given = {"path": str(path), "certificates": text, "mode": "0644", "_ansible_diff": True, **params}
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(each for each in sys.path if each))
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": given}),
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert "s3cret" not in done.stdout.replace('"invocation"', "") + done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def certificates_of(path: Path, password: bytes = b"changeit") -> set[bytes]:
    store = pkcs12.load_pkcs12(path.read_bytes(), password)
    assert store.key is None and store.cert is None
    return {each.certificate.public_bytes(serialization.Encoding.DER) for each in store.additional_certs}


def test_the_store_has_the_certificates_given_and_no_other(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "t.p12"
    result = run(path, lab.root, lab.other_root, lab.root)
    assert result["changed"]
    assert certificates_of(path) == {lab.root.der, lab.other_root.der}
    assert result["aliases"] == [f"ca-{each.fingerprint[:16]}" for each in (lab.root, lab.other_root)]
    assert path.stat().st_mode & 0o777 == 0o644


def test_the_second_run_changes_nothing(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "t.p12"
    run(path, lab.root)
    before = path.stat()
    assert not run(path, lab.root)["changed"]
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_one_ca_more_and_later_one_less_is_shown_in_words(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "t.p12"
    run(path, lab.root)
    both = run(path, lab.root, lab.other_root)
    assert both["changed"] and both["diff"]["after"].startswith(both["diff"]["before"])
    assert "CN=Other Root" in both["diff"]["after"] and "CN=Other Root" not in both["diff"]["before"]
    assert run(path, lab.other_root)["changed"]
    assert certificates_of(path) == {lab.other_root.der}


def test_check_mode_says_the_same_and_writes_nothing(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "t.p12"
    assert run(path, lab.root, _ansible_check_mode=True)["changed"]
    assert not path.exists()
    assert run(tmp_path / "not yet" / "t.p12", lab.root, _ansible_check_mode=True)["changed"]


def test_what_somebody_else_has_made_is_replaced(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "t.p12"
    path.write_bytes(b"\x30\x82 something else")
    result = run(path, lab.root)
    assert result["changed"] and "not made" in result["diff"]["before"]
    assert certificates_of(path) == {lab.root.der}


def test_another_password_is_another_store_and_is_never_told(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "t.p12"
    run(path, lab.root)
    assert run(path, lab.root, password="s3cret")["changed"]
    assert certificates_of(path, b"s3cret") == {lab.root.der}
    with pytest.raises(ValueError, match="Invalid password"):
        certificates_of(path)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"certificates": ""}, "no certificate in PEM"),
        ({"certificates": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}, "number 1 cannot be read"),
        ({"certificates": "-----BEGIN " + "PRIVATE KEY-----\n"}, "private key"),
        ({"password": ""}, "printable ASCII"),
        ({"password": "s3cret\u00e9"}, "printable ASCII"),
    ],
)
def test_what_cannot_work_is_refused_and_nothing_is_written(
    lab: Lab, tmp_path: Path, params: dict[str, Any], said: str
) -> None:
    result = run(tmp_path / "t.p12", lab.root, **params)
    assert result["failed"] and said in result["msg"]
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not shutil.which("keytool"), reason="no Java here")
@pytest.mark.parametrize("password", ["changeit", "a longer one with spaces"])
def test_java_checks_the_password_and_trusts_each_certificate(lab: Lab, tmp_path: Path, password: str) -> None:
    path = tmp_path / "t.p12"
    many = [lab.root, lab.other_root, *(pki.root(f"Root {number}", key=pki.rsa_key()) for number in range(3))]
    path.write_bytes(truststore([each.der for each in many], password))

    def listed(given: str) -> subprocess.CompletedProcess[str]:
        command = ["keytool", "-list", "-keystore", str(path), "-storepass:env", "GIVEN"]
        return subprocess.run(command, env={**os.environ, "GIVEN": given}, capture_output=True, text=True, check=False)

    assert listed(password).stdout.count("trustedCertEntry") == len(many)
    assert listed("another").returncode != 0


# Java before 8u301 and 11.0.12 knows one algorithm for the checksum of a store, and two for what is encrypted in it (JDK-8076190)
OLD_JAVA = """
import java.io.*;
import java.security.*;
public class Old extends Provider {
  Old(Provider all) {
    super("Old", "1", "what the other has, but for what is newer");
    for (Service each : all.getServices()) {
      String name = each.getAlgorithm();
      if (name.startsWith("HmacPBESHA") && !name.equals("HmacPBESHA1") || name.contains("PBES2") || name.startsWith("PBEWithHmac")) continue;
      putService(new Service(this, each.getType(), name, each.getClassName(),
          name.equals("PBEWithMD5AndDES") ? java.util.List.of("PBE") : null, null) {
        public Object newInstance(Object given) throws NoSuchAlgorithmException { return each.newInstance(given); }
        public boolean supportsParameter(Object given) { return each.supportsParameter(given); }
      });
    }
  }
  public static void main(String[] arguments) throws Exception {
    Provider all = Security.getProvider("SunJCE");
    Security.removeProvider("SunJCE");
    Security.insertProviderAt(new Old(all), 1);
    try {
      KeyStore.getInstance("PKCS12").load(new FileInputStream(arguments[1]), "changeit".toCharArray());
      System.out.println("the modern store is read: this is no old Java");
    } catch (IOException expected) {}
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream file = new FileInputStream(arguments[0])) { store.load(file, "changeit".toCharArray()); }
    int trusted = 0;
    for (String alias : java.util.Collections.list(store.aliases())) if (store.isCertificateEntry(alias)) trusted++;
    System.out.println(trusted);
  }
}
"""


@pytest.mark.skipif(not shutil.which("keytool"), reason="no Java here")
def test_a_java_that_knows_no_modern_algorithm_reads_it(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "t.p12").write_bytes(truststore([lab.root.der, lab.other_root.der], "changeit"))
    (tmp_path / "Old.java").write_text(OLD_JAVA)
    (tmp_path / "ca.pem").write_bytes(lab.root.pem)
    modern = ["keytool", "-importcert", "-noprompt", "-file", "ca.pem", "-keystore", "modern.p12", "-storetype", "PKCS12", "-storepass", "changeit"]
    subprocess.run(modern, cwd=tmp_path, capture_output=True, check=True)
    done = subprocess.run(["java", "Old.java", "t.p12", "modern.p12"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("2\n", 0), done.stderr
