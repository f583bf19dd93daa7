# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes tests/unit/roles/https_front/api_paths.tsv anew: every path of the APIs of Elasticsearch and OpenSearch.

    python tests/support/api_paths.py

The paths are those of the projects' own clients for Node.js, which are generated from the servers' API specifications and carry every path as
code; npm fetches them. For a newer one, change its version in CLIENTS, and its hash to what this then says. What stands in the column "reads" is
kept: it is judged by people. A new path gets "?", with which the test fails until somebody has looked at what it does.
"""

from __future__ import annotations

import base64
import collections
import hashlib
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

TABLE = Path(__file__).resolve().parents[1] / "unit/roles/https_front/api_paths.tsv"
CLIENTS = {
    "e5": ("@elastic/elasticsearch@5.6.22", "sha512-jg5VnRSFUQREi4gPQ773nKb3t4IaUsdAGJr5AAtOL2Mj2RSVDFKclPONjEMItcsBxDWdhDWZfhaFC/ymjCEQeA=="),
    "e6": ("@elastic/elasticsearch@6.8.8", "sha512-51Jp3ZZ0oPqYPNlPG58XJ773MqJBx91rGNWCgVvy2UtxjxHsExAJooesOyLcoADnW0Dhyxu6yB8tziHnmyl8Vw=="),
    "e7": ("@elastic/elasticsearch@7.17.14", "sha512-6uQ1pVXutwz1Krwooo67W+3K8BwH1ASMh1WoHTpomUzw8EXecXN5lHIJ9EPqTHuv1WqR2LKkSJyagcq0HYUJpg=="),
    "e8": ("@elastic/elasticsearch@8.19.2", "sha512-LMJCju/+AZkDlJArd/MYABWTDrHi4U7j3qGTKi1hYC7+67SaiYmYFItiueACQVrj2j3ECPMcguZ+7WrZeB+Z5g=="),
    "e9": ("@elastic/elasticsearch@9.5.1", "sha512-2ZZqCmgGPjSYn+OphFRYm9g46KVINA0i8fRmlPHJC60RvJeFB6NSHO0nKKOOYhm3WRXyGkLu1xkdXe724fnmnA=="),
    "o1": ("@opensearch-project/opensearch@1.2.0", "sha512-bX0aUz5e7rlY1lKz1rFrqnNbl/l1CHvvysYB2Jn+C3WNs7nL6FnQjuxLhGwyRdW9W1bFokDoOVgPMIOi/Nn9/g=="),
    "o2": ("@opensearch-project/opensearch@2.13.0", "sha512-Bu3jJ7pKzumbMMeefu7/npAWAvFu5W9SlbBow1ulhluqUpqc7QoXe0KidDrMy7Dy3BQrkI6llR3cWL4lQTZOFw=="),
    "o3": ("@opensearch-project/opensearch@3.9.0", "sha512-ksIEi0wyIjVncfRwaxt5v6H4qL1aQO2eE3MxKyXGCLnR70YTSCDp+JGhdx2LpyMjtCFvr71DWtYQg9SK3pcNnA=="),
}


def placeholder(expression: str) -> str:
    """encodeURIComponent(params.scrollId.toString()), or what else the clients write, as {scroll_id}."""
    words = re.findall(r"[A-Za-z_]+", re.sub(r"encodeURIComponent|params|toString", "", expression))
    return "{" + re.sub(r"(?<!^)([A-Z])", r"_\1", words[0]).lower() + "}"


def written(expression: str) -> Iterator[str]:
    """The paths that one expression of JavaScript makes."""
    # a list may be filtered and joined in the next line
    listed = re.match(r"\[(.*)\](?:\.filter\(.*\))?(?:\.join\('/'\))?$", expression)
    if listed:
        # a part that is not given is left out
        first, *rest = (part.strip() for part in listed.group(1).split(","))
        found = [first.strip("'")]
        for part in rest:
            longer = [path + "/" + (part.strip("'") if part[0] == "'" else placeholder(part)) for path in found]
            found = longer if part[0] == "'" else found + longer
        yield from (path if path[0] == "/" else "/" + path for path in found if path)
    elif expression[0] == "`":
        yield re.sub(r"\$\{(.+?)\}", lambda match: placeholder(match.group(1)), expression.strip("`"))
    else:
        parts = re.findall(r"'[^']*'|[^'+\s][^'+]*", expression)
        yield "".join(part.strip("'") if part[0] == "'" else placeholder(part) for part in parts)


def paths(source: str) -> list[tuple[str, set[str]]]:
    """Each path of a client's file, with the methods that the client uses for it: they are set before the path or after it."""
    found: list[tuple[str, set[str]]] = []
    methods: set[str] = set()
    for line in source.splitlines():
        if re.search(r"\bfunction\b", line) and not line.lstrip().startswith("*"):
            methods = set()
        assigned = re.match(r"\s*(?:const |let |var |if \(.*\) )?(method|path) = (.+?);?$", line)
        if assigned and assigned.group(1) == "method":
            methods = set(re.findall(r"'([A-Z]+)'", assigned.group(2)))
            for _path, of_path in found:
                if not of_path:
                    of_path.update(methods)
        elif assigned and assigned.group(2) not in ("''", '""'):
            for path in written(assigned.group(2)):
                assert re.fullmatch(r"(/|(/(\{[a-z_]+\}|[A-Za-z_.-][\w.-]*))+)", path), (line, path)
                found.append((path, set(methods)))
    return found


def shape(path: str) -> str:
    return re.sub(r"\{[a-z_]+\}", "{}", path)


def main() -> None:
    spelled: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    series_of: dict[str, set[str]] = collections.defaultdict(set)
    methods_of: dict[str, set[str]] = collections.defaultdict(set)
    with tempfile.TemporaryDirectory() as place:
        for series, (client, wanted) in CLIENTS.items():
            command = ["npm", "pack", "--silent", "--ignore-scripts", client]
            packed = Path(place) / subprocess.run(command, cwd=place, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
            has = "sha512-" + base64.b64encode(hashlib.sha512(packed.read_bytes()).digest()).decode()
            if has != wanted:
                sys.exit(f"{client} is {has}, not {wanted}")
            with tarfile.open(packed) as archive:
                for member in archive:
                    if not re.search(r"/api/.*\.js$", member.name) or "/esm/" in member.name:
                        continue
                    file = archive.extractfile(member)
                    for path, methods in paths(file.read().decode() if file else ""):
                        spelled[shape(path)][path] += 1
                        series_of[shape(path)].add(series)
                        methods_of[shape(path)] |= methods
    judged = {}
    if TABLE.exists():
        for line in TABLE.read_text().splitlines():
            if line.startswith("/"):
                path, _series, _methods, reads = line.split("\t")
                judged[shape(path)] = reads
    lines = [
        "# Made by tests/support/api_paths.py from " + ", ".join(f"{client} ({series})" for series, (client, _hash) in CLIENTS.items()),
        "# reads: methods by which a user who may only read may use it, of those that the path has; HEAD goes as GET does; - is none",
        "# path\tin\tmethods\treads",
    ]
    for key in sorted(spelled):
        path = spelled[key].most_common(1)[0][0]
        lines.append("\t".join((path, ",".join(sorted(series_of[key])), ",".join(sorted(methods_of[key])), judged.get(key, "?"))))
    TABLE.write_text("\n".join(lines) + "\n")
    print(f"{len(spelled)} paths, {sum(line.endswith('?') for line in lines)} of them to be judged")


if __name__ == "__main__":
    main()
