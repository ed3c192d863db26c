"""Frames as sample sets of the contract: the server's stamps in µs, a column per element, bit for bit. Pure."""

from collections.abc import Mapping, Sequence
from typing import cast

import msgspec

from broker.messages import MAX_SAFE_INTEGER, ChannelType, Quality, Value
from broker.values import MAX_TS_MS
from msr_adapter.describe import Column
from msr_adapter.wire import Data, WireError, to_text
from msr_adapter.wire.samples import Samples, from_base64

_LATEST_US = MAX_TS_MS * 1000
_WIDE = ("int64", "uint64")


class Rows(msgspec.Struct, frozen=True):
    """Sample sets by column; ``q``: channel → row → code, only what JSON cannot say otherwise."""

    t_us: list[int]
    cols: dict[str, list[Value]]
    q: dict[str, dict[int, Quality]]


def rows(data: Data, columns: Mapping[int, Column]) -> Rows:
    """A frame of ``columns`` (by index); what nobody subscribed is left out.

    Raises WireError for samples of a wrong length and for stamps that no message can carry.
    """
    t_us = [t // 1000 for t in data.t_ns]
    if max(t_us) >= _LATEST_US:
        raise WireError(f"the time stamp {max(data.t_ns)} ns is beyond the year 2248")
    cols: dict[str, list[Value]] = {}
    q: dict[str, dict[int, Quality]] = {}
    for index, text in data.columns:
        column = columns.get(index)
        if column is not None:
            spread(column, from_base64(column.layout, text, len(t_us)), cols, q)
    return Rows(t_us, cols, q)


def spread(column: Column, samples: Samples, cols: dict[str, list[Value]], q: dict[str, dict[int, Quality]]) -> None:
    """Add each element of a signal as a column of its own; a text is one."""
    if column.type == "str":
        cols[column.channels[0]] = texts(samples, column.layout.count)
        return
    step = len(column.channels)
    if step == 1:
        cols[column.channels[0]] = as_values(column.type, samples)
    else:
        for k, channel in enumerate(column.channels):
            cols[channel] = as_values(column.type, samples[k::step])
    if column.type == "bool":
        for k, channel in enumerate(column.channels):
            odd: dict[int, Quality] = {row: "bad" for row, v in enumerate(samples[k::step]) if v not in (0, 1)}
            if odd:
                q[channel] = odd


def texts(samples: Samples, length: int) -> list[Value]:
    """Byte vectors of ``length`` as texts: up to the first zero, UTF-8 or else Latin-1."""
    image = samples.tobytes()
    return [to_text(image[k : k + length].partition(b"\0")[0]) for k in range(0, len(image), length)]


def as_values(type_: ChannelType, samples: Samples) -> list[Value]:
    """Numbers as they travel: 64-bit integers beyond ±2^53 as decimal text; a bool that is neither 0 nor 1 is None."""
    values = cast(list[Value], samples.tolist())
    if type_ == "bool":
        return [None if v not in (0, 1) else bool(v) for v in samples]
    if type_ in _WIDE and (max(samples) > MAX_SAFE_INTEGER or min(samples) < -MAX_SAFE_INTEGER):
        return [str(v) if not -MAX_SAFE_INTEGER <= v <= MAX_SAFE_INTEGER else v for v in cast(Sequence[int], samples)]
    return values


def row_of(column: Column, samples: Samples) -> tuple[dict[str, Value], dict[str, Quality]]:
    """One sample of a signal or parameter: values and qualities by channel."""
    cols: dict[str, list[Value]] = {}
    q: dict[str, dict[int, Quality]] = {}
    spread(column, samples, cols, q)
    return {ch: col[0] for ch, col in cols.items()}, {ch: codes[0] for ch, codes in q.items()}
