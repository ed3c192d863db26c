"""What the database refused, read from its words, and lines without what it refuses. Pure."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

_CONFLICT = re.compile(
    r'input field "(?P<field>.*)" on measurement "(?P<measurement>.*)" is type (?P<type>\w+), already exists as type'
    r" (?P<other>\w+)",
    re.DOTALL,
)
_TOO_OLD = re.compile(r"(?:beyond|outside) retention policy.*?dropped=(\d+)", re.DOTALL)
_TYPES = {"float": "float", "integer": "int", "unsigned": "uint", "boolean": "bool", "string": "str"}

_HEAD = re.compile(rb"(?:\\.|[^\\ ])* ", re.DOTALL)
_FIELD = re.compile(rb'((?:\\.|[^\\=])+)=("(?:\\.|[^"\\])*"|[^, ]*)(?:,|(?= ))', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field of ``measurement`` that has another type in the database already. ``kind``: the one refused."""

    measurement: str
    field: str
    kind: str


def conflict(message: str) -> Conflict | None:
    """The conflict that InfluxDB 1 and 2 name; None for any other refusal."""
    found = _CONFLICT.search(message)
    if found is None or found["type"] not in _TYPES:
        return None
    return Conflict(found["measurement"], found["field"], _TYPES[found["type"]])


def too_old(message: str) -> int | None:
    """How many points the bucket's retention turned away, everything else being written; None: not that."""
    found = _TOO_OLD.search(message)
    return int(found[1]) if found else None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of ours taken apart; ``fields`` are (key, value) as written, ``head`` measurement and tags."""

    head: bytes
    fields: tuple[tuple[bytes, bytes], ...]
    stamp: bytes

    def text(self) -> bytes:
        return self.head + b" " + b",".join(k + b"=" + v for k, v in self.fields) + b" " + self.stamp


def parse(line: bytes) -> Line:
    """Take a line that ``line`` made apart."""
    start = _HEAD.match(line)
    at = start.end() if start else 0
    fields = []
    while (found := _FIELD.match(line, at)) is not None:
        fields.append((found[1], found[2]))
        at = found.end()
    return Line(line[: start.end() - 1] if start else b"", tuple(fields), line[at:].strip())


def kind_of(value: bytes) -> str:
    """The type of a field's value as it is written."""
    if value.startswith(b'"'):
        return "str"
    if value in (b"true", b"false"):
        return "bool"
    return {b"i": "int", b"u": "uint"}.get(value[-1:], "float")


def without(lines: Iterable[bytes], refused: Conflict, aside: Callable[[bytes], None]) -> list[bytes]:
    """``lines`` without the refused field; what was taken out goes to ``aside``, as lines with that field alone."""
    measurement, key = _escaped(refused.measurement), _escaped(refused.field)
    starts = (measurement + b",", measurement + b" ")
    kept = []
    for line in lines:
        if line.startswith(starts) and (b"," + key + b"=" in line or b" " + key + b"=" in line):
            rest = _one_without(parse(line), key, refused.kind, aside)
            kept += [rest] if rest else []
        else:
            kept.append(line)
    return kept


def _one_without(line: Line, key: bytes, kind: str, aside: Callable[[bytes], None]) -> bytes:
    out = tuple(f for f in line.fields if f[0] == key and kind_of(f[1]) == kind)
    if out:
        aside(Line(line.head, out, line.stamp).text())
    rest = tuple(f for f in line.fields if f not in out)
    return Line(line.head, rest, line.stamp).text() if rest else b""


def _escaped(name: str) -> bytes:
    return re.sub(r"([,= ])", r"\\\1", name).encode()


def instrument_of(line: bytes) -> str:
    """The tag ``instrument`` of a line; "" without one."""
    found = re.match(rb"[^ ]*?,instrument=([a-z0-9-]+)", line)
    return found[1].decode() if found else ""
