# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which texts must never be shown, wherever they stand in the parameters, and whether a text gives one of them away."""

from __future__ import annotations

import base64
import contextlib
import html
import json
import quopri
import re
from typing import Any, Callable, Iterable, Iterator, Mapping
from urllib.parse import quote, unquote

SECRET_OPTIONS = ("url_password", "api_key", "bearer_token")
_ADDRESS_OPTIONS = ("endpoints", "url", "connect_to", "server_name", "proxy")
#: In which an ``@`` stands for itself; taking what is before it out of all output would hide half of it.
_OTHER_NAMES = ("cluster_name", "cluster_uuid", "ca_path", "crl_path", "client_cert", "client_key", "url_username")
_PRIVATE_KEY = "PRIVATE KEY-----"
#: Shorter texts are looked for as they are, not in their encoded forms, which would be found everywhere.
_LEAST_ENCODED = 4
#: This many characters in a row of a longer secret give it away.
_PIECE = 12
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|U(000[0-9A-Fa-f]{5}|0010[0-9A-Fa-f]{4})|(.))", re.DOTALL)
#: scheme, credentials, host (an address of IPv6, also without brackets), port and path, and what must not be shown behind them
_URL = re.compile(
    r"\s*((?:[A-Za-z][A-Za-z0-9+.-]*://)?)(?:[^?#]*@)?"
    r"(\[[0-9A-Fa-f:.]+\]|[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*|[^@:/?#\[\]\s]+)((?::[0-9-]+)?(?:/[^@?#\s]*)?)(?:[?#][^@]*)?\s*"
)
HIDDEN = "(not shown: it repeats what must be kept secret)"


class Secrets:
    """Texts that must never be shown.

    :param texts: each a secret as a whole
    :param pairs: name and secret, which are sent joined by a colon; the name, which servers repeat to say whom they have
        refused, is none
    """

    def __init__(self, texts: Iterable[str] = (), pairs: Iterable[tuple[str, str]] = ()) -> None:
        pairs = [pair for pair in pairs if pair[1]]
        alone = {text for text in [*texts, *(secret for _name, secret in pairs)] if text}
        joined = {f"{name}:{secret}" for name, secret in pairs}
        self.texts = frozenset(alone | joined)
        own = _forms_of(alone)
        self._short = frozenset(form for form in own if _LEAST_ENCODED <= len(form) < _PIECE)
        self._pieces = _all_pieces(own) | (_all_pieces(_forms_of(joined)) - _all_pieces(_forms_of(f"{name}:" for name, _value in pairs)))
        # how many bytes from where a secret begins, in its longest form, it may end
        self._reach = 16 * max(map(len, self.texts), default=0) + 64

    def forms(self) -> set[str]:
        """The texts, and each as it is written in logs, JSON, URLs and headers: for Ansible to take out of all it shows."""
        found = set(self.texts)
        for text in self.texts:
            if len(text) >= _LEAST_ENCODED:
                data = text.encode("utf-8", "surrogatepass")
                plain = base64.b64encode(data).decode("ascii")
                safe = base64.urlsafe_b64encode(data).decode("ascii")
                found |= {plain, safe, plain.rstrip("="), safe.rstrip("="), data.hex()}
                found |= {quote(data), quote(data, safe=""), html.escape(text)}
                # the log of the invocation shows a list as Python writes it
                found |= {repr(text)[1:-1], json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
                found.add(quopri.encodestring(data).decode("ascii", "replace").strip())
        return found

    def occur_in(self, data: bytes | str) -> bool:
        """Whether the text has one of them, or a longer piece of one, in it: plain, or encoded in a usual way."""
        if not self.texts:
            return False
        text = data if isinstance(data, str) else data.decode("utf-8", "replace")
        return any(map(self._stands_in, _views(text)))

    def _stands_in(self, view: str) -> bool:
        return any(form in view for form in self._short) or not self._pieces.isdisjoint(_pieces(view))

    def excerpt(self, data: bytes | str, length: int = 80) -> str:
        """The beginning of what another side has said, as one line that is safe to show."""
        raw = data.encode("utf-8", "replace") if isinstance(data, str) else data
        # looked for in more than is shown: what is cut off in the middle of a secret would still give its beginning
        if self.occur_in(raw[: 4 * length + self._reach]):
            return HIDDEN
        return excerpt(raw, length)


def without_credentials(url: Any) -> str:
    """A URL, or a host, without user, password, query and fragment; where these cannot be told from the rest, nothing of it."""
    found = _URL.fullmatch(url) if isinstance(url, str) else None
    return "".join(found.groups()) if found else "(not shown)"


def _forms_of(texts: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for text in texts:
        if len(text) >= _LEAST_ENCODED:  # what is shorter is in every answer; Ansible takes it out of the result by itself
            data = text.encode("utf-8", "surrogatepass")
            # the last: the header, encoded once more
            found |= {_squeezed(text), *_encoded(data), *_encoded(base64.b64encode(data))}
    return found


def _all_pieces(forms: Iterable[str]) -> frozenset[str]:
    return frozenset(piece for form in forms for piece in _pieces(form))


def _encoded(data: bytes) -> Iterator[str]:
    """In hexadecimal and base64, wherever in a longer text that is encoded it stands."""
    yield data.hex()
    yield data.hex().upper()
    for shift in range(3):  # three bytes make four characters
        # the characters that are made of this text alone
        inner = base64.b64encode(bytes(shift) + data).decode("ascii")[-(-shift * 4 // 3) : (shift + len(data)) * 8 // 6]
        yield inner
        yield inner.replace("+", "-").replace("/", "_")


def excerpt(data: bytes, length: int = 80) -> str:
    """The beginning of an answer, as one line that no terminal obeys."""
    text = data[: 4 * length].decode("utf-8", "replace")
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return text[:length] + "..." if len(text) > length else text


def secrets_of(params: Any) -> Secrets:
    """All secrets in the module's parameters, at any depth, well-formed or not."""
    found = _Found()
    found.collect(params)
    return Secrets(found.texts, found.pairs)


class _Found:
    def __init__(self) -> None:
        self.texts: set[str] = set()
        self.pairs: set[tuple[str, str]] = set()

    def collect(self, value: Any, secret: bool = False, address: bool = False) -> None:
        """:param secret: it stands under an option for a secret
        :param address: it stands under one for a URL or an address, so what is before an ``@`` is a user
        """
        if value is None or isinstance(value, bool):
            return
        if isinstance(value, Mapping):
            user, password = value.get("url_username"), value.get("url_password")
            if user is not None and password is not None:
                self.pairs.add((str(user), str(password)))
            for key, item in value.items():
                self.collect(key, secret, address)
                within = key in _ADDRESS_OPTIONS or (address and key not in _OTHER_NAMES)
                self.collect(item, secret or key in SECRET_OPTIONS, within)
        elif isinstance(value, (list, tuple)):
            for item in value:
                self.collect(item, secret, address)
        else:
            self._collect_text(str(value), secret, address)

    def _collect_text(self, text: str, secret: bool, address: bool) -> None:
        if secret:
            self._collect_secret(text)
        if "@" in text and (address or "://" in text):
            self.texts |= set(_userinfo(text))
        if _PRIVATE_KEY in text:
            self.texts |= {text, *(line for line in text.split() if len(line) > _PIECE)}
        if text.lstrip()[:1] in ("{", "[", '"'):
            try:
                document = json.loads(text)
            except (ValueError, RecursionError):
                return
            self.collect(document, secret, address)

    def _collect_secret(self, text: str) -> None:
        """``id:key`` is a name and a secret, and so is its encoded form, which is what Elasticsearch returns."""
        decoded = ""
        with contextlib.suppress(ValueError):
            decoded = base64.b64decode(text, validate=True).decode("utf-8")
        for pair in (text, decoded):
            if ":" in pair and pair.isprintable():
                self.pairs.add((pair.partition(":")[0], pair.partition(":")[2]))
        if ":" not in text and ":" not in decoded:
            self.texts |= {text, text.strip()}


def _userinfo(text: str) -> Iterator[str]:
    """What stands before an ``@`` in a URL: as a whole, its password alone, and both as they are sent."""
    scheme = re.match(r"\s*([A-Za-z][A-Za-z0-9+.-]*:)?//", text)
    user = (text[scheme.end() :] if scheme else text).rpartition("@")[0]
    for part in (user, user.partition(":")[2]):
        if part:
            yield part
            yield unquote(part)


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _pieces(form: str) -> Iterator[str]:
    for start in range(len(form) - _PIECE + 1):
        yield form[start : start + _PIECE]


def _unescaped(text: str) -> str:
    """Without the escapes of JSON, JavaScript and Python."""
    text = _ESCAPE.sub(lambda found: found.group(4) or chr(int("".join(filter(None, found.groups())), 16)), text)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # two escapes may be one character


def _unquoted_printable(text: str) -> str:
    return quopri.decodestring(text.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")


_DECODERS: tuple[Callable[[str], str], ...] = (unquote, html.unescape, _unescaped, _unquoted_printable)


def _views(text: str) -> set[str]:
    """The text as it is and decoded in each of the usual ways, one inside of another too, without its white space."""
    found = {text}
    for _round in range(2):
        found |= {decode(view) for decode in _DECODERS for view in found}
    # with and without what a control character may be: excerpts show it as a space
    return {_squeezed(view) for view in found}
