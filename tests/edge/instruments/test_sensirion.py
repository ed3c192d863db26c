import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.instruments.sensirion import celsius, command, crc8, percent, with_crc, words

WORDS = st.lists(st.integers(0, 0xFFFF), max_size=5)


def test_the_checksum_of_the_datasheet() -> None:
    assert crc8(b"\xbe\xef") == 0x92


def test_the_serial_number_of_the_scd4x_datasheet() -> None:
    """Version 1.1, section 3.9.2: 273'325'796'834'238."""
    a, b, c = words(bytes.fromhex("f896 31 9f07 c2 3bbe 89"))

    assert a is not None
    assert b is not None
    assert c is not None
    assert a << 32 | b << 16 | c == 273_325_796_834_238


@given(WORDS)
def test_words_come_back(values: list[int]) -> None:
    assert words(with_crc(values)) == values


@given(WORDS.filter(len), st.data())
def test_one_wrong_bit_spoils_one_word(values: list[int], data: st.DataObject) -> None:
    sent = bytearray(with_crc(values))
    at = data.draw(st.integers(0, 8 * len(sent) - 1))
    sent[at // 8] ^= 1 << at % 8
    found = words(bytes(sent))

    assert found[at // 24] is None
    assert [w for k, w in enumerate(found) if k != at // 24] == [w for k, w in enumerate(values) if k != at // 24]


@given(st.binary(max_size=20))
def test_garbage_is_words_or_none(data: bytes) -> None:
    assert len(words(data)) == len(data) // 3


def test_conversions() -> None:
    assert (celsius(0), celsius(0xFFFF), percent(0), percent(0xFFFF)) == (-45, 130, 0, 100)
    assert celsius(0x6667) == pytest.approx(25.0, abs=0.005)
    assert command(0xF32D) == b"\xf3\x2d"
