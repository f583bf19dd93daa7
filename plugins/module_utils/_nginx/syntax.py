# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The syntax of nginx's configuration: read as nginx reads it, and texts quoted for it.

Nothing of it is documented but by the code: https://github.com/nginx/nginx/blob/release-1.26.3/src/core/ngx_conf_file.c, ngx_conf_read_token()
"""

from __future__ import annotations

import re
import typing as t

__all__ = ["BadSyntax", "Directive", "hash_bucket_size", "parse", "quote"]

_ESCAPED = {"t": "\t", "r": "\r", "n": "\n", '"': '"', "'": "'", "\\": "\\"}
_LUA = re.compile(r"_by_lua_block\s*\{")
_BRACE = re.compile("[{}]")
_SPACE = " \t\r\n"
_LONGEST = 4096 - 3  # of a token with its quotes, in bytes: NGX_CONF_BUFFER


class BadSyntax(ValueError):
    """nginx would not read the text; the message says where."""


class Directive(t.NamedTuple):
    """One directive: `block` is what stands in braces after it, None where a semicolon ends it."""

    name: str
    values: list[str]
    block: list[Directive] | None
    line: int


def quote(text: str) -> str:
    """Return `text` as one value of a directive, whatever is in it.

    Raises ValueError for what nginx has no way to write: a dollar sign begins a variable wherever a directive knows
    variables, and cannot be escaped; a control character is never meant.
    """
    if "$" in text:
        raise ValueError(f"{text!r} has a dollar sign in it, which nginx would take for the name of a variable")
    if any(ord(each) < 32 or ord(each) == 127 for each in text):
        raise ValueError(f"{text!r} has a control character in it")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    if len(escaped.encode()) > _LONGEST:
        raise ValueError(f"{text[:40]!r}... is longer than {_LONGEST} bytes, which is all that nginx reads")
    return f'"{escaped}"'


def hash_bucket_size(keys: t.Iterable[str]) -> int:
    """Return the bucket, in bytes, that a hash of nginx needs for such keys: a power of two, 64 at least.

    https://github.com/nginx/nginx/blob/release-1.26.3/src/core/ngx_hash.c, NGX_HASH_ELT_SIZE: a pointer, a length of two
    bytes and the key, aligned to a pointer; and each bucket ends with a pointer.
    """
    pointer = 8
    longest = max(map(len, keys), default=0)
    needed = pointer + -(-(longest + 2) // pointer) * pointer + pointer
    size = 64
    while size < needed:
        size *= 2
    return size


def parse(text: str) -> list[Directive]:
    """Return the directives of a configuration file; raises BadSyntax."""
    tokens = _tokens(_without_lua(text))
    directives, end = _block(tokens)
    if end is not None:
        raise BadSyntax(f'unexpected "}}" in line {end}')
    return directives


def _block(tokens: t.Iterator[tuple[str, bool, int]]) -> tuple[list[Directive], int | None]:
    """The directives up to the brace that closes the block, and the line of that brace; None at the end of the text."""
    found: list[Directive] = []
    words: list[tuple[str, int]] = []
    for token, quoted, line in tokens:
        if quoted or token not in (";", "{", "}"):
            words.append((token, line))
        elif token == "}":
            if words:
                raise BadSyntax(f'unexpected "}}" in line {line}')
            return found, line
        elif not words:
            raise BadSyntax(f'unexpected "{token}" in line {line}')
        else:
            inner: list[Directive] | None = None
            if token == "{":
                inner, end = _block(tokens)
                if end is None:
                    raise BadSyntax(f'the "{{" in line {line} is never closed')
            found.append(Directive(words[0][0], [word for word, _line in words[1:]], inner, words[0][1]))
            words = []
    if words:
        raise BadSyntax(f'the directive in line {words[0][1]} has no ";" at its end')
    return found, None


def _without_lua(text: str) -> str:
    """The text with nothing in its blocks of Lua, whose braces and quotes are not nginx's: ngx_http_lua_module counts braces, too."""
    at = 0
    while True:
        found = _LUA.search(text, at)
        if not found:
            return text
        at, depth = found.end(), 1
        while depth:
            brace = _BRACE.search(text, at)
            if not brace:
                raise BadSyntax(f"the block of Lua in line {text.count(chr(10), 0, found.end()) + 1} is never closed")
            depth += 1 if brace[0] == "{" else -1
            at = brace.end()
        inner = text[found.end() : at - 1]
        text = text[: found.end()] + "\n" * inner.count("\n") + text[at - 1 :]
        at = found.end()


def _tokens(text: str) -> t.Iterator[tuple[str, bool, int]]:
    """Each word, brace and semicolon, whether it was a word in any case, and its line."""
    at, line, size = 0, 1, len(text)
    while at < size:
        char = text[at]
        if char in _SPACE:
            line += char == "\n"
            at += 1
        elif char == "#":
            end = text.find("\n", at)
            at = size if end < 0 else end
        elif char in ";{}":
            yield char, False, line
            at += 1
        elif char in "\"'":
            word, at, lines = _quoted(text, at, line)
            yield word, True, line
            line += lines
        else:
            word, at = _bare(text, at)
            yield word, True, line


def _quoted(text: str, at: int, line: int) -> tuple[str, int, int]:
    """The word in the quotes that begin at `at`, where it ends, and how many lines it has gone on over."""
    mark, word, begun = text[at], [], at
    at += 1
    while at < len(text) and text[at] != mark:
        if text[at] == "\\" and at + 1 < len(text):
            word.append(_ESCAPED.get(text[at + 1], text[at : at + 2]))
            at += 2
        else:
            word.append(text[at])
            at += 1
    if at >= len(text):
        raise BadSyntax(f"the quote in line {line} is never closed")
    return "".join(word), at + 1, text.count("\n", begun, at)


def _bare(text: str, at: int) -> tuple[str, int]:
    """The word without quotes that begins at `at`, and where it ends. A brace after a dollar sign belongs to it."""
    word = []
    while at < len(text) and text[at] not in _SPACE + ";{":
        if text[at] == "\\" and at + 1 < len(text):
            word.append(_ESCAPED.get(text[at + 1], text[at : at + 2]))
            at += 2
        elif text.startswith("${", at):
            word.append("${")
            at += 2
        else:
            word.append(text[at])
            at += 1
    return "".join(word), at
