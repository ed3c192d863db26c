"""Sample sets of one transaction that follow each other, on their way to becoming one piece. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np

from broker.messages import Data, Quality, Value
from logger.columns import Array
from logger.ledger import Book
from logger.pieces import Uncertainty
from logger.store.metas import Types


@dataclass(slots=True)
class RawRows:
    """Consecutive rows as they came, before they are typed."""

    seq: int
    t_us: Sequence[int] | Array
    cols: Mapping[str, Sequence[Value]]
    q: dict[str, dict[int, Quality]] = field(default_factory=dict)
    u: Mapping[str, Uncertainty] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.t_us)

    def slice(self, a: int, b: int) -> "RawRows":
        cols = {name: values[a:b] for name, values in self.cols.items()}
        q = {name: {k - a: code for k, code in rows.items() if a <= k < b} for name, rows in self.q.items()}
        u = {name: value[a:b] if isinstance(value, list) else value for name, value in self.u.items()}
        return RawRows(self.seq + a, self.t_us[a:b], cols, {k: v for k, v in q.items() if v}, u)


@dataclass(slots=True)
class Singles:
    """Single sample sets of one book."""

    book: Book
    types: Types
    key: tuple[object, ...]
    names: tuple[str, ...]
    cal: Mapping[str, str]
    fold: int
    seq: int
    t_us: list[int] = field(default_factory=list)
    rows: list[list[Value]] = field(default_factory=list)
    q: dict[str, dict[int, Quality]] = field(default_factory=dict)
    u: dict[str, dict[int, float]] = field(default_factory=dict)

    @property
    def end(self) -> int:
        return self.seq + len(self.rows)

    def add(self, data: Data) -> None:
        row = len(self.rows)
        self.t_us.append(data.t_us)
        self.rows.append(list(data.values.values()))
        for name, code in data.q.items():
            self.q.setdefault(name, {})[row] = code
        for name, u in data.u.items():
            self.u.setdefault(name, {})[row] = u

    def finish(self) -> RawRows:
        cols = dict(zip(self.names, zip(*self.rows, strict=True), strict=True))
        u: dict[str, Uncertainty] = {
            name: [rows.get(k) for k in range(len(self.rows))] for name, rows in self.u.items()
        }
        return RawRows(self.seq, self.t_us, cols, self.q, u)


@dataclass(slots=True)
class Blocks:
    """Blocks of one book with the same channels."""

    book: Book
    types: Types
    key: tuple[object, ...]
    cal: Mapping[str, str]
    fold: int
    end: int
    parts: list[RawRows] = field(default_factory=list)

    def add(self, part: RawRows) -> None:
        self.parts.append(part)
        self.end += len(part)

    def finish(self) -> RawRows:
        parts = self.parts
        if len(parts) == 1:
            return parts[0]
        cols = {name: list(chain.from_iterable(p.cols[name] for p in parts)) for name in parts[0].cols}
        q: dict[str, dict[int, Quality]] = {}
        at = 0
        for part in parts:
            for name, codes in part.q.items():
                q.setdefault(name, {}).update({at + k: code for k, code in codes.items()})
            at += len(part)
        t_us = np.concatenate([np.asarray(p.t_us, "<i8") for p in parts])
        return RawRows(parts[0].seq, t_us, cols, q, _uncertainties(parts))


def _uncertainties(parts: Sequence[RawRows]) -> Mapping[str, Uncertainty]:
    first = parts[0].u
    if all(part.u == first for part in parts) and not any(isinstance(v, list) for v in first.values()):
        return first
    names = dict.fromkeys(name for part in parts for name in part.u)
    return {name: list(chain.from_iterable(_listed(part, name) for part in parts)) for name in names}


def _listed(part: RawRows, name: str) -> Sequence[float | None]:
    u = part.u.get(name)
    return u if isinstance(u, list) else [u] * len(part)
