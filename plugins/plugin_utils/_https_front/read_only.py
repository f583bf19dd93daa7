# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a user who may only read may send: patterns for nginx, made from a table of the APIs of Elasticsearch and OpenSearch.

Nothing is let through but what the table names. Elasticsearch divides a path before it decodes it and compares what is between two slashes as it
was sent (PathTrie), so the table is compared with the path as it was sent, too, and what an endpoint of it would be in decoded form is refused.
"""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Rule", "changes", "rules"]

# What is in no address (RFC 3986). nginx before 1.21.1 passes it on, and an address with a space in it decoded, which is not what is compared here.
_UNSENT = r"\x00-\x20\x7f"
# The names of indices, types and identifiers. What begins with "_" is another endpoint, or everybody's ("_all"), and so is what would begin with it
# once decoded. "." and "..", encoded ?, # and /, and control characters are in no such name, but in date math (<logs-{now/d}>); to others on the
# way they would mean something else.
_ENCODED = r"%(?:2[Ff](?=[yMwdhHms](?:%7[BbDd]|[{}]))|(?!2[Ff3]|3[Ff]|[01]))"
_NAME = rf"(?!%5[Ff]|(?:[.]|%2[Ee]){{1,2}}(?:[/?]|$))(?:[^{_UNSENT}/?#%_]|{_ENCODED})(?:[^{_UNSENT}/?#%]|{_ENCODED})*"
# what is only read may have any name
_ANY = f"[^{_UNSENT}/?#]+"
_PLACEHOLDERS = {"{index}": f"(?:_all|{_NAME})", "{type}": _NAME, "{id}": _NAME, "{any}": _ANY}
_BELOW = "(?:/{any})*"
# the end of the text, also for Python: "$" would take a line feed before it, too, and "\z" is of PCRE alone
_END = r"(?![\s\S])"

# Whatever follows them, GET only reads, but for what stands in _CHANGES.
_GET = (
    "_alias _aliases _analyze _application _async_search _autoscaling _capabilities _cat _ccr _cluster _component_template _connector _count "
    "_dangling _data_stream _enrich _eql _features _field_caps _field_stats _fleet _health_report _ilm _index_template _inference _info _ingest "
    "_insights _license _lifecycle _list _logstash _ltr _mapping _mappings _mget _migration _ml _mpercolate _msearch _mtermvectors _nodes "
    "_profiling _project _project_routing _query _query_rules _rank_eval _recovery _reindex _remote _render _resolve _rollup _script_context "
    "_script_language _scripts _search _search_shards _searchable_snapshots _security _segments _settings _shard_stores _slm _snapshot _sql _ssl "
    "_stats _streams _synonyms _tasks _template _termvectors _text_structure _transform _upgrade _validate _watcher _wlm _xpack "
    "_opendistro/_security _plugins/_asynchronous_search _plugins/_flow_framework _plugins/_ism _plugins/_knn _plugins/_ltr _plugins/_ml "
    "_plugins/_neural _plugins/_notifications _plugins/_observability _plugins/_ppl _plugins/_query _plugins/_replication _plugins/_rollup "
    "_plugins/_search_relevance _plugins/_security _plugins/_security_analytics _plugins/_sm _plugins/_sql _plugins/_transform _plugins/geospatial"
)
_GET_OF_AN_INDEX = (
    "_alias _aliases _analyze _ccr _count _doc _eql _explain _field_caps _field_stats _field_usage_stats _fleet _graph _ilm _knn_search "
    "_lifecycle _mapping _mappings _mget _migration _mpercolate _msearch _mtermvectors _mvt _rank_eval _recovery _rollup _rollup_search _search "
    "_search_shards _searchable_snapshots _segments _settings _shard_stores _source _stats _terms_enum _termvectors _upgrade _validate _xpack "
    "ingestion/_state"
)
# Versions with types; the last part may be a document's name
_GET_OF_A_TYPE = (
    "{any} {any}/_explain {any}/_percolate {any}/_percolate/count {any}/_source {any}/_termvectors "
    "_graph/explore _msearch/template _percolate/count _search/template _validate/query _xpack/graph/_explore"
)

# These change something, or hand out a secret, although their method is GET, and some read under a root of the above.
_CHANGES = (
    "_refresh",
    "_flush",
    "_cache/clear",
    "_forcemerge",
    "_optimize",
    "_reload_search_analyzers",
    "_shutdown",
    "_security/enroll",
    "_connector/_secret",
    "_fleet/secret",
    "_plugins/_knn/warmup",
    "_plugins/_notifications/feature/test",
)

# Endpoint: the paths at which its POST only reads, in the versions that have it: the role's defaults are the endpoints that all have. A type is named
# only where every version with types has the endpoint behind one: where it has not, POST /{index}/{type}/_endpoint stores a document.
_POST: dict[str, tuple[str, ...]] = {
    "_analyze": ("/_analyze", "/{index}/_analyze"),
    "_async_search": ("/_async_search", "/{index}/_async_search"),
    "_count": ("/_count", "/{index}/_count", "/{index}/{type}/_count"),
    "_eql/search": ("/{index}/_eql/search",),
    "_explain": ("/{index}/_explain/{id}", "/{index}/{type}/{id}/_explain"),
    "_field_caps": ("/_field_caps", "/{index}/_field_caps"),
    "_graph/explore": ("/{index}/_graph/explore", "/{index}/{type}/_graph/explore"),
    "_knn_search": ("/{index}/_knn_search",),
    "_mget": ("/_mget", "/{index}/_mget", "/{index}/{type}/_mget"),
    "_msearch": ("/_msearch", "/{index}/_msearch", "/{index}/{type}/_msearch"),
    "_msearch/template": ("/_msearch/template", "/{index}/_msearch/template", "/{index}/{type}/_msearch/template"),
    "_mtermvectors": ("/_mtermvectors", "/{index}/_mtermvectors", "/{index}/{type}/_mtermvectors"),
    "_pit": ("/{index}/_pit",),
    "_query": ("/_query", "/_query/async", "/_query/async/{id}/stop"),
    "_rank_eval": ("/_rank_eval", "/{index}/_rank_eval"),
    "_render/template": ("/_render/template", "/_render/template/{id}"),
    "_search": ("/_search", "/{index}/_search", "/{index}/{type}/_search"),
    "_search/point_in_time": ("/{index}/_search/point_in_time",),
    "_search/scroll": ("/_search/scroll", "/_search/scroll/{id}"),
    "_search/template": ("/_search/template", "/{index}/_search/template", "/{index}/{type}/_search/template"),
    "_search_shards": ("/_search_shards", "/{index}/_search_shards"),
    "_sql": ("/_sql", "/_sql/close", "/_sql/translate"),
    "_terms_enum": ("/{index}/_terms_enum",),
    "_termvectors": (
        "/{index}/_termvectors",
        "/{index}/_termvectors/{id}",
        "/{index}/{type}/_termvectors",
        "/{index}/{type}/{id}/_termvectors",
    ),
    "_validate/query": ("/_validate/query", "/{index}/_validate/query", "/{index}/{type}/_validate/query"),
}
# Where a search ends whose number only its owner knows
_DELETE = {
    "_async_search": ("/_async_search/{id}",),
    "_eql/search": ("/_eql/search/{id}",),
    "_pit": ("/_pit",),
    "_query": ("/_query/async/{id}",),
    "_sql": ("/_sql/async/delete/{id}",),
}
# Where the path, the query or the body may as well say "_all", which is everybody's: nothing is closed, and the client is told so.
_CLOSES = {
    "_search/scroll": '{"succeeded":true,"num_freed":0}',
    "_search/point_in_time": '{"pits":[]}',
}


class Rule(t.NamedTuple):
    """One line of nginx's map. The first whose pattern is found in "METHOD:PATH?QUERY" decides."""

    pattern: str
    verdict: str


def rules(endpoints: Iterable[str]) -> list[Rule]:
    """The rules for users who may only read; what no rule is for is refused.

    `endpoints` are those whose POST reads. One that the table does not have is taken for itself and behind an index.
    """
    listed = list(endpoints)
    added = {endpoint: (f"/{endpoint}", f"/{{index}}/{endpoint}") for endpoint in listed if endpoint not in _POST}
    return [
        *(Rule(f"^DELETE:/{endpoint}(?:[/?]|$)", answer) for endpoint, answer in _CLOSES.items() if endpoint in listed),
        Rule("^OPTIONS:", "yes"),
        Rule(f"^(?:GET|HEAD):/(?:[?]|{_END})", "yes"),
        _rule("(?:GET|HEAD)", [f"/{_one_of(_GET.split())}{_BELOW}"]),
        _rule("(?:GET|HEAD)", [f"/{{index}}(?:/{_one_of(_GET_OF_AN_INDEX.split())}{_BELOW})?"]),
        _rule("(?:GET|HEAD)", [f"/{{index}}/{{type}}(?:/{_one_of(_GET_OF_A_TYPE.split())})?"]),
        *(_rule("(?:GET|HEAD)", paths) for paths in added.values()),
        *(_rule("POST", added.get(endpoint) or _POST[endpoint]) for endpoint in listed),
        *(_rule("DELETE", _DELETE[endpoint]) for endpoint in listed if endpoint in _DELETE),
    ]


def changes() -> str:
    """A pattern of "METHOD:DECODED PATH" that change something by GET."""
    return f"^(?:GET|HEAD):/(?:[^/]+/)?{_one_of(_CHANGES)}(?:/|$)"


def _one_of(patterns: Iterable[str]) -> str:
    return f"(?:{'|'.join(patterns)})"


def _rule(method: str, paths: Iterable[str]) -> Rule:
    pattern = _one_of(paths)
    for placeholder, meaning in _PLACEHOLDERS.items():
        pattern = pattern.replace(placeholder, meaning)
    # Elasticsearch drops a slash at the end
    return Rule(f"^{method}:{pattern}/?(?:[?][^{_UNSENT}#]*)?{_END}", "yes")
