# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the module ``https_check`` is made of; ``check.py`` has the order of its steps."""
