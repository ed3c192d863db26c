"""Sample sets on the wire: one by one (Data) or many, column by column (Block)."""

import msgspec

from broker.values import (
    MAX_SAFE_INTEGER,
    MAX_TS_MS,
    Below,
    Count,
    Id,
    Micros,
    Millis,
    Quality,
    Rows,
    Seq,
    Value,
    check_channels,
    check_identity,
)


class _Message(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    pass


class Data(_Message, frozen=True):
    """One sample set. ``ts`` in ms since the epoch (UTC), ``us`` the microseconds below it, ``boot``/``seq`` its
    identity; without them no gap detection and no end-to-end delivery."""

    ts: Millis
    values: dict[str, Value]
    boot: Id | None = None
    seq: Seq | None = None
    us: Below = 0
    fold: Count = 0
    rev: str | None = None
    q: dict[str, Quality] = {}
    u: dict[str, float] = {}
    cal: dict[str, str] = {}

    def __post_init__(self) -> None:
        if not 0 <= self.ts < MAX_TS_MS:
            raise ValueError(f"ts {self.ts} is not milliseconds since 1970")
        if not 0 <= self.us <= 999:
            raise ValueError(f"us {self.us} is not within 0…999")
        check_identity(self.boot, self.seq)
        check_channels(self.values)

    @property
    def t_us(self) -> int:
        """The instant in microseconds since the epoch."""
        return self.ts * 1000 + self.us


class Block(_Message, frozen=True):
    """Many sample sets, column by column; row ``k`` is (boot, seq + k).

    Regular times are ``t0_us + k·dt_us``, irregular ones ``t_us[k]``. ``late`` marks rows sent again from a spool:
    history, not now. ``q`` is sparse: channel → row number as text → code. ``u`` is one number or one a row.
    """

    boot: Id
    seq: Seq
    n: Rows
    cols: dict[str, list[Value]]
    t0_us: Micros | None = None
    dt_us: Micros | None = None
    t_us: list[Micros] | None = None
    late: bool = False
    fold: Count = 0
    rev: str | None = None
    q: dict[str, dict[str, Quality]] = {}
    u: dict[str, float | list[float | None]] = {}
    cal: dict[str, str] = {}

    def __post_init__(self) -> None:
        check_identity(self.boot, self.seq)
        if self.n < 1 or self.seq + self.n > MAX_SAFE_INTEGER:
            raise ValueError(f"n {self.n} is not at least 1, or seq + n is beyond 2^53")
        if not self.cols:
            raise ValueError("cols is empty")  # nothing would bound n
        for name, col in self.cols.items():
            if len(col) != self.n:
                raise ValueError(f"column {name!r} has {len(col)} rows, n says {self.n}")
        _check_times(self)
        _check_sparse(self)
        check_channels(self.cols)

    def times_us(self) -> list[int]:
        """The instants of all rows, µs since the epoch."""
        if self.t_us is not None:
            return self.t_us
        t0, dt = self.t0_us or 0, self.dt_us or 0
        return [t0 + k * dt for k in range(self.n)]


def _check_times(block: Block) -> None:
    limit = MAX_TS_MS * 1000
    if block.t_us is not None:
        if len(block.t_us) != block.n:
            raise ValueError(f"t_us has {len(block.t_us)} entries, n says {block.n}")
        if min(block.t_us) < 0 or max(block.t_us) >= limit:
            raise ValueError("t_us is not microseconds since 1970")
        return
    if block.t0_us is None or block.dt_us is None:
        raise ValueError("t0_us and dt_us, or t_us, are needed")
    if block.dt_us < 0 or block.t0_us < 0 or block.t0_us + (block.n - 1) * block.dt_us >= limit:
        raise ValueError("t0_us and dt_us are not microseconds since 1970")


def _check_sparse(block: Block) -> None:
    for name, rows in block.q.items():
        for row in rows:
            if not (row.isascii() and row.isdigit() and len(row) < 9 and int(row) < block.n):
                raise ValueError(f"q of {name!r} names row {row!r}, n is {block.n}")
    for name, u in block.u.items():
        if isinstance(u, list) and len(u) != block.n:
            raise ValueError(f"u of {name!r} has {len(u)} rows, n says {block.n}")
