from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from broker.messages import Channel, ChannelType, Meta
from logger.columns import Column, column
from logger.export.ask import Values
from logger.export.fields import Descriptions, Remarks, Series, cells, series
from logger.pieces import Chunk, Shape

ABOUT = Descriptions(
    [
        Meta(rev="a", channels={"temp": Channel(unit="K"), "temp_raw": Channel(unit="K")}),
        Meta(rev="b", channels={"temp": Channel(unit="°C", label="Zone 1"), "temp_raw": Channel(unit="°C")}),
    ]
)
NONE = Remarks()
BOTH = (Shape((("temp", "float"), ("temp_raw", "float")), "b", (("temp", "K-1"),)), Shape((("temp", "float"),), "b"))


def titles(shapes: Sequence[Shape], values: Values = "recorded", remarks: Remarks = NONE) -> list[str]:
    return [s.field.title for s in series(shapes, ABOUT, remarks, values)]


def chunk(**columns: tuple[ChannelType, Sequence[Any]]) -> Chunk:
    made = {name: column(type_, values)[0] for name, (type_, values) in columns.items()}
    return Chunk(0, np.arange(len(next(iter(made.values())))), made)


def read(of: Series, rows: Chunk, shape: Shape = BOTH[0]) -> list[Any] | None:
    found = cells(of, rows, shape, ABOUT)
    return None if found is None else found.python()


def test_a_unit_or_type_that_changed_is_a_column_of_its_own() -> None:
    shapes = [Shape((("temp", "float"),), "a"), Shape((("temp", "int"),), "b"), Shape((("temp", "float"),), "b")]
    assert titles(shapes) == ["temp:K (K)", "temp:int (°C)", "temp (°C)"]
    kelvin, whole, present = series(shapes, ABOUT, Remarks(), "recorded")
    rows = chunk(temp=("float", [1.5]))
    assert [read(s, rows, shapes[0]) for s in (kelvin, whole, present)] == [[1.5], None, None]
    assert [read(s, rows, shapes[2]) for s in (kelvin, whole, present)] == [None, None, [1.5]]
    assert present.field.label == "Zone 1"


def test_remarks_stand_beside_their_channel() -> None:
    remarks = Remarks({"temp"}, {"temp"}, {"temp"})
    assert titles(BOTH, remarks=remarks) == [
        "temp (°C)",
        "temp:quality",
        "temp:u (°C)",
        "temp:cal",
        "temp_raw (°C)",
    ]


def test_what_is_remarked() -> None:
    rows = Chunk(0, np.arange(2), {}, {"temp": {1: "bad"}}, {"temp": [0.5, None]})
    _, q, u, cal, _ = series(BOTH, ABOUT, Remarks({"temp"}, {"temp"}, {"temp"}), "recorded")
    assert (read(q, rows), read(u, rows), read(cal, rows)) == ([None, "bad"], [0.5, None], ["K-1", "K-1"])
    assert read(cal, rows, BOTH[1]) is None
    one = Chunk(0, np.arange(2), {}, {}, {"temp": 0.25})
    assert (read(q, one), read(u, one)) == (None, [0.25, 0.25])


def test_corrected_leaves_out_the_raw_values() -> None:
    assert titles(BOTH, "corrected") == ["temp (°C)"]
    assert titles([Shape((("odd_raw", "float"),), "b")], "corrected") == ["odd_raw"]


def test_raw_is_what_the_instrument_said_in_every_row() -> None:
    remarks = Remarks({"temp"}, {"temp"}, {"temp"})
    assert titles(BOTH, "raw", remarks) == ["temp_raw (°C)", "temp_raw:quality"]
    raw, _ = series(BOTH, ABOUT, remarks, "raw")
    assert read(raw, chunk(temp=("float", [1.5, 2.5]), temp_raw=("float", [1.0, None]))) == [1.0, 2.5]
    assert read(raw, chunk(temp=("float", [1.5, 2.5]))) == [1.5, 2.5]
    assert read(raw, chunk(temp_raw=("float", [1.0]))) == [1.0]
    assert read(raw, chunk(other=("float", [1.0]))) is None


def test_raw_integers_of_a_corrected_float_are_floats_and_integers_stay_exact() -> None:
    (raw,) = series([Shape((("temp", "float"), ("temp_raw", "int")), "b")], ABOUT, Remarks(), "raw")
    assert (raw.field.type, read(raw, chunk(temp=("float", [1.5, 2.5]), temp_raw=("int", [1, None])))) == (
        "float",
        [1.0, 2.5],
    )
    (raw,) = series([Shape((("temp", "int64"), ("temp_raw", "int64")), "b")], ABOUT, Remarks(), "raw")
    rows = chunk(temp=("int64", [2**60 + 1, 5, None]), temp_raw=("int64", [None, 2**60 + 3, None]))
    assert read(raw, rows) == [2**60 + 1, 2**60 + 3, None]


def test_a_raw_value_in_another_unit_is_another_quantity() -> None:
    about = Descriptions([Meta(rev="b", channels={"temp": Channel(unit="°C"), "temp_raw": Channel(unit="mV")})])
    values: Mapping[Values, list[str]] = {
        v: [s.field.title for s in series(BOTH, about, Remarks(), v)] for v in ("raw", "corrected")
    }
    assert values == {v: ["temp (°C)", "temp_raw (mV)"] for v in ("raw", "corrected")}


def test_rows_of_a_channel_nobody_described() -> None:
    (odd,) = series([Shape((("odd", "str"),))], Descriptions([]), Remarks(), "recorded")
    assert odd.field.title == "odd"
    assert cells(odd, chunk(odd=("str", ["a", None])), Shape((("odd", "str"),)), Descriptions([])) == Column(
        "str", ["a", None]
    )
