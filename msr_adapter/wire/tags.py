"""One element's text: where it ends, and its attributes."""

import re
from typing import NamedTuple

Attributes = dict[bytes, bytes]

_NAME = rb"[A-Za-z_][\w.:-]*+"
# The form every element of the server has. The line end belongs to it: nothing is an element before that has come.
STRICT = re.compile(rb"<(" + _NAME + rb")((?: +" + _NAME + rb'="[^"]*+")*+) *+(/?+)>\r\n')
CLOSING = re.compile(rb"</(" + _NAME + rb") *+>\r\n")
# What may yet become one of the two when more bytes come.
_UNFINISHED = re.compile(
    rb"</?+(?:"
    + _NAME
    + rb")?+(?: +"
    + _NAME
    + rb'="[^"]*+")*+(?: *+(?:'
    + _NAME
    + rb'(?:=(?:"[^"]*+)?+)?+)?+/?+(?:>\r?+)?+)'
)
_ATTRIBUTE = re.compile(rb" (" + _NAME + rb')="([^"]*+)"')
_LOOSE_START = re.compile(rb"<(" + _NAME + rb")(?= )")
_LOOSE_END = re.compile(rb'" *(/?)>\r\n')

# Elements that hold text as the application wrote it, quotes and all (section 1); and every attribute known in them.
_UNESCAPED = frozenset({b"connected", b"channel", b"parameter", b"client", b"broadcast"}) | frozenset(
    {b"info", b"warn", b"error", b"crit_error", b"reset"}
)
_KNOWN = re.compile(
    rb" (index|name|alias|comment|text|unit|datasize|typ|anz|cnum|rnum|orientation|dir|bufsize|task|HZ|time|value|flags"
    rb"|persistent|mtime|hexvalue|id|host|app|appversion|version|features|login|recievebufsize|apname|countin|countout"
    rb"|connectedtime|action|user|state|prio|seq|num|command)=\""
)
_BEFORE_TEXTS = frozenset({b"index", b"name", b"alias", b"comment", b"text", b"host", b"app"})
_BETWEEN_TEXTS = frozenset({b"datasize", b"typ", b"anz", b"cnum", b"rnum", b"orientation"})
_ENTITY = re.compile(rb"&(lt|gt|amp|quot|apos);")
_ENTITIES = {b"lt": b"<", b"gt": b">", b"amp": b"&", b"quot": b'"', b"apos": b"'"}


class Tag(NamedTuple):
    """A whole element of one mark; ``end`` is the position behind its line end."""

    name: bytes
    attributes: Attributes
    self_closing: bool
    end: int


class Unfinished(NamedTuple):
    """More bytes are needed."""


class Nonsense(NamedTuple):
    """No element begins here."""


def read_tag(buffer: bytes | bytearray, start: int) -> Tag | Unfinished | Nonsense:
    """The element that begins at ``start``, where a ``<`` is."""
    found = STRICT.match(buffer, start)
    if found:
        return Tag(found[1], _choose(_ATTRIBUTE.findall(found[2])), bool(found[3]), found.end())
    closing = CLOSING.match(buffer, start)
    if closing:
        return Tag(b"/" + closing[1], {}, True, closing.end())
    if _UNFINISHED.fullmatch(buffer, start):
        return Unfinished()
    return _read_loose(buffer, start)


def unescape(text: bytes) -> bytes:
    """The five entities of this protocol; anything else that begins with ``&`` stays."""
    return _ENTITY.sub(lambda m: _ENTITIES[m[1]], text) if b"&" in text else text


def _read_loose(buffer: bytes | bytearray, start: int) -> Tag | Unfinished | Nonsense:
    """An element with a quote in its text: it ends where a quote, the mark and a line end stand together."""
    opened = _LOOSE_START.match(buffer, start)
    if not opened or opened[1] not in _UNESCAPED:
        return Nonsense()
    end = _LOOSE_END.search(buffer, opened.end())
    if not end:
        return Unfinished()
    body = bytes(buffer[opened.end() : end.start()])
    return Tag(opened[1], _choose(_loose_attributes(body)), bool(end[1]), end.end())


def _loose_attributes(body: bytes) -> list[tuple[bytes, bytes]]:
    """Values run to the quote before the next known attribute; ``body`` ends before the last quote."""
    found = list(_KNOWN.finditer(body))
    ends = [m.start() - 1 for m in found[1:]] + [len(body)]
    return [(m[1], body[m.end() : end]) for m, end in zip(found, ends, strict=True)]


def _choose(pairs: list[tuple[bytes, bytes]]) -> Attributes:
    """One value each. Where a text pretends to have attributes, the server's fixed order tells which is real.

    ``comment`` stands before the type and again, as ``text``, behind it: index and name come before both, a
    pretended type once before and once behind the real one, and everything else is behind both.
    """
    attributes = dict(pairs)
    if len(attributes) == len(pairs):
        return attributes
    for key in attributes:
        values = [value for name, value in pairs if name == key]
        place = 0 if key in _BEFORE_TEXTS else len(values) // 2 if key in _BETWEEN_TEXTS else -1
        attributes[key] = values[place]
    return attributes
