import struct

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from broker.messages import ChannelType, Value
from logger.columns import SMALL, column
from logger.pieces import SPAN_US, Chunk, pack, shape_of, split, summaries, unpack

T0 = 1_795_219_199_123_456
VALUES: dict[ChannelType, st.SearchStrategy[Value]] = {
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "int": st.integers(-(2**53), 2**53),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "uint64": st.integers(0, 2**64 - 1),
    "bool": st.booleans(),
    "str": st.text(),
}


def bits(value: Value) -> object:
    return struct.pack("<d", value) if isinstance(value, float) else value


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[int], dict[str, tuple[ChannelType, list[Value]]]]:
    n = draw(st.sampled_from([1, 2, SMALL - 1, SMALL, SMALL + 7, 100]))
    regular = draw(st.booleans())
    steps = draw(st.lists(st.integers(-5_000_000, 5_000_000), min_size=n, max_size=n))
    times = [T0 + k * 1000 for k in range(n)] if regular else [T0 + s for s in steps]
    table: dict[str, tuple[ChannelType, list[Value]]] = {}
    for k in range(draw(st.integers(0, 4))):
        type_ = draw(st.sampled_from(list(VALUES)))
        few = draw(st.lists(st.none() | VALUES[type_], min_size=1, max_size=n))
        table[f"c{k}"] = (type_, [few[row % len(few)] for row in range(n)])
    return times, table


@given(tables())
def test_rows_come_back_bit_for_bit(made: tuple[list[int], dict[str, tuple[ChannelType, list[Value]]]]) -> None:
    times, table = made
    columns = {}
    for name, (type_, values) in table.items():
        columns[name], bad = column(type_, values)
        assert bad == []
    chunk = Chunk(7, np.array(times, "<i8"), columns)
    shape = shape_of(columns, "rev", {})

    packed = pack(chunk, shape)
    back = unpack(packed, shape)

    assert back.t_us.tolist() == times
    assert (packed.t_min, packed.t_max, packed.n) == (min(times), max(times), len(times))
    for name, (_, values) in table.items():
        assert list(map(bits, back.columns[name].python())) == list(map(bits, values))
        assert list(map(bits, unpack(packed, shape, {name}).columns[name].python())) == list(map(bits, values))


def test_quality_and_uncertainty_travel_with_their_rows() -> None:
    columns = {"a": column("float", [1.0, None, 3.0])[0], "b": column("int", [1, None, 3])[0]}
    chunk = Chunk(0, np.array([T0, T0 + 5, T0 + 7]), columns, {"a": {1: "nan"}}, {"a": [0.1, None, 0.3], "b": 0.5})
    shape = shape_of(columns, "", {"a": "cal-1"})

    back = unpack(pack(chunk, shape), shape)
    assert (back.q, back.u) == ({"a": {1: "nan"}}, {"a": [0.1, None, 0.3], "b": 0.5})
    assert back.columns["b"].python() == [1, None, 3]

    part = chunk.slice(1, 3)
    assert (part.seq, part.q, part.u) == (1, {"a": {0: "nan"}}, {"a": [None, 0.3], "b": 0.5})


def test_summary_leaves_absent_values_out() -> None:
    values = [None, *map(float, range(SMALL))]
    columns = {"a": column("float", values)[0], "gone": column("float", [None] * len(values))[0]}
    columns["text"] = column("str", ["x"] * len(values))[0]
    shape = shape_of(columns, "", {})
    found = summaries(pack(Chunk(0, T0 + np.arange(len(values)), columns), shape), shape)

    assert found["a"] == (0.0, SMALL - 1.0, sum(range(SMALL)), SMALL)
    assert found["gone"][3] == 0
    assert "text" not in found


@given(st.lists(st.integers(0, 6 * SPAN_US), max_size=30))
def test_no_part_spans_more_than_an_hour(times: list[int]) -> None:
    parts = split(np.array(times, "<i8"))

    assert [k for a, b in parts for k in range(a, b)] == list(range(len(times)))
    assert all(max(times[a:b]) - min(times[a:b]) <= SPAN_US for a, b in parts)


def test_a_clock_jump_cuts() -> None:
    assert split(np.array([T0, T0 + 1, T0 - 2 * SPAN_US, T0 - 2 * SPAN_US + 1])) == [(0, 2), (2, 4)]
