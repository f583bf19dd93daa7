# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which certificate the clients of this host get: asked over new, verified connections to its loopback."""
import hashlib
import os
import socket
import subprocess
import time

import issue
import leaf
from module_utils._tls import keypair

ADDRESSES = ("127.0.0.1", "::1")


class NotServed(Exception):
    """What is served is not what is installed; its message says where, and what is."""


def runs(settings):
    """Whether the unit that serves the certificate runs, and somebody listens on the port."""
    active = subprocess.run(["systemctl", "is-active", "--quiet", settings["unit"]], check=False).returncode == 0
    return active and bool(_listening(settings["port"]))


def serve(settings, seconds=15):
    """Reloads the unit unless it serves the live certificate, and sees that it does; raises NotServed."""
    if not differences(settings):
        return
    # its success says little, since nginx can go on with what it had: what is served is looked at
    subprocess.run(["systemctl", "reload", settings["unit"]], check=False)
    deadline = time.monotonic() + seconds
    found = differences(settings)
    while found and time.monotonic() < deadline:
        time.sleep(0.2)
        found = differences(settings)
    if found:
        raise NotServed("; ".join(found))


def differences(settings):
    """One text for each listener and name that does not serve the live certificate."""
    live = os.path.join(settings["certificate_dir"], "live")
    wanted = leaf.fingerprint(leaf.load(os.path.join(live, "chain.pem")))
    context = keypair.trusting(settings["ca"])
    found = []
    for address in _listening(settings["port"]) or ADDRESSES[:1]:
        for name in keypair.asked(settings["names"]):
            try:
                with socket.create_connection((address, settings["port"]), timeout=5) as plain:
                    with context.wrap_socket(plain, server_hostname=name) as tls:
                        served = hashlib.sha256(tls.getpeercert(binary_form=True)).hexdigest()
                if served == wanted:
                    continue
                cause = "another certificate is served (sha256 %.16s)" % served
            except OSError as error:
                cause = str(error) or type(error).__name__
            found.append("%s port %d as %s: %s" % (address, settings["port"], name, cause))
    return found


def _listening(port):
    return [address for address in ADDRESSES if issue.listens(address, port)]
