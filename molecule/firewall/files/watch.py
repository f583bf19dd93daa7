# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""watch.py FILE NODE...: asks each node again and again how many nodes its cluster has, until told to end (SIGTERM).

Then it writes to FILE, as JSON, how often it got which answer; an error counts as an answer, too.
"""

import collections
import json
import pathlib
import signal
import sys
import time
import urllib.request

PAUSE = 0.2  # seconds


def ask(node):
    try:
        with urllib.request.urlopen(f"http://{node}:9200/_cluster/health?local=true", timeout=10) as answer:
            return json.load(answer)["number_of_nodes"]
    except OSError as error:
        return f"{node} at {time.strftime('%T')}: {error}"


class Stop(Exception):
    """Sent by systemctl stop."""


def stop(_signal, _frame):
    raise Stop


seen = collections.Counter()
signal.signal(signal.SIGTERM, stop)
try:
    while True:
        for name in sys.argv[2:]:
            seen[ask(name)] += 1
        time.sleep(PAUSE)
except Stop:
    pathlib.Path(sys.argv[1]).write_text(json.dumps(seen))
