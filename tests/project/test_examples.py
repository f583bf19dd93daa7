# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Each block of code in the pages is read by what its language is read by, and what it says of the collection is held against the collection."""

from __future__ import annotations

import ast
import configparser
import json
import re
import shlex
import subprocess
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.cli.adhoc import AdHocCLI
from ansible.cli.doc import DocCLI
from ansible.cli.galaxy import GalaxyCLI
from ansible.cli.inventory import InventoryCLI
from ansible.cli.playbook import PlaybookCLI
from ansible.cli.vault import VaultCLI
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.splitter import parse_kv
from ansible.playbook.handler import Handler
from ansible.playbook.play import Play
from ansible.playbook.role.include import RoleInclude
from documents import PAGES, TOP, Block, blocks, codes
from known import OPTIONS, PUBLIC_PLAYBOOKS, ROLES, SCENARIOS

OURS = "tlsfront.elasticsearch."
VARIABLE = re.compile(rf"(?:{'|'.join(['tlsfront', *ROLES])})_[a-z_]+")
ANSIBLE = {"ansible": AdHocCLI, "ansible-doc": DocCLI, "ansible-galaxy": GalaxyCLI, "ansible-inventory": InventoryCLI, "ansible-vault": VaultCLI}
# whose syntax is not held against anything here
OTHERS = {"ansible-rulebook", "aws", "cat", "cd", "cp", "curl", "gcloud", "java", "journalctl", "nft", "nginx", "pip"}
# files of other programs, by the name in the first line of a block
FOREIGN = {"alertmanager.yml", "alerts.yml", "elasticsearch.yml", "prometheus.yml"}


# YAML

def variables_in(value: Any) -> Iterator[tuple[str, Any]]:
    """Variables of the collection that are set anywhere in it, with their values."""
    if isinstance(value, list):
        for item in value:
            yield from variables_in(item)
    elif isinstance(value, dict):
        for name, content in value.items():
            if isinstance(name, str) and VARIABLE.fullmatch(name):
                yield name, content
            yield from variables_in(content)


def wrong_variable(name: str, value: Any) -> str | None:
    """What is wrong with a variable and its value, by its specification. The value of an expression is not known."""
    if name not in OPTIONS:
        return f"{name} is no option"
    if "{{" in str(value):
        return None
    errors = ArgumentSpecValidator({name: OPTIONS[name]}).validate({name: value}).error_messages
    return "; ".join(errors) or None


@cache
def documented(module: str) -> dict[str, Any] | None:
    """Options of a module by its documentation, as an argument specification; None if there is no such module."""
    done = subprocess.run(["ansible-doc", "--json", "-t", "module", module], capture_output=True, text=True, check=False)
    found = json.loads(done.stdout or "{}").get(module) if done.returncode == 0 else None
    return found and specification(found["doc"].get("options", {}))


def specification(options: dict[str, Any]) -> dict[str, Any]:
    kept = ("type", "elements", "choices", "aliases")
    return {
        name: {key: option[key] for key in kept if key in option} | ({"options": specification(option["suboptions"])} if "suboptions" in option else {})
        for name, option in options.items()
    }


def wrong_task(task: dict[str, Any]) -> Iterator[str]:
    for inner in ("block", "rescue", "always"):
        for each in task.get(inner, []):
            yield from wrong_task(each)
    actions = [key for key in task if key not in Handler.fattributes and not key.startswith("with_") and key not in ("block", "rescue", "always")]
    if len(actions) != 1:
        if "block" not in task:
            yield f"a task has one module, and not {actions}"
        return
    module, given = actions[0], task[actions[0]] or {}
    options = documented(module)
    if options is None:
        yield f"there is no module {module}"
        return
    plain = {name: value for name, value in given.items() if "{{" not in str(value)}
    known = {*options, *(alias for option in options.values() for alias in option.get("aliases", []))}
    if module != "ansible.builtin.set_fact":  # whose options are the facts
        yield from (f"{module} has no option {name}" for name in given if name not in known)
    yield from (f"{module}: {text}" for text in ArgumentSpecValidator(options).validate({n: v for n, v in plain.items() if n in known}).error_messages)
    if module.endswith((".include_role", ".import_role")):
        yield from wrong_role(given["name"], given.get("tasks_from", "main"))


def wrong_role(name: str, part: str = "main") -> Iterator[str]:
    if not (TOP / "roles" / name.removeprefix(OURS) / "tasks" / f"{part}.yml").is_file() or not name.startswith(OURS):
        yield f"there is no role {name} with the part {part}"


def wrong_play(play: dict[str, Any]) -> Iterator[str]:
    imported = play.get("ansible.builtin.import_playbook")
    if imported is not None:
        yield from (f"{key} does not go with import_playbook" for key in play if key not in ("name", "vars", "when", "tags", "ansible.builtin.import_playbook"))
        if imported.removeprefix(OURS) not in PUBLIC_PLAYBOOKS:
            yield f"there is no playbook {imported}"
        return
    yield from (f"a play has no {key}" for key in play if key not in Play.fattributes)
    for role in play.get("roles", []):
        yield from wrong_role(role["role"])
        own = role["role"].removeprefix(OURS)
        yield from (f"{own} has no {key}" for key in role if key not in RoleInclude.fattributes and key != "role" and not key.startswith(f"{own}_"))
    for tasks in ("tasks", "pre_tasks", "post_tasks", "handlers"):
        for task in play.get(tasks, []):
            yield from wrong_task(task)


def wrong_inventory(groups: dict[str, Any]) -> Iterator[str]:
    for name, group in groups.items():
        yield from (f"{name}: a group has no {key}" for key in group if key not in ("hosts", "vars", "children"))
        yield from wrong_inventory(group.get("children") or {})


def wrong_yaml(block: Block) -> Iterator[str]:
    first = re.match(r"# (?:\S*/)?([\w.]+\.yml)\b", block.text)
    file = first[1] if first else ""
    loaded = yaml.safe_load(block.text)
    if file in FOREIGN:
        return
    for name, value in variables_in(loaded):
        problem = wrong_variable(name, value)
        if problem:
            yield problem
    if isinstance(loaded, list):
        for item in loaded:
            yield from wrong_play(item) if item.keys() & {"hosts", "ansible.builtin.import_playbook"} else wrong_task(item)
    elif file == "inventory.yml":
        yield from wrong_inventory(loaded)
    elif set(loaded) <= {"handlers", "tasks"}:
        yield from (problem for tasks in loaded.values() for task in tasks for problem in wrong_task(task))
    else:
        unknown = [key for key in loaded if not VARIABLE.fullmatch(key) and not re.fullmatch(r"ansible_\w+|vault_\w+", key)]
        yield from (f"{key} is no variable; if this is a file of another program, name it in the first line" for key in unknown)


# Commands

def commands(text: str) -> Iterator[list[str]]:
    """Each simple command of a script as its words, without the variables that are set for it."""
    lexer = shlex.shlex(text.replace("\\\n", " "), posix=True, punctuation_chars=";&|\n")
    lexer.whitespace = " \t"
    lexer.whitespace_split = True
    words: list[str] = []
    for word in [*lexer, ";"]:
        if word and set(word) <= set(";&|\n"):
            while words and re.match(r"[A-Z0-9_]+=", words[0]):
                words.pop(0)
            if words:
                yield words
            words = []
        else:
            words.append(word)


def parser(program: str) -> ArgumentParser:
    cli = {"ansible-playbook": PlaybookCLI, **ANSIBLE}[program]([program])
    cli.init_parser()
    return cli.parser


def wrong_command(words: list[str], own_files: set[str]) -> Iterator[str]:
    program, given = words[0], words[1:]
    if program == "sudo":
        yield from wrong_command(given, own_files)
    elif program in ("ansible-playbook", *ANSIBLE):
        try:
            arguments = parser(program).parse_args(given)
        except SystemExit:
            yield f"{program} does not take {' '.join(given)}"
            return
        if program == "ansible-playbook":
            yield from (f"there is no playbook {name}" for name in arguments.args if name.removeprefix(OURS) not in PUBLIC_PLAYBOOKS and name not in own_files)
        for said in getattr(arguments, "extra_vars", None) or []:
            values = {} if said.startswith("@") else json.loads(said) if said.startswith("{") else parse_kv(said)
            yield from filter(None, (wrong_variable(name, value) for name, value in values.items()))
    elif program == "tests/run":
        yield from (f"tests/run has no {word}" for word in given if word not in ("quick", *SCENARIOS) and not word.isupper())
    elif program in ("python", "python3") or re.match(r"(tests|extensions)/", program):
        file = TOP / (given.pop(0) if program.startswith("python") else program)
        text = "".join(path.read_text("utf-8") for path in [file, *file.parent.glob("*.py")] if path.is_file())
        if not file.is_file():
            yield f"there is no {file.relative_to(TOP)}"
        unknown = [word for word in given if word.startswith("--") and word.split("=")[0].strip("-") not in text]
        if program == "extensions/drift/tlsfront-drift":  # which hands on to ansible-playbook what it does not know
            yield from wrong_command(["ansible-playbook", *(word for word in given if not word.startswith("--") or word in unknown), f"{OURS}site"], own_files)
        else:
            yield from (f"{file.relative_to(TOP)} has no {word}" for word in unknown)
    elif program not in OTHERS:
        yield f"{program} is not known here"


def wrong_script(text: str, page: Path) -> Iterator[str]:
    checked = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False)
    if checked.returncode:
        yield checked.stderr
        return
    # a page shows the playbooks of the reader's own that its commands run
    own_files = {match[1] for block in blocks(page) if (match := re.match(r"# (\S+\.yml)\b", block.text))}
    for words in commands(re.sub(r"(?m)(^|\s)#.*$", "", text)):
        yield from wrong_command(words, own_files)


def typed(text: str) -> str:
    """What is typed in a block of console: what stands behind the prompt, with lines that a backslash continues."""
    return "\n".join(re.findall(r"(?m)^\$ ((?:.*\\\n)*.*)$", text))


def wrong_console(block: Block) -> Iterator[str]:
    if not typed(block.text):
        yield "nothing stands behind a prompt"
    yield from wrong_script(typed(block.text), block.page)


# The other languages

def wrong_python(block: Block) -> Iterator[str]:
    try:
        ast.parse(block.text)
    except SyntaxError as error:
        yield str(error)


def wrong_ini(block: Block) -> Iterator[str]:
    try:
        configparser.RawConfigParser().read_string("[none]\n" + block.text)
    except configparser.Error as error:
        yield str(error)


def wrong_crontab(block: Block) -> Iterator[str]:
    for line in block.text.splitlines():
        match = re.match(r"(?:[\d*/,-]+ ){5}(.+)$", line)
        if not match:
            yield f"no line of a crontab: {line}"
        elif subprocess.run(["bash", "-n", "-c", match[1]], check=False).returncode:
            yield f"no command: {match[1]}"


LANGUAGES: dict[str, Callable[[Block], Iterator[str]]] = {
    "console": wrong_console,
    "crontab": wrong_crontab,
    "ini": wrong_ini,
    "python": wrong_python,
    "sh": lambda block: wrong_script(block.text, block.page),
    "text": lambda block: iter(()),  # what a program has printed
    "yaml": wrong_yaml,
}


@pytest.mark.parametrize("block", [block for page in PAGES for block in blocks(page)], ids=str)
def test_each_block_is_what_it_says_it_is(block: Block) -> None:
    assert block.language in LANGUAGES, "name the language; text is what a program has printed"
    assert list(LANGUAGES[block.language](block)) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TOP)))
def test_each_command_in_the_text_can_be_run(page: Path) -> None:
    wrong = []
    for line, code in codes(page):
        if re.match(r"(?:ansible[\w-]*|tests/\S+|python tests/\S+) ", code):
            wrong += [f"{line}: {problem}" for problem in wrong_script(code, page)]
    assert not wrong


@pytest.mark.parametrize(
    ("language", "text", "says"),
    {
        "yaml of none": ("yaml", "a: [", "flow"),
        "a variable": ("yaml", "tlsfront_client: []", "is no option"),
        "its type": ("yaml", "tlsfront_https_port: x", "tlsfront_https_port"),
        "a choice": ("yaml", "certificate_source: none", "certificate_source"),
        "a module": ("yaml", "- tlsfront.elasticsearch.http_check:\n    endpoints: []", "no module"),
        "an option": ("yaml", "- tlsfront.elasticsearch.https_check:\n    endpoint: []", "no option endpoint"),
        "its value": ("yaml", "- tlsfront.elasticsearch.https_check:\n    timeout: soon", "timeout"),
        "a role": ("yaml", "- hosts: all\n  roles: [{role: tlsfront.elasticsearch.front}]", "no role"),
        "a part": ("yaml", "- ansible.builtin.include_role: {name: tlsfront.elasticsearch.certificate, tasks_from: begin}", "no role"),
        "a playbook": ("yaml", "- ansible.builtin.import_playbook: tlsfront.elasticsearch.sites", "no playbook"),
        "a keyword": ("yaml", "- hosts: all\n  serials: 1", "no serials"),
        "a file": ("yaml", "scrape_configs: []", "name it"),
        "a group": ("yaml", "# inventory.yml\nelasticsearch:\n  host: {}", "no host"),
        "a shell": ("console", "$ tests/demo 'a", "unexpected EOF"),
        "a prompt": ("console", "tests/demo", "prompt"),
        "a command": ("console", "$ tests/demos", "no tests/demos"),
        "an option of it": ("console", "$ tests/demo --keeps", "no --keeps"),
        "a scenario": ("console", "$ LAB_NET=60 tests/run defaults", "no defaults"),
        "a run": ("console", "$ true; ansible-playbook -i a tlsfront.elasticsearch.sites", "no playbook"),
        "its option": ("console", "$ ansible-playbook --limits a tlsfront.elasticsearch.site", "does not take"),
        "its variable": ("console", "$ ansible-playbook tlsfront.elasticsearch.site -e tlsfront_observed=1", "is no option"),
        "its value again": ("console", """$ ansible-playbook tlsfront.elasticsearch.site -e '{"tlsfront_https_port": []}'""", "tlsfront_https_port"),
        "python": ("python", "a = (", "never closed"),
        "ini": ("ini", "a", "parsing errors"),
        "crontab": ("crontab", "17 * * * true", "no line"),
    }.values(),
)
def test_what_is_wrong_is_found(language: str, text: str, says: str) -> None:
    block = Block(TOP / "README.md", 1, language, text)
    try:
        found = list(LANGUAGES[language](block))
    except yaml.YAMLError as error:
        found = [str(error)]
    assert [problem for problem in found if says in problem], found
