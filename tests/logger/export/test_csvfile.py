from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logger.columns import Column, column
from logger.export.csvfile import Style, iso, write
from logger.export.fields import Field
from logger.export.table import Batch, Table

BERLIN = ZoneInfo("Europe/Berlin")
PLAIN, GERMAN, ENGLISH = Style(ZoneInfo("UTC")), Style(BERLIN, "de"), Style(BERLIN, "en")
T_US = 1_795_219_199_000_250


def text(table: Table, style: Style) -> str:
    return b"".join(part for part, *_ in write(table, style)).decode()


def table() -> Table:
    fields = [
        Field("time", "time"),
        Field("t_us", "int64"),
        Field("temp", "float", "°C"),
        Field("on", "bool"),
        Field("mode", "str"),
    ]
    times = Column("int64", np.array([T_US, T_US + 1], "<i8"))
    temp, on, mode = column("float", [0.1, None])[0], column("bool", [True, None])[0], column("str", ["=1+1", "a;b"])[0]
    return Table(
        fields,
        iter(
            [
                Batch(2, [times, times, temp, on, mode], "oven1", T_US),
                Batch(1, [times.slice(0, 1), None, None, None, None], "oven1", T_US),
            ]
        ),
    )


def test_plain() -> None:
    assert text(table(), PLAIN).split("\n") == [
        "time (UTC),t_us,temp (°C),on,mode",
        "2026-11-20T23:59:59.000250Z,1795219199000250,0.1,true,=1+1",
        "2026-11-20T23:59:59.000251Z,1795219199000251,,,a;b",
        "2026-11-20T23:59:59.000250Z,,,,",
        "",
    ]


def test_for_a_german_spreadsheet() -> None:
    """It runs no formula that an instrument has sent, and gets what it can hold."""
    assert text(table(), GERMAN).split("\r\n") == [
        "\ufefftime (Europe/Berlin);utc_offset;us;temp (°C);on;mode",
        "2026-11-21 00:59:59,000;+01:00;250;0,1;1;'=1+1",
        '2026-11-21 00:59:59,000;+01:00;251;;;"a;b"',
        "2026-11-21 00:59:59,000;+01:00;250;;;",
        "",
    ]


def test_for_an_english_spreadsheet() -> None:
    assert text(table(), ENGLISH).split("\r\n")[:2] == [
        "\ufefftime (Europe/Berlin),utc_offset,us,temp (°C),on,mode",
        "2026-11-21 00:59:59.000,+01:00,250,0.1,1,'=1+1",
    ]


@given(
    st.lists(st.integers(0, 2**43 * 1000 - 10**12), min_size=1),
    st.sampled_from(["Europe/Berlin", "UTC", "Asia/Kathmandu", "America/St_Johns"]),
)
def test_times_are_exact_in_every_zone(instants: list[int], name: str) -> None:
    zone = ZoneInfo(name)
    for t_us, said in zip(instants, iso(np.array(instants, "<i8"), zone), strict=True):
        seconds, us = divmod(t_us, 10**6)
        there = datetime.fromisoformat(said)
        since = there - datetime.fromtimestamp(seconds, UTC)
        assert (since.days, since.seconds, since.microseconds) == (0, 0, us)
        assert there.utcoffset() == datetime.fromtimestamp(seconds, zone).utcoffset()


def test_the_hour_that_comes_twice_has_two_offsets() -> None:
    at = int(datetime(2026, 10, 25, 0, 59, 59, tzinfo=UTC).timestamp()) * 10**6
    assert iso(np.array([at, at + 10**6], "<i8"), BERLIN) == [
        "2026-10-25T02:59:59.000000+02:00",
        "2026-10-25T02:00:00.000000+01:00",
    ]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
@pytest.mark.parametrize("style", [PLAIN, GERMAN], ids=["plain", "german"])
def test_floats_come_back_bit_for_bit(style: Style, values: list[float]) -> None:
    made = Table([Field("x", "float")], iter([Batch(len(values), [Column("float", np.array(values))], "", 0)]))
    rows = text(made, style).splitlines()[1:]
    assert [float(r.replace(",", ".")).hex() for r in rows] == [v.hex() for v in values]
