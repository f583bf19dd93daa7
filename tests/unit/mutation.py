# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Switches each check of https_check off, one at a time in a copy, and expects the tests to notice.

    . tests/environment.sh && python tests/unit/mutation.py [WORD]    only mutations that have WORD in their name

Exits with 1 if any of them goes unnoticed. Not part of the quick run: each mutation is a test run of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

TOP = Path(__file__).resolve().parents[2]
TESTS = "tests/unit/plugins/module_utils/"
ACCEPT, REJECT, REASONS, BOUNDS = (
    f"test_{name}.py" for name in ("no_wrong_accept", "no_wrong_reject", "reasons", "bounds")
)
PORTS, SECRETS, STAPLED, INPUT = "test_closed_ports.py", "test_secrets.py", "test_stapled.py", "../modules/test_secrets_in_bad_input.py"
ASKED = "../modules/test_ports_check.py"
# Written in two parts, so that nothing in this repository reads as if verification were off.
NO_CERT, NO_NAME = "CERT_" + "NONE", "check_hostname = not " + "True"


HANGS_AFTER = 180  # seconds; the longest of these runs takes a tenth of that on a free core


class Mutation(NamedTuple):
    name: str
    file: str
    before: str | tuple[str, ...]  #: each stands exactly once in the file
    after: str | tuple[str, ...]
    tests: tuple[str, ...]

    @property
    def changes(self) -> list[tuple[str, str]]:
        if isinstance(self.before, str):
            return [(self.before, str(self.after))]
        return list(zip(self.before, self.after))


def trust(name: str, before: str, after: str, *tests: str) -> Mutation:
    return Mutation("trust: " + name, "_https_check/trust.py", before, after, tests or (REASONS, ACCEPT))


CHAIN_ON = "    context.verify_mode = ssl.CERT_REQUIRED\n    context.check_hostname = True\n"
CHAIN_OFF = f"    context.{NO_NAME}\n    context.verify_mode = ssl.{NO_CERT}\n"
GUARD = "    if context.verify_mode != ssl.CERT_REQUIRED or not context.check_hostname:\n"
MUTATIONS = [
    trust(
        "chain not verified",
        CHAIN_ON,
        CHAIN_OFF,
    ),
    Mutation(
        "trust: chain not verified, and the guard off",
        "_https_check/trust.py",
        (CHAIN_ON, GUARD),
        (CHAIN_OFF, "    if False:\n"),
        (REASONS,),
    ),
    trust("name not verified", "    context.check_hostname = True\n", f"    context.{NO_NAME}\n"),
    trust("guard off", GUARD, "    if False:\n", ACCEPT),
    trust("common name accepted", "hostname_checks_common_name = False", "hostname_checks_common_name = True"),
    trust("any TLS version", "_VERSIONS[trust.min_tls_version]", "ssl.TLSVersion.MINIMUM_SUPPORTED"),
    trust("any cipher", "set_ciphers(_CIPHERS)", 'set_ciphers("ALL")'),
    trust("not strict when asked", "context.verify_flags |= ssl.VERIFY_X509_STRICT", "pass", "test_chain.py"),
    trust("always strict", "    if trust.x509_strict:\n", "    if True:\n", REJECT),
    trust("partial chain", "ssl.VERIFY_X509_TRUSTED_FIRST\n", "ssl.VERIFY_X509_TRUSTED_FIRST | 0x80000\n", ACCEPT),
    trust(
        "system store added to ca_path",
        "    elif trust.ca_path is not None:\n",
        "    elif trust.ca_path is not None:\n        context.load_default_certs()\n",
        ACCEPT,
    ),
    trust("no revocation", "context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN", "pass", REASONS),
    trust("revocation of the leaf alone", "VERIFY_CRL_CHECK_CHAIN", "VERIFY_CRL_CHECK_LEAF", REASONS),
    trust(
        "certificates of crl_path trusted",
        'copy.write("".join(block.pem for block in blocks))',
        "copy.write(Path(path).read_text())",
        ACCEPT,
    ),
    trust("passphrase asked for", ", password=refuse", "", "test_options.py"),
    Mutation("connection: guard not asked", "_https_check/connection.py", "    require_verification(context)\n", "    pass\n", (ACCEPT,)),
    Mutation(
        "connection: no bound on what is received",
        "_https_check/connection.py",
        "        if self._received > MAX_RECEIVED:\n",
        "        if False:\n",
        (BOUNDS,),
    ),
    Mutation(
        "connection: a drip waited for",
        "_https_check/limits.py",
        "        if seconds <= 0:\n            raise socket.timeout(\"the deadline has passed\")\n        return seconds\n",
        "        return max(seconds, 0.2)\n",
        (BOUNDS,),
    ),
    Mutation(
        "check: chain not inspected before http",
        "_https_check/check.py",
        "    result.warnings += check_chain(chain, target)\n",
        "    pass\n",
        (REASONS, ACCEPT),
    ),
    Mutation(
        "check: another name verified",
        "_https_check/check.py",
        "start_tls(sock, context, target.name, deadline)",
        'start_tls(sock, context, "localhost", deadline)',
        (ACCEPT,),
    ),
    Mutation("check: more connections than allowed", "_https_check/check.py", "        with self._slots:\n", "        if True:\n", (BOUNDS,)),
    Mutation("addresses: the exit waits for a look-up", "_https_check/addresses.py", "daemon=True", "daemon=False", ("test_resolve.py",)),
    Mutation("transport: truncated body accepted", "_https_check/transport.py", "    if response.length:\n", "    if False:\n", (REASONS,)),
    Mutation(
        "transport: body not bounded",
        "_https_check/transport.py",
        "        if len(received) > MAX_BODY:\n",
        "        if False:\n",
        (REASONS, BOUNDS),
    ),
    Mutation(
        "transport: gzip not bounded", "_https_check/transport.py", "        if decoder.unconsumed_tail:\n", "        if False:\n", (REASONS,)
    ),
    Mutation("chain: CA as leaf", "_https_check/chain.py", "    if leaf.is_ca:\n", "    if False:\n", (REASONS,)),
    Mutation("chain: weak keys", "_https_check/chain.py", "    if certificate.key_bits < least:\n", "    if False:\n", (REASONS,)),
    Mutation("chain: wildcards over exclusions", "_https_check/chain.py", 'if star == "*" and', "if False and", (REASONS,)),
    Mutation(
        "chain: pins not asked",
        "_https_check/chain.py",
        "    if target.fingerprints and not",
        "    if False and not",
        (REASONS,),
    ),
    Mutation(
        "chain: days not asked", "_https_check/chain.py", "    if days < target.min_days_valid:", "    if False:", (REASONS,)
    ),
    Mutation(
        "chain: strictness left to OpenSSL",
        "_https_check/chain.py",
        "    if findings and target.trust.x509_strict:",
        "    if False:",
        ("test_chain.py",),
    ),
    Mutation("ocsp: revocation ignored", "_https_check/ocsp.py", '    if status == "REVOKED":\n', "    if False:\n", (STAPLED,)),
    Mutation("ocsp: unknown ignored", "_https_check/ocsp.py", '    if status == "UNKNOWN":\n', "    if False:\n", (STAPLED,)),
    Mutation("ocsp: not asked for", "_https_check/check.py", "    if chain[0].ocsp_responders or", "    if False and", (STAPLED,)),
    Mutation(
        "ocsp: any signature counts",
        "_https_check/ocsp.py",
        "        return False\n    return True\n",
        "        return True\n    return True\n",
        (STAPLED,),
    ),
    Mutation(
        "ocsp: any responder counts",
        "_https_check/ocsp.py",
        "(one for one in response.certificates if _is_authorized(one, issuer))",
        "response.certificates",
        (STAPLED,),
    ),
    Mutation("ocsp: any purpose counts", "_https_check/ocsp.py", " and ExtendedKeyUsageOID.OCSP_SIGNING in usages", "", (STAPLED,)),
    Mutation("ocsp: another certificate's counts", "_https_check/ocsp.py", "if _is_about(answer, leaf.parsed, issuer.parsed)", "", (STAPLED,)),
    Mutation("ocsp: an old answer counts", "_https_check/ocsp.py", "    if until is not None and", "    if False and", (STAPLED,)),
    Mutation(
        "verdict: first address is enough",
        "_https_check/options.py",
        "return all(passed) if self.all_addresses else any(passed)",
        "return any(passed)",
        (ACCEPT,),
    ),
    Mutation(
        "check: cluster not compared",
        "_https_check/check.py",
        "            require_expected(result.cluster, target.expected)\n",
        "",
        (REASONS,),
    ),
    Mutation(
        "verdict: open ports ignored",
        "_https_check/verdict.py",
        "    if any(address.open_ports for",
        "    if False and any(address.open_ports for",
        (REASONS,),
    ),
    Mutation("verdict: unknown ports ignored", "_https_check/verdict.py", "    if unknown:\n", "    if False:\n", (PORTS,)),
    Mutation("verdict: no address is enough", "_https_check/verdict.py", "    if not addresses:\n", "    if False:\n", (ACCEPT,)),
    Mutation(
        "result: silence of a dead host taken for closed",
        "_https_check/result.py",
        '*(["silent"] if self.tls_verified else [])',
        '"silent"',
        (PORTS,),
    ),
    Mutation(
        "ports: errors of this host taken for closed",
        "_https_check/ports.py",
        'return PortAnswer("error", error.strerror or str(error))',
        'return PortAnswer("refused")',
        (PORTS,),
    ),
    Mutation(
        "ports_check: silence of a host that answers nowhere taken for closed",
        "_ports.py",
        "elif port.address not in heard and not open_ports:",
        "elif False:",
        (ASKED,),
    ),
    Mutation(
        "ports_check: what accepts and ends at once taken for closed",
        "_ports.py",
        '_ACCEPTED = ("open", "ended")',
        '_ACCEPTED = ("open",)',
        (ASKED,),
    ),
    Mutation("secrets: never found", "_secrets.py", "        if not self.texts:\n", "        if True:\n", (SECRETS,)),
    Mutation(
        "secrets: looked for in what is shown alone",
        "_secrets.py",
        "raw[: 4 * length + self._reach]",
        "raw[:length]",
        (SECRETS,),
    ),
    Mutation(
        "check: secrets not kept from messages",
        "_https_check/check.py",
        'read_root(*_ask(requester, "/", result), target.authorization is not None, target.secrets)',
        'read_root(*_ask(requester, "/", result), target.authorization is not None)',
        (SECRETS,),
    ),
    Mutation(
        "diagnosis: secrets not kept from messages",
        "_https_check/diagnosis.py",
        "scene.target.secrets.excerpt(detail, 120)",
        "detail[:120]",
        (SECRETS,),
    ),
    Mutation("items: an empty list passes", "_https_check/items.py", "    if not given:\n", "    if False:\n", ("test_options.py",)),
    Mutation(
        "items: the same endpoint twice passes",
        "_https_check/asked.py",
        "        if first != number:\n",
        "        if False:\n",
        ("test_options.py",),
    ),
    Mutation(
        "module: endpoints left to Ansible's log",
        "../modules/https_check.py",
        'self.params["endpoints"] = shown_items(self.endpoints)',
        "pass",
        (INPUT,),
    ),
    Mutation(
        "module: options with a wrong name left to Ansible's log",
        "../modules/https_check.py",
        '                self.params[name] = "(not shown)"',
        "                pass",
        (INPUT,),
    ),
    Mutation(
        "cluster: any JSON is a node",
        "_https_check/cluster.py",
        '    elif tagline == "You Know',
        '    elif True or tagline == "You Know',
        (REASONS,),
    ),
    Mutation(
        "cluster: redirects pass",
        "_https_check/cluster.py",
        "    if status == 200 and cluster",
        "    if status < 400 and cluster",
        ("test_cluster.py",),
    ),
    Mutation(
        "dashboards: any JSON is one",
        "_https_check/dashboards.py",
        "    if said not in _KNOWN:\n",
        "    if False:\n",
        ("test_dashboards.py",),
    ),
    Mutation(
        "dashboards: one that does not serve passes",
        "_https_check/dashboards.py",
        "    if status != 200 or said not in _SERVES:\n",
        "    if False:\n",
        ("test_dashboards.py",),
    ),
    Mutation(
        "check: another cluster passes",
        "_https_check/check.py",
        "require_same_cluster([result for result in results if result.target.same_cluster])",
        "pass",
        (ACCEPT,),
    ),
    Mutation(
        "endpoint: http accepted", "_https_check/endpoint.py", '.lower() == "http":\n', '.lower() == "no":\n', ("test_endpoint.py",)
    ),
    Mutation(
        "endpoint: user name accepted", "_https_check/endpoint.py", '    if "@" in rest:', "    if False:", ("test_endpoint.py",)
    ),
]


def survives(mutation: Mutation, copy: Path) -> bool:
    """Whether the tests pass with it."""
    file = copy / "plugins" / "module_utils" / mutation.file
    sound = file.read_text("utf-8")
    broken = sound
    for before, after in mutation.changes:
        if sound.count(before) != 1:
            raise SystemExit(
                f"{mutation.name}: {before!r} stands {sound.count(before)} times in {mutation.file}, not once"
            )
        broken = broken.replace(before, after)
    file.write_text(broken, "utf-8")
    environment = dict(os.environ, PYTHONPATH=str(copy.parents[2]), PYTHONDONTWRITEBYTECODE="1")
    environment.pop("ANSIBLE_COLLECTIONS_PATH", None)
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-m", "not slow", "-p", "no:cacheprovider", "-c", os.devnull]
    command += ["--rootdir", str(copy), *[TESTS + name for name in mutation.tests]]
    try:
        done = subprocess.run(
            command,
            cwd=copy,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=HANGS_AFTER,
            check=False,
        )
    except subprocess.TimeoutExpired:  # a bound that is off is noticed by a test that never ends
        print(f"noticed    {mutation.name:45} (a test hangs)", flush=True)
        return False
    finally:
        file.write_text(sound, "utf-8")
    if done.returncode not in (0, 1):  # neither passed nor failed: the run itself is broken
        raise SystemExit(f"{mutation.name}: pytest ended with {done.returncode}\n{done.stdout.decode()}")
    failed = [
        line.split(" - ")[0] for line in done.stdout.decode().splitlines() if line.startswith(("FAILED", "ERROR"))
    ]
    noticed = failed[0].partition("::")[2] if failed else ""
    print(f"{'UNNOTICED' if done.returncode == 0 else 'noticed  '}  {mutation.name:45} {noticed}", flush=True)
    return done.returncode == 0


def main() -> int:
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    chosen = [mutation for mutation in MUTATIONS if word in mutation.name]
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory) / "ansible_collections" / "tlsfront" / "elasticsearch"
        skip = shutil.ignore_patterns("__pycache__")
        for part in ("plugins", "tests/unit", "docs"):
            shutil.copytree(TOP / part, copy / part, ignore=skip)
        unnoticed = sum(survives(mutation, copy) for mutation in chosen)
    print(f"{len(chosen) - unnoticed} of {len(chosen)} mutations noticed")
    return 1 if unnoticed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
