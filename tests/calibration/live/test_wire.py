"""Messages as samples: raw, good, in order, by their own times."""

from typing import Any

import pytest

from broker.messages import Block, Data
from calibration import procedure as procedures
from calibration.live.plan import Source
from calibration.live.wire import Wire
from calibration.record import Applied
from tests.calibration.live.bench import SMALL, setup

TS = 1_795_219_200_000
APPLIED = Applied(certificate="K-1", coef=["-0.05"])


def wire(text: str = SMALL, **changes: Any) -> Wire:
    made = setup(text, source=Source("bath1", "temp", 3), reference=Source("ref1", "temp", 4), **changes)
    return Wire(made, procedures.read(text))


def data(values: dict[str, Any], **more: Any) -> Data:
    return Data(ts=TS, values=values, **more)


def texts(found: list[Any]) -> list[tuple[str | None, str]]:
    return [(h.stream, h.text) for h in found if h.stream]


def test_a_sample_with_the_digits_its_instrument_shows() -> None:
    (heard,) = wire().heard("bath1", data({"temp": 20.0, "other": 3}, us=250))
    assert (heard.stream, heard.text, heard.t) == ("item", "20.000", TS / 1000 + 0.00025)
    assert texts(wire().heard("ref1", data({"temp": 20.12345}))) == [("reference", "20.12345")]
    assert wire().heard("nobody", data({"temp": 1.0})) == []


@pytest.mark.parametrize("q", ["bad", "uncertain", "extrapolated", "clock"])
def test_what_is_not_good_is_not_taken(q: Any) -> None:
    assert wire().heard("bath1", data({"temp": 20.0}, q={"temp": q})) == []


@pytest.mark.parametrize("value", [None, True, "warm"])
def test_what_is_no_number_is_not_taken(value: Any) -> None:
    assert wire().heard("bath1", data({"temp": value})) == []


def test_a_block_row_by_row_and_a_late_one_not_at_all() -> None:
    cols: Any = {"temp": [20.0, 21.0, 22.0]}
    q: Any = {"temp": {"1": "bad"}}
    block = Block(boot="b", seq=0, n=3, cols=cols, t0_us=TS * 1000, dt_us=500_000, q=q)
    assert [(h.t - TS / 1000, h.text) for h in wire().heard("bath1", block)] == [(0.0, "20.000"), (1.0, "22.000")]
    late = Block(boot="b", seq=0, n=1, cols={"temp": [20.0]}, t0_us=TS * 1000, dt_us=1, late=True)
    assert wire().heard("bath1", late) == []


def test_of_a_corrected_channel_the_raw_value_is_read() -> None:
    one = wire(applied=APPLIED)
    both = data({"temp": 19.95, "temp_raw": 20.0}, cal={"temp": "K-1"}, q={"temp": "extrapolated"})
    assert texts(one.heard("bath1", both)) == [("item", "20.000")]
    assert one.trouble == ""


def test_corrected_without_its_raw_value_is_refused() -> None:
    one = wire(applied=APPLIED)
    assert one.heard("bath1", data({"temp": 19.95}, cal={"temp": "K-1"})) == []
    assert "corrected by K-1 and its raw value does not come" in one.trouble
    assert texts(one.heard("bath1", data({"temp": 19.95, "temp_raw": 20.0}, cal={"temp": "K-1"})))
    assert one.trouble == ""


def test_another_certificate_during_the_run_is_refused() -> None:
    one = wire(applied=APPLIED)
    row = {"temp": 19.95, "temp_raw": 20.0}
    assert texts(one.heard("bath1", data(row, cal={"temp": "K-1"})))
    assert one.heard("bath1", data(row, cal={"temp": "K-2"})) == []
    assert "by K-1 when the run began, now by K-2" in one.trouble
    fresh = wire()
    assert fresh.heard("bath1", data(row, cal={"temp": "K-1"})) == []
    assert "the run began with nothing" in fresh.trouble


def test_a_corrected_reference_is_read_raw_too() -> None:
    one = wire()
    assert texts(one.heard("ref1", data({"temp": 1.0, "temp_raw": 2.0}, cal={"temp": "C-1"}))) == [
        ("reference", "2.0000")
    ]
    assert one.heard("ref1", data({"temp": 1.0}, cal={"temp": "C-1"})) == []
    assert "ref1/temp is corrected by C-1" in one.trouble


def test_a_procedure_for_the_corrected_value_reads_that() -> None:
    text = SMALL.replace('unit = "°C"', 'unit = "°C"\nsignal = "corrected"')
    found = wire(text).heard("bath1", data({"temp": 19.95, "temp_raw": 20.0}, cal={"temp": "K-1"}))
    assert texts(found) == [("item", "19.950")]


def test_a_calibration_that_changes_nothing_and_is_overdue() -> None:
    overdue = data({"temp": 20.0}, cal={"temp": "K-2"}, q={"temp": "uncertain"})
    assert texts(wire(plain=["K-2"]).heard("bath1", overdue)) == [("item", "20.000")]
    assert wire(plain=["K-2"]).heard("bath1", data({"temp": 20.0}, cal={"temp": "K-2"}, q={"temp": "bad"})) == []


def test_the_room() -> None:
    (heard,) = wire().heard("env1", data({"temperature": 21.5, "humidity": 40, "light": 3, "pressure": None}))
    assert heard.room == {"temperature": 21.5, "humidity": 40.0}
    assert wire().heard("env1", data({"temperature": 21.5}, q={"temperature": "bad"})) == []
