"""Paths of an EtherLab machine and channel names of the contract, both ways. Pure.

``/Plant/Kiln/Air Flow`` and ``/Plant/Kiln/AirFlow`` become ``plant_kiln_air_flow``. Two paths of one server that would
become one name both get six digits of their hash, whatever their order, so a name depends on nothing but what the
server offers. Vectors and matrices expand: ``/Bed`` with three elements is ``bed_0``, ``bed_1``, ``bed_2``; a matrix
``/Gain`` is ``gain_0_0`` and so on.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from broker.topics import RESERVED_CHANNELS
from msr_adapter.wire import to_text

Shape = tuple[int, ...]
# AirOnTemperature is three words, TDBLVector two, pH and kW one each.
_HUMP = re.compile(r"(?<=[A-Za-z][a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "Ø": "o", "æ": "ae", "Æ": "ae", "µ": "u", "μ": "u", "°": " deg "})


class Names:
    """The names of everything a server offers: path as on the wire → shape. No name of an element is kept: a server may
    have tables of a million."""

    def __init__(self, shapes: Mapping[bytes, Shape]) -> None:
        self._base = _bases(shapes)
        self._shapes = dict(shapes)
        self._paths = {(base, len(shapes[path])): path for path, base in self._base.items()}

    def base(self, path: bytes) -> str:
        """The name of the whole. Raises KeyError for a path that was not given."""
        return self._base[path]

    def channels(self, path: bytes) -> tuple[str, ...]:
        """One name per element, row-major. Raises KeyError."""
        return expand(self._base[path], self._shapes[path])

    def path(self, channel: str) -> bytes:
        """Where a channel comes from. Raises KeyError."""
        *stem, row, column = ["", "", *channel.split("_")]
        bases = ((channel, ()), ("_".join([*stem[2:], row]), (column,)), ("_".join(stem[2:]), (row, column)))
        for base, place in bases:
            path = self._paths.get((base, len(place)))
            if path is not None and _within(place, self._shapes[path]):
                return path
        raise KeyError(channel)


def slug(path: bytes) -> str:
    """The path as a channel name, before anything is done about two that look alike."""
    text = unicodedata.normalize("NFKD", to_text(path).translate(_LETTERS)).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9]+", "_", _HUMP.sub("_", text).lower()).strip("_") or "signal"
    if not name[0].isalpha():
        name = f"s_{name}"
    return f"{name}_value" if name in RESERVED_CHANNELS else name


def expand(base: str, shape: Shape) -> tuple[str, ...]:
    """The names of the elements, row-major; of a scalar its own."""
    return tuple(base + "".join(f"_{i}" for i in place) for place in places(shape))


def sources(path: bytes, shape: Shape) -> tuple[str, ...]:
    """What stands in meta as ``source``: the path, of an element with its place: ``/Gain[1,2]``."""
    text = to_text(path)
    return tuple(text + (f"[{','.join(map(str, place))}]" if place else "") for place in places(shape))


def places(shape: Shape) -> Iterator[tuple[int, ...]]:
    """The places of all elements, row-major; of a scalar one, which is empty."""
    if not shape:
        yield ()
        return
    for k in range(shape[0]):
        for rest in places(shape[1:]):
            yield (k, *rest)


def is_glob(pattern: str) -> bool:
    """Whether it may fit more than one path."""
    return "*" in pattern or "?" in pattern


def matches(pattern: str, path: bytes) -> bool:
    """Whether a path fits a glob: ``*`` and ``?`` within a level, ``**`` over levels; case-sensitive."""
    return _regex(pattern).fullmatch(to_text(path)) is not None


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    words = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*|\*|\?)", pattern)
    return re.compile("".join(words.get(part, re.escape(part)) for part in parts), re.DOTALL)


def _bases(shapes: Mapping[bytes, Shape]) -> dict[bytes, str]:
    """A base for each path so that no two expanded names are the same."""
    bases = {path: slug(path) for path in shapes}
    digits = 6
    while clashing := _clashing(bases, shapes):
        for path in clashing:
            bases[path] = f"{slug(path)}_{hashlib.sha256(path).hexdigest()[:digits]}"
        digits += 1
    return bases


def _clashing(bases: Mapping[bytes, str], shapes: Mapping[bytes, Shape]) -> set[bytes]:
    """The paths that have a name of an element in common with another.

    ``bed_0_1`` may be an element of ``bed``, one of ``bed_0``, or a scalar: where bases and dimensions are the same, or
    where a base with more numbers at its end is a place within the shape of one with fewer.
    """
    alike: dict[tuple[str, int], list[bytes]] = {}
    for path, base in bases.items():
        alike.setdefault((base, len(shapes[path])), []).append(path)
    found = {path for paths in alike.values() if len(paths) > 1 for path in paths}
    for (base, dimensions), paths in alike.items():
        *stem, row, column = ["", "", *base.split("_")]
        for above, place in (("_".join([*stem[2:], row]), (column,)), ("_".join(stem[2:]), (row, column))):
            for other in alike.get((above, dimensions + len(place)), ()):
                if _within(place, shapes[other]):
                    found |= {other, *paths}
    return found


def _within(place: Sequence[str], shape: Shape) -> bool:
    """Whether the first numbers of a place are ones that an element of this shape has, as ``expand`` writes them."""
    return all(
        word.isdecimal() and str(int(word)) == word and int(word) < size
        for word, size in zip(place, shape, strict=False)
    )
