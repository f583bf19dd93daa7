# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What hosts saw, as a table, a page, test results and metrics. Each filter is documented in the file of its name beside this one."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError

if t.TYPE_CHECKING:
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._checks import Check


def _report(name: str, observations: object, write: t.Callable[[list[Check]], str]) -> str:
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._checks import checks_of

    try:
        return write(checks_of(observations))
    except (TypeError, ValueError) as error:
        raise AnsibleFilterError(f"{name}: {error}") from error


def report_table(observations: object, width: int = 120) -> str:
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._table import columns, table

    return _report("report_table", observations, lambda checks: table(checks, columns(width)))


def report_html(observations: object, generated_at: str, title: str = "Verified https") -> str:
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._page import page
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._time import instant

    return _report("report_html", observations, lambda checks: page(checks, instant(generated_at), title))


def report_junit(observations: object, generated_at: str) -> str:
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._junit import junit
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._time import instant

    return _report("report_junit", observations, lambda checks: junit(checks, instant(generated_at)))


def report_prometheus(observations: object, generated_at: str) -> str:
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._prometheus import prometheus
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._time import instant

    return _report("report_prometheus", observations, lambda checks: prometheus(checks, instant(generated_at)))


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., str]]:
        return {each.__name__: each for each in (report_table, report_html, report_junit, report_prometheus)}
