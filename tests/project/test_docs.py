# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the pages say of the repository is there: links, names, paths, tests, messages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from documents import PAGES, TOP, anchors, codes, links, passages, table
from known import EVERY_NAME, FILTERS, MODULES, OPTIONS, PUBLIC_PLAYBOOKS, ROLES

NAMES = [str(page.relative_to(TOP)) for page in PAGES]
PATH = re.compile(r"(?:tests|molecule|docs|plugins|roles|playbooks|extensions|changelogs|\.github)/[\w./*-]+")
# A number with the unit of something that is measured. Days and weeks are not among them: they are periods that certificates and people go by.
FIGURE = re.compile(
    r"\b(?:\d[\d.,]*\s?|(?:one|two|three|five|ten|twenty|thirty|half\s+an?|quarter\s+of\s+an)[\s-])"
    r"(?:ms|s|microseconds?|milliseconds?|seconds?|minutes?|hours?|%|[KMG]i?B|times|requests|reloads)(?![\w`])"
    r"|\b\d+\.\d+ \(\d"
)


@pytest.fixture(params=PAGES, ids=NAMES)
def page(request: pytest.FixtureRequest) -> Path:
    return request.param


def test_each_relative_link_leads_to_a_file_and_to_a_heading_of_it(page: Path) -> None:
    wrong = []
    for line, target in links(page):
        if re.match(r"[a-z]+:", target):
            continue
        path, _hash, anchor = target.partition("#")
        to = (page.parent / path).resolve() if path else page
        if not to.exists() or (anchor and anchor not in anchors(to)):
            wrong.append(f"{line}: {target}")
    assert not wrong


def test_each_name_of_the_collection_is_one(page: Path) -> None:
    named = set(re.findall(r"\btlsfront\.elasticsearch\.(\w+)", page.read_text("utf-8")))
    assert named - EVERY_NAME == set()


def test_each_variable_in_the_text_is_an_option(page: Path) -> None:
    """Or a metric, a reason or a part of the collection of a name like that of an option."""
    prefixes = "|".join(["tlsfront", *ROLES])
    named = {code for _line, code in codes(page) if re.fullmatch(rf"(?:{prefixes})_[a-z_]+", code) and not code.startswith("tlsfront_https_check_")}
    assert named - set(OPTIONS) - EVERY_NAME == set()


def test_each_path_in_the_text_is_one_of_the_repository(page: Path) -> None:
    """A word in capitals stands for one that is to be chosen."""
    wrong = []
    for line, code in codes(page):
        for path in PATH.findall(code) if re.match(PATH, code) else []:
            if not re.search(r"[A-Z]{3,}", path.replace("README.md", "")) and not list(TOP.glob(path.rstrip("/."))):
                wrong.append(f"{line}: {path}")
    assert not wrong


def test_each_figure_says_where_it_can_be_seen(page: Path) -> None:
    """A number with a unit of measurement is in a passage (a paragraph with the table behind it, or an entry of a list) that names where the number can be
    held against something: a file of the repository that measures or sets it (tests/bench/..., molecule/..., a role's template), or the option that it is a
    value of. What is generated from tests needs none."""
    if page.name == "reasons.md":
        return
    wrong = []
    for line, text in passages(page):
        said = re.sub(r"`[^`]*`", "", text)
        figure = FIGURE.search(said)
        names = re.findall(r"`([^`]+)`|\]\(([^)]+)\)", text)
        if figure and not any(code.split(":")[0].split(" ")[0] in OPTIONS or PATH.match(code or link.lstrip("./")) for code, link in names):
            wrong.append(f"{line}: {figure[0]}")
    assert not wrong


def test_the_contents_name_every_part() -> None:
    text = (TOP / "docs/contents.md").read_text("utf-8")
    documented = {name for name, about in FILTERS.items() if not about.startswith("Internal")}
    for heading, names in {"Playbooks": PUBLIC_PLAYBOOKS, "Roles": ROLES, "Modules": MODULES, "Filters": documented}.items():
        told = {name for row in table(TOP / "docs/contents.md", heading) for name in re.findall(r"`(?:tlsfront\.elasticsearch\.)?(\w+)`", row[0])}
        assert told == set(names), heading
    assert "`tlsfront.elasticsearch.drift`" in text


def test_the_index_names_every_page() -> None:
    index = TOP / "docs/README.md"
    told = {target for _line, target in links(index)}
    assert {str(path.relative_to(index.parent)) for path in TOP.glob("docs/*.md")} - told == {"README.md"}


def test_the_readme_is_of_one_screen() -> None:
    assert len((TOP / "README.md").read_text("utf-8").splitlines()) <= 85


def exists(test: str) -> bool:
    """Whether FILE::NAME is a test, or a task or play of a scenario."""
    file, _colons, name = test.partition("::")
    text = (TOP / file).read_text("utf-8") if (TOP / file).is_file() else ""
    if file.endswith(".py"):
        return re.search(rf"^def {re.escape(name)}\(", text, re.MULTILINE) is not None
    return any(re.match(rf" *- name: {re.escape(name)}(?: #.*)?$", line) for line in text.splitlines())


def test_each_row_of_the_threat_model_names_tests_that_exist() -> None:
    rows = table(TOP / "docs/threat-model.md", "What each layer does") + table(TOP / "docs/threat-model.md", "What goes wrong on the way")
    assert len(rows) >= 10
    for row in rows:
        tests = re.findall(r"`((?:tests|molecule)/[^`]+)`", row[-1])
        assert tests, row[0]
        assert [test for test in tests if not exists(test)] == [], row[0]


def sources() -> str:
    """All texts of the collection, with those that were split over lines put together again."""
    files = [path for place in ("plugins", "roles", "playbooks") for path in (TOP / place).rglob("*") if path.suffix in (".py", ".yml")]
    text = "\n".join(path.read_text("utf-8") for path in sorted(files))
    text = re.sub(r'(?<!\\)"\n\s*(?:#.*\n\s*)*f?"', "", text)
    return re.sub(r"\s*\\?\n\s*\\?", " ", text).replace("\\", "")


def test_each_message_of_the_troubleshooting_is_one_of_the_collection() -> None:
    """What stands for a value is written as "..."."""
    messages = [row[0] for row in table(TOP / "docs/troubleshooting.md", "Messages of the playbooks and roles")]
    assert messages
    text = sources()
    parts = {part.strip() for message in messages for said in re.findall(r"`([^`]+)`", message) for part in said.split("...")} - {""}
    assert {part for part in parts if part not in text} == set()


def test_each_reason_of_the_troubleshooting_is_one() -> None:
    reasons = anchors(TOP / "docs/reasons.md")
    told = {name for row in table(TOP / "docs/troubleshooting.md", "By the reason that https_check gives") for name in re.findall(r"`([a-z_]+)`", row[0])}
    assert told and told <= reasons


def test_defaults_in_the_table_of_variables_are_the_specified_ones() -> None:
    wrong = []
    for cells in (row for row in table_of_variables() if re.fullmatch(r"`[^`]+`", row[1])):
        default = OPTIONS[cells[0].strip("`")].get("default")
        if default is not None and yaml.safe_load(cells[1].strip("`")) != default:
            wrong.append(cells[0])
    assert not wrong


def table_of_variables() -> list[list[str]]:
    lines = (TOP / "docs/variables.md").read_text("utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]
