# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The settings that a client machine gets, as the programs that they are for read them: nothing in a URL is more than a URL."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pki
import pytest
import yaml

TOP = Path(__file__).resolve().parents[4]
PLAYBOOK = Path(__file__).with_name("client.yml")
GENERATOR = Path("/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator")

# each is a URL (RFC 3986), and what is written for it
URLS = {
    "https://es1.example.org/$(touch${IFS}pwned)": "https://es1.example.org:443/%24%28touch%24%7BIFS%7Dpwned%29",
    "https://es1.example.org/`touch$IFS-pwned`": "https://es1.example.org:443/%60touch%24IFS-pwned%60",
    "https://es1.example.org/a'b\"c": "https://es1.example.org:443/a%27b%22c",
    "https://es1.example.org/a;touch,pwned&": "https://es1.example.org:443/a%3Btouch%2Cpwned%26",
    "https://es1.example.org/50%25/%C3%A9": "https://es1.example.org:443/50%25/%C3%A9",
    "https://es1.example.org": "https://es1.example.org:443",
    "https://\u00e9s.example.org/\u00e9": "https://xn--s-9fa.example.org:443/%C3%A9",
    "https://[2001:db8::1]:9243/a": "https://[2001:db8::1]:9243/a",
}
WRITTEN = list(URLS.values())


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place: Path = tmp_path_factory.mktemp("settings")
    (place / "ca.pem").write_bytes("# f\u00fcr alle\n".encode("latin-1") + pki.root("CA").pem)
    return place


@pytest.fixture(scope="module")
def directory(place: Path, play: Callable[..., Any]) -> Path:
    """Where the role has put all of it."""
    host = {"client_trust_cas": [str(place / "ca.pem")], "client_trust_dir": str(place / "client"), "client_trust_urls": list(URLS)}
    run = play(PLAYBOOK, {"machine": host})
    assert run.count("machine", "failures") == 0, [each for each in run.outcomes("machine") if each.get("failed")]
    return place / "client"


def test_a_ca_with_a_comment_of_any_encoding_is_written_without_it(directory: Path) -> None:
    assert (directory / "ca.pem").read_text("ascii").count("-----BEGIN CERTIFICATE-----") == 1


def by_shell(shell: str, file: Path, work: Path) -> dict[str, str]:
    """The environment of a program that a shell starts after it has read the file."""
    command = [shell, "-c", f'set -a; . "$0"; exec {sys.executable} -c "import json, os; print(json.dumps(dict(os.environ)))"', str(file)]
    done = subprocess.run(command, cwd=work, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True)
    assert not done.stderr
    return {name: value for name, value in json.loads(done.stdout).items() if name in NAMES}


def by_systemd(file: Path, work: Path) -> dict[str, str]:
    """As systemd reads it. What it has for environment.d(5) shares the parser of EnvironmentFile=, and quotes as a shell does."""
    (work / "environment.d").mkdir(parents=True)
    shutil.copy(file, work / "environment.d/10.conf")
    done = subprocess.run([str(GENERATOR)], env={"XDG_CONFIG_HOME": str(work), "HOME": str(work)}, capture_output=True, text=True, check=True)
    (work / "read.sh").write_text(done.stdout)
    return by_shell("sh", work / "read.sh", work)


NAMES = {
    "ELASTICSEARCH_URL",
    "ELASTICSEARCH_URLS",
    "ELASTICSEARCH_CA",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "JDK_JAVA_OPTIONS",
}


def wanted(directory: Path) -> dict[str, str]:
    found = dict.fromkeys(NAMES, str(directory / "ca.pem"))
    return found | {
        "ELASTICSEARCH_URL": WRITTEN[0],
        "ELASTICSEARCH_URLS": ",".join(WRITTEN),
        "JDK_JAVA_OPTIONS": f"@{directory}/java.args",
    }


@pytest.mark.parametrize("shell", ["sh", "dash", "bash"])
def test_a_shell_reads_the_environment_and_runs_nothing(directory: Path, tmp_path: Path, shell: str) -> None:
    assert by_shell(shell, directory / "elasticsearch.env", tmp_path) == wanted(directory)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not GENERATOR.exists(), reason="no systemd here")
def test_systemd_reads_the_same(directory: Path, tmp_path: Path) -> None:
    assert by_systemd(directory / "elasticsearch.env", tmp_path) == wanted(directory)


@pytest.mark.parametrize(("file", "name"), [("kibana.yml", "elasticsearch"), ("opensearch_dashboards.yml", "opensearch")])
def test_a_dashboard_reads_the_urls_and_the_ca_and_has_no_variable_to_expand(directory: Path, file: str, name: str) -> None:
    text = (directory / file).read_text()
    assert yaml.safe_load(text) == {
        f"{name}.hosts": WRITTEN,
        f"{name}.ssl.certificateAuthorities": [str(directory / "ca.pem")],
        f"{name}.ssl.verificationMode": "full",
    }
    assert "${" not in text


def test_beats_read_the_urls_and_the_ca_and_have_no_variable_to_expand(directory: Path) -> None:
    text = (directory / "beats.yml").read_text()
    assert yaml.safe_load(text) == {
        "output.elasticsearch": {"hosts": WRITTEN, "ssl.certificate_authorities": [str(directory / "ca.pem")], "ssl.verification_mode": "full"}
    }
    assert "${" not in text


def test_logstash_gets_plain_strings(directory: Path) -> None:
    text = (directory / "logstash.conf").read_text()
    hosts = re.search(r"^ +hosts => (.*)$", text, re.MULTILINE)
    assert hosts and json.loads(hosts[1]) == WRITTEN
    # its strings know no escapes, but ${NAME} is expanded and a field reference %{...} could be
    assert not re.search(r"[\\]|[$%]\{", text)


JAVA = """
import java.io.*;
import java.util.*;
public class Read {
  public static void main(String[] arguments) throws IOException {
    Properties found = new Properties();
    try (InputStream file = new FileInputStream(arguments[0])) { found.load(file); }
    for (String name : found.stringPropertyNames()) System.out.println(name + "=" + found.getProperty(name));
    for (String name : System.getProperties().stringPropertyNames())
      if (name.startsWith("javax.net.ssl")) System.out.println("system " + name + "=" + System.getProperty(name));
  }
}
"""


@pytest.mark.skipif(not shutil.which("java"), reason="no Java here")
def test_java_reads_the_properties_and_the_arguments(directory: Path, tmp_path: Path) -> None:
    (tmp_path / "Read.java").write_text(JAVA)
    command = ["java", f"@{directory}/java.args", str(tmp_path / "Read.java"), str(directory / "java.properties")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    trust = {
        "javax.net.ssl.trustStore": str(directory / "truststore.p12"),
        "javax.net.ssl.trustStoreType": "PKCS12",
        "javax.net.ssl.trustStorePassword": "changeit",
    }
    assert dict(line.split("=", 1) for line in done.stdout.splitlines()) == {
        "elasticsearch.url": WRITTEN[0],
        "elasticsearch.urls": ",".join(WRITTEN),
        **trust,
        **{f"system {name}": value for name, value in trust.items()},
    }


def one_url(url: str) -> dict[str, Any]:
    return {"client_trust_urls": ["https://es1.example.org", url]}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a space": (one_url("https://es1.example.org/a b"), 'client_trust_urls has "https://es1.example.org/a b"'),
    "a newline": (one_url("https://es1.example.org/\nLD_PRELOAD=/tmp/x.so"), "client_trust_urls has"),
    "a backslash": (one_url("https://es1.example.org/\\"), "client_trust_urls has"),
    "a query": (one_url("https://es1.example.org/?x"), "a query or a fragment"),
    "a fragment": (one_url("https://es1.example.org/#x"), "a query or a fragment"),
    "a command for a name": (one_url("https://$(id).example.org"), "is not a host name"),
    "a percent sign alone": (one_url("https://es1.example.org/${HOME}/%{x}"), "percent"),
    "http": (one_url("http://es1.example.org:9200"), "wanted is https"),
    "another scheme": (one_url("ldap://es1.example.org"), "The scheme ldap is not https"),
    "a password": (one_url("https://elastic:s3cret@es1.example.org"), "has a user name in it"),
    "a mapping": ({"client_trust_urls": [{"url": "https://es1.example.org"}]}, "client_trust_urls"),
    "nothing": (one_url(""), "client_trust_urls has"),
    "a directory with a space": ({"client_trust_dir": "/tmp/tls front/client"}, "client_trust_dir is"),
    "a directory with a quote": ({"client_trust_dir": "/tmp/tls'front/client"}, "client_trust_dir is"),
    "a directory with a command": ({"client_trust_dir": "/tmp/$(id)/client"}, "client_trust_dir is"),
    "a directory with a line": ({"client_trust_dir": "/tmp/x\ny/client"}, "client_trust_dir is"),
    "a directory with a backslash": ({"client_trust_dir": "/tmp/x\\y/client"}, "client_trust_dir is"),
    "a directory in no alphabet": ({"client_trust_dir": "/tmp/\u00e9t\u00e9/client"}, "client_trust_dir is"),
    "a directory above": ({"client_trust_dir": "/tmp/tlsfront/../../etc"}, "client_trust_dir is"),
    "a directory that everybody may change": ({"client_trust_dir": "{{ place }}/shared/client"}, "/shared may be changed by everybody (mode 0777): chmod o-w"),
    "a directory of all": ({"client_trust_dir": "/etc"}, "client_trust_dir is"),
    "no absolute directory": ({"client_trust_dir": "tlsfront/client"}, "client_trust_dir is"),
}


@pytest.fixture(scope="module")
def refused(place: Path, play: Callable[..., Any]) -> Any:
    common = {"client_trust_cas": [str(place / "ca.pem")], "client_trust_dir": str(place / "other"), "client_trust_urls": ["https://es1.example.org"]}
    (place / "shared").mkdir()
    (place / "shared").chmod(0o777)
    common["place"] = str(place)
    hosts = {name.replace(" ", "-"): common | given for name, (given, _said) in REFUSED.items()}
    return play(PLAYBOOK, hosts)


@pytest.mark.parametrize("name", REFUSED)
def test_what_can_be_no_url_or_no_place_is_refused_before_anything_changes(refused: Any, name: str) -> None:
    host = name.replace(" ", "-")
    failure = refused.failure(host)
    assert REFUSED[name][1] in failure["msg"], failure["msg"]
    assert "Nothing was changed" in failure["msg"]
    assert "s3cret" not in failure["msg"]
