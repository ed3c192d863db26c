"""A table as the writers take it: fields, and batches of columns that stream. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from logger.columns import Column
from logger.export.fields import Field


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one instrument (or of all, aligned): a cell column per field of the table, None where all are absent.

    ``upto_us``: how far in time this is, for a bar."""

    n: int
    columns: Sequence[Column | None]
    what: str
    upto_us: int


@dataclass(frozen=True, slots=True)
class Table:
    """``batches`` can be read once."""

    fields: Sequence[Field]
    batches: Iterator[Batch]
