"""The simulated bath: first order, two thermometers, a set point."""

import math
import random

import pytest

from edge.simulators.bath import GAIN, OFFSET_K, BathDevice


def device(noise: float = 0.0) -> BathDevice:
    made = BathDevice(random.Random(1))  # noqa: S311 - noise, not secrets
    made.tell("noise", str(noise))
    return made


def read(bath: BathDevice, now: float) -> list[float]:
    return [float(part) for part in bath.answer(b"READ?", now)[0].split(b";")]


def test_it_follows_its_set_point_like_a_first_order_system() -> None:
    bath = device()
    read(bath, 0.0)
    assert bath.answer(b"SET 50", 0.0) == [b"OK"]
    assert read(bath, 30.0)[1] == pytest.approx(50 - 30 * math.exp(-1), abs=1e-4)
    assert read(bath, 30.0)[4] == 50.0
    bath.tell("tau", "3")
    assert read(bath, 60.0)[1] == pytest.approx(50 - 30 * math.exp(-1) * math.exp(-10), abs=1e-4)


def test_the_pt100_reads_high_by_offset_and_gain() -> None:
    bath = device()
    pt100, reference, *_ = read(bath, 0.0)
    assert pt100 - reference == pytest.approx(OFFSET_K + GAIN * 20, abs=1e-3)
    bath.tell("offset", "0")
    bath.tell("gain", "0")
    assert read(bath, 1.0)[0] == 20.0


def test_it_drifts_when_told() -> None:
    bath = device()
    before = read(bath, 0.0)[0]
    bath.drifting = True
    assert read(bath, 10.0)[0] == pytest.approx(before + 0.02, abs=1e-3)


def test_what_it_does_not_do() -> None:
    bath = device()
    assert bath.answer(b"SET 500", 0.0) == [b"ERR out of range"]
    assert bath.answer(b"HELLO", 0.0) == [b"ERR unknown"]
    assert not bath.tell("colour", "1")
