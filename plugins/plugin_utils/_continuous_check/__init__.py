# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The check that a timer runs on a probe host, without Ansible. ``program.py`` is what is started there; the role ``continuous_check`` installs it.

For Python 3.9, the standard library, and what ``https_check`` and the page rest on.
"""
