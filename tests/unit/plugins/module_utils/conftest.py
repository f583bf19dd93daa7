# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from ansible_collections.tlsfront.elasticsearch.tests.unit.support.fixtures import lab, names

__all__ = ["lab", "names"]
