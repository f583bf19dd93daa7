# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Where a text of settings sends a program to a cluster by plain http, or to a port that is to be closed.

No format is parsed: settings come in too many, and half of them are templates. What counts is what a line says, and for a
port or a host that stands by itself the lines around it. Where it cannot be told whether TLS is used, it is not: that is the
default of Beats, Logstash, Fluentd and the older clients. A finding is put together from host and port alone, so it has no
user name, password or path in it.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Iterable, Iterator, Sequence

HTTP, BARE, SEPARATE, NO_PORT = "http", "no_scheme", "separate_keys", "no_port"
HTTPS, HTTPS_NO_PORT = "https_on_closed_port", "https_without_port"

_PLACEHOLDER = r"\{\{[^{}\n]{1,100}\}\}|\$\{[^{}\n]{1,100}\}|\$\([^()\n]{1,100}\)|\$[A-Za-z_]\w*|%\([^()\n]{1,50}\)s|%[sv]|\{[\w.]{0,50}\}|<[\w.-]{1,50}>"
_HOST = rf"(?:\[[0-9A-Fa-f:.%]+\]|(?:{_PLACEHOLDER}|[^\W_]|[._-])+)"
# scheme, user name and password, host, port: what of them is there
_PLACE = re.compile(
    rf"(?<![\w.$%{{-])(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?(?:[^\s\"'<>,@/]*@)?(?P<host>{_HOST})"
    rf"(?::(?P<port>[0-9]{{1,5}})(?:-(?P<last>[0-9]{{1,5}}))?(?![\w.:@-]|://))?"
)
# Java and Kotlin: the scheme of HttpHost is http where none is said (https://hc.apache.org/httpcomponents-core-4.4.x/), and it comes first in version 5
_JAVA = re.compile(
    r"\b(?:HttpHost|(?:InetSocket)?TransportAddress)\(\s*(?:\"(?P<first>https?)\"\s*,\s*)?(?:(?:\w{1,50}\.){0,9}getByName\(\s*)?"
    r"(?:\"(?P<host>[\w.${}-]{1,253}|\[?[0-9A-Fa-f:.]{2,45}\]?)\"|(?P<name>[\w.]{1,100}))\s*\)?\s*,\s*(?P<port>[0-9]{1,5})\s*(?:,\s*\"(?P<scheme>\w{1,20})\")?"
)
# a key, and what joins it to its value: "port: ", 'port' => env(', PORT", ", PORT ?? , port" value="; "9200:9200" is what Docker publishes and no client
_KEY = re.compile(r"(?<![\w.-])[\w.-]{1,200}")
_GAP = r"(?:[\s\"'\[\])>}(,:=?|~-]|</[\w:.-]{1,60}|\b(?:or|else|value|default|int|env)\b){1,30}"
_NUMBER = re.compile(_GAP + r"(?<![\w.])(?P<port>[0-9]{2,5})(?![\w.:])")
_SHORT = re.compile(r"(?<![\w-])-p[\s=]{1,9}(?P<port>[0-9]{2,5})(?![\w.:/])")  # tool -h es1 -p 9200
_VALUE = re.compile(_GAP + rf"(?P<rest>(?P<host>{_HOST}).*)")
_TRUE = re.compile(r"(?i)" + _GAP + r"(?:true|on|yes|1)\b")
_SECURE = re.compile(r"(?i)" + _GAP + r"(?:env\w{0,10}\(\s*[\"'][\w.-]{1,100}[\"']\s*,\s*[\"'])?https\b")
# 'es1', 9200 and es1 9200 and /dev/tcp/es1/9200
_PAIR = re.compile(
    r"(?:(?<=[\"'])(?P<quoted>[\w.:-]{1,253})[\"']\s*,\s*[\"']?|(?<![^\s\"'=])(?P<word>[\w.-]{1,253})\s{1,9}(?:-p\s{1,9})?|/dev/tcp/(?P<device>[\w.-]{1,253})/)"
    r"(?P<port>[0-9]{2,5})(?![\w.:/-])"
)
_HALF = re.compile(r"[\"'](?P<host>[\w.:-]{1,253})[\"']\s*,\s*\Z")
_HALF_PORT = re.compile(r"\s*[\"']?(?P<port>[0-9]{2,5})[\"']?\s*(?:[,);\]]|\Z)")
_CALL = re.compile(r"(?i)\b(?:Async)?(?:Elasticsearch|OpenSearch)(?:::Client\.new|->new)?\((?P<rest>[\s\[(\"'].*)")
_ITEM = re.compile(r"\s*(?:-\s+)?[\"']?(?P<value>[^\s\"'=\[({]{0,300}[^\s\"'=\[({:,])[\"']?\s*[\])}]*\s*,?\s*(?:#.*)?\Z")
# "name: ES_PORT" and "value: 9200" of Kubernetes, ECS and others; Hadoop has them in elements
_NAMED = re.compile(
    r"(?i)(?<![\w.-])[\"']?(?:name|key)[\"']?[ \t]{0,9}(?:=>|[:=])[ \t]{0,9}[\"']?(?P<name>[\w.-]{1,100})[\"']?(?P<gap>[\s,]{1,100})"
    r"[\"']?value[\"']?[ \t]{0,9}(?:=>|[:=])"
)
_ELEMENTS = re.compile(
    r"(?i)<(?P<tag>[\w-]{0,20}name)>\s{0,100}(?P<name>[\w.-]{1,100})\s{0,100}</(?P=tag)>(?P<gap>\s{0,100})<[\w-]{0,20}value>(?P<more>\s{0,100})"
)
_HEADS = {
    *("host", "hosts", "hostname", "hostnames", "address", "addresses", "server", "servers", "node", "nodes"),
    *("endpoint", "endpoints", "uri", "uris", "url", "urls"),
}
_NO_PORTS = ("export", "report", "import", "support", "transport", "passport", "airport", "viewport", "exports", "reports", "imports", "supports")
_CONSTRUCTORS = ("HttpHost", "InetAddress", "InetSocketAddress", "TransportAddress")  # no keys: _JAVA and _PAIR see what they are told
_SWITCHES = {"ssl", "tls", "https", "secure"}
_ENDS = (*sorted(_HEADS, key=len, reverse=True), "ports", "port", *sorted(_SWITCHES, key=len, reverse=True))
# what says nothing of whose host or port it is
_GENERIC = (
    _HEADS | _SWITCHES | {"port", "ports", "scheme", "protocol", "use", "enabled", "enable", "set", "http", "rest", "net", "process", "os", "env", "name"}
)
_OF_OTHERS = {
    *("smtp", "mail", "imap", "pop3", "db", "database", "mysql", "mariadb", "postgres", "postgresql", "pg", "pgsql", "redis", "memcached", "mongo", "mongodb"),
    *("rabbitmq", "amqp", "kafka", "zookeeper", "zk", "ldap", "ntp", "dns", "ssh", "sftp", "ftp", "nfs", "statsd", "graphite", "influxdb", "etcd", "mqtt"),
    *("allowed", "trusted", "ansible"),
}
_TIME = re.compile(r"(?i)\b(?:iburst|prefer|minpoll|maxpoll|nts)\b")
_SSH = re.compile(r"(?i)\s+(?:HostName|User|IdentityFile|IdentitiesOnly|Proxy(?:Jump|Command)|ForwardAgent|StrictHostKeyChecking|Port)\s")
_TAG = re.compile(r"\s*</?[A-Za-z][^<>]*(?<!/)>\s*\Z")
_BRACKET = re.compile(r"\s*[})]|.*[{(\[]\s*\Z")
_NO_HOSTS = {"host", "hosts", "hostname", "address", "server", "node", "nodes", "port", "true", "false", "null", "none", "new"}
_SECTION = re.compile(r"\s*\[{1,2}[^\]]*\]{1,2}\s*\Z")
_COMMENT = re.compile(r"\s*(?:#(?!define\b)|;|//|--(?:\s|\Z))")
_remember = lru_cache(maxsize=2048)  # a line is looked at for each that is near it, a host for each line that has it
_DASH = re.compile(r"\s*-\s")
_LONG = 400  # characters
_NEAR = 12  # lines before and after that may belong to the same setting


@dataclass(frozen=True)
class Mention:
    """What one line says."""

    line: int
    kind: str
    host: str  #: empty where it stands nowhere near
    port: int  #: 0 where none is said

    @property
    def text(self) -> str:
        """As a person reads it."""
        place = self.host if not self.port else f"{self.host}:{self.port}"
        if self.kind == HTTP:
            return f"http://{place}"
        if self.kind == HTTPS:
            return f"https://{place}" if self.host else f"port {self.port}, with TLS"
        if self.kind == HTTPS_NO_PORT:  # Beats and Logstash do
            return f"https://{self.host}, without a port, for which many programs take 9200"
        if self.kind == NO_PORT:
            return f"{self.host}, without a port"
        if self.kind == SEPARATE:
            return f"port {self.port}" + (f", host {self.host}" if self.host else "")
        return place


def mentions(text: str, ports: Iterable[int], cluster: Iterable[str], others: Iterable[str] = ()) -> list[Mention]:
    """What the text says, each thing once, in the order of its lines.

    :param ports: that are to be closed
    :param cluster: the cluster's hosts, as ``normal`` has them
    :param others: hosts of which no mention counts, likewise
    """
    wanted, hosts, ignored = frozenset(ports), frozenset(cluster), frozenset(others)
    # most files, and most lines of the others, say nothing of it: that is seen at once
    tokens = re.compile("|".join(map(re.escape, sorted({*map(str, wanted), *(each.partition(".")[0] for each in hosts)}))), re.IGNORECASE)
    if not tokens.search(text):
        return []
    numbers, lines = _pieces(_paired(_without_comments(text)))
    indents = _indents(lines)
    found: dict[tuple[str, str, int], Mention] = {}
    for at, line in enumerate(lines):
        if tokens.search(line) and not _COMMENT.match(line):
            for kind, host, port in _of_line(lines, indents, at, wanted, hosts):
                if not is_one_of(host, ignored):
                    found.setdefault((kind, host, port), Mention(numbers[at], kind, host, port))
    return sorted(found.values(), key=lambda each: each.line)


@_remember
def normal(host: str) -> str:
    """A host as it is compared: lower case, no final dot, the shortest text of an address."""
    text = host.strip().strip("[]").rstrip(".").lower()
    try:
        return str(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return text


def host_of(text: str) -> str:
    """The host of a URL, of ``host:port``, or of a host, as it is compared; empty where there is none."""
    bare = text.strip()
    if bare.count(":") > 1 and "://" not in bare and "[" not in bare:  # an IPv6 address by itself
        return normal(bare)
    found = _PLACE.match(bare)
    return normal(found["host"]) if found else ""


@_remember
def is_one_of(host: str, hosts: frozenset[str]) -> bool:
    """Whether the host is among them, perhaps by its name without the domain."""
    name = normal(host)
    if name in hosts or not name:
        return name in hosts
    return any(each.startswith(f"{name}.") or (name.startswith(f"{each}.") and not _is_address(name)) for each in hosts)


def _pieces(text: str) -> tuple[list[int], list[str]]:
    """The lines, as they are meant, with the number of each. Objects in one line are pieces with an empty one between them, as
    between paragraphs: what one says of TLS, another does not; a line that is long yet is cut where it may be.
    """
    numbers, pieces = [], []
    for number, line in enumerate(text.split("\n"), 1):
        for place, part in enumerate(re.split(r"(?<=\}),", _unescaped(line))):
            rest = part
            if place:
                numbers.append(number)
                pieces.append("")
            while len(rest) > _LONG:
                end = max(rest.rfind(mark, 0, _LONG) for mark in ",;{} ") + 1 or _LONG
                numbers.append(number)
                pieces.append(rest[:end])
                rest = rest[end:]
            numbers.append(number)
            pieces.append(rest)
    return numbers, pieces


def _is_address(name: str) -> bool:
    return bool(re.fullmatch(r"[0-9.]+|[0-9a-f:]*:[0-9a-f:.]*", name))


def _of_line(lines: list[str], indents: list[int], number: int, ports: frozenset[int], cluster: frozenset[str]) -> Iterator[tuple[str, str, int]]:
    line, told = lines[number], False
    for place in _PLACE.finditer(line):
        scheme, host, port = (place["scheme"] or "").lower(), place["host"], int(place["port"] or 0)
        if place["last"]:  # as discovery takes es1:9300-9400
            port = min((each for each in ports if port <= each <= int(place["last"])), default=port)
        if "port" in host.lower() and not scheme:  # a key that ends in a colon, as in {port:9200} and ${ES_PORT:9200}
            continue
        if host.isdigit():  # as in "9200:9200", a port that Docker publishes
            continue
        secure = scheme.endswith("https") or scheme.endswith("+ssl")
        ours = is_one_of(host, cluster)
        if port in ports:
            told = True
            if not secure:
                yield (HTTP if scheme.endswith("http") else BARE), host, port
            elif ours:
                yield HTTPS, host, port
        elif not port and scheme == "http" and ours:
            told = True
            yield HTTP, host, 0
        elif not port and scheme in ("es", "elastic", "elasticsearch") and ours:
            told = True
            yield NO_PORT, host, 0
    for call in _JAVA.finditer(line):
        scheme, host, port = (call["first"] or call["scheme"] or "").lower(), call["host"] or call["name"], int(call["port"])
        if port in ports:
            told = True
            if scheme != "https":
                yield (HTTP if scheme == "http" else BARE), host, port
            elif is_one_of(host, cluster):
                yield HTTPS, host, port
    if not told:
        for host, port in _pairs(lines, number):
            if port in ports and is_one_of(host, cluster):
                told = True
                yield BARE, host, port
    if told:
        return
    keys = [key for key in _ports_of(line) if key.port in ports]
    if keys:
        near = list(_near(lines, indents, number))  # once: a line may have hundreds of them
        for key in keys:
            host = _host_of_port(lines, near, number, key.keys)
            if not _says_tls(lines, near, number, key.keys):
                yield SEPARATE, host, key.port
            elif not host or is_one_of(host, cluster):
                yield HTTPS, host, key.port
    yield from _hosts_alone(lines, indents, number, cluster)


def _pairs(lines: list[str], number: int) -> Iterator[tuple[str, int]]:
    """Host and port with nothing but a comma or a space between them; they may stand in two lines."""
    for pair in _PAIR.finditer(lines[number]):
        yield pair["quoted"] or pair["word"] or pair["device"], int(pair["port"])
    port = _HALF_PORT.match(lines[number])
    host = _HALF.search(lines[number - 1]) if port and number else None
    if host and port:
        yield host["host"], int(port["port"])


@dataclass(frozen=True)
class _Key:
    """A key of a line, and whose it is: ES_PORT and es.port are of ("es",), port is of ()."""

    at: int
    end: int
    head: str
    stem: tuple[str, ...]


@_remember
def _keys(line: str) -> list[_Key]:
    """Words that may be keys of hosts, ports or TLS."""
    found = []
    for word in _KEY.finditer(line):
        parts = [each.lower() for each in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", word[0])]
        while len(parts) > 1 and parts[-1] in ("name", "list", "default", "value", "ip"):
            parts.pop()
        if not parts or word[0].endswith(_CONSTRUCTORS):
            continue
        head, stem = parts[-1], parts[:-1]
        if head == "enabled" and stem:
            head = stem.pop()
        for known in _ENDS:  # serverport, usehttps, eshost
            if head != known and head.endswith(known) and head not in _NO_PORTS and head != "localhost":
                fused, head = head[: -len(known)], known
                stem = stem if fused in _GENERIC else [*stem, fused]
                break
        if "port" in parts and head not in ("port", "ports"):  # port_http
            place = parts.index("port")
            head, stem = "port", parts[:place]
        if head in _HEADS or head in _SWITCHES or head in ("port", "ports", "scheme", "protocol"):
            found.append(_Key(word.start(), word.end(), head, _stem(stem)))
    return found


def _stem(parts: list[str]) -> tuple[str, ...]:
    """Without what says nothing, as long as something is left."""
    begin, end = 0, len(parts)
    while end - begin > 1 and parts[end - 1] in _GENERIC:
        end -= 1
    while end - begin > 1 and parts[begin] in _GENERIC:
        begin += 1
    only = tuple(parts[begin:end])
    return () if only and only[0] in ("use", "set", "enable") and len(only) == 1 else only


def _agree(one: Iterable[_Key], other: Iterable[_Key], named: bool) -> bool:
    """Whether a key of one has the same owner as one of the other; where they are in different items of a list, it must be named."""
    return bool({each.stem for each in one if each.stem or not named} & {each.stem for each in other})


def _chains(line: str, heads: Iterable[str]) -> list[list[_Key]]:
    """Keys of a kind: one that is the value of another belongs to it, as in 'port' => env('ES_PORT', 9200)."""
    chains: list[list[_Key]] = []
    for key in _keys(line):
        if key.head in heads:
            if chains and not re.search(r"[0-9,;\n]|(?<!\w)\[|(?<!\$)\{", line[chains[-1][-1].end : key.at]) and key.at - chains[-1][-1].end <= 40:
                chains[-1].append(key)
            else:
                chains.append([key])
    return chains


@dataclass(frozen=True)
class _Port:
    keys: tuple[_Key, ...]
    port: int


@_remember
def _ports_of(line: str) -> list[_Port]:
    found = []
    for chain in _chains(line, ("port", "ports")):
        number = next(filter(None, (_NUMBER.match(line, key.end) for key in reversed(chain))), None)
        if number:
            found.append(_Port(tuple(chain), int(number["port"])))
    for short in _SHORT.finditer(line):
        found.append(_Port((_Key(short.start(), short.end(), "port", ()),), int(short["port"])))
    return found


def _depth(text: str, opening: str = "([{", closing: str = ")]}") -> int:
    return sum((each in opening) - (each in closing) for each in text)


@_remember
def _hosts_of(line: str) -> list[tuple[list[_Key], str, str]]:
    """The keys of a host, the first host of their value, and the whole of it."""
    found = []
    for chain in _chains(line, _HEADS):
        for key in reversed(chain):
            value = _VALUE.match(line, key.end)
            if value and re.search(r"[A-Za-z0-9}]", value["host"]) and value["host"].lower() not in _NO_HOSTS and line[value.end("host") :][:1] != "(":
                found.append((chain, value["host"], value["rest"]))
                break
    for short in re.finditer(r"(?<![\w-])-h[\s=]{1,9}(?P<host>[\w.${}:-]{1,253})", line):
        found.append(([_Key(short.start(), short.end(), "-h", ())], short["host"], ""))
    return found


def _host_of_port(lines: list[str], near: list[tuple[int, bool]], number: int, port: Sequence[_Key]) -> str:
    for at, named in near:
        for keys, host, _rest in _hosts_of(lines[at]):
            if _agree(keys, port, named) and _are_beside(lines, number, port[0], at, keys[0]):
                return host
    return ""


def _says_tls(lines: list[str], near: list[tuple[int, bool]], number: int, keys: Sequence[_Key]) -> bool:
    for at, named in near:
        for key in _switches_of(lines[at]):
            if _agree([key], keys, named) and (key.stem or _are_beside(lines, number, keys[0], at, key)):
                return True
    return False


@_remember
def _switches_of(line: str) -> list[_Key]:
    """The keys that turn TLS on."""
    return [
        key
        for key in _keys(line)
        if (key.head in _SWITCHES and _TRUE.match(line, key.end)) or (key.head in ("scheme", "protocol") and _SECURE.match(line, key.end))
    ]


def _are_beside(lines: list[str], number: int, key: _Key, other: int, key_there: _Key) -> bool:
    """Whether no bracket opens or closes between them: what is in {} is of something else. define('ES_PORT', 1) is of ES."""
    if number == other:
        return _depth(lines[number][min(key.at, key_there.at) : max(key.at, key_there.at)]) == 0
    kinds = ("[{", "]}") if key.stem and key_there.stem else ("([{", ")]}")
    return all(_depth(lines[at][:where], *kinds) in (0, _depth(lines[at], *kinds)) for at, where in ((number, key.at), (other, key_there.at)))


def _hosts_alone(lines: list[str], indents: list[int], number: int, cluster: frozenset[str]) -> Iterator[tuple[str, str, int]]:
    """Hosts of the cluster that are the value of a key, or items of its list, and have no port: many programs take 9200."""
    line = lines[number]
    for at, keys, values in _values(lines, number):
        beats = any(key.head == "hosts" and lines[at][key.at : key.end].lower() not in ("elasticsearch.hosts", "elasticsearch_hosts") for key in keys)
        beats = beats and bool(re.match(r"[\"']?\s*(?::|=>)", lines[at][keys[-1].end :]))
        near: list[tuple[int, bool]] = []
        for place in _PLACE.finditer(values):
            scheme, host = (place["scheme"] or "").lower(), place["host"]
            if place["port"] or not is_one_of(host, cluster) or values[place.start() - 1 : place.start()] == "/" or re.match(":[0-9]", values[place.end() :]):
                continue
            if scheme:
                if scheme == "https" and beats:
                    yield HTTPS_NO_PORT, host, 0
            elif not any(set(key.stem) & _OF_OTHERS for key in keys):
                near = near or list(_near(lines, indents, at))
                if not _says_port(lines, near, at, keys):
                    yield (HTTPS_NO_PORT if _says_tls(lines, near, at, keys) else NO_PORT), host, 0
    for call in _CALL.finditer(line):
        for place in _PLACE.finditer(re.split(r"[)\]{]|\w\s*=", call["rest"])[0]):
            if not place["port"] and not place["scheme"] and is_one_of(place["host"], cluster):
                yield NO_PORT, place["host"], 0


def _values(lines: list[str], number: int) -> Iterator[tuple[int, list[_Key], str]]:
    """The line of the keys, the keys, and what of this line is their value."""
    line = lines[number]
    of_time, of_ssh = _TIME.search(line), re.match(r"(?i)\s*Host(?:Name)?\s+[^=:\s\"']+\s*\Z", line)
    if of_ssh and ("HostName" in line or (number + 1 < len(lines) and _SSH.match(lines[number + 1]) and _indent(lines[number + 1]) > _indent(line))):
        return
    for keys, _host, rest in _hosts_of(line):
        if keys[0].head != "-h" and not of_time:
            yield number, keys, re.split(r"[;<}]|\)|\]| #|\s-|(?<=[\s,])[\w.\"'-]+\s*(?:=|:(?!/))", rest.lstrip("[(\"' "))[0]
    item = _ITEM.match(line)
    if item and not _keys_of_list(line):
        for above in range(number - 1, max(-1, number - 50), -1):
            keys = _keys_of_list(lines[above])
            if keys:
                yield above, keys, item["value"]
            if keys or not _is_within_list(lines[above]):
                break


@_remember
def _is_within_list(line: str) -> bool:
    return not line.strip() or bool(_COMMENT.match(line) or _ITEM.match(line))


@_remember
def _keys_of_list(line: str) -> list[_Key]:
    """Of a line that begins a list of hosts."""
    chains = _chains(line, _HEADS)
    if not chains:
        return []
    rest = line[chains[-1][-1].end :]
    return chains[-1] if re.fullmatch(r"[\"']?\s*(?:=>|[:=\[(])[\s\[(=>:]*", rest) or (rest.rstrip().endswith(",") and _depth(rest) > 0) else []


def _says_port(lines: list[str], near: list[tuple[int, bool]], number: int, keys: Sequence[_Key]) -> bool:
    return any(
        _agree(port.keys, keys, named) and _are_beside(lines, number, keys[0], at, port.keys[0])
        for at, named in near
        for port in _ports_of(lines[at])
    )


@_remember
def _indent(line: str) -> int:
    """Where the text of a line begins; that of an item of a list, behind its dash."""
    found = re.match(r"\s*(?:-\s+)?", line)
    return len(found[0].expandtabs()) if found else 0


def _indents(lines: list[str]) -> list[int]:
    """The same, where a line that continues another is as far in as that."""
    indents: list[int] = []
    ahead, as_far = -1, 0
    for at, line in enumerate(lines):
        own, before = _indent(line), lines[at - 1].rstrip() if at else ""
        if before.endswith("\\") or (before.endswith(",") and _depth(before) > 0):
            if ahead < 0:
                ahead, as_far = own, indents[at - 1]
        elif own < ahead or (before and not before.endswith(",")):
            ahead = -1
        indents.append(as_far + max(0, own - ahead) if ahead >= 0 else own)
    return indents


def _near(lines: list[str], indents: list[int], number: int) -> Iterator[tuple[int, bool]]:
    """The line, and those around it in the same block, the nearest first; and whether they are in another item of a list.

    What is further in is of something else. Comments say nothing.
    """
    yield number, False
    open_ways, crossed = [-1, 1], {-1: bool(_DASH.match(lines[number])), 1: False}
    for distance in range(1, _NEAR + 1):
        for way in tuple(open_ways):
            at = number + way * distance
            line = lines[at] if 0 <= at < len(lines) else ""
            if not line.strip():
                open_ways.remove(way)
            elif _COMMENT.match(line) or indents[at] > indents[number]:
                continue
            elif indents[at] < indents[number] or _SECTION.match(line) or _TAG.match(line) or _BRACKET.match(line):
                open_ways.remove(way)
            else:
                dash = bool(_DASH.match(line))
                if way > 0:
                    crossed[way] |= dash
                yield at, crossed[way]
                if way < 0:
                    crossed[way] |= dash


def _unescaped(line: str) -> str:
    r"""``http\://es1\:9200`` is Java's, ``http:\/\/`` is JSON's, and ``http%3A%2F%2F`` a URL's own way to write it."""
    if "\\" in line:
        line = re.sub(r"\\([/:=])", r"\1", line)
    if "%3" in line:
        line = re.sub("(?i)%3a", ":", re.sub("(?i)%2f", "/", line))
    return line


def _without_comments(text: str) -> str:
    """Of XML, and of C where it begins a line: there the end of a comment is sure; the lines stay where they are."""
    if text.lstrip("\ufeff \t\r\n").startswith("<"):
        text = _cut(text, re.compile("<!--"), "-->")
    return _cut(text, re.compile(r"(?m)^[ \t]*/\*(?=[\s*\w])"), "*/")


def _cut(text: str, begin: re.Pattern[str], end: str) -> str:
    kept, place = [], 0
    for found in begin.finditer(text):
        if found.start() < place:
            continue
        last = text.find(end, found.end())
        if last < 0:  # that of no other is there either
            break
        kept += [text[place : found.start()], "\n" * text.count("\n", found.start(), last)]
        place = last + len(end)
    return "".join([*kept, text[place:]])


def _paired(text: str) -> str:
    """Name and value that stand in two keys or elements, as one key with its value; the lines stay where they are."""
    text = _NAMED.sub(lambda found: "-" + found["gap"].replace(",", "") + found["name"] + ":", text)
    return _ELEMENTS.sub(lambda found: "\n" * (found[0].count("\n")) + found["name"] + "=", text)
