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
from typing import Iterable, Iterator

HTTP, BARE, SEPARATE, NO_PORT, HTTPS = "http", "no_scheme", "separate_keys", "no_port", "https_on_closed_port"

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
# the key of a port, whatever joins it to its value; "9200:9200" is what Docker publishes and no client
_PORT = re.compile(r"(?i)(?<![\w.-])[\w.-]*port[\w.-]*?[\"'\])>}\s]*(?::-|=>|[:=>\s])\s*[\"']?(?P<port>[0-9]{2,5})(?![\w.:])")
_HOST_KEY = re.compile(
    r"(?i)(?<![\w.-])[\w.-]*(?:hosts?|hostname|address|addresses|server|servers|node|nodes|endpoint|uris)[\"'\])}\s]*(?:=>|[:=>]|\s)\s*"
    rf"(?P<rest>[\[\"'\s(]*(?P<host>{_HOST}).*)"
)
_LIST_KEY = re.compile(r"(?i)(?:hosts?|nodes?|servers?|ur[il]s?|endpoints?|addresses)[\"']?\s*[:=>\[(]*\s*\Z")
_ITEM = re.compile(rf"^\s*(?:-\s+)?[\"']?(?P<host>{_HOST})[\"']?\s*,?\s*\Z")
_TLS = re.compile(
    r"(?i)\b(?:scheme|protocol)[\"'\])>}\s]*(?:=>|[:=>\s])\s*[\"']?https\b"
    r"|(?<![\w.-])[\w.-]*(?:use_?ssl|use_?tls|ssl|tls|https|secure|ssl[._]enabled|tls[._]enabled)[\"'\])>}\s]*(?:=>|[:=>\s])\s*[\"']?(?:true|on|yes|1)\b"
)
_NO_HOSTS = {"host", "hosts", "hostname", "address", "server", "node", "nodes", "port", "true", "false", "null", "none", "new"}
_SECTION = re.compile(r"\s*\[{1,2}[^\]]*\]{1,2}\s*\Z")
_COMMENT = re.compile(r"\s*(?:#(?!define\b)|;|//)")
_LONG = 400  # characters
_NEAR = 6  # lines before and after that may belong to the same setting


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
    numbers, lines = _pieces(_without_comments(text))
    found: dict[tuple[str, str, int], Mention] = {}
    for at, line in enumerate(lines):
        if tokens.search(line) and not _COMMENT.match(line):
            for kind, host, port in _of_line(lines, at, wanted, hosts):
                if not is_one_of(host, ignored):
                    found.setdefault((kind, host, port), Mention(numbers[at], kind, host, port))
    return sorted(found.values(), key=lambda each: each.line)


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


def _of_line(lines: list[str], number: int, ports: frozenset[int], cluster: frozenset[str]) -> Iterator[tuple[str, str, int]]:
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
    for call in _JAVA.finditer(line):
        scheme, host, port = (call["first"] or call["scheme"] or "").lower(), call["host"] or call["name"], int(call["port"])
        if port in ports:
            told = True
            if scheme != "https":
                yield (HTTP if scheme == "http" else BARE), host, port
            elif is_one_of(host, cluster):
                yield HTTPS, host, port
    if told:
        return
    for key in _PORT.finditer(line):
        if int(key["port"]) in ports:
            host = _host_near(lines, number)
            if not _says_tls(lines, number):
                yield SEPARATE, host, int(key["port"])
            elif not host or is_one_of(host, cluster):
                yield HTTPS, host, int(key["port"])
    for host in _hosts_alone(lines, number, cluster):
        if not _says_tls(lines, number) and not _says_port(lines, number):
            yield NO_PORT, host, 0


def _hosts_alone(lines: list[str], number: int, cluster: frozenset[str]) -> list[str]:
    """Hosts of the cluster that are the value of a key, or items of its list, and have no port: many programs take 9200."""
    line = lines[number]
    key, item = _HOST_KEY.search(line), _ITEM.match(line)
    if key:
        candidates = [place["host"] for place in _PLACE.finditer(key["rest"]) if not place["scheme"] and not place["port"]]
    elif item and _is_item_of_hosts(lines, number):
        candidates = [item["host"]]
    else:
        candidates = []
    return [host for host in candidates if is_one_of(host, cluster)]


def _is_item_of_hosts(lines: list[str], number: int) -> bool:
    """Whether the line that begins the list, above, has a key that says hosts."""
    for above in range(number - 1, max(-1, number - 50), -1):
        if not _ITEM.match(lines[above]) and lines[above].strip() and not _COMMENT.match(lines[above]):
            return bool(_LIST_KEY.search(lines[above]))
    return False


def _near(lines: list[str], number: int) -> Iterator[str]:
    """The line, and those around it in the same paragraph, the nearest first; comments say nothing."""
    yield lines[number]
    open_ways = [-1, 1]
    for distance in range(1, _NEAR + 1):
        for way in tuple(open_ways):
            at = number + way * distance
            if not 0 <= at < len(lines) or not lines[at].strip() or _SECTION.match(lines[at]):
                open_ways.remove(way)
            elif not _COMMENT.match(lines[at]):
                yield lines[at]


def _host_near(lines: list[str], number: int) -> str:
    for line in _near(lines, number):
        key = _HOST_KEY.search(line)
        while key:
            if re.search(r"[A-Za-z0-9}]", key["host"]) and key["host"].lower() not in _NO_HOSTS:
                return key["host"]
            key = _HOST_KEY.search(line, key.start("host"))
    return ""


def _says_tls(lines: list[str], number: int) -> bool:
    return any(_TLS.search(line) for line in _near(lines, number))


def _says_port(lines: list[str], number: int) -> bool:
    return any(_PORT.search(line) for line in _near(lines, number))


def _unescaped(line: str) -> str:
    r"""``http\://es1\:9200`` is Java's, ``http:\/\/`` is JSON's, and ``http%3A%2F%2F`` a URL's own way to write it."""
    if "\\" in line:
        line = re.sub(r"\\([/:=])", r"\1", line)
    if "%3" in line:
        line = re.sub("(?i)%3a", ":", re.sub("(?i)%2f", "/", line))
    return line


def _without_comments(text: str) -> str:
    """Of XML only, where the end of a comment is sure; the lines stay where they are."""
    if not text.lstrip("\ufeff \t\r\n").startswith("<"):
        return text
    return re.sub("(?s)<!--.*?-->", lambda found: "\n" * found[0].count("\n"), text)
