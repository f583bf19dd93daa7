# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A new key and a new certificate for it, in a directory of their own, by certbot."""
import http.client
import os
import secrets
import shutil
import socket
import subprocess
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from module_utils import _files

CHALLENGES = ".well-known/acme-challenge"


class Failed(Exception):
    """What could not be done; its message says why."""


def issue(settings, into):
    """Puts key.pem, chain.pem and directory.txt (its origin) into this directory, a Path; raises Failed."""
    shutil.rmtree(str(into), ignore_errors=True)
    os.makedirs(str(into), mode=0o700)
    key = new_key(settings["key_type"])
    _files.write(into / "key.pem", _pem(key).decode(), 0o600)
    _files.write(into / "request.pem", request(key, settings["names"]).decode(), 0o600)
    ask(settings, into)
    for name in ("request.pem", "certificate.pem", "issuers.pem"):
        (into / name).unlink()
    (into / "chain.pem").chmod(0o644)
    _files.write(into / "directory.txt", settings["directory"] + "\n", 0o644)


def new_key(kind):
    """A private key of a kind as in certificate_key_type."""
    family, size = kind.split("-")
    if family == "rsa":
        return rsa.generate_private_key(65537, int(size))
    return ec.generate_private_key({"p256": ec.SECP256R1, "p384": ec.SECP384R1}[size]())


def request(key, names):
    """The request for a certificate, in PEM. The common name is for people: clients read the subjectAltName only."""
    common = [x509.NameAttribute(NameOID.COMMON_NAME, name) for name in names[:1] if len(name) <= 64]
    builder = x509.CertificateSigningRequestBuilder(x509.Name(common))
    alternative = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    builder = builder.add_extension(alternative, critical=not common)  # RFC 5280, section 4.2.1.6
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def ask(settings, into):
    """Asks the CA. The account is certbot's, in the state directory: it is made once and used again."""
    state = settings["state_dir"]
    command = [settings["client"], "certonly", "--non-interactive", "--agree-tos", "--server", settings["directory"]]
    command += ["--config-dir", state + "/config", "--work-dir", state + "/work", "--logs-dir", state + "/log"]
    command += ["--max-log-backups", "10", "--csr", str(into / "request.pem"), "--fullchain-path", str(into / "chain.pem")]
    command += ["--cert-path", str(into / "certificate.pem"), "--chain-path", str(into / "issuers.pem")]
    command += _contacts(settings) + challenge(settings)
    if os.path.exists(state + "/external-account.ini"):  # in a file, since a command line is for everybody to read
        command += ["--config", state + "/external-account.ini"]
    environment = dict(os.environ, LC_ALL="C.UTF-8")
    if settings["directory_ca"]:  # exactly this one, in place of the system's store
        environment["REQUESTS_CA_BUNDLE"] = settings["directory_ca"]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise Failed("certbot: " + essence(done.stdout.decode(errors="replace")))


def essence(output):
    """What certbot says of a failure, in one line, without what it says each time."""
    always = ("Saving debug log", "Ask for help", "Hint:", "Some challenges have failed")
    return " ".join(" ".join(line for line in output.splitlines() if not line.startswith(always)).split())


def challenge(settings):
    """How the CA is shown that the names are ours, in the words of certbot."""
    if settings["challenge"] == "dns-01":
        hook = settings["dns_hook"]
        hooks = ["--manual-auth-hook", hook + " add", "--manual-cleanup-hook", hook + " remove"]
        return ["--manual", "--preferred-challenges", "dns-01", *hooks]
    if not listens("127.0.0.1", 80):
        return ["--standalone", "--preferred-challenges", "http-01"]
    through_port_80(settings["challenge_dir"], settings["names"])
    return ["--webroot", "--webroot-path", settings["challenge_dir"]]


def listens(address, port):
    try:
        socket.create_connection((address, port), timeout=5).close()
    except OSError:
        return False
    return True


def through_port_80(directory, names):
    """Sees whether what listens on port 80 serves the challenges, before the CA is asked to look at them."""
    token = "tlsfront-" + secrets.token_hex(16)
    path = os.path.join(directory, CHALLENGES, token)
    old_mask = os.umask(0o022)
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
    finally:
        os.umask(old_mask)
    _files.write(Path(path), token, 0o644)
    try:
        for name in names:
            served = _get("/%s/%s" % (CHALLENGES, token), name)
            if served != token:
                raise Failed(
                    "what listens on port 80 of this host does not serve http://%s/%s/ from %s (%s): set "
                    "https_front_redirect_port to 80 and run the role https_front, or let that server do it"
                    % (name, CHALLENGES, directory, served[:80])
                )
    finally:
        os.unlink(path)


def _contacts(settings):
    if settings["contacts"]:
        return ["--email", ",".join(settings["contacts"])]
    return ["--register-unsafely-without-email"]


def _get(path, name):
    connection = http.client.HTTPConnection("127.0.0.1", 80, timeout=10)
    try:
        connection.request("GET", path, headers={"Host": name})
        answer = connection.getresponse()
        text = answer.read(1000).decode("ascii", "replace").strip()
        return text if answer.status == 200 else "status %d" % answer.status
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()


def _pem(key):
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
