# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The system's store of CAs, filled by Debian's own program, and by p11-kit's own extractor under a stand-in for Red Hat's script."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._commands import Failed
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._system_trust.change import Outcome, change
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._system_trust.store import name_of
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import kills, pki
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.module_runs import run
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.trust_hosts import REDHATS, STORES, Host, missing

pytestmark = [pytest.mark.skipif(bool(missing()), reason=missing()), pytest.mark.slow]
OLD, NEW = pki.root("The old CA"), pki.root("The new CA")
NOBODY = 65534
STEPS = kills.STEPS | {"subprocess.Popen"}


@pytest.fixture
def host(tmp_path: Path, request: pytest.FixtureRequest) -> Host:
    return Host(tmp_path, request.param)


every = pytest.mark.parametrize("host", STORES, indirect=True)
debian = pytest.mark.parametrize("host", ["debian"], indirect=True)
redhat = pytest.mark.parametrize("host", REDHATS, indirect=True)


def ask(host: Host, *cas: pki.Issued, java_cacerts: bool = False, write: bool = True, user: int = 0) -> Outcome:
    outcome = host.inside(lambda: change({name_of(each.der): each.der for each in cas}, java_cacerts, write), user)
    assert isinstance(outcome, Outcome)
    return outcome


def file(host: Host, ca: pki.Issued) -> Path:
    return host.sources / f"{name_of(ca.der)}.crt"


@every
def test_the_store_has_of_ours_exactly_what_is_asked_for(host: Host) -> None:
    (host.sources / "another.crt").write_bytes(pki.root("Somebody else's").pem)
    host.enter(host.program)
    others = host.trusts()
    assert len(others) == 2
    for cas in ([OLD], [OLD, NEW], [NEW], []):
        outcome = ask(host, *cas)
        assert outcome.program == host.program and outcome.changes[-1] == f"run {host.program}"
        assert host.trusts() == others | {each.der for each in cas}
        before = host.tree()
        assert ask(host, *cas).changes == () and host.tree() == before
    assert host.ours() == [] and list(host.lib.iterdir()) == []


@every
def test_check_mode_says_the_same_and_changes_nothing(host: Host) -> None:
    ask(host, OLD)
    before = host.tree()
    seen = ask(host, NEW, write=False)
    assert host.tree() == before
    assert seen == ask(host, NEW)
    assert (seen.before, seen.after) == tuple(f"{name_of(ca.der)}  CN={title}  until {ca.certificate.not_valid_after_utc:%Y-%m-%d}\n" for ca, title in (
        (OLD, "The old CA"),
        (NEW, "The new CA"),
    ))  # fmt: skip


@every
@pytest.mark.parametrize("wanted", [[OLD], []], ids=["to a CA", "to none"])
def test_a_call_that_is_killed_at_any_step_is_finished_by_the_next(host: Host, wanted: list[pki.Issued]) -> None:
    at = 1
    while True:
        ask(host, NEW)
        host.told_path.unlink(missing_ok=True)
        if not host.inside(lambda step=at: kills.killed(lambda: change({name_of(each.der): each.der for each in wanted}, False, True), step, STEPS)):
            break
        ask(host, *wanted)
        assert host.trusts() & {OLD.der, NEW.der} == {each.der for each in wanted}
        assert ask(host, *wanted).changes == ()
        assert not any("pending" in each or ".new" in each for each in host.ours())
        assert host.program.endswith("trust") or f"-/etc/ssl/certs/{name_of(NEW.der)}.pem" in host.told()
        at += 1
    assert at > 8


@debian
@pytest.mark.parametrize(("killer", "taken"), [("openssl", OLD), ("mv", NEW)], ids=["links and bundle", "bundle and hooks"])
def test_when_its_program_is_killed_between_its_steps_hooks_hear_of_all_that_was_changed(host: Host, killer: str, taken: pki.Issued) -> None:
    ask(host, OLD)
    killing = host.has(killer, f'#!/bin/sh\n/usr/bin/{killer} "$@"\nkill -KILL $PPID\n')
    with pytest.raises(Failed, match="The next run goes on here"):
        ask(host, NEW, java_cacerts=True)
    assert host.trusts() & {OLD.der, NEW.der} == {taken.der} and host.told() == ""
    killing.unlink()
    assert ask(host, NEW, java_cacerts=True, write=False).changes
    ask(host, NEW, java_cacerts=True)
    assert host.trusts() & {OLD.der, NEW.der} == {NEW.der}
    assert sorted(host.told().splitlines()) == sorted([f"+/etc/ssl/certs/{name_of(NEW.der)}.pem", f"-/etc/ssl/certs/{name_of(OLD.der)}.pem"])


@debian
def test_hooks_are_run_for_a_ca_only_where_java_is_to_follow_and_for_its_removal_always(host: Host) -> None:
    ask(host, OLD)
    assert host.told() == ""
    ask(host, OLD, NEW, java_cacerts=True)
    assert host.told() == f"+/etc/ssl/certs/{name_of(NEW.der)}.pem\n"
    ask(host)
    assert re.findall(r"^-.*", host.told(), re.MULTILINE) == sorted(f"-/etc/ssl/certs/{name_of(each.der)}.pem" for each in (OLD, NEW))
    assert (host.etc / "ca-certificates.conf").read_text() == "# selected\nmozilla/ISRG_Root_X1.crt\n"


@debian
def test_a_hook_that_fails_is_told(host: Host) -> None:
    (host.etc / "ca-certificates/update.d/told").write_text("#!/bin/sh\nexit 3\n")
    (warning,) = ask(host, OLD, java_cacerts=True).warnings
    assert "A hook of /usr/sbin/update-ca-certificates failed" in warning and "exited with code 3" in warning
    assert OLD.der in host.trusts()


@redhat
def test_the_jvms_store_follows_and_it_is_said_where_it_was_not_asked_for(host: Host) -> None:
    (warning,) = ask(host, OLD).warnings
    assert "always makes /etc/pki/ca-trust/extracted/java/cacerts" in warning
    assert OLD.der in host.java.read_bytes()  # a JKS has them as they are
    assert ask(host, OLD, NEW, java_cacerts=True).warnings == ()
    assert ask(host).warnings == ()
    assert OLD.der not in host.java.read_bytes()


@redhat
def test_a_ca_that_the_system_does_not_take_is_an_error_whatever_the_programs_status(host: Host) -> None:
    distrusted = host.anchors.parent / "blocklist/distrusted.pem"
    distrusted.write_bytes(OLD.pem)
    for _again in range(2):
        with pytest.raises(Failed, match=f"did not put .*{name_of(OLD.der)}.crt into .*tls-ca-bundle.pem"):
            ask(host, OLD)
    distrusted.unlink()
    ask(host, OLD)
    assert OLD.der in host.trusts()


@redhat
def test_a_ca_that_the_system_does_not_give_up_is_an_error_unless_somebody_else_has_it(host: Host) -> None:
    ask(host, OLD)
    script = (host.sbin / "update-ca-trust").read_text()
    host.has("update-ca-trust", "#!/bin/sh\nexit 0 # /etc/pki/ca-trust/extracted\n")
    for _again in range(2):
        with pytest.raises(Failed, match=f"did not make .*tls-ca-bundle.pem anew, which still has {name_of(OLD.der)}"):
            ask(host)
    host.has("update-ca-trust", script)
    assert ask(host).changes and OLD.der not in host.trusts()
    ask(host, OLD)
    (host.anchors / "another.pem").write_bytes(OLD.pem)
    (warning,) = ask(host).warnings
    assert "somebody else has put the same certificate into the store" in warning
    assert OLD.der in host.trusts() and ask(host).changes == ()


@redhat
def test_a_program_that_fails_in_the_end_is_an_error_until_it_does_not(host: Host) -> None:
    script = (host.sbin / "update-ca-trust").read_text()
    host.has("update-ca-trust", f"{script}echo no space >&2\nexit 3\n")
    for _again in range(2):
        with pytest.raises(Failed, match=r"update-ca-trust extract: no space\. The next run goes on here"):
            ask(host, OLD)
    host.has("update-ca-trust", script)
    assert ask(host, OLD).changes == (f"run {host.program}",) and ask(host, OLD).changes == ()


@pytest.mark.parametrize("host", ["redhat"], indirect=True)
def test_what_is_in_the_bundle_but_not_in_the_directory_of_hashes_was_not_taken(host: Host) -> None:
    ask(host, OLD)
    for path in (host.bundle.parent / "directory-hash").glob("The_old_CA*"):
        path.unlink()
    assert ask(host, OLD).changes == (f"run {host.program}",)
    assert ask(host, OLD).changes == ()


@every
def test_what_somebody_has_changed_is_put_right(host: Host) -> None:
    ask(host, OLD)
    precious = host.place / "precious"
    precious.write_bytes(NEW.pem)
    file(host, OLD).unlink()
    file(host, OLD).symlink_to(precious)
    assert "another certificate" in ask(host, OLD, write=False).before
    assert len(ask(host, OLD).changes) == 2
    assert not file(host, OLD).is_symlink() and precious.read_bytes() == NEW.pem
    host.bundle.unlink()
    assert ask(host, OLD).changes == (f"run {host.program}",)
    assert OLD.der in host.trusts()


@every
def test_what_is_damaged_in_the_bundle_by_others_does_not_matter(host: Host) -> None:
    ask(host, OLD)
    host.bundle.chmod(0o644)
    host.bundle.write_bytes(b"-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n\xff" + host.bundle.read_bytes())
    assert ask(host, OLD).changes == ()


@every
def test_only_root_may_change_it_and_everybody_may_see_that_nothing_is_to_be_done(host: Host) -> None:
    host.place.chmod(0o755)
    before = host.tree()
    for write in (True, False):
        with pytest.raises(Failed, match=r"Only root .* runs as nobody. Nothing was changed. Set become to true"):
            ask(host, OLD, write=write, user=NOBODY)
    assert ask(host, user=NOBODY).changes == () and host.tree() == before
    ask(host, OLD)
    assert ask(host, OLD, user=NOBODY).changes == ()
    with pytest.raises(Failed, match="Only root"):
        ask(host, user=NOBODY)


def test_of_two_programs_it_is_the_one_that_the_systems_directory_belongs_to(tmp_path: Path) -> None:
    for store in ("debian", "redhat"):
        (tmp_path / store).mkdir()
        host = Host(tmp_path / store, store)
        host.mounts.pop(Path("/dev/null"), None)
        if store == "debian":
            host.has("update-ca-trust", "#!/bin/sh\ntouch /etc/wrong # /etc/pki/ca-trust/extracted\n")
            host.anchors.mkdir(parents=True)
        assert ask(host, OLD).program == host.program
        assert OLD.der in host.trusts() and not (host.etc / "wrong").exists()


@pytest.mark.parametrize("others", [False, True], ids=["no program", "others of the same name"])
def test_where_neither_is_there_it_is_refused_with_what_was_looked_for(tmp_path: Path, others: bool) -> None:
    host = Host(tmp_path, "none")
    (host.etc / "ssl/certs").mkdir()
    host.anchors.mkdir(parents=True)
    for name in ("update-ca-certificates", "update-ca-trust") if others else ():  # those of SUSE and Arch know other directories
        host.has(name, "#!/bin/sh\ntouch /etc/wrong\n")
    before = host.tree()
    with pytest.raises(Failed) as error:
        ask(host, OLD)
    because = "is another program of that name" if others else "there is no such program"
    for command, sources in (("update-ca-certificates", "/usr/local/share/ca-certificates"), ("update-ca-trust", "/etc/pki/ca-trust/source/anchors")):
        assert re.search(rf"{command} for {sources} \([^()]*{because}", str(error.value))
    assert "Nothing was changed" in str(error.value)
    assert ask(host) == Outcome() and host.tree() == before
    file_of_ours = host.anchors / f"{name_of(OLD.der)}.crt"
    file_of_ours.write_bytes(OLD.pem)
    with pytest.raises(Failed, match=f"{file_of_ours.name}: to be removed, but the program"):
        ask(host)


@debian
def test_a_program_without_options_is_run_as_it_is_and_takes_files_in_the_directory_itself(host: Host) -> None:
    """A stand-in for Alpine's program, of which this is known: https://gitlab.alpinelinux.org/alpine/ca-certificates/-/blob/master/update-ca.c"""
    host.has("update-ca-certificates", """#!/bin/sh
set -e
[ $# = 0 ]
cd /etc/ssl/certs
find . -type l -name 'ca-cert-*' -delete
for file in /usr/local/share/ca-certificates/*; do
  [ -f "$file" ] && name=${file##*/} && ln -s "$file" "ca-cert-${name%.crt}.pem"
done
cat /usr/share/ca-certificates/mozilla/ISRG_Root_X1.crt ca-cert-*.pem >new 2>/dev/null || true
mv new ca-certificates.crt
""")  # fmt: skip
    (warning,) = ask(host, OLD).warnings
    assert "always runs its hooks" in warning
    assert OLD.der in host.trusts() and ask(host, OLD).changes == ()
    ask(host)
    assert OLD.der not in host.trusts() and host.ours() == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("garbage", "no certificate in PEM"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "number 1 cannot be read"),
        (OLD.pem.decode() + OLD.key_pem.decode(), "private key"),
    ],
)
def test_what_is_no_certificate_is_refused(text: str, said: str) -> None:
    result = run("system_truststore", certificates=text, _ansible_check_mode=True)
    assert result["failed"] and said in result["msg"]


@debian
def test_the_module_tells_what_it_did(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", str(host.python()))
    given: dict[str, Any] = {"certificates": f"# a comment\n{OLD.pem.decode()}"}
    seen = run("system_truststore", _ansible_check_mode=True, **given)
    done = run("system_truststore", **given)
    assert (done["changed"], done["changes"]) == (True, [f"write /usr/local/share/ca-certificates/{file(host, OLD).name}", f"run {host.program}"])
    assert {key: seen[key] for key in ("changed", "changes", "diff", "program")} == {key: done[key] for key in ("changed", "changes", "diff", "program")}
    assert done["diff"]["before"] == "" and "CN=The old CA" in done["diff"]["after"]
    assert not run("system_truststore", **given)["changed"]
    assert run("system_truststore")["changed"] and host.ours() == []
