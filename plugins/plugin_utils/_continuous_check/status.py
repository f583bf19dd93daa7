# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What checks come to, in one line, and as plugins of Nagios and Icinga say it.

Sources: https://nagios-plugins.org/doc/guidelines.html (statuses, performance data);
https://assets.nagios.com/downloads/nagioscore/docs/nagioscore/4/en/pluginapi.html
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._checks import NOT_RUN
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._summary import summary
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._text import fit, one_line

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._checks import Check

__all__ = ["CRITICAL", "OK", "UNKNOWN", "WARNING", "Status", "status_of", "unknown"]

OK, WARNING, CRITICAL, UNKNOWN = range(4)
_NAMES = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
_WORST_FIRST = (CRITICAL, UNKNOWN, WARNING, OK)
_MOST_TOLD = 3  # of what failed, the report has the rest
_LONGEST = 700  # of 1024 that NRPE 2 takes
# What begins performance data, another line, a macro, markup, or a word of a shell, to which a notification may be given. Of the rest what is ASCII.
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 .,:;/_@+=()[]-")


@dataclasses.dataclass(frozen=True)
class Status:
    """A status, why, and numbers for graphs."""

    code: int
    text: str
    numbers: tuple[str, ...] = ()

    def line(self, numbers: bool) -> str:
        """Return it in one line of plain ASCII, whatever servers have said."""
        said = f"{_NAMES[self.code]} - {_plain(self.text)}"
        return f"{said} | {' '.join(self.numbers)}" if numbers and self.numbers else said


def unknown(text: str) -> Status:
    """Return that it is not known, and why."""
    return Status(UNKNOWN, text)


def status_of(checks: Sequence[Check], check: Mapping[str, t.Any], age: float) -> Status:
    """Return what `checks` come to, which were made `age` seconds ago by the options in `check`."""
    codes = [_code(each) for each in checks]
    code = next(code for code in _WORST_FIRST if code in codes)
    told = [_remark(each) for each, its in zip(checks, codes) if its == code] if code != OK else []
    more = [f"and {len(told) - _MOST_TOLD} more"] if len(told) > _MOST_TOLD else []
    text = "; ".join([summary(checks).rstrip("."), *told[:_MOST_TOLD], *more])
    return Status(code, text, tuple(_numbers(checks, check, age)))


def _code(check: Check) -> int:
    if check.reason == NOT_RUN:
        return UNKNOWN
    if check.state == "failed":
        # verified, and nothing is open, but of a port it could not be told
        return UNKNOWN if check.tls_verified and check.ports.unknown and not check.ports.open and check.reason == "unreachable" else CRITICAL
    return WARNING if check.state == "warning" else OK


def _remark(check: Check) -> str:
    where = " ".join(filter(None, (check.node, check.address))) or check.probe
    return f"{where}: {': '.join(filter(None, (check.reason, check.message)))}" if check.state == "failed" else f"{where}: {', '.join(check.warnings)}"


def _numbers(checks: Sequence[Check], check: Mapping[str, t.Any], age: float) -> list[str]:
    ran = [each for each in checks if each.reason != NOT_RUN]
    days = [each.days_left for each in ran if each.days_left is not None]
    warn, least = check.get("warn_days_valid", 30), check.get("min_days_valid", 0)
    numbers = {
        "checks": f"{len(ran)};;;0",
        "failed": f"{sum(each.state == 'failed' for each in checks)};;0;0",
        "warnings": f"{sum(each.state == 'warning' for each in ran)};0;;0",
        "open_ports": f"{sum(len(each.ports.open) for each in ran)};;0;0",
        "unknown_ports": f"{sum(len(each.ports.unknown) for each in ran)};;;0",
        "age": f"{max(0, round(age))}s;;;0",
    }
    if days:
        numbers["days_left"] = f"{min(days)};{warn}:;{least}:"
    return [f"{name}={number}" for name, number in numbers.items()]


def _plain(text: str) -> str:
    return "".join(c if c in _PLAIN else "?" for c in fit(one_line(text), _LONGEST))
