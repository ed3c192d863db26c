"""Minimum, mean, maximum and count by minute and hour, made by the database itself. Flux as text. Pure.

The numeric fields are found first, by the last value of each: a filter by type row by row takes 400 times as long
as one by name, which InfluxDB's storage applies itself. For the same reason ``rows`` is a function: a source that
several parts of a query share is read value by value.
"""

from dataclasses import dataclass

import msgspec

from logger.influx.config import InfluxConfig


@dataclass(frozen=True, slots=True)
class Level:
    """Buckets ``<bucket><suffix>`` hold one point every ``every``; the task looks ``back`` for what came late."""

    suffix: str
    every: str
    back: str
    keep_days: int


def levels(config: InfluxConfig) -> list[Level]:
    return [Level("_1m", "1m", "3m", config.keep_1m_days), Level("_1h", "1h", "2h", config.keep_1h_days)]


def task_name(config: InfluxConfig, level: Level) -> str:
    return f"labwire {config.bucket}{level.suffix}"


def task(config: InfluxConfig, level: Level) -> str:
    """The Flux of the task that fills one level."""
    option = f"option task = {{name: {_text(task_name(config, level))}, every: {level.every}, offset: 10s}}\n\n"
    start = f"date.truncate(t: -{level.back}, unit: {level.every})"
    return _IMPORTS + option + _body(config, level, start, f"date.truncate(t: now(), unit: {level.every})")


def once(config: InfluxConfig, level: Level, from_s: int, to_s: int) -> str:
    """The same for a time that has passed, widened to whole steps; seconds since the epoch."""
    unit = {"1m": 60, "1h": 3600}[level.every]
    start, stop = from_s // unit * unit, -(-to_s // unit) * unit
    return _IMPORTS + "\n" + _body(config, level, f"time(v: {start}000000000)", f"time(v: {stop}000000000)")


_IMPORTS = 'import "date"\nimport "regexp"\nimport "strings"\nimport "types"\n\n'


def _body(config: InfluxConfig, level: Level, start: str, stop: str) -> str:
    return f"""rows = () => from(bucket: {_text(config.bucket)})
    |> range(start: {start}, stop: {stop})
    |> filter(fn: (r) => r._measurement == "data")
names = rows()
    |> last()
    |> filter(fn: (r) => types.isNumeric(v: r._value))
    |> keep(columns: ["_field"])
    |> group()
    |> distinct(column: "_field")
    |> findColumn(fn: (key) => true, column: "_value")
numeric = regexp.compile(v: "^(" + strings.joinStr(arr: names, v: "|") + ")$")
by = (fn) => rows()
    |> filter(fn: (r) => r._field =~ numeric)
    |> aggregateWindow(every: {level.every}, fn: fn, createEmpty: false, timeSrc: "_start")
put = (tables=<-, name) => tables
    |> map(fn: (r) => ({{r with _field: r._field + "_" + name}}))
    |> to(bucket: {_text(config.bucket + level.suffix)})

by(fn: min) |> toFloat() |> put(name: "min") |> yield(name: "min")
by(fn: mean) |> toFloat() |> put(name: "mean") |> yield(name: "mean")
by(fn: max) |> toFloat() |> put(name: "max") |> yield(name: "max")
by(fn: count) |> put(name: "count") |> yield(name: "count")
"""


def _text(value: str) -> str:
    return msgspec.json.encode(value).decode()
