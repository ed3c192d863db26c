"""Is the store whole? SQLite's own check, then everything against everything else. Works while the logger runs.

Each part yields sentences about what is damaged; none of them is good news. Memory does not grow with the store.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from logger.store.checks import amounts, ledger, pages, pieces, traffic
from logger.store.reading import HistoryError, Reader

Progress = Callable[[float], None]
"""How much of a part is done, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Part:
    """``repairs``: what it finds can be made again from the rows."""

    name: str
    run: Callable[[Reader, Progress], Iterator[str]]
    repairs: bool = False


def wrong(part: Part, reader: Reader, progress: Progress) -> list[str]:
    """What is damaged there; a file that cannot be read at all is one sentence."""
    found = []
    try:
        for text in part.run(reader, progress):
            found.append(text)
    except HistoryError as e:
        found.append(str(e))
    return found


PARTS = (
    Part("the file", pages.run),
    Part("samples", pieces.run),
    Part("ledger", ledger.run),
    Part("traffic and records", traffic.run),
    Part("roll-ups", amounts.run, repairs=True),
)
