"""The server's ear; how it read a real client is in test_transcripts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msr_adapter.wire.commands import Command, CommandReader, TooLong, unsigned


def read(data: bytes, size: int = 1000) -> list[Command]:
    reader = CommandReader()
    return [c for i in range(0, len(data), size) for c in reader.feed(data[i : i + size])]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (b"10", 10),
        (b"010", 8),
        (b"0x10", 16),
        (b"0X1f", 31),
        (b"", 0),
        (b"abc", 0),
        (b"08", 0),
        (b" 7x", 7),
        (b"-1", 2**32 - 1),
    ],
)
def test_numbers_are_read_like_c(text: bytes, number: int) -> None:
    assert unsigned(text) == number


@pytest.mark.parametrize(
    ("text", "true"),
    [
        (b"a", True),
        (b'a="1"', True),
        (b'a="TRUE"', True),
        (b'a="on"', True),
        (b'a="yes"', False),
        (b'a="0"', False),
        (b'a=""', False),
        (b"", False),
    ],
)
def test_truth(text: bytes, true: bool) -> None:
    (command,) = read(b"<x " + text + b">")

    assert command.truth(b"a") is true


def test_values_in_all_quotes_and_cases() -> None:
    (command,) = read(b'<wp NAME=\'/a&amp;b\' value="1&amp;2" index=8 path="a\'b"/>')

    assert command.text(b"name") == b"/a&b"
    assert command.text(b"value") == b"1&amp;2"
    assert command.text(b"path") == b"a'b"
    assert command.unsigned(b"index") == 8


def test_the_slash_belongs_to_a_bare_value() -> None:
    (command,) = read(b"<ping id=8/>")

    assert command.id == b"8/"


def test_a_value_may_hold_the_mark() -> None:
    (first, second) = read(b'<list path="/a>b" id="1"><ping id="2">', 1)

    assert first.text(b"path") == b"/a>b"
    assert second.id == b"2"


@given(st.binary(max_size=200), st.integers(1, 30))
def test_any_bytes_in_any_chunks(data: bytes, size: int) -> None:
    assert read(data, size) == read(data)


def test_the_limit() -> None:
    fits = b'<ping x="' + b"a" * (8192 - 11) + b'">'
    assert len(fits) == 8192

    assert len(read(fits)) == 1
    with pytest.raises(TooLong):
        read(fits.replace(b"<ping", b"<pings"))
    with pytest.raises(TooLong):
        read(b"<" + b"a" * 9000)
    assert read(b"a" * 20_000) == []
