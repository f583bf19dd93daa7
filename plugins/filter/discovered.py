# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What was discovered, as a table, a page and an inventory. Each filter has its documentation in the file of its name."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError

if t.TYPE_CHECKING:
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._discovered.report import Report


def _of(name: str, told: object, write: t.Callable[[Report], t.Any], clouds: object = None, taken: t.Mapping[str, t.Any] | None = None) -> t.Any:
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._discovered.report import report

    try:
        return write(report(told, clouds, taken))
    except (TypeError, ValueError, KeyError) as error:
        raise AnsibleFilterError(f"{name}: {error}") from error


def discovered_table(told: object, width: int = 120, clouds: object = None) -> str:
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._discovered.table import table
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._table import columns

    return str(_of("discovered_table", told, lambda report: table(report, columns(width)), clouds))


def discovered_html(told: object, generated_at: str, title: str = "What is exposed", clouds: object = None) -> str:
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._discovered.page import page
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._time import instant

    return str(_of("discovered_html", told, lambda report: page(report, instant(generated_at), title), clouds))


def discovered_inventory(told: object, taken: t.Mapping[str, t.Any] | None = None) -> str:
    return str(_of("discovered_inventory", told, lambda report: report.inventory, taken=taken))


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {each.__name__: each for each in (discovered_table, discovered_html, discovered_inventory)}
