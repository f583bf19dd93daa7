# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Answers, from a policy as a file, what `Kernel` asks of the kernel that enforces one. Run by a Python that has setools: one line of JSON each way.

The rules of types decide, and booleans; constraints of users, roles and levels are not looked at.
"""

from __future__ import annotations

import json
import sys
from typing import Any


def main(path: str) -> None:
    import setools

    policy = setools.SELinuxPolicy(path)
    types = {str(each) for each in policy.types()} | {str(alias) for each in policy.types() for alias in each.aliases()}
    booleans = {str(each): each.state for each in policy.bools()}

    def rules(kind: str, source: str, target: str, tclass: str) -> list[Any]:
        if not {source, target} <= types:
            return []
        query = setools.TERuleQuery(policy, ruletype=[kind], source=source, target=target, source_indirect=True, target_indirect=True, tclass=[tclass])
        found = []
        for rule in query.results():
            try:
                names = {str(each): booleans[str(each)] for each in rule.conditional.booleans}
                if rule.conditional.evaluate(**names) == rule.conditional_block:
                    found.append(rule)
            except AttributeError:  # for all states of booleans
                found.append(rule)
        return found

    for line in sys.stdin:
        asked = json.loads(line)
        booleans.update(asked[0])
        what, arguments = asked[1], asked[2:]
        answer: Any = None
        if what == "allows":
            source, target, tclass, *permissions = arguments
            allowed = {str(each) for rule in rules("allow", source, target, tclass) for each in rule.perms}
            answer = set(permissions) <= allowed
        elif what == "default":
            source, target, tclass = arguments
            found = [str(rule.default) for rule in rules("type_transition", source, target, tclass) if not hasattr(rule, "_filename") and not _named(rule)]
            answer = found[0] if found else None
        elif what == "boolean":
            answer = booleans.get(arguments[0])
        print(json.dumps(answer), flush=True)


def _named(rule: Any) -> bool:
    """Whether it is for files of one name only."""
    try:
        return bool(rule.filename)
    except AttributeError:
        return False


if __name__ == "__main__":
    main(sys.argv[1])
