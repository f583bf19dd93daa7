# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What runs on a node, as its facts tell it: what the roles need of it, and whether they are written for it (docs/support.md)."""

from __future__ import annotations

import typing as t

from ansible.utils.display import Display

if t.TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["NAMED", "is_named", "named", "not_installable", "problems", "warn"]

# As Ansible's facts call them: https://docs.ansible.com/ansible/latest/playbook_guide/playbooks_conditionals.html#ansible-facts-distribution
# Of Ubuntu, those with long-term support. Red Hat's family are those that are built from the same sources.
NAMED = {
    "Debian": ("11", "12", "13"),
    "Ubuntu": ("22.04", "24.04", "26.04"),
    "RedHat": ("9", "10"),
    "Rocky": ("9", "10"),
    "AlmaLinux": ("9", "10"),
    "Amazon": ("2023",),
}


# https://github.com/ansible/ansible/blob/stable-2.21/lib/ansible/module_utils/facts/system/pkg_mgr.py
_IMAGE = "atomic_container"


def named(facts: Mapping[str, t.Any]) -> str:
    """Return the distribution and its version, `Debian 12.5`."""
    return f"{facts.get('distribution') or 'an unknown distribution'} {facts.get('distribution_version') or ''}".strip()


def is_named(facts: Mapping[str, t.Any]) -> bool:
    """Return whether the roles are written for it. Those of Ubuntu differ in the second number, the others in the first."""
    name, version = str(facts.get("distribution")), str(facts.get("distribution_version") or "")
    return (version if name == "Ubuntu" else version.partition(".")[0]) in NAMED.get(name, ())


def problems(facts: Mapping[str, t.Any], host: str) -> list[str]:
    """Return a sentence for each thing that the roles need of any node and that is not there."""
    service_manager = facts.get("service_mgr")
    if service_manager in (None, "systemd"):
        return []
    return [f"{host} ({named(facts)}) is not run by systemd but by {service_manager}: the roles write units of systemd. Take the host out of the play."]


def not_installable(facts: Mapping[str, t.Any], host: str, *packages: str) -> list[str]:
    """Return a sentence where packages that are missing cannot be installed, since Ansible finds nothing there that would install them."""
    manager = facts.get("pkg_mgr")
    if not packages or manager not in ("unknown", _IMAGE):
        return []
    missing = f"{host} ({named(facts)}) has no {' and no '.join(packages)}, and"
    if manager == _IMAGE:
        return [f"{missing} its packages are those of its image (rpm-ostree, bootc): put what is missing into the image."]
    return [f"{missing} Ansible knows no package manager there. Install what is missing by hand."]


def warn(facts: Mapping[str, t.Any], host: str) -> None:
    """Say, once, that nobody has written the roles for this distribution."""
    if "distribution" in facts and not is_named(facts):
        Display().warning(
            f"{host} runs {named(facts)}, which is not among those that the collection is written for (docs/support.md). "
            "It goes on with what is found there; what is missing is named."
        )
