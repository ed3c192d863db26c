"""Seconds and stamps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.live.times import second, seconds, stamp
from calibration.record import RecordError


@given(st.integers(0, 4_000_000_000_000))
def test_there_and_back(ms: int) -> None:
    assert round(seconds(stamp(ms / 1000)) * 1000) in (ms - 1, ms, ms + 1)


def test_as_they_are_written() -> None:
    assert stamp(1_795_219_200.25) == "2026-11-21T00:00:00.250Z"
    assert second(1_795_219_200.25) == "2026-11-21T00:00:00Z"
    assert seconds("2026-11-21T01:00:00+01:00") == seconds("2026-11-21") == 1_795_219_200.0
    with pytest.raises(RecordError, match="neither a day nor a time"):
        seconds("soon")
