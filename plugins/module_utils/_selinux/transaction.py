# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Changes what is missing, and takes exactly that away again.

What is about to be changed is written down first, and stays so until it has been taken away: a run that is killed between any two steps leaves
nothing that its record does not have, and the next one finds what is still missing by asking the policy again.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from .. import _files
from .._commands import Failed
from .kernel import Kernel
from .labels import BOOLEAN, PORT, Labels
from .needs import CONNECTS, Change, Missing, Needs

__all__ = ["RECORD", "Changes"]

_NAMES = {PORT: r"[0-9]{1,5}", BOOLEAN: CONNECTS}
RECORD = Path("/etc/tlsfront/selinux.json")


def _former(change: Change) -> str:
    """Whether the boot until which a boolean was on has been since, nobody knows: it is off then, and that is said."""
    return change.before if change.kind != BOOLEAN or change.before == "off" else f"off, also now, where it was {change.before}"


class Changes:
    """What this collection has changed of the policy on this host."""

    def __init__(self, kernel: Kernel, labels: Labels, record: Path = RECORD) -> None:
        self.kernel, self.labels, self.record = kernel, labels, record

    def missing(self, needs: Needs) -> list[Change]:
        """
        :raises Failed: something is needed that no change would let it do
        """
        found = Missing(self.kernel, self.labels, needs)
        if found.problems:
            raise Failed(f"SELinux: {' '.join(found.problems)} Nothing was changed.")
        return found.changes

    def make(self, needs: Needs) -> list[Change]:
        """Changes what is missing, and asks the policy again.

        :raises Failed: it is not allowed still, or could not be changed
        """
        if not self.missing(needs):
            return []
        _files.make_directory(self.record.parent)
        with _files.locked(self.record.parent):
            self.labels.forget()  # another run may have had the lock
            changes = self.missing(needs)
            self._write([*self._recorded(), *(change for change in changes if change.kind)])
            for change in changes:
                if change.kind:
                    self.labels.set(change.kind, change.name, change.after)
                else:
                    self.labels.relabel(Path(change.name))
            left = Missing(self.kernel, self.labels, needs)
            if left.changes or left.problems:
                said = [*(change.said for change in left.changes), *left.problems]
                raise Failed(f"SELinux: what was changed ({'; '.join(each.said for each in changes)}) does not do. Still missing: {'; '.join(said)}")
            return changes

    def made(self) -> list[Change]:
        """What was recorded and is so still, the other way round."""
        recorded = self._recorded()
        local = {kind: self.labels.local(kind) for kind in {change.kind for change in recorded}}
        return [change._replace(before=change.after, after=_former(change)) for change in recorded if local[change.kind].get(change.name) == change.after]

    def take_away(self) -> list[Change]:
        """Takes away what was recorded, as far as nobody has changed it since."""
        if not self.record.exists():
            return []
        with _files.locked(self.record.parent):
            self.labels.forget()
            changes = self.made()
            for change in changes:
                if change.kind == BOOLEAN:
                    self.labels.set(BOOLEAN, change.name, "off")
                else:
                    self.labels.remove_port(change.name)
            _files.remove(self.record)
        return changes

    def _recorded(self) -> list[Change]:
        text = _files.read(self.record)
        try:
            found = [Change(**each) for each in json.loads(text)] if text else []
        except (TypeError, ValueError) as error:
            raise Failed(f"{self.record}, which says what was changed of SELinux's policy, cannot be read ({error}). Nothing was changed.") from None
        for change in found:
            if not re.fullmatch(_NAMES.get(change.kind, "(?!)"), str(change.name), re.ASCII):
                raise Failed(f"{self.record} has a record that this collection does not write: {change!r}. Nothing was changed.")
        return found

    def _write(self, changes: list[Change]) -> None:
        first: dict[tuple[str, str], Change] = {}
        for change in changes:
            first.setdefault((change.kind, change.name), change)
        _files.write(self.record, json.dumps([change._asdict() for change in first.values()], indent=2) + "\n", 0o600)
