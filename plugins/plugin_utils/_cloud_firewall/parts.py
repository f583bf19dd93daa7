# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The parts of a change to a cloud's firewall: first what lets in, last what keeps out, and to take it off the reverse.

Each part reads what is there, and plans anew from that, so that a run that was cut off anywhere is finished by the next.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .cloud import CloudError
from .plan import CLOSE, OPEN

if t.TYPE_CHECKING:
    from .cloud import Cloud

__all__ = ["PARTS", "Options", "Outcome", "run"]

PARTS = ("plan", "open", "close", "all", "exposure")


@dataclass(frozen=True)
class Options:
    """How a part is to be carried out."""

    state: str = "present"
    check_mode: bool = False
    can_deny: bool = False  #: whether the cloud's rules can
    leave_closed_ports_open: bool = False
    leave_members_cut_off: bool = False


@dataclass
class Outcome:
    """What came of a part."""

    plan: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    exposure: dict[str, t.Any] | None = None
    is_only_planned: bool = False  #: what would keep out is not there, because nothing was changed


def run(part: str, cloud: Cloud, options: Options) -> Outcome:
    """Carry out one part. Raises CloudError with a sentence for the user."""
    outcome = Outcome()
    cloud.read()
    if part == "exposure":  # also where no plan can be made
        outcome.exposure = cloud.exposure()
        return outcome
    plan = cloud.plan()
    outcome.before, outcome.after = list(plan.before), list(plan.after)
    phases = {"open": [OPEN], "close": [CLOSE]}.get(part, [OPEN, CLOSE] if options.state == "present" else [CLOSE, OPEN])
    if part == "plan":
        outcome.plan = plan.told()
    for phase in phases:
        if options.state == "absent":
            _assert_safe_removal(cloud, phase, options)
        steps = cloud.plan().of(phase)
        if part == "plan" or not steps:
            continue
        outcome.steps += [step["line"] for step in steps]
        if not options.check_mode:
            cloud.apply(phase)
    if part in ("close", "all") and options.state == "present":
        if outcome.steps and not options.check_mode:
            cloud.read()
        outcome.exposure = cloud.exposure()
        # On a cloud that cannot deny it would close nothing.
        outcome.is_only_planned = options.check_mode and options.can_deny and bool(cloud.plan().steps)
    if outcome.steps and not options.check_mode:
        outcome.after = list(cloud.plan().before)
    return outcome


def _assert_safe_removal(cloud: Cloud, phase: str, options: Options) -> None:
    """Raise CloudError where what this phase takes off leaves closed ports open, or the nodes unable to reach each other."""
    if not cloud.plan().of(phase):
        return
    exposure = cloud.exposure(without=cloud.leaving(phase))
    if phase == CLOSE and exposure["findings"] and not options.leave_closed_ports_open:
        lines = "\n".join(finding["line"] for finding in exposure["findings"])
        raise CloudError(
            f"{lines}\nThat would be so without the rules that are to go. Nothing was changed.\n"
            "If it is meant, or if the hosts close the ports themselves, set cloud_firewall_leave_closed_ports_open to true."
        )
    if phase == OPEN and exposure["cut_off"] and not options.leave_members_cut_off:
        lines = "\n".join(exposure["cut_off"])
        raise CloudError(
            f"{lines}\nThat would be so without the rules that are to go. Nothing was changed.\n"
            "Let the nodes reach each other by another group or rule first, or set cloud_firewall_leave_members_cut_off to true."
        )
