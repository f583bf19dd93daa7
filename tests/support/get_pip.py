# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Stands in for the get-pip script that ansible-test downloads: installs pip from the Python that runs it, and the rest from PyPI.

So the sanity tests need nothing but the package index. ansible-test looks for it in its cache before it downloads its own.
"""
import ensurepip
import os
import subprocess
import sys

environment = dict(os.environ)  # ensurepip sets PIP_CONFIG_FILE in os.environ: keep the settings from before
arguments = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
ensurepip.bootstrap(default_pip=True)
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", *arguments], env=environment))
