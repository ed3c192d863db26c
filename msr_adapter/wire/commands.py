"""A client's bytes to commands, as this server reads them, with all its peculiarities (protocol section 1).

For the simulator, and for the tests: what ``requests`` makes must come out here as it was meant.
"""

import re

import msgspec

from msr_adapter.wire.tags import unescape

DEFAULT_LIMIT = 8192
# Only the blank separates; a value may be in either quotes or bare; an open quote waits for the next one.
_VALUE = rb"=(?:\"[^\"]*+\"|'[^']*+'|(?![\"'])[^ >]*+)"
_COMMAND = re.compile(rb"<([A-Za-z][^ =/>]*+)((?:" + _VALUE + rb"|[^=>])*+)>")
_BEGIN = re.compile(rb"<(?=[A-Za-z])")
_ATTRIBUTE = re.compile(rb"([^ =>]++)(?:=(?:\"([^\"]*+)\"|'([^']*+)'|((?![\"'])[^ >]*+)))?+")
_DECODED = frozenset({b"name", b"id", b"text", b"action", b"applicationname"})
_UNSIGNED = re.compile(rb"\s*([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)")


class Command(msgspec.Struct, frozen=True):
    """A request; attribute names in lower case, text attributes without their entities, the rest as it came."""

    name: bytes
    attributes: dict[bytes, bytes]

    def text(self, key: bytes) -> bytes | None:
        """The value, None when it is absent."""
        return self.attributes.get(key)

    def truth(self, key: bytes) -> bool:
        """A bare attribute, ``1``, ``true``, ``on`` in any case."""
        value = self.attributes.get(key)
        return value is not None and value.lower() in (_BARE, b"1", b"true", b"on")

    def unsigned(self, key: bytes) -> int | None:
        """C's reading: ``0x`` hexadecimal, leading zero octal, no digits 0, below zero wraps; None when absent."""
        value = self.attributes.get(key)
        return None if value is None else unsigned(value)

    @property
    def id(self) -> bytes:
        value = self.attributes.get(b"id", b"")
        return b"" if value == _BARE else value


class TooLong(Exception):
    """An element beyond the limit: the server closes the session."""


_BARE = b"\x00"  # what an attribute without a value has; no value can be this


class CommandReader:
    """``feed`` bytes as they come, get whole commands. Raises TooLong."""

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self._buffer = b""
        self._limit = limit

    def feed(self, data: bytes) -> list[Command]:
        """All commands that ``data`` completes."""
        self._buffer += data
        commands: list[Command] = []
        position = 0
        while begin := _BEGIN.search(self._buffer, position):
            position = begin.start()
            found = _COMMAND.match(self._buffer, position)
            if (found.end() if found else len(self._buffer)) - position > self._limit:
                raise TooLong
            if not found:
                break
            commands.append(Command(found[1], _attributes(found[2])))
            position = found.end()
        else:
            position = len(self._buffer) - (1 if self._buffer.endswith(b"<") else 0)
        self._buffer = self._buffer[position:]
        return commands

    def line_end(self) -> bytes:
        """Take what follows the last command (after ``starttls`` the line end belongs to it)."""
        rest, self._buffer = self._buffer, b""
        return rest


def unsigned(text: bytes) -> int:
    """C's ``strtoul`` with base 0 to 32 bits."""
    found = _UNSIGNED.match(text)
    if not found:
        return 0
    digits = found[2]
    base = 16 if digits[:2] in (b"0x", b"0X") else 8 if digits.startswith(b"0") else 10
    return int(found[1] + digits.removeprefix(b"0x").removeprefix(b"0X"), base) % 2**32


def _attributes(body: bytes) -> dict[bytes, bytes]:
    """The first of a name counts; a slash before the end belongs to a bare value, else to nothing."""
    attributes: dict[bytes, bytes] = {}
    for found in _ATTRIBUTE.finditer(body):
        key = found[1].lower()
        values = [v for v in found.groups()[1:] if v is not None]
        if not values:
            key = key.removesuffix(b"/") if found.end() == len(body) else key
        if not key:
            continue
        value = values[0] if values else _BARE
        attributes.setdefault(key, unescape(value) if key in _DECODED else value)
    return attributes
