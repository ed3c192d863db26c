from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.register import RegisterError, when


@pytest.mark.parametrize(
    ("stamp", "kept"),
    [
        ("2026-11-21", "2026-11-21T00:00:00Z"),
        ("2026-11-21T08:00", "2026-11-21T08:00:00Z"),
        ("2026-11-21T08:00:00Z", "2026-11-21T08:00:00Z"),
        ("2026-11-21T01:00:00.9+02:00", "2026-11-20T23:00:00Z"),
    ],
)
def test_times_are_kept_in_utc(stamp: str, kept: str) -> None:
    assert when.normal(stamp) == kept
    assert when.day(stamp).isoformat() == kept[:10]


@pytest.mark.parametrize("stamp", ["", "soon", "2026-13-01", "21.11.2026"])
def test_what_is_no_time(stamp: str) -> None:
    with pytest.raises(RegisterError, match="neither a day"):
        when.parse(stamp)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2026-11-21", 12, "2027-11-21"),
        ("2026-12-31", 2, "2027-02-28"),
        ("2026-10-31", 1, "2026-11-30"),
        ("2026-12-01", 24, "2028-12-01"),
        ("2026-11-30", 1, "2026-12-30"),
    ],
)
def test_months_later(start: str, months: int, end: str) -> None:
    assert when.months_later(date.fromisoformat(start), months) == date.fromisoformat(end)


@given(st.dates(date(1950, 1, 1), date(2150, 1, 1)), st.integers(1, 600))
def test_months_later_is_in_that_month(start: date, months: int) -> None:
    end = when.months_later(start, months)
    assert (end.year * 12 + end.month) - (start.year * 12 + start.month) == months
    assert end.day == start.day or (end.day < start.day and (end + timedelta(days=1)).day == 1)


@pytest.mark.parametrize(("span", "days"), [("30d", 30), ("2w", 14), ("7", 7), ("0d", 0)])
def test_spans(span: str, days: int) -> None:
    assert when.within(span) == timedelta(days=days)


@pytest.mark.parametrize("span", ["", "d", "-3d", "3 days", "1.5d", "999999d"])
def test_no_span(span: str) -> None:
    with pytest.raises(RegisterError, match="30d"):
        when.within(span)


def test_now_is_now() -> None:
    assert abs(when.now() - datetime.now(UTC)) < timedelta(minutes=1)
    assert when.text(datetime(2026, 11, 21, 8, tzinfo=UTC)) == "2026-11-21T08:00:00Z"
