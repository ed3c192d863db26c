"""Questions to the history, with their limits."""

import base64
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bridge_ws.answers import ApiError
from broker.messages import MAX_TS_MS
from logger.store import Buckets, History, LogEntry, choose_step

MOST_POINTS = 20_000
MOST_CHANNELS = 100
MOST_LOG = 5000

PARTS = ("min", "mean", "max")


@dataclass(frozen=True, slots=True)
class Span:
    """From ``from_ms`` to before ``to_ms``, in buckets of ``step_us``."""

    from_ms: int
    to_ms: int
    step_us: int


def span(from_ms: float, to_ms: float, points: int, step_ms: float | None) -> Span:
    """The buckets to ask for. Raises ApiError (422)."""
    check_times(from_ms, to_ms)
    if step_ms is None:
        return Span(int(from_ms), int(to_ms), choose_step(int((to_ms - from_ms) * 1000), points))
    step_us = int(step_ms * 1000)
    if (to_ms - from_ms) * 1000 > step_us * MOST_POINTS:
        raise ApiError(422, "invalid", f"step_ms: {step_ms:g} gives more than {MOST_POINTS} points for this time")
    return Span(int(from_ms), int(to_ms), step_us)


def check_times(from_ms: float, to_ms: float) -> None:
    """Raises ApiError (422)."""
    if not (0 <= from_ms < to_ms <= MAX_TS_MS):
        raise ApiError(422, "invalid", "from and to are ms since the epoch, from before to")


def series(history: History, instrument: str, channels: Sequence[str], of: Span) -> dict[str, Any]:
    """The answer of /api/history. Raises HistoryError."""
    found = history.buckets(instrument, channels, of.from_ms * 1000, of.to_ms * 1000, of.step_us)
    return {
        "instrument": instrument,
        "from": of.from_ms,
        "to": of.to_ms,
        "step_ms": of.step_us / 1000 if of.step_us % 1000 else of.step_us // 1000,
        "series": {name: _columns(buckets) for name, buckets in found.items()},
    }


def _columns(b: Buckets) -> dict[str, list[Any]]:
    t = b.t_us // 1000 if not (b.t_us % 1000).any() else b.t_us / 1000
    return {"t": t.tolist(), "min": b.min.tolist(), "max": b.max.tolist(), "mean": b.mean.tolist(), "n": b.n.tolist()}


def table(answer: dict[str, Any]) -> str:
    """The same as CSV, one line a bucket: ``time`` in ms, then min, mean and max of each channel; empty: none."""
    series: dict[str, dict[str, list[Any]]] = answer["series"]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["time", *(f"{name}_{part}" for name in series for part in PARTS)])
    at = {name: dict(zip(s["t"], zip(*(s[p] for p in PARTS), strict=True), strict=True)) for name, s in series.items()}
    for t in sorted(set().union(*at.values())):
        writer.writerow([t, *(v for known in at.values() for v in known.get(t, ("",) * len(PARTS)))])
    return out.getvalue()


def log_line(e: LogEntry) -> dict[str, Any]:
    """One entry of the traffic log as JSON."""
    line: dict[str, Any] = {"ts": e.t_ms, "topic": e.topic, "qos": e.qos, "retain": e.retain, "length": e.length}
    if not e.readable:
        line["readable"] = False
    if e.payload is None:
        return line | {"boot": e.boot, "seq": e.seq, "n": e.n, "late": e.late, "hash": e.digest}
    try:
        return line | {"payload": e.payload.decode()}
    except UnicodeDecodeError:
        return line | {"payload_base64": base64.b64encode(e.payload).decode()}
