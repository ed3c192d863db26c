"""The dashboard's history from InfluxDB: the same buckets that the embedded store gives, asked of the database.

A step that is a whole number of minutes or hours is taken from the downsampled bucket as far as its task has come, the
rest from the samples. Everything but buckets is read from the store.
"""

import csv
import io
import logging
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from broker.config import ConfigError
from broker.runtime import Clock
from logger.influx.config import InfluxConfig
from logger.influx.server import Server, Unreachable
from logger.store.buckets import Buckets, Gatherer
from logger.store.history import History

log = logging.getLogger("logger.influx.history")

LEVELS = (("_1h", 3_600_000_000, 3 * 3_600_000_000), ("_1m", 60_000_000, 300_000_000))
"""Suffix, width in µs, and how long ago a point of it is certain to be there."""
PARTS = ("min", "max", "mean", "count")


class Refused(Exception):
    """The database would not answer a question; its own words."""


class InfluxHistory(History):
    """A ``History`` whose buckets come from InfluxDB; while that does not answer, from the store. Not for threads."""

    def __init__(self, path: Path, config: InfluxConfig, clock: Clock = time.time) -> None:
        super().__init__(path)
        self._config, self._clock = config, clock
        self._server = Server(config)

    def close(self) -> None:
        self._server.close()
        super().close()

    def buckets(
        self, instrument: str, channels: Sequence[str], from_us: int, to_us: int, step_us: int
    ) -> dict[str, Buckets]:
        """As ``History.buckets``."""
        gathered = {name: Gatherer(step_us) for name in channels}
        try:
            for question in self._questions(instrument, channels, from_us, to_us, step_us):
                for channel, t_us, found in _summaries(self._ask(question)):
                    if channel in gathered and len(found) == len(PARTS):
                        n = found["count"]
                        gathered[channel].summary(t_us, found["min"], found["max"], found["mean"] * n, n)
        except (Unreachable, Refused, ConfigError) as e:
            log.warning("history comes from the store: %s", e)
            return super().buckets(instrument, channels, from_us, to_us, step_us)
        return {name: gatherer.finish() for name, gatherer in gathered.items()}

    # --- questions ---

    def _questions(
        self, instrument: str, channels: Sequence[str], from_us: int, to_us: int, step_us: int
    ) -> Iterator[str]:
        meta = self.meta(instrument)
        kinds = {name: known.type for name, known in meta.channels.items()} if meta else {}
        bools = [name for name in channels if kinds.get(name) == "bool"]
        numbers = [name for name in channels if kinds.get(name, "float") not in ("bool", "str")]
        for suffix, a, b in _cut(from_us, to_us, step_us, int(self._clock() * 1e6)):
            if suffix and numbers:
                yield _downsampled(self._config.bucket + suffix, instrument, numbers, a, b)
            elif numbers:
                yield _windows(self._config.bucket, instrument, numbers, a, b, step_us)
        if bools:
            yield _windows(self._config.bucket, instrument, bools, from_us, to_us, step_us, as_float=True)

    def _ask(self, flux: str) -> str:
        """The answer as CSV. Raises Unreachable, Refused."""
        body = msgspec.json.encode({"query": flux, "type": "flux", "dialect": {"annotations": []}})
        headers = {"Content-Type": "application/json", "Accept": "application/csv"}
        answer = self._server.request("POST", "/api/v2/query", {"org": self._config.org}, body, headers)
        if not answer.ok:
            raise Refused(f"{self._config.url} answered {answer.status}: {answer.message}")
        text = answer.body.decode("utf-8", "replace")
        if text.startswith("error,"):  # found after the answer had begun
            raise Refused(f"{self._config.url}: {text[:300]}")
        return text


def _cut(from_us: int, to_us: int, step_us: int, now_us: int) -> Iterator[tuple[str, int, int]]:
    """The time in pieces, each with the bucket's suffix it is read from; "" for the samples."""
    for suffix, width, certain in LEVELS:
        if step_us % width:
            continue
        a, b = -(-from_us // width) * width, min(to_us, now_us - certain) // width * width
        if a < b:
            yield from ((s, lo, hi) for s, lo, hi in (("", from_us, a), (suffix, a, b), ("", b, to_us)) if lo < hi)
            return
    yield "", from_us, to_us


def _windows(
    bucket: str, instrument: str, channels: Sequence[str], a: int, b: int, step_us: int, *, as_float: bool = False
) -> str:
    """Each part of every window, from the samples. InfluxDB's windows begin at whole steps from 1970, as ours do."""
    fields = "|".join(channels)
    first = " |> toFloat()" if as_float else ""
    lines = [_rows(bucket, instrument, f"^({fields})(:[a-z]+)?$", a, b) + first]
    for part in PARTS:
        lines.append(
            f"rows() |> aggregateWindow(every: {step_us}us, fn: {part}, createEmpty: false, "
            f'timeSrc: "_start") |> toFloat() |> {_KEEP} |> yield(name: "{part}")'
        )
    return "\n".join(lines)


def _downsampled(bucket: str, instrument: str, channels: Sequence[str], a: int, b: int) -> str:
    """What the task has made; the part is the end of the field's name."""
    fields = "|".join(channels)
    head = _rows(bucket, instrument, f"^({fields})(:[a-z]+)?_({'|'.join(PARTS)})$", a, b)
    return f'{head}\nrows() |> toFloat() |> {_KEEP} |> yield(name: "level")'


_KEEP = 'keep(columns: ["_time", "_value", "_field", "fold"])'


def _rows(bucket: str, instrument: str, fields: str, a: int, b: int) -> str:
    return (
        f"rows = () => from(bucket: {_text(bucket)}) |> range(start: time(v: {a * 1000}), stop: time(v: {b * 1000})) "
        f'|> filter(fn: (r) => r._measurement == "data" and r.instrument == {_text(instrument)} '
        f"and r._field =~ /{fields}/)"
    )


def _text(value: str) -> str:
    return msgspec.json.encode(value).decode()


# --- answers ---


def _summaries(text: str) -> Iterator[tuple[str, int, dict[str, float]]]:
    """(channel, start of the window, its parts). Values of one channel may lie in several fields (``temp:int``, where
    its type has changed) and, by the tag ``fold``, in several series: each has windows of its own."""
    found: dict[tuple[str, str, str], dict[str, float]] = {}
    for row in _lines(text):
        field, part = row["_field"], row["result"]
        if part not in PARTS:
            field, _, part = field.rpartition("_")
        found.setdefault((field, row.get("fold", ""), row["_time"]), {})[part] = float(row["_value"])
    for (field, _, stamp), parts in found.items():
        yield field.partition(":")[0], _micros(stamp), parts


def _lines(text: str) -> Iterator[dict[str, str]]:
    """Each table brings its own header."""
    header: list[str] = []
    for row in csv.reader(io.StringIO(text)):
        if "_value" in row:
            header = row
        elif row:
            yield dict(zip(header, row, strict=False))


def _micros(stamp: str) -> int:
    whole, _, fraction = stamp.rstrip("Z").partition(".")
    seconds = int(datetime.fromisoformat(whole).replace(tzinfo=UTC).timestamp())
    return seconds * 1_000_000 + int(fraction.ljust(6, "0")[:6] or 0)
