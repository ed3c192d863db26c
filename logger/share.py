"""Which instruments a logger is responsible for, and whether two loggers would share one. Pure.

Patterns as a shell has them (``*``, ``?``, ``[a-c]``); ``!`` before one leaves out what it matches. With only
``!`` patterns it is everything but those. Two shares are compared by all names there can be, not by those known today.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789-"
MOST_STATES = 20_000
"""Beyond so many the comparison gives up: no list of patterns a person writes comes near."""


@dataclass(frozen=True, slots=True)
class Share:
    """The patterns of one logger."""

    patterns: tuple[str, ...] = ("*",)

    @property
    def wanted(self) -> tuple[str, ...]:
        return tuple(p for p in self.patterns if not p.startswith("!")) or ("*",)

    @property
    def unwanted(self) -> tuple[str, ...]:
        return tuple(p[1:] for p in self.patterns if p.startswith("!"))

    def has(self, instrument: str) -> bool:
        """Whether this logger stores it."""
        return any(fnmatchcase(instrument, p) for p in self.wanted) and not any(
            fnmatchcase(instrument, p) for p in self.unwanted
        )


def overlap(a: Share, b: Share) -> str | None:
    """A name that both would store, the shortest there is; None when there can be none."""
    patterns = [_tokens(p) for share in (a, b) for p in (*share.wanted, *share.unwanted)]
    start = tuple(_opened(p, frozenset({0})) for p in patterns)
    seen: set[tuple[frozenset[int], ...]] = set()  # without the start: no name is empty
    edge = [("", start)]
    while edge and len(seen) < MOST_STATES:
        following = []
        for name, state in edge:
            for letter in ALPHABET if name else ALPHABET.rstrip("-"):
                after = tuple(_step(p, at, letter) for p, at in zip(patterns, state, strict=True))
                if after in seen or not any(after):
                    continue
                if a.has(name + letter) and b.has(name + letter):
                    return name + letter
                seen.add(after)
                following.append((name + letter, after))
        edge = following
    return None


def shared(a: Share, b: Share, instruments: Iterable[str]) -> list[str]:
    """Which of the instruments known both would store."""
    return sorted(name for name in instruments if a.has(name) and b.has(name))


# --- patterns, a letter at a time -------------------------------------------------------------------------------------

_TOKEN = re.compile(r"\*+|\[!?\]?[^\]]*\]|.", re.DOTALL)


def _tokens(pattern: str) -> tuple[str, ...]:
    return tuple("*" if t.startswith("*") else t for t in _TOKEN.findall(pattern))


def _opened(pattern: Sequence[str], at: frozenset[int]) -> frozenset[int]:
    """The places reached without a letter: a star may stand for nothing."""
    found = set(at)
    for place in range(len(pattern)):
        if place in found and pattern[place] == "*":
            found.add(place + 1)
    return frozenset(found)


def _step(pattern: Sequence[str], at: frozenset[int], letter: str) -> frozenset[int]:
    """The places in a pattern after one more letter."""
    found = set()
    for place in at:
        if place < len(pattern) and fnmatchcase(letter, pattern[place]):
            found.add(place if pattern[place] == "*" else place + 1)
    return _opened(pattern, frozenset(found))
