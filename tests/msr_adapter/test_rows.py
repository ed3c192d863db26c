"""Frames as sample sets."""

import json
import math
import struct
from array import array
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.messages import ChannelType, fits
from msr_adapter.describe import Column, type_of
from msr_adapter.rows import as_values, row_of, rows
from msr_adapter.tables import ChannelTable
from msr_adapter.wire import Data, WireError, layout_of
from msr_adapter.wire.layout import TYPES, Layout
from msr_adapter.wire.samples import from_image, to_base64


def column(layout: Layout, *, index: int = 7, wanted: str = "") -> Column:
    names = ("c",) if layout.count == 1 else tuple(f"c_{k}" for k in range(layout.count))
    return Column(index, b"/c", layout, names, type_of(layout, wanted), ChannelTable())


def frame(image: bytes, *t_ns: int, index: int = 7) -> Data:
    return Data(array("Q", t_ns), ((index, to_base64(image)),))


def test_stamps_are_cut_to_microseconds_and_columns_named() -> None:
    layout = layout_of("TSHORT_LIST", columns=2)
    got = rows(frame(struct.pack("<4h", 1, 2, -3, 4), 1_000_001_999, 1_000_002_000), {7: column(layout)})

    assert got.t_us == [1_000_001, 1_000_002]
    assert got.cols == {"c_0": [1, -3], "c_1": [2, 4]}
    assert got.q == {}


def test_what_nobody_subscribed_is_left_out() -> None:
    assert rows(frame(bytes(8), 1, index=9), {7: column(layout_of("TDBL"))}).cols == {}


@pytest.mark.parametrize(
    ("image", "stamp", "text"),
    [(bytes(7), 1, "samples of TDBL"), (bytes(8), 2**64 - 1, "beyond the year 2248")],
)
def test_what_cannot_be_said_raises(image: bytes, stamp: int, text: str) -> None:
    with pytest.raises(WireError, match=text):
        rows(frame(image, stamp), {7: column(layout_of("TDBL"))})


@given(st.sampled_from(sorted(TYPES)), st.data())
def test_every_value_travels_exactly(name: str, data: Any) -> None:
    kind = TYPES[name]
    image = data.draw(st.binary(min_size=kind.size, max_size=kind.size))
    layout = layout_of(name)
    samples = from_image(layout, image)
    (value,) = as_values(type_of(layout, ""), samples)

    if isinstance(value, float) and not math.isfinite(value):
        return  # the agent makes null and a quality of it
    assert fits(value, type_of(layout, ""))
    back = json.loads(json.dumps(value))
    if isinstance(back, str):
        assert abs(int(back)) > 2**53
    assert struct.pack(f"<{kind.code}", back if kind.is_float else int(back)) == image


@pytest.mark.parametrize(("typ", "type_"), [("TLINT", "int64"), ("TULINT", "uint64")])
def test_integers_beyond_what_json_readers_hold_are_text(typ: str, type_: ChannelType) -> None:
    values = [0, 2**53, 2**53 + 1, 2**63 - 1]
    samples = array(TYPES[typ].code, values)

    assert as_values(type_, samples) == [0, 2**53, str(2**53 + 1), str(2**63 - 1)]  # type: ignore[arg-type]


def test_a_bool_that_is_neither_is_bad() -> None:
    got = rows(frame(bytes([0, 1, 5]), 1000, 2000, 3000), {7: column(layout_of("TCHAR"), wanted="bool")})

    assert got.cols == {"c": [False, True, None]}
    assert got.q == {"c": {2: "bad"}}
    assert row_of(column(layout_of("TCHAR"), wanted="bool"), from_image(layout_of("TCHAR"), b"\xff")) == (
        {"c": None},
        {"c": "bad"},
    )


def test_only_one_byte_may_be_a_bool() -> None:
    assert type_of(layout_of("TINT"), "bool") == "int"
