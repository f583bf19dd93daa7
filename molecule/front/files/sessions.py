# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Says what clients of an endpoint keep of a session, in each version of TLS that it speaks, and whether it is resumed.

    sessions.py CA NAME CONTROL_CA CONTROL_PEM     verified connections, by openssl

The last two are the CA and the pair of control.example, which openssl's own server serves here, with tickets. Prints as JSON, for each version:
ticket (bytes of it: 0 for none, 32 for the number of a session that the server keeps; one with the session in it, which whoever has its key
can read, is longer); given (how many sessions, which TLS 1.3 says); resumed; of_another (what became of a session of the control's: New if
all of the handshake took place); control_ticket.
"""
import json
import re
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CONTROL, CONTROL_PORT = "control.example", 4433


def shake_hands(ca, name, version, *more, at=None):
    """What openssl said of a connection; empty where there was none."""
    request = f"GET / HTTP/1.0\r\nHost: {name}\r\n\r\n"
    command = ["openssl", "s_client", "-connect", at or f"{name}:443", "-servername", name, "-verify_hostname", name]
    command += ["-verify_return_error", "-CAfile", ca, "-" + version.replace("v1.", "1_").lower(), "-ign_eof", *more]
    done = subprocess.run(command, input=request, capture_output=True, text=True, timeout=30, check=False)
    return done.stdout if done.returncode == 0 else ""


def ticket(session):
    """How many bytes it has, in openssl's dump of a session."""
    command = ["openssl", "sess_id", "-noout", "-text", "-in", session]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    dump = re.search(r"TLS session ticket:\n((?: +[0-9a-f]{4} - .*\n)+)", text)
    if not dump:
        return 0
    # sixteen bytes a line, and what they are as text
    return sum(len(re.findall(r"[0-9a-f]{2}", line.split(" - ", 1)[1][:47])) for line in dump[1].splitlines())


def outcome(said):
    return re.search(r"^(New|Reused), TLS", said, re.MULTILINE)[1] if said else "failed"


def seen(ca, name, control_ca, version, directory):
    own, other = f"{directory}/own-{version}", f"{directory}/control-{version}"
    said = shake_hands(ca, name, version, "-sess_out", own)
    if not said:
        return None
    shake_hands(control_ca, CONTROL, version, "-sess_out", other, at=f"localhost:{CONTROL_PORT}")
    # a server that gives none leaves nothing to write
    given = Path(own).exists()
    return {
        "ticket": ticket(own) if given else None,
        "given": said.count("New Session Ticket arrived"),
        "resumed": given and outcome(shake_hands(ca, name, version, "-sess_in", own)) == "Reused",
        "of_another": outcome(shake_hands(ca, name, version, "-sess_in", other)),
        "control_ticket": ticket(other),
    }


def main():
    ca, name, control_ca, control_pair = sys.argv[1:]
    # "-www" answers and closes, as the endpoint does
    control = ["openssl", "s_server", "-accept", str(CONTROL_PORT), "-cert", control_pair, "-key", control_pair, "-www"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with tempfile.TemporaryDirectory() as directory, subprocess.Popen(control, **quiet) as server:
        try:
            for _try in range(50):
                try:
                    socket.create_connection(("localhost", CONTROL_PORT)).close()
                    break
                except OSError:
                    time.sleep(0.1)
            found = {version: seen(ca, name, control_ca, version, directory) for version in ("TLSv1.2", "TLSv1.3")}
        finally:
            server.terminate()
    print(json.dumps({version: each for version, each in found.items() if each}))


if __name__ == "__main__":
    main()
