"""Paths of an EtherLab machine and channel names of the contract, both ways. Pure.

``/Plant/Kiln/Air Flow`` and ``/Plant/Kiln/AirFlow`` become ``plant_kiln_air_flow``. Two paths of one server that would
become one name both get six digits of their hash, whatever their order, so a name depends on nothing but what the
server offers. Vectors and matrices expand: ``/Bed`` with three elements is ``bed_0``, ``bed_1``, ``bed_2``; a matrix
``/Gain`` is ``gain_0_0`` and so on.
"""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache

from broker.topics import RESERVED_CHANNELS
from msr_adapter.wire import to_text

Shape = tuple[int, ...]
# AirOnTemperature is three words, TDBLVector two, pH and kW one each.
_HUMP = re.compile(r"(?<=[A-Za-z][a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "Ø": "o", "æ": "ae", "Æ": "ae", "µ": "u", "μ": "u", "°": " deg "})


class Names:
    """The names of everything a server offers: path as on the wire → shape."""

    def __init__(self, shapes: Mapping[bytes, Shape]) -> None:
        self._base = _bases(shapes)
        self._shapes = dict(shapes)
        self._paths = {name: path for path, base in self._base.items() for name in expand(base, shapes[path])}

    def base(self, path: bytes) -> str:
        """The name of the whole. Raises KeyError for a path that was not given."""
        return self._base[path]

    def channels(self, path: bytes) -> tuple[str, ...]:
        """One name per element, row-major. Raises KeyError."""
        return expand(self._base[path], self._shapes[path])

    def path(self, channel: str) -> bytes:
        """Where a channel comes from. Raises KeyError."""
        return self._paths[channel]


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


def _clashing(bases: Mapping[bytes, str], shapes: Mapping[bytes, Shape]) -> list[bytes]:
    names = {path: expand(base, shapes[path]) for path, base in bases.items()}
    uses = Counter(name for expanded in names.values() for name in expanded)
    return [path for path, expanded in names.items() if any(uses[name] > 1 for name in expanded)]
