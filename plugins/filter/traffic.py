# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who uses the ports that are to be closed, as a table and a page, and which host still does. Each filter has its documentation in the file of its name."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError

if t.TYPE_CHECKING:
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._traffic.merged import Report


def _of(name: str, told: object, states: t.Collection[str] | None, write: t.Callable[[Report], str]) -> str:
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._traffic.merged import report

    try:
        return write(report(told, states))
    except (TypeError, ValueError) as error:
        raise AnsibleFilterError(f"{name}: {error}") from error


def traffic_table(told: object, states: t.Collection[str] | None = None, width: int = 120) -> str:
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._table import columns
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._traffic.table import table

    return _of("traffic_table", told, states, lambda report: table(report, columns(width)))


def traffic_html(told: object, generated_at: str, title: str = "Who uses plain http") -> str:
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._time import instant
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._traffic.page import page

    return _of("traffic_html", told, None, lambda report: page(report, instant(generated_at), title))


def traffic_of_host(told: object, host: str, minutes: int | str) -> list[str]:
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._traffic.of_host import of_host

    try:
        return of_host(told, host, int(minutes))
    except (TypeError, ValueError) as error:
        raise AnsibleFilterError(f"traffic_of_host: {error}") from error


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {each.__name__: each for each in (traffic_table, traffic_html, traffic_of_host)}
