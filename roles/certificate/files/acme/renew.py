# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Renews the certificate of this host if that is due, and sees that the new one is served.

A new certificate is checked before it is installed, as a client would, and installed as by the module tls_keypair: by the same code.
What serves it reloads, and is asked what it serves; if that is not the new certificate, the former one is live again.
Whatever fails, the former one is served on, the cause is told, and the status is 1.
A certificate that the CA has issued, but that could not be used, is kept aside and tried again: CAs issue few for the same names.
What others could change since the playbook looked, such as the hook for the DNS, is neither run nor trusted.
"""
import argparse
import contextlib
import datetime
import fcntl
import json
import os
import shutil
import sys
from pathlib import Path

import due
import issue
import leaf
import served
from module_utils import _access, _files
from module_utils._tls import keypair
from module_utils._tls.versions import ABOUT, ASIDE, CA, CHAIN, KEY, NEW, Versions, normalized

# the most that a CA is asked for what clients would refuse again: https://letsencrypt.org/docs/rate-limits/ has 5 in 7 days
PAUSE = datetime.timedelta(hours=36)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("settings", help="file with the settings, as JSON; - for standard input")
    parser.add_argument("--check", action="store_true", help="only say, as JSON, why a new certificate is due")
    options = parser.parse_args()
    try:
        # first of all, for they say what else is looked at
        if options.settings != "-":
            refuse(_access.problems(os.path.abspath(options.settings), ours=True))
        with sys.stdin if options.settings == "-" else open(options.settings) as file:
            settings = json.load(file)
    except (issue.Failed, OSError, ValueError) as error:
        print("NOT RENEWED: %s." % str(error).rstrip("."), file=sys.stderr)
        return 1
    if options.check:
        print(json.dumps(due.reasons(settings)))
        return 0

    try:
        refuse_what_others_can_change(settings)  # where the lock is, too; run() looks again, for it may have been waited for
        with locked(settings):
            run(settings)
    except (issue.Failed, _files.Locked, OSError, ValueError) as error:
        print("NOT RENEWED: %s %s" % (str(error).rstrip(".") + ".", state(settings)), file=sys.stderr)
        return 1
    return 0


@contextlib.contextmanager
def locked(settings):
    """Alone with the state, as long as it lasts. The file is not emptied, and where it is a link, not followed: it may be somebody else's."""
    os.makedirs(settings["state_dir"], mode=0o700, exist_ok=True)
    descriptor = os.open(os.path.join(settings["state_dir"], "lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def run(settings):
    """One run; raises issue.Failed, Locked, OSError or ValueError."""
    refuse_what_others_can_change(settings)
    store = versions_of(settings)
    reasons = due.reasons(settings)
    former = store.current()
    if reasons:
        print("A new certificate is due: %s." % "; ".join(reasons), flush=True)
        renew(settings, store)
    else:
        keep(settings, store)
    if served.runs(settings):  # also where an earlier run was cut off before this
        try:
            served.serve(settings)
        except served.NotServed as error:
            if former and reasons:
                back(settings, store)
            raise issue.Failed("%s does not serve the new certificate (%s)" % (settings["unit"], error)) from None
    if reasons:
        print("RENEWED: %s" % state(settings), flush=True)


def versions_of(settings):
    return Versions(Path(settings["certificate_dir"]))


def refuse_what_others_can_change(settings):
    """Raises issue.Failed where it is not root's alone what root will run, trust, log in with or write into.

    Also before a renewal is due: so there is time to put it right.
    """
    paths = (settings["dns_hook"], settings["directory_ca"], settings["state_dir"], settings["certificate_dir"])
    found = [said for path in paths if path for said in _access.problems(path, ours=True)]
    found += _access.problems(os.path.join(settings["state_dir"], "external-account.ini"), secret=True, ours=True)
    refuse(found)


def refuse(found):
    """Raises issue.Failed where there is a problem."""
    if found:
        raise issue.Failed(
            "others can change or read what a renewal runs or trusts. %s. Look first whether somebody has changed it. Nothing of it was used"
            % "; ".join(dict.fromkeys(found))
        )


def renew(settings, store):
    """Gets a new certificate, checks it, and makes it the live one."""
    new = store.versions / NEW
    get(settings, store, new)
    try:
        install(settings, store, new)
    except keypair.Refused as refused:
        put_aside(store, new)
        raise issue.Failed("clients would refuse what %s has issued (%s)" % (settings["directory"], refused)) from None


def install(settings, store, version):
    """Makes the pair in a directory the live one, with the CA that clients are to trust; raises Refused."""
    found = store.files(version)
    files = normalized(found[CHAIN], found[KEY], settings["ca"])
    files.update({name: text for name, text in found.items() if name.endswith(".txt")})
    files[ABOUT] = leaf.about(leaf.load(version / CHAIN))
    store.install(files, keypair.asked(settings["names"]))


def get(settings, store, new):
    """Puts a pair into the directory: the one that was kept aside where it is good now, else another from the CA."""
    if not due.reasons(settings, version=new):
        print("The certificate that a run was given which was cut off is used, the CA is not asked for another.", flush=True)
        return
    kept = store.versions / ASIDE
    if not due.reasons(settings, version=kept):
        print("The certificate that was kept aside is tried again, the CA is not asked for another.", flush=True)
        shutil.rmtree(new, ignore_errors=True)
        os.rename(kept, new)
        return
    now = datetime.datetime.now(datetime.timezone.utc)
    if not due.unlike(settings, kept, now):
        refused = due.refusal(settings, kept)
        if refused and now < asked_again(kept):
            raise issue.Failed(
                "clients would refuse what %s has issued (%s): put right what they trust; the CA is asked for another from %s on"
                % (settings["directory"], refused, asked_again(kept).strftime("%Y-%m-%d %H:%M UTC"))
            )
    issue.issue(settings, new)


def put_aside(store, version):
    """Keeps a pair that the CA has issued, but that could not be used."""
    shutil.rmtree(store.versions / ASIDE, ignore_errors=True)
    os.rename(version, store.versions / ASIDE)


def asked_again(kept):
    """From when on the CA is asked for another in place of one that clients would refuse; sooner where lives are short."""
    chain = os.path.join(kept, "chain.pem")
    certificate = leaf.load(chain)
    issued = datetime.datetime.fromtimestamp(os.stat(chain).st_mtime, datetime.timezone.utc)
    return issued + min(PAUSE, (leaf.ends(certificate) - leaf.starts(certificate)) / 4)


def keep(settings, store):
    """The live certificate stays. What a run that was cut off has left is finished, and where clients are to trust another CA now, ca.pem says so."""
    live = store.current()
    if live is None:
        return
    trusted = store.files(live).get(CA, "")
    try:
        install(settings, store, live)
    except keypair.Refused as refused:
        raise issue.Failed("clients would refuse the certificate (%s)" % refused) from None
    if trusted != settings["ca"]:
        print("RENEWED: clients trust another CA now, and ca.pem says so.", flush=True)


def back(settings, store):
    """Makes the former certificate the live one again, and sees that it is served. The other one is kept aside."""
    try:
        unserved = store.go_back(keypair.asked(settings["names"]), settings["ca"])
    except keypair.Refused:
        return
    if unserved is None:
        return
    put_aside(store, unserved)
    try:
        served.serve(settings)
    except served.NotServed as error:
        print("The former certificate is not served either: %s" % error, file=sys.stderr)


def state(settings):
    """What is installed, in a sentence."""
    try:
        certificate = leaf.load(os.path.join(settings["certificate_dir"], "live", "chain.pem"))
    except (OSError, ValueError):
        return "No certificate is installed."
    return "The certificate %s for %s, which ends at %s, is installed." % (
        leaf.fingerprint(certificate)[:16], ", ".join(leaf.names(certificate)), leaf.ends(certificate),
    )


if __name__ == "__main__":
    sys.exit(main())
