import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.messages import ChannelType, Quality, Value
from logger.columns import column
from logger.influx.line import PlainNames, escape, lines, numbers, point, quoted
from logger.influx.refusals import kind_of, parse
from logger.pieces import Chunk, Shape, shape_of
from tests.logger.support import T_US

VALUES: dict[ChannelType, st.SearchStrategy[Value]] = {
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "int": st.integers(-(2**53), 2**53),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "uint64": st.integers(0, 2**63 - 1),
    "bool": st.booleans(),
    "str": st.text(),
}


@st.composite
def tables(draw: st.DrawFn) -> tuple[int, dict[str, tuple[ChannelType, list[Value]]]]:
    n = draw(st.integers(1, 12))
    names = draw(st.lists(st.from_regex(r"[a-z][a-z0-9_]{0,5}", fullmatch=True), min_size=1, max_size=4, unique=True))
    found = {}
    for name in names:
        type_ = draw(st.sampled_from(sorted(VALUES)))
        one = VALUES[type_] if draw(st.booleans()) else VALUES[type_] | st.none()
        found[name] = (type_, draw(st.lists(one, min_size=n, max_size=n)))
    return n, found


def read(value: bytes) -> Value:
    """A field's value as the database reads it."""
    kind = kind_of(value)
    if kind == "str":
        return value[1:-1].decode().replace('\\"', "\0").replace("\\\\", "\\").replace("\0", '"')
    if kind == "bool":
        return value == b"true"
    return float(value) if kind == "float" else int(value[:-1])


def made(n: int, table: dict[str, tuple[ChannelType, list[Value]]], seq: int = 0) -> tuple[Chunk, Shape]:
    columns = {name: column(type_, values)[0] for name, (type_, values) in table.items()}
    return Chunk(seq, T_US + 1000 * np.arange(n, dtype="<i8"), columns), shape_of(columns, "", {})


@given(tables(), st.integers(0, 5000))
def test_every_value_reads_back_with_its_type(
    table: tuple[int, dict[str, tuple[ChannelType, list[Value]]]], seq: int
) -> None:
    n, columns = table
    chunk, shape = made(n, columns, seq)

    found = {}
    for line in lines("oven1", chunk, shape, 0, PlainNames()):
        got = parse(line)
        assert got.head == b"data,instrument=oven1"
        found[int(got.stamp)] = {key.decode(): read(value) for key, value in got.fields if b"\0" not in value}

    expected = {}
    for row in range(n):
        values = {name: values[row] for name, (_, values) in columns.items() if values[row] is not None}
        if values:
            stamp = (T_US + 1000 * row) * 1000 + (seq + row) % 1000
            expected[stamp] = {k: v for k, v in values.items() if not (isinstance(v, str) and "\0" in v)}
    assert {t: bits(v) for t, v in found.items()} == {t: bits(v) for t, v in expected.items()}


def bits(values: dict[str, Value]) -> dict[str, object]:
    """Floats by their bits: −0.0 is not 0.0."""
    return {k: struct.pack("<d", v) if isinstance(v, float) else v for k, v in values.items()}


@pytest.mark.parametrize("absent", [False, True])
def test_quality_uncertainty_and_calibration_stand_beside_the_value(absent: bool) -> None:
    columns = {"temp": column("float", [1.5, None if absent else 2.5, 3.5])[0]}
    q: dict[str, dict[int, Quality]] = {"temp": {1: "nan" if absent else "bad"}}
    chunk = Chunk(7, T_US + np.arange(3), columns, q, {"temp": [0.5, None, 0.25]})
    shape = shape_of(columns, "", {"temp": "K-1", "gone": "K-2"})

    found = [parse(line) for line in lines("oven1", chunk, shape, 2, PlainNames())]

    assert found[0].head == b"data,instrument=oven1,fold=2"
    assert found[0].fields == ((b"temp", b"1.5"), (b"temp_u", b"0.5"), (b"temp_cal", b'"K-1"'))
    middle = ((b"temp", b"2.5"), (b"temp_cal", b'"K-1"'), (b"temp_q", b'"bad"'))
    assert found[1].fields == (((b"temp_q", b'"nan"'),) if absent else middle)
    assert found[2].fields == ((b"temp", b"3.5"), (b"temp_u", b"0.25"), (b"temp_cal", b'"K-1"'))


def test_one_uncertainty_for_all_rows_is_in_every_row() -> None:
    columns = {"temp": column("float", [1.0, 2.0])[0]}
    chunk = Chunk(0, T_US + np.arange(2), columns, {}, {"temp": 0.125})

    found = lines("oven1", chunk, shape_of(columns, "", {}), 0, PlainNames())

    assert [parse(line).fields[1] for line in found] == [(b"temp_u", b"0.125")] * 2


def test_a_row_with_nothing_has_no_line() -> None:
    chunk, shape = made(2, {"temp": ("float", [None, 1.0])})

    assert len(lines("oven1", chunk, shape, 0, PlainNames())) == 1


def test_a_number_is_its_shortest_text() -> None:
    assert numbers(np.array([0.1, 1e300, -0.0, 5e-324, 2.0])) == [b"0.1", b"1e300", b"-0.0", b"5e-324", b"2.0"]
    assert float(numbers(np.array([math.pi]))[0]) == math.pi
    assert numbers(np.array([], "<f8")) == []


def test_words_that_would_end_a_tag_are_escaped() -> None:
    assert escape("a b,c=d") == "a\\ b\\,c\\=d"
    assert escape("x\ny\\") == "x y/".replace(" ", "\\ ")
    assert quoted('say "no" \\') == b'"say \\"no\\" \\\\"'


def test_a_point_leaves_out_what_is_empty() -> None:
    assert point("event", {"state": "", "instrument": "oven1"}, {"text": "hot", "by": None}, 5) == (
        b'event,instrument=oven1 text="hot" 5'
    )
    assert point("event", {}, {"by": None}, 5) is None
    assert point("m", {}, {"a": 1, "b": True, "c": 0.5}, 5) == b"m a=1i,b=true,c=0.5 5"
