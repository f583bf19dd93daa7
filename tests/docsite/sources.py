# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lays out what Sphinx reads: ``sources.py DIRECTORY``, where antsibull-docs has written ``reference`` already.

Files keep their paths, so that their links lead to the same as on GitHub. The page of the playbooks is made of their first lines and of
``playbooks/meta/argument_specs.yml``.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import partial
from itertools import groupby
from pathlib import Path
from textwrap import indent
from typing import Any

import yaml
from antsibull_docs_parser.parser import Context, parse
from antsibull_docs_parser.rst import rst_escape, to_rst

HERE = Path(__file__).parent
TOP = HERE.parents[1]
GUIDES = ["README.md", "CHANGELOG.md", "docs/*.md", "roles/*/README.md"]
# how their names begin: these stand first, all others follow by name
FIRST = ["README", "quickstart", "observe", "discover", "clients", "cloud", "nodes", "rotation"]
ENTRY_POINT = r"(?=^\.\. _ansible_collections\.[\w.]+__entrypoint-(\w+):$)"
PARAMETERS = re.compile(r"^Parameters\n\^+\n.*", re.MULTILINE | re.DOTALL)


def lay_out(target: Path) -> None:
    for file in sorted(file for guide in GUIDES for file in TOP.glob(guide)):
        copy = target / file.relative_to(TOP)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)
    shutil.copytree(HERE / "pages", target, dirs_exist_ok=True)
    roles = sorted(path.name for path in (TOP / "roles").iterdir())
    change(target / "index.md", lambda text: text.replace("@guides@", "\n".join(guides())))
    change(target / "index.md", lambda text: text.replace("@roles@", "\n".join(f"{role} <roles/{role}/README>" for role in roles)))
    for role in roles:
        change(target / f"roles/{role}/README.md", partial(with_options, role))
        change(target / f"reference/{role}_role.rst", partial(with_guide, role))
    for page in target.glob("reference/*.rst"):
        change(page, without_contents)
    change(target / "reference/index.rst", short_titles)
    (target / "playbooks.rst").write_text(playbooks_page(), "utf-8")


def change(page: Path, how: Callable[[str], str]) -> None:
    page.write_text(how(page.read_text("utf-8")), "utf-8")


def guides() -> list[str]:
    """The pages of the guides, in the order of the sidebar."""
    names = sorted(file.stem for file in (TOP / "docs").glob("*.md"))
    place = {name: next((at for at, begin in enumerate(FIRST) if name.startswith(begin)), len(FIRST)) for name in names}
    return [f"docs/{name}" for name in sorted(names, key=place.__getitem__)]


def with_options(role: str, text: str) -> str:
    """A role's guide, with the page of its options behind its title."""
    title, rest = text.split("\n", 1)
    return f"{title}\n\nAll options: {{doc}}`/reference/{role}_role`.\n{rest}"


def with_guide(role: str, text: str) -> str:
    """The page of a role's options, with its guide before them."""
    return once_described(text).replace("\n.. contents::", f"\n.. seealso:: The guide: :doc:`/roles/{role}/README`\n\n.. contents::", 1)


def without_contents(text: str) -> str:
    """The theme has a page's contents beside it."""
    return re.sub(r"^\.\. contents::\n(?:   :.*\n)*", "", text, flags=re.MULTILINE)


def once_described(text: str) -> str:
    """A role's page with main first. The other entry points take the same options (tests/project/test_roles.py), and refer to it for them."""
    body, line, end = text.partition("\n.. Extra links\n")
    head, *parts = re.split(ENTRY_POINT, body, flags=re.MULTILINE)
    entry_points = dict(zip(parts[::2], parts[1::2], strict=True))
    main = entry_points.pop("main")
    label = re.search(r"_(ansible_collections\S+):", main)
    assert label
    same = f"Parameters\n^^^^^^^^^^\n\nThose of the entry point :ref:`main <{label[1]}>`.\n\n"
    others = [PARAMETERS.sub(same, part).replace(f"#role:{name}:", "#role:main:") for name, part in entry_points.items()]
    return head + main + "".join(others) + line + end


def short_titles(text: str) -> str:
    """The collection's page as a page of this site, and its pages in the sidebar by name: their titles are sentences."""
    text = re.sub(r"^Tlsfront\.Elasticsearch\n=+$", "Modules, filters and roles\n==========================", text, flags=re.MULTILINE)
    return re.sub(r"^    (\w+)_(module|filter|role|callback)$", r"    \1 \2 <\1_\2>", text, flags=re.MULTILINE)


def playbooks_page() -> str:
    """Every playbook that a user runs: one whose first lines have a command. The others are parts of these."""
    options = yaml.safe_load((TOP / "playbooks/meta/argument_specs.yml").read_text("utf-8"))["argument_specs"]["main"]["options"]
    parts = ["Playbooks\n=========\n"]
    for file in sorted((TOP / "playbooks").glob("*.yml"), key=lambda file: (file.stem != "site", file.stem)):
        comment = re.match(r"---\n((?:#.*\n)+)", file.read_text("utf-8"))
        lines = [line.removeprefix("#").removeprefix(" ") for line in comment[1].splitlines()] if comment else []
        if not any(line.startswith("  ansible-playbook ") for line in lines):
            continue
        parts.append(f".. _playbook-{file.stem}:\n\n{file.stem}\n{'-' * len(file.stem)}\n")
        parts += [paragraph + "\n" for paragraph in paragraphs(lines, options)]
    parts.append("Variables\n---------\n\nWhat the playbooks take and several roles read. Roles have options of their own, which begin with the role's name.\n")
    parts += [variable(name, option) for name, option in options.items()]
    return "\n".join(parts)


def paragraphs(lines: list[str], options: dict[str, Any]) -> Iterator[str]:
    """A comment as reStructuredText: what is indented in it is a command, or a list of variables."""
    for indented, block in blocks(lines):
        if not indented:
            yield prose(" ".join(block))
        elif block[0].startswith("ansible-playbook "):
            yield ".. code-block:: console\n\n" + indent("\n".join(block), "   ")
        else:
            for item in re.split(r"\n(?! )", "\n".join(block)):
                name, _, text = re.sub(r"\s*\n\s+", " ", item).partition(" ")
                yield f"- :confval:`{name}`: {prose(text.strip())}" if name in options else f"- ``{name}``: {prose(text.strip())}"


def blocks(lines: list[str]) -> Iterator[tuple[bool, list[str]]]:
    """Lines that belong together, and whether they are indented."""
    for is_indented, group in groupby(lines, key=lambda line: line.startswith("  ")):
        yield is_indented, [line.removeprefix("  ") for line in group]


def prose(text: str) -> str:
    """Plain text; names in it as code, guides as links."""
    pieces = re.split(r"(docs/\w+\.md|tlsfront\.elasticsearch\.\w+|\b[a-z]+(?:_[a-z]+)+\b|(?<!\S)--[a-z-]+|\*\.log[^\s,;]*|/\*)", text)
    return "".join(code(piece) if number % 2 else rst_escape(piece) for number, piece in enumerate(pieces))


def code(name: str) -> str:
    guide = re.fullmatch(r"docs/(\w+)\.md", name)
    return f":doc:`/docs/{guide[1]}`" if guide else f"\\ ``{name}``\\ "


def variable(name: str, option: dict[str, Any]) -> str:
    about = [f":type: {kind(option)}"] + ([f":default: {default(option)}"] if "default" in option else [])
    keys = [f"``{key}`` ({facts(each)})\n{indent(description(each), '   ')}\n" for key, each in option.get("options", {}).items()]
    return f".. confval:: {name}\n" + indent("\n".join([*about, "", description(option), "", *keys]), "   ") + "\n"


def kind(option: dict[str, Any]) -> str:
    return option["type"] + (f" of {option['elements']}" if "elements" in option else "")


def default(option: dict[str, Any]) -> str:
    return f"``{json.dumps(option['default'])}``"


def facts(option: dict[str, Any]) -> str:
    return kind(option) + (", required" if option.get("required") else "") + (f", default {default(option)}" if "default" in option else "")


def description(option: dict[str, Any]) -> str:
    said = option["description"]
    text = to_rst(parse([said] if isinstance(said, str) else said, Context()))
    return text + ("\n\nOne of " + ", ".join(f"``{choice}``" for choice in option["choices"]) + "." if "choices" in option else "")


if __name__ == "__main__":
    lay_out(Path(sys.argv[1]))
