# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs the program that is beside it: by `python -I`, so that nothing is imported from where it is started, nor from where the environment says."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
try:
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._continuous_check.program import main
except Exception as error:
    # 1, with which Python ends, would be a warning
    print("UNKNOWN - The program cannot be started (%s): run the playbook tlsfront.elasticsearch.continuous_check" % type(error).__name__)
    sys.exit(3)
sys.exit(main())
