# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Renews the certificate of this host if that is due, and sees that the new one is served.

A new certificate is checked before it is installed, as a client would. Key and chain become current together, by the
rename of one symbolic link. What serves them reloads, and is asked what it serves; if that is not the new certificate,
the former one is current again. Whatever fails, the former one is served on, the cause is told, and the status is 1.
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

import _access
import due
import issue
import leaf
import pair
import served

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
    except (issue.Failed, OSError, ValueError) as error:
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
    """One run; raises issue.Failed, OSError or ValueError."""
    refuse_what_others_can_change(settings)
    reasons = due.reasons(settings)
    former = current(settings)
    if reasons:
        print("A new certificate is due: %s." % "; ".join(reasons), flush=True)
        renew(settings)
    else:
        trust(settings)
    if served.runs(settings):  # also where an earlier run was cut off before this
        try:
            served.serve(settings)
        except served.NotServed as error:
            back(settings, former)
            raise issue.Failed("%s does not serve the new certificate (%s)" % (settings["unit"], error)) from None
    if reasons:
        forget(settings, former)
        print("RENEWED: %s" % state(settings), flush=True)


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


def renew(settings):
    """Gets a new certificate, checks it, and makes it the current one."""
    new = os.path.join(settings["certificate_dir"], "versions", "new")
    get(settings, new)
    refused = pair.refusal(new, settings["names"], settings["ca"])
    if refused:
        put_aside(settings, new)
        raise issue.Failed("clients would refuse what %s has issued (%s)" % (settings["directory"], refused))
    certificate = leaf.load(os.path.join(new, "chain.pem"))
    version = os.path.join(os.path.dirname(new), leaf.fingerprint(certificate)[:16])
    os.rename(new, version)
    point(settings, version)
    describe(settings)


def get(settings, new):
    """Puts a pair into the directory: the one that was kept aside where it is good now, else another from the CA."""
    kept = aside(settings)
    if not due.reasons(settings, version=kept):
        print("The certificate that was kept aside is tried again, the CA is not asked for another.", flush=True)
        shutil.rmtree(new, ignore_errors=True)
        os.rename(kept, new)
        return
    now = datetime.datetime.now(datetime.timezone.utc)
    if not due.unlike(settings, kept, now):
        refused = pair.refusal(kept, settings["names"], settings["ca"])
        if refused and now < asked_again(kept):
            raise issue.Failed(
                "clients would refuse what %s has issued (%s): put right what they trust; the CA is asked for another from %s on"
                % (settings["directory"], refused, asked_again(kept).strftime("%Y-%m-%d %H:%M UTC"))
            )
    issue.issue(settings, new)


def aside(settings):
    """Where a pair is kept that the CA has issued, but that could not be used."""
    return os.path.join(settings["certificate_dir"], "versions", "aside")


def put_aside(settings, version):
    shutil.rmtree(aside(settings), ignore_errors=True)
    os.rename(version, aside(settings))


def asked_again(kept):
    """From when on the CA is asked for another in place of one that clients would refuse; sooner where lives are short."""
    chain = os.path.join(kept, "chain.pem")
    certificate = leaf.load(chain)
    issued = datetime.datetime.fromtimestamp(os.stat(chain).st_mtime, datetime.timezone.utc)
    return issued + min(PAUSE, (leaf.ends(certificate) - leaf.starts(certificate)) / 4)


def trust(settings):
    """Clients are to trust another CA, a further one or a public one, and the certificate is good under it."""
    path = os.path.join(settings["certificate_dir"], "live", "ca.pem")
    found = ""
    if os.path.exists(path):
        with open(path) as file:
            found = file.read()
    if found == settings["ca"]:
        return
    if settings["ca"]:
        issue.write(path, settings["ca"].encode(), 0o644)
    else:
        os.unlink(path)
    print("RENEWED: clients trust another CA now, and ca.pem says so.", flush=True)


def back(settings, former):
    """Makes the former certificate the current one again, and sees that it is served. The other one is kept aside."""
    unserved = current(settings)
    if not former or former == unserved or pair.refusal(former, settings["names"], settings["ca"]):
        return
    point(settings, former)
    put_aside(settings, unserved)
    describe(settings)
    try:
        served.serve(settings)
    except served.NotServed as error:
        print("The former certificate is not served either: %s" % error, file=sys.stderr)


def point(settings, version):
    """Lets "live" lead to the version, at once."""
    live = os.path.join(settings["certificate_dir"], "live")
    new = live + ".new"
    if os.path.lexists(new):
        os.unlink(new)
    os.symlink(os.path.relpath(version, settings["certificate_dir"]), new)
    os.rename(new, live)


def describe(settings):
    """Says in words what is current."""
    certificate = leaf.load(os.path.join(settings["certificate_dir"], "live", "chain.pem"))
    issue.write(os.path.join(settings["certificate_dir"], "about.txt"), leaf.about(certificate).encode(), 0o644)


def forget(settings, former):
    """Removes all versions but the current one and the one before it."""
    versions = os.path.join(settings["certificate_dir"], "versions")
    for name in os.listdir(versions):
        version = os.path.join(versions, name)
        if version not in (former, current(settings)):
            shutil.rmtree(version)


def current(settings):
    """The directory to which "live" leads; empty where there is none."""
    live = os.path.join(settings["certificate_dir"], "live")
    return os.path.join(settings["certificate_dir"], os.readlink(live)) if os.path.islink(live) else ""


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
