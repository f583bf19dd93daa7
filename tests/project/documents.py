# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The pages that users and contributors read, taken apart by a parser of Markdown."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

TOP = Path(__file__).resolve().parents[2]
PAGES = sorted([TOP / "README.md", TOP / "CONTRIBUTING.md", *TOP.glob("docs/**/*.md"), *TOP.glob("roles/*/README.md")])
_PARSER = MarkdownIt("commonmark").enable("table")


@dataclass(frozen=True)
class Block:
    """A block of code."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(TOP)}:{self.line}"


def _tokens(page: Path) -> list[Token]:
    return _PARSER.parse(page.read_text("utf-8"))


def _inlines(page: Path) -> list[tuple[int, Token]]:
    return [(token.map[0] + 1 if token.map else 0, child) for token in _tokens(page) for child in token.children or ()]


def blocks(page: Path) -> list[Block]:
    """Those that are fenced, and those that are only indented, which have no language."""
    found = [token for token in _tokens(page) if token.type in ("fence", "code_block")]
    return [Block(page, token.map[0] + 1 if token.map else 0, token.info.strip(), token.content) for token in found]


def links(page: Path) -> list[tuple[int, str]]:
    """The target of each link, with its line."""
    found = [(line, child.attrGet("href")) for line, child in _inlines(page) if child.type == "link_open"]
    return [(line, str(target)) for line, target in found]


def codes(page: Path) -> list[tuple[int, str]]:
    """What is set as code within the text, with its line."""
    return [(line, child.content) for line, child in _inlines(page) if child.type == "code_inline"]


def anchors(page: Path) -> set[str]:
    """Names of the headings of a page, as GitHub makes them."""
    tokens = _tokens(page)
    found: set[str] = set()
    seen: Counter[str] = Counter()
    for heading, inline in zip(tokens, tokens[1:], strict=False):
        if heading.type == "heading_open":
            text = "".join(child.content for child in inline.children or () if child.type in ("text", "code_inline"))
            name = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
            found.add(f"{name}-{seen[name]}" if seen[name] else name)
            seen[name] += 1
    return found


def passages(page: Path) -> list[tuple[int, str]]:
    """The text in parts that stand by themselves, with the line of each: a paragraph with the table behind it, or an entry of a list."""
    lines = page.read_text("utf-8").splitlines()
    found: list[tuple[int, str]] = []
    for token in _tokens(page):
        if token.map is None or token.type not in ("paragraph_open", "table_open", "list_item_open") or (token.level and token.type != "list_item_open"):
            continue
        text = "\n".join(lines[slice(*token.map)])
        if token.type == "table_open" and found:
            found[-1] = (found[-1][0], f"{found[-1][1]}\n{text}")
        else:
            found.append((token.map[0] + 1, text))
    return found


def table(page: Path, heading: str) -> list[list[str]]:
    """The rows of each table below a heading, without their heads."""
    text = page.read_text("utf-8")
    below = re.split(r"^## ", text[text.index(f"## {heading}\n") + 3 :], maxsplit=1, flags=re.MULTILINE)[0]
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip()[1:-1])] for line in below.splitlines() if line.startswith("|")]
    rules = [place for place, row in enumerate(rows) if set("".join(row)) <= set("-: ")]
    return [row for place, row in enumerate(rows) if place not in rules and place + 1 not in rules]
