"""The chips one by one, without a bus: what the makers' documents say of the bytes."""

import pytest

from edge.instruments.sensirion import crc8, words
from edge.simulators.i2c_ads1115 import POWER_ON_CONFIG, Ads1115Chip
from edge.simulators.i2c_bme280 import Bme280Chip
from edge.simulators.i2c_chip import Chip, NotAcknowledged, Room, filled
from edge.simulators.i2c_scd4x import Scd4xChip
from edge.simulators.i2c_sht3x import Sht3xChip


def test_a_line_nobody_pulls_is_high() -> None:
    assert filled(b"\x01", 3) == b"\x01\xff\xff"
    assert filled(b"\x01\x02", 1) == b"\x01"


def test_a_chip_that_is_nothing() -> None:
    for do in (lambda: Chip(Room()).write(b"\0", 0.0), lambda: Chip(Room()).read(1, 0.0)):
        with pytest.raises(NotAcknowledged):
            do()


def test_an_sht3x_is_read_once_and_not_before_it_has_measured() -> None:
    chip = Sht3xChip(Room(), "00000001")
    chip.write(b"\x24\x00", 10.0)
    with pytest.raises(NotAcknowledged):
        chip.read(6, 10.01)
    answer = chip.read(6, 10.02)
    with pytest.raises(NotAcknowledged):
        chip.read(6, 10.03)

    assert (crc8(answer[:2]), crc8(answer[3:5])) == (answer[2], answer[5])


def test_an_sht3x_after_power_on_says_so() -> None:
    chip = Sht3xChip(Room(), "00000001")
    chip.write(b"\xf3\x2d", 0.0)
    assert words(chip.read(3, 0.0)) == [0x0010]
    chip.write(b"\x30\x41", 0.0)
    chip.write(b"\xf3\x2d", 0.0)
    assert words(chip.read(3, 0.0)) == [0]


def test_an_scd4x_that_measures_takes_only_what_the_table_allows() -> None:
    chip = Scd4xChip(Room(), "f8969f073bbe")
    chip.write(b"\x21\xb1", 0.0)
    for refused in (b"\x36\x82", b"\x21\xb1", b"\x23\x13"):
        with pytest.raises(NotAcknowledged):
            chip.write(refused, 1.0)
    chip.write(b"\xe4\xb8", 4.9)
    assert words(chip.read(3, 4.9)) == [0x8000]
    chip.write(b"\xe4\xb8", 5.1)
    assert words(chip.read(3, 5.1)) == [0x8006]
    chip.write(b"\xec\x05", 5.1)
    assert None not in words(chip.read(9, 5.1))
    with pytest.raises(NotAcknowledged):  # the buffer is empty until the next
        chip.write(b"\xec\x05", 5.2)


def test_an_scd4x_is_deaf_while_it_stops() -> None:
    chip = Scd4xChip(Room(), "f8969f073bbe")
    chip.write(b"\x3f\x86", 0.0)
    with pytest.raises(NotAcknowledged):
        chip.write(b"\x36\x82", 0.1)
    chip.write(b"\x36\x82", 0.5)
    assert chip.read(9, 0.5).hex() == "f896319f07c23bbe89"


def test_a_bme280_measures_when_forced_and_sleeps_again() -> None:
    chip = Bme280Chip(Room())
    chip.write(b"\xf7", 0.0)
    assert chip.read(8, 0.0).hex() == "8000008000008000"
    chip.write(b"\xf2\x01", 0.0)
    chip.write(b"\xf4\x25", 0.0)
    chip.write(b"\xf3", 0.001)
    assert chip.read(1, 0.001) == b"\x08"
    assert chip.read(1, 0.02) == b"\x00"
    chip.write(b"\xf4", 0.03)
    assert chip.read(1, 0.03) == b"\x24"
    with pytest.raises(NotAcknowledged):
        chip.write(b"\xd0\x61", 0.04)


def test_an_ads1115_converts_in_its_time_and_stops_at_its_ends() -> None:
    chip = Ads1115Chip(Room())
    chip.write(b"\x01", 0.0)
    assert chip.read(2, 0.0) == POWER_ON_CONFIG.to_bytes(2, "big")
    chip.tell("a0", "5.0")
    chip.write(b"\x01\xc5\x83", 0.0)
    assert chip.read(2, 0.001) == b"\x45\x83"
    assert chip.read(2, 0.01) == b"\xc5\x83"
    chip.write(b"\x00", 0.01)
    assert chip.read(2, 0.01) == b"\x7f\xff"
    chip.tell("a0", "-5.0")
    chip.write(b"\x01\xc5\x83", 0.02)
    chip.write(b"\x00", 0.04)
    assert chip.read(2, 0.04) == b"\x80\x00"
