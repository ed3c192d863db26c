import io

import pytest
from rich.console import Console

from broker.messages import Channel, EdgeStatus, Meta, Status, Value, encode
from broker.topics import Kind
from labwire.live import Picture, age_text, number_text, plain_lines, table

BALANCE = Meta(channels={"mass": Channel(unit="g", resolution=0.0001), "stable": Channel(type="bool")}, edge="pi")


def picture(state: str = "online", edge_state: str = "online") -> Picture:
    p = Picture()
    p.take(Kind.META, "balance1", encode(BALANCE))
    p.take(Kind.STATUS, "balance1", encode(Status(state=state, boot="b", edge="pi")))  # type: ignore[arg-type]
    p.take(Kind.EDGE_STATUS, "pi", encode(EdgeStatus(state=edge_state, boot="b")))  # type: ignore[arg-type]
    p.take(Kind.LAST, "balance1", b'{"ts":1000000,"mass":100.0,"stable":true}')
    return p


@pytest.mark.parametrize(
    ("value", "channel", "text"),
    [
        (100.0, Channel(resolution=0.0001), "100.0000"),
        (21.437, Channel(resolution=0.1), "21.4"),
        (21.437, Channel(resolution=0.5), "21.4"),
        (1234.4, Channel(resolution=10), "1234"),
        (0.000123456, Channel(), "0.0001235"),
        (5, Channel(resolution=0.01), "5"),
        (True, Channel(), "true"),
        (None, Channel(), "–"),
        ("ramp", Channel(), "ramp"),
    ],
)
def test_a_number_has_its_channels_digits(value: Value, channel: Channel, text: str) -> None:
    assert number_text(value, channel) == text


@pytest.mark.parametrize(
    ("age", "text"), [(None, "–"), (0.42, "0.4 s"), (12.3, "12 s"), (300.0, "5 min"), (7300.0, "2 h")]
)
def test_ages_are_short(age: float | None, text: str) -> None:
    assert age_text(age) == text


def test_a_line_has_state_age_and_values_with_units() -> None:
    (line,) = plain_lines(picture(), now=1001.5)
    assert line.split() == ["balance1", "online", "1.5", "s", "mass", "100.0000", "g", "stable", "true"]


def test_an_instrument_is_lost_with_its_edge() -> None:
    (row,) = picture(edge_state="lost").rows(1000)
    assert row.state == "lost (edge pi)"


def test_an_instrument_without_status_is_lost() -> None:
    p = picture()
    p.take(Kind.STATUS, "balance1", b"")
    (row,) = p.rows(1000)
    assert row.state == "lost"


def test_a_clock_ahead_is_no_negative_age() -> None:
    (row,) = picture().rows(now=900)
    assert row.age_s == 0


def test_an_empty_message_forgets_an_instrument() -> None:
    p = picture()
    p.take(Kind.META, "balance1", b"")
    assert list(p.rows(1000)) == []


def test_the_systems_own_names_are_no_instruments() -> None:
    p = picture()
    p.take(Kind.META, "_secret", encode(BALANCE))
    assert [row.instrument for row in p.rows(1000)] == ["balance1"]


def test_text_from_the_wire_is_not_markup() -> None:
    p = picture()
    p.take(Kind.STATUS, "balance1", encode(Status(state="degraded", boot="b", reason="[bold]no answer[/nonsense]")))
    console = Console(file=io.StringIO(), width=200)
    console.print(table(p, 1000))
    assert isinstance(console.file, io.StringIO)
    assert "degraded ([bold]no answer[/nonsense])" in console.file.getvalue()


def test_a_narrow_terminal_cuts_values_not_names() -> None:
    p = picture()
    p.take(Kind.LAST, "balance1", b'{"ts":1000000,"mass":123456.789,"stable":true}')
    console = Console(file=io.StringIO(), width=40)
    console.print(table(p, 1000))
    assert isinstance(console.file, io.StringIO)
    (line,) = (line for line in console.file.getvalue().splitlines() if "balance1" in line)
    assert "online" in line
    assert "0.0 s" in line
    assert line.rstrip().endswith("…")
