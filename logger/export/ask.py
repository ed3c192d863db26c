"""What an export is asked for, taken apart and checked. Pure."""

import fnmatch
import re
from dataclasses import dataclass
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from logger import when

Format = Literal["csv", "parquet", "zip"]
Inner = Literal["csv", "parquet"]
Aggregate = Literal["mean", "min", "max", "last"]
Values = Literal["recorded", "raw", "corrected"]
Excel = Literal["", "de", "en"]

_UNITS_US = {"us": 1, "ms": 1000, "s": 10**6, "min": 60 * 10**6, "m": 60 * 10**6, "h": 3600 * 10**6, "d": 86400 * 10**6}
_STEP = re.compile(r"(\d+)\s*(us|ms|s|min|m|h|d)")
LONGEST_STEP_US = 366 * 86400 * 10**6


class ExportError(Exception):
    """It cannot be exported so; one sentence for a person."""


@dataclass(frozen=True, slots=True)
class Ask:
    """``instruments`` and ``channels`` are shell patterns, none means all; ``channels`` may name ``oven1.temp``.

    Without ``from_us`` and ``to_us`` (µs, half open) everything there is, or the time of ``run``. ``every_us`` 0: the
    samples themselves, never buckets. ``inner``: what is in a zip.
    """

    format: Format = "csv"
    instruments: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    from_us: int | None = None
    to_us: int | None = None
    run: str = ""
    every_us: int = 0
    aggregates: tuple[Aggregate, ...] = ("mean",)
    values: Values = "recorded"
    excel: Excel = ""
    zone: str = "UTC"
    inner: Inner = "csv"

    @property
    def one(self) -> bool:
        """Whether it names one instrument; else column names and rows say whose they are."""
        return len(self.instruments) == 1 and not re.search(r"[*?\[]", self.instruments[0])

    @property
    def table(self) -> Inner:
        """What its tables are written as."""
        return self.inner if self.format == "zip" else self.format

    def wants(self, instrument: str, channel: str) -> bool:
        """Whether this channel shall be in it."""
        names = (channel, f"{instrument}.{channel}")
        return not self.channels or any(fnmatch.fnmatchcase(n, p) for p in self.channels for n in names)


def check(ask: Ask) -> None:
    """Raise ExportError for what contradicts itself."""
    if ask.excel and ask.table != "csv":
        raise ExportError("excel is a way to write CSV; Parquet has no decimal comma: leave one of them out")
    if ask.run and (ask.from_us is not None or ask.to_us is not None):
        raise ExportError("a run has a beginning and an end of its own: name the run, or from and to")
    if ask.from_us is not None and ask.to_us is not None and ask.from_us >= ask.to_us:
        raise ExportError("from is not before to")
    zone(ask.zone)


def zone(name: str) -> ZoneInfo:
    """A time zone by its IANA name. Raises ExportError."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as e:  # no such zone; no name at all; a folder of zones
        raise ExportError(f"{name!r} is no time zone: write UTC, or a name like Europe/Berlin") from e


def instant(text: str, now_us: int, where: ZoneInfo) -> int:
    """``2h`` ago, or an ISO date and time, which is in ``where`` unless it says otherwise; µs. Raises ExportError."""
    try:
        return when.parse(text, now_us, where)
    except when.WhenError as e:
        raise ExportError(str(e)) from e


def step(text: str) -> int:
    """``1min``, ``100ms``, ``5s``, ``1h``, ``1d`` as µs. Raises ExportError."""
    found = _STEP.fullmatch(text.strip())
    size = int(found[1]) * _UNITS_US[found[2]] if found else 0
    if not 0 < size <= LONGEST_STEP_US:
        raise ExportError(f"{text!r} is no step: write 100ms, 1s, 5min, 1h or 1d")
    return size


def aggregates(text: str) -> tuple[Aggregate, ...]:
    """``mean,min,max`` taken apart. Raises ExportError."""
    known: tuple[Aggregate, ...] = get_args(Aggregate)
    words = list(dict.fromkeys(word.strip() for word in text.split(",")))
    if not words or not set(words) <= set(known):
        raise ExportError(f"{text!r} is no aggregate: write {', '.join(known)}, or several with commas")
    return tuple(k for word in words for k in known if k == word)
