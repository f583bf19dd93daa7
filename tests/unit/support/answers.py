# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What real servers answered to ``GET /``, as recorded: header that tells the product, and body."""

from __future__ import annotations

from typing import Any

RECORDED: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "Elasticsearch 7.17.29": (
        {"x-elastic-product": "Elasticsearch", "content-type": "application/json; charset=UTF-8"},
        {
            "name": "es1",
            "cluster_name": "lab",
            "cluster_uuid": "o51QwukHSYO9uTqcrb1pfQ",
            "version": {
                "number": "7.17.29",
                "build_flavor": "oss",
                "build_type": "tar",
                "build_hash": "580aff1a0064ce4c93293aaab6fcc55e22c10d1c",
                "build_date": "2025-06-19T01:37:57.847711500Z",
                "build_snapshot": False,
                "lucene_version": "8.11.3",
                "minimum_wire_compatibility_version": "6.8.0",
                "minimum_index_compatibility_version": "6.0.0-beta1",
            },
            "tagline": "You Know, for Search",
        },
    ),
    "Elasticsearch 9.5.3": (
        {"x-elastic-product": "Elasticsearch", "content-type": "application/json"},
        {
            "name": "es1",
            "cluster_name": "lab",
            "cluster_uuid": "7IroTTsmQbecyTCgLljeBg",
            "version": {
                "number": "9.5.3",
                "build_flavor": "default",
                "build_type": "tar",
                "build_hash": "367ec317ec5f668dd864d41be06052a567102fec",
                "build_date": "2026-09-01T16:11:59.322249404Z",
                "build_snapshot": False,
                "lucene_version": "10.5.1",
                "minimum_wire_compatibility_version": "8.19.0",
                "minimum_index_compatibility_version": "8.0.0",
            },
            "tagline": "You Know, for Search",
        },
    ),
    "OpenSearch 3.8.0": (
        {
            "x-opensearch-version": "OpenSearch/3.8.0 (opensearch)",
            "content-type": "application/json; charset=UTF-8",
        },
        {
            "name": "es1",
            "cluster_name": "lab",
            "cluster_uuid": "eQvOaWEZSkm6Rgpw2cclHg",
            "version": {
                "distribution": "opensearch",
                "number": "3.8.0",
                "build_type": "tar",
                "build_hash": "e5a3c5691be87af6c12dbe3e158c59c04ee72973",
                "build_date": "2026-08-01T18:48:00.452816924Z",
                "build_snapshot": False,
                "lucene_version": "10.5.0",
                "minimum_wire_compatibility_version": "2.19.0",
                "minimum_index_compatibility_version": "2.0.0",
            },
            "tagline": "The OpenSearch Project: https://opensearch.org/",
        },
    ),
}
