"""The questions Grafana asks InfluxDB, in Flux. Pure.

Which fields are numbers is found first, by the last value of each; then they are asked for by name. InfluxDB's storage
answers that itself, where a filter by type would look at every value. For the same reason ``rows`` is a function.

Grafana replaces ``v.timeRangeStart``, ``v.timeRangeStop``, ``v.windowPeriod``, ``v.defaultBucket`` and its own
``${variables}``. Measurements and fields are those of ``logger.influx`` (docs/influxdb.md).
"""

from collections.abc import Sequence

RANGE = "  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)"
ONE = 'r.instrument == "${instrument}"'
MANY = "r.instrument =~ /^${instrument:regex}$/"
CHANNELS = "r._field =~ /^${channel:regex}$/"
BESIDE = "_(q|u|cal)$"
"""Fields beside a channel: its quality, uncertainty and calibration."""


def text(*lines: str) -> str:
    return "\n".join(lines)


def _source(bucket: str = "v.defaultBucket", when: str = RANGE) -> tuple[str, str]:
    return f"from(bucket: {bucket})", when


def _named(which: str, channels: str, numeric: bool) -> str:
    """``rows``, and ``wanted``: the fields among them that are numbers, or that are none."""
    return text(
        'import "regexp"',
        'import "strings"',
        'import "types"',
        "rows = () => from(bucket: v.defaultBucket)",
        RANGE,
        f'  |> filter(fn: (r) => r._measurement == "data" and {which} and {channels} and r._field !~ /{BESIDE}/)',
        "names = rows()",
        "  |> last()",
        f"  |> filter(fn: (r) => {'' if numeric else 'not '}types.isNumeric(v: r._value))",
        '  |> keep(columns: ["_field"])',
        "  |> group()",
        '  |> distinct(column: "_field")',
        '  |> findColumn(fn: (key) => true, column: "_value")',
        'wanted = regexp.compile(v: "^(" + strings.joinStr(arr: names, v: "|") + ")$")',
    )


def samples(which: str, fn: str, *, channels: str = CHANNELS, named: bool = False) -> str:
    """Numeric channels in windows of the panel's width. ``fn``: mean, min, max. ``named``: the instrument in front."""
    label = 'r.instrument + " " + r._field' if named else "r._field"
    return text(
        _named(which, channels, numeric=True),
        "rows()",
        "  |> filter(fn: (r) => r._field =~ wanted)",
        f"  |> aggregateWindow(every: v.windowPeriod, fn: {fn}, createEmpty: false)",
        "  |> toFloat()",
        f"  |> map(fn: (r) => ({{_time: r._time, _value: r._value, _field: {label}}}))",
        '  |> group(columns: ["_field"])',
    )


def states(which: str) -> str:
    """Switches and words of the chosen channels, as they change."""
    return text(
        _named(which, CHANNELS, numeric=False),
        "rows()",
        "  |> filter(fn: (r) => r._field =~ wanted)",
        "  |> aggregateWindow(every: v.windowPeriod, fn: last, createEmpty: false)",
        "  |> toString()",
        '  |> keep(columns: ["_time", "_value", "_field"])',
    )


def long_term(suffix: str, which: str, extreme: str) -> str:
    """``min``, ``mean`` or ``max`` from the downsampled bucket ``_1m`` or ``_1h``."""
    channels = f"r._field =~ /^${{channel:regex}}_{extreme}$/"
    return text(
        *_source(f'v.defaultBucket + "{suffix}"'),
        f'  |> filter(fn: (r) => r._measurement == "data" and {which} and {channels})',
        f"  |> aggregateWindow(every: v.windowPeriod, fn: {extreme}, createEmpty: false)",
        '  |> keep(columns: ["_time", "_value", "_field"])',
    )


def marks(which: str) -> str:
    """How often a quality other than good came with a channel."""
    return text(
        *_source(),
        f'  |> filter(fn: (r) => r._measurement == "data" and {which} and r._field =~ /_q$/)',
        "  |> aggregateWindow(every: v.windowPeriod, fn: count, createEmpty: false)",
        '  |> keep(columns: ["_time", "_value", "_field"])',
    )


def rates(which: str) -> str:
    """Values a second of every instrument."""
    return text(
        *_source(),
        f'  |> filter(fn: (r) => r._measurement == "data" and {which} and r._field !~ /{BESIDE}/)',
        "  |> aggregateWindow(every: v.windowPeriod, fn: count, createEmpty: false)",
        '  |> group(columns: ["instrument", "_time"])',
        "  |> sum()",
        "  |> map(fn: (r) => ({_time: r._time, _field: r.instrument,",
        "      _value: float(v: r._value) / float(v: int(v: v.windowPeriod)) * 1000000000.0}))",
        '  |> group(columns: ["_field"])',
        '  |> sort(columns: ["_time"])',
    )


def newest(which: str) -> str:
    """A table: the newest value of each channel, as text, and when it was."""
    return text(
        *_source(),
        f'  |> filter(fn: (r) => r._measurement == "data" and {which} and r._field !~ /{BESIDE}/)',
        "  |> last()",
        "  |> toString()",
        "  |> group()",
        '  |> keep(columns: ["_time", "_value", "_field", "instrument"])',
        '  |> rename(columns: {_time: "when", _value: "value", _field: "channel"})',
        '  |> sort(columns: ["instrument", "channel"])',
    )


def presence(which: str) -> str:
    """Which instruments answer, over time: 1 online or degraded, 0 offline or lost. The state before the range too."""
    lines = (
        f'  |> filter(fn: (r) => r._measurement == "status" and r._field == "up" and {which})',
        '  |> group(columns: ["instrument"])',
    )
    return text(
        "before = from(bucket: v.defaultBucket)",
        "  |> range(start: -90d, stop: v.timeRangeStart)",
        *lines,
        '  |> sort(columns: ["_time"])',
        "  |> last()",
        "  |> map(fn: (r) => ({r with _time: v.timeRangeStart}))",
        "during = from(bucket: v.defaultBucket)",
        RANGE,
        *lines,
        "union(tables: [before, during])",
        "  |> map(fn: (r) => ({_time: r._time, _field: r.instrument, _value: if r._value then 1.0 else 0.0}))",
        '  |> group(columns: ["_field"])',
        '  |> sort(columns: ["_time"])',
    )


def happened(measurements: Sequence[str], which: str | None, limit: int = 100) -> str:
    """A table of events, replies, notes or runs, newest first."""
    wanted = " or ".join(f'r._measurement == "{m}"' for m in measurements)
    mine = f" and {which}" if which else ""
    return text(
        *_source(),
        f'  |> filter(fn: (r) => ({wanted}) and (r._field == "text" or r._field == "by"){mine})',
        '  |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")',
        "  |> group()",
        '  |> sort(columns: ["_time"], desc: true)',
        f"  |> limit(n: {limit})",
        '  |> drop(columns: ["_start", "_stop"])',
    )


def annotations(measurement: str, condition: str = "") -> str:
    """The texts of one measurement as annotations of the shown instruments; a note for everybody too."""
    extra = f" and {condition}" if condition else ""
    return text(
        *_source(),
        f'  |> filter(fn: (r) => r._measurement == "{measurement}" and r._field == "text"{extra})',
        f"  |> filter(fn: (r) => not exists r.instrument or {MANY})",
        "  |> group()",
        '  |> keep(columns: ["_time", "_value"])',
        '  |> rename(columns: {_value: "text"})',
        '  |> sort(columns: ["_time"])',
    )


def service(name: str, figures: Sequence[str]) -> str:
    """Figures of every service called ``name`` (logger, bridge, edge), labelled with whose they are."""
    wanted = " or ".join(f'r._field == "{figure}"' for figure in figures)
    return text(
        *_source(),
        f'  |> filter(fn: (r) => r._measurement == "service" and r.service == "{name}" and ({wanted}))',
        "  |> toFloat()",
        "  |> aggregateWindow(every: v.windowPeriod, fn: last, createEmpty: false)",
        '  |> map(fn: (r) => ({_time: r._time, _value: r._value, _field: r.name + " " + r._field}))',
        '  |> group(columns: ["_field"])',
    )


def services() -> str:
    """A table: the last state of every service, and its reason."""
    return text(
        *_source(),
        '  |> filter(fn: (r) => r._measurement == "service" and (r._field == "state" or r._field == "reason"))',
        "  |> last()",
        '  |> pivot(rowKey: ["service", "name"], columnKey: ["_field"], valueColumn: "_value")',
        "  |> group()",
        '  |> keep(columns: ["service", "name", "state", "reason"])',
        '  |> sort(columns: ["service", "name"])',
    )


def silent_for() -> str:
    """For the alert: seconds since the newest sample of each instrument of the last day, and one more for lost ones."""
    return text(
        *_source(when="  |> range(start: -1d)"),
        f'  |> filter(fn: (r) => r._measurement == "data" and r._field !~ /{BESIDE}/)',
        '  |> keep(columns: ["_time", "instrument"])',
        '  |> group(columns: ["instrument"])',
        '  |> max(column: "_time")',
        "  |> map(fn: (r) => ({instrument: r.instrument, _time: now(),",
        "      _value: float(v: int(v: now()) - int(v: r._time)) / 1000000000.0}))",
        '  |> group(columns: ["instrument"])',
    )


def instruments() -> str:
    """The variable ``instrument``."""
    return text(
        'import "influxdata/influxdb/schema"',
        'schema.tagValues(bucket: v.defaultBucket, tag: "instrument",',
        '  predicate: (r) => r._measurement == "data", start: -90d)',
    )


def channels(which: str) -> str:
    """The variable ``channel``: fields of the chosen instruments, without those beside a channel."""
    return text(
        'import "influxdata/influxdb/schema"',
        "schema.fieldKeys(bucket: v.defaultBucket,",
        f'  predicate: (r) => r._measurement == "data" and {which}, start: -90d)',
        f"  |> filter(fn: (r) => r._value !~ /{BESIDE}/)",
    )
