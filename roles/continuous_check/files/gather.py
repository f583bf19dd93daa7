# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""gather.py PYTHON USER SETTINGS DIRECTORY...: tells, as JSON, all that the role must know of a host, and changes nothing.

PYTHON is the interpreter that was chosen, or empty; it is started. Is given to the system's Python on its standard input.
"""
import importlib.util
import json
import os
import pwd
import subprocess
import sys

PROGRAM = """
import importlib.util, json, sys
print(json.dumps({"version": list(sys.version_info[:3]),
                  "lacks": [name for name in ("elastic_transport", "cryptography", "jinja2") if not importlib.util.find_spec(name)]}))
"""
chosen, user, settings, directories = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
told = {"version": list(sys.version_info[:3]), "lacks": []}
if chosen:
    try:
        done = subprocess.run([chosen, "-I", "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60, check=False)
        told = json.loads(done.stdout.decode())
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        told = {"version": [], "lacks": [], "problem": type(error).__name__}
try:
    systemd = subprocess.run(["systemctl", "--version"], stdout=subprocess.PIPE, timeout=60, check=False).stdout.decode("utf-8", "replace")
except (OSError, subprocess.SubprocessError):
    systemd = ""
try:
    comment = pwd.getpwnam(user).pw_gecos
except KeyError:
    comment = None
try:
    with open(settings) as file:
        former = json.load(file).get("cluster", "")
except (OSError, ValueError, AttributeError):
    former = ""
print(json.dumps({
    "python": told,
    "has_venv": bool(importlib.util.find_spec("ensurepip")) and bool(importlib.util.find_spec("venv")),
    "systemd": systemd if os.path.isdir("/run/systemd/system") else "",
    "comment": comment,
    "former": former,
    "directories": [path for path in directories if os.path.isdir(path)],
}))
