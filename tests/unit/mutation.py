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
PORTS, SECRETS, INPUT = "test_closed_ports.py", "test_secrets.py", "../modules/test_secrets_in_bad_input.py"
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
        "    else:\n        _load_authorities",
        "    if trust.ca_path:\n        context.load_default_certs()\n        _load_authorities",
        ACCEPT,
    ),
    trust("no revocation", "context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN", "pass", REASONS),
    trust("revocation of the leaf alone", "VERIFY_CRL_CHECK_CHAIN", "VERIFY_CRL_CHECK_LEAF", REASONS),
    trust(
        "certificates of crl_path trusted",
        'copy.write(b"\\n".join(crls))',
        "copy.write(Path(path).read_bytes())",
        ACCEPT,
    ),
    trust("no bound on what is received", "context.sslsocket_class = BoundedSocket", "pass", BOUNDS),
    trust("passphrase asked for", ", password=refuse", "", "test_options.py"),
    Mutation(
        "node: chain not inspected before http",
        "_https_check/transport.py",
        "            route.inspect(sight.chain)\n",
        "            pass\n",
        (REASONS, ACCEPT),
    ),
    Mutation(
        "node: another name verified",
        "_https_check/transport.py",
        "server_hostname=route.name",
        'server_hostname="localhost"',
        (ACCEPT,),
    ),
    Mutation("node: truncated body accepted", "_https_check/transport.py", "    if response.length:\n", "    if False:\n", (REASONS,)),
    Mutation(
        "node: body not bounded", "_https_check/transport.py", "        if len(received) > MAX_BODY:\n", "        if False:\n", (REASONS, BOUNDS)
    ),
    Mutation(
        "node: gzip not bounded", "_https_check/transport.py", "        if decoder.unconsumed_tail:\n", "        if False:\n", (REASONS,)
    ),
    Mutation(
        "node: late answer accepted", "_https_check/transport.py", "            if route.alarm.rang:", "            if False:", (BOUNDS,)
    ),
    Mutation(
        "bounds: no alarm",
        "_https_check/limits.py",
        "        self.rang = True\n        if self",
        "        return\n        if self",
        (BOUNDS,),
    ),
    Mutation("chain: CA as leaf", "_https_check/chain.py", "    if leaf.is_ca:\n", "    if False:\n", (REASONS,)),
    Mutation("chain: weak keys", "_https_check/chain.py", "    if certificate.key_bits < least:\n", "    if False:\n", (REASONS,)),
    Mutation("chain: wildcards over exclusions", "_https_check/chain.py", 'if star == "*" and', "if False and", (REASONS,)),
    Mutation(
        "inspect: pins not asked",
        "_https_check/chain_policy.py",
        "    if check.fingerprints and not",
        "    if False and not",
        (REASONS,),
    ),
    Mutation(
        "inspect: days not asked", "_https_check/chain_policy.py", "    if days < check.min_days_valid:", "    if False:", (REASONS,)
    ),
    Mutation(
        "inspect: strictness left to OpenSSL",
        "_https_check/chain_policy.py",
        "    if findings and check.trust.x509_strict:",
        "    if False:",
        ("test_chain.py",),
    ),
    Mutation(
        "inspect: stapled revocation ignored", "_https_check/chain_policy.py", "and _stapled.revoked(", "and not (", ("test_stapled.py",)
    ),
    Mutation(
        "report: first address is enough",
        "_https_check/result.py",
        "    return all(outcomes) if check.all_addresses else any(outcomes)\n",
        "    return any(outcomes)\n",
        (ACCEPT,),
    ),
    Mutation(
        "probe: cluster not compared",
        "_https_check/check.py",
        "_cluster.require_expected(address.cluster",
        "(lambda *_: 0)(0",
        (REASONS,),
    ),
    Mutation("report: open ports ignored", "_https_check/result.py", "    if report.open_ports:\n", "    if False:\n", (REASONS,)),
    Mutation("report: unknown ports ignored", "_https_check/result.py", "    if unknown:\n", "    if False:\n", (PORTS,)),
    Mutation(
        "report: silence of a dead host taken for closed",
        "_https_check/result.py",
        '*(["silent"] if self.sight.verified else [])',
        '"silent"',
        (PORTS,),
    ),
    Mutation(
        "probe: errors of this host taken for closed",
        "_https_check/check.py",
        'return PortSight("error", error.strerror or str(error))',
        'return PortSight("refused")',
        (PORTS,),
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
        "probe: secrets not kept from messages",
        "_https_check/check.py",
        "read_root(*answer, with_credentials, check.secrets)",
        "read_root(*answer, with_credentials)",
        (SECRETS,),
    ),
    Mutation("probe: secrets not kept from causes", "_https_check/check.py", "secrets=check.secrets,", "secrets=_cluster.NO_SECRETS,", (SECRETS,)),
    Mutation("items: an empty list passes", "_https_check/items.py", "    if not given:\n", "    if False:\n", ("test_options.py",)),
    Mutation(
        "items: the same endpoint twice passes",
        "../modules/https_check.py",
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
