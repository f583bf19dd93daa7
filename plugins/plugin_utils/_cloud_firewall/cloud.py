# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the two clouds have in common: how their modules are called, and what a call that failed has to say."""

from __future__ import annotations

import time
import typing as t
from dataclasses import dataclass, field

from .plan import Plan, Policy

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Answer", "Cloud", "CloudError", "Nodes", "said"]

Answer = t.Mapping[str, t.Any]

GOES_ON = "Nothing is cut off by stopping here, and the next run goes on from here."


class CloudError(Exception):
    """A sentence for the user: what failed, and what to do."""


@dataclass(frozen=True)
class Nodes:
    """The nodes of one account and region, or of one project, and the policy for them.

    `hosts` are the names in the inventory by instance: its identifier on EC2, its zone and name (`europe-west1-b/es1`) on Compute Engine.
    """

    policy: Policy
    hosts: Mapping[str, str]
    permitted: Sequence[str]
    state: str = "present"


class Cloud(t.Protocol):
    """One account and region, or one project, as it was read last."""

    def read(self) -> None:
        """Read all that counts. Raises CloudError."""

    def plan(self) -> Plan:
        """Return the plan from what was read to what is wanted. Raises CloudError where it cannot be made."""

    def exposure(self, without: Sequence[str] = ()) -> dict[str, t.Any]:
        """Return what the filters let in, or would without the groups or rules of these names."""

    def leaving(self, phase: str) -> list[str]:
        """Return the names of what is gone when this phase of a removal is done, by which `exposure` knows it."""

    def apply(self, phase: str) -> None:
        """Carry out one phase of the plan, and read until it is done. Raises CloudError."""


@dataclass
class Caller:
    """Calls modules: `call(NAME, ARGUMENTS)` returns what the module does, `failed` included."""

    call: Callable[[str, dict[str, t.Any]], Answer]
    sleep: Callable[[float], None] = field(default=time.sleep)
    delay: float = 3

    def __call__(self, module: str, **arguments: t.Any) -> Answer:
        return self.call(module, arguments)

    def until(self, ask: Callable[[], bool], retries: int) -> bool:
        """Return whether `ask` has said yes, at first or after one of so many retries."""
        for attempt in range(retries + 1):
            if attempt:
                self.sleep(self.delay)
            if ask():
                return True
        return False


def said(answer: Answer) -> str:
    """Return what a failed module said: its message, and the cloud's own words."""
    error = answer.get("error")
    told = error if hasattr(error, "get") else {}
    found = [answer.get("msg"), told.get("code"), told.get("message")] if told else [answer.get("msg")]
    return ": ".join(dict.fromkeys(str(text) for text in found if text))
