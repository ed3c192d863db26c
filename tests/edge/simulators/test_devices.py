"""The simulated instruments themselves, without lines: what they answer and whether they behave like matter."""

import random

import pytest

from edge.instruments.mt_sics import parse_weight
from edge.instruments.namur import parse_value
from edge.instruments.vibration import COUNT_MS2, FrameReader
from edge.links.inbox import Stamped
from edge.simulators.balance import BalanceDevice
from edge.simulators.counter import CounterDevice
from edge.simulators.device import Ramp
from edge.simulators.dmm import DmmDevice
from edge.simulators.stirrer import StirrerDevice
from edge.simulators.vibration import VibrationDevice


def rng() -> random.Random:
    return random.Random(1)  # noqa: S311


def test_a_ramp_settles_and_never_overshoots() -> None:
    ramp = Ramp(0.0, 1.0)
    ramp.at(0.0)
    ramp.target = 10.0
    values = [ramp.at(k / 10) for k in range(1, 100)]

    assert values == sorted(values)
    assert values[9] == pytest.approx(10 * (1 - 2.718281828**-1), rel=1e-6)
    assert 9.99 < values[-1] <= 10


def weigh(balance: BalanceDevice, now: float) -> tuple[float, str]:
    weight = parse_weight(balance.answer(b"SI", now)[0])
    return weight.value or 0.0, weight.state


def test_the_balance_settles_on_its_load() -> None:
    balance = BalanceDevice(rng())
    weigh(balance, 0.0)
    balance.tell("load", "50")
    moving, state = weigh(balance, 0.5)

    assert 20 < moving < 45
    assert state == "moving"
    values = [weigh(balance, 0.5 + k / 10) for k in range(1, 100)]
    assert values[-1][0] == pytest.approx(50, abs=0.001)
    assert values[-1][1] == "stable"
    assert len({v for v, _ in values[-20:]}) > 3, "no noise"


def test_the_balance_tares_when_it_is_still() -> None:
    balance = BalanceDevice(rng())
    weigh(balance, 0.0)
    balance.tell("load", "50")
    weigh(balance, 0.1)

    assert balance.answer(b"T", 0.2) == []
    assert balance.answer(b"SI", 0.3) == [b"S I"]
    answers = [a for k in range(200) for a in balance.tick(0.3 + k / 10)]
    assert len(answers) == 1
    assert parse_weight(answers[0], "T").value == pytest.approx(50, abs=0.001)
    assert weigh(balance, 21.0)[0] == pytest.approx(0, abs=0.001)
    assert balance.answer(b"TAC", 21.1) == [b"TAC A"]
    assert weigh(balance, 21.2)[0] == pytest.approx(50, abs=0.001)


def test_the_balance_at_its_limits_and_its_manners() -> None:
    balance = BalanceDevice(rng(), "B1")
    for load, answer in (("300", b"S +"), ("-10", b"S -")):
        balance.tell("load", load)
        balance.answer(b"SI", 0.0)
        for k in range(100):
            balance.tick(k / 10)
        assert balance.answer(b"SI", 10.0) == [answer]
        balance = BalanceDevice(rng(), "B1")
    assert balance.answer(b"@", 0) == [b'I4 A "B1"']
    assert balance.answer(b'D "hi"', 0) == [b"D A"]
    assert balance.answer(b"WHAT", 0) == [b"ES"]
    assert not balance.tell("jump", "")


def test_a_load_that_never_rests_ends_with_i() -> None:
    balance = BalanceDevice(rng())
    answers = list(balance.answer(b"T", 0.0))
    for k in range(1, 2000):
        balance.tell("load", str(k % 2 * 10))
        answers += balance.tick(k / 100)

    assert answers == [b"T I"]


def test_the_balance_drifts() -> None:
    balance = BalanceDevice(rng())
    balance.tell("load", "0")
    weigh(balance, 0.0)
    balance.drifting = True

    assert weigh(balance, 100.0)[0] == pytest.approx(0.05, abs=0.002)


def test_somebody_weighs_things() -> None:
    balance = BalanceDevice(rng())
    seen = {round(weigh(balance, k / 2)[0]) for k in range(1200)}

    assert len(seen) > 5


def speed(stirrer: StirrerDevice, now: float) -> float:
    return parse_value(stirrer.answer(b"IN_PV_4", now)[0], 4)


def test_the_stirrer_has_inertia() -> None:
    stirrer = StirrerDevice(rng())
    speed(stirrer, 0.0)

    assert 100 < speed(stirrer, 1.0) < 200
    assert speed(stirrer, 20.0) == pytest.approx(300, abs=4)
    stirrer.answer(b"OUT_SP_4 1000", 20.0)
    assert stirrer.answer(b"IN_SP_4", 20.0) == [b"1000.0 4"]
    accelerating = parse_value(stirrer.answer(b"IN_PV_5", 20.01)[0], 5)
    assert speed(stirrer, 40.0) == pytest.approx(1000, abs=4)
    steady = parse_value(stirrer.answer(b"IN_PV_5", 40.0)[0], 5)
    assert accelerating > 5
    assert steady > 15
    stirrer.drifting = True
    stirrer.tick(80.0)
    assert parse_value(stirrer.answer(b"IN_PV_5", 80.0)[0], 5) > steady * 1.2
    stirrer.answer(b"STOP_4", 80.0)
    assert speed(stirrer, 120.0) < 2


def test_the_bath_warms_and_reset_stops_all() -> None:
    stirrer = StirrerDevice(rng())
    stirrer.answer(b"OUT_SP_1 60", 0.0)
    stirrer.answer(b"START_1", 0.0)

    assert 30 < parse_value(stirrer.answer(b"IN_PV_2", 60.0)[0], 2) < 55
    assert parse_value(stirrer.answer(b"IN_PV_1", 900.0)[0], 1) > 58
    stirrer.answer(b"RESET", 900.0)
    assert speed(stirrer, 930.0) < 2
    assert stirrer.answer(b"IN_PV_9", 930.0) == []
    assert stirrer.answer(b"IN_NAME", 930.0) == [b"EUROSTAR 60 digital"]


def test_vibration_has_its_rate_its_rest_and_its_wear() -> None:
    sensor = VibrationDevice(rng())
    frames = [f for k in range(201) for f in FrameReader().feed(Stamped(b"".join(sensor.tick(k * 0.005)), 0))]

    assert [f.number for f in frames] == list(range(201))
    z = [f.axes[2] * COUNT_MS2 for f in frames]
    assert sum(z) / len(z) == pytest.approx(9.81, abs=0.2)
    assert max(z) - min(z) > 1
    sensor.resume(10.0)
    assert sensor.tick(10.001) == []
    sensor.drifting = True
    worn = [f.axes[0] for f in FrameReader().feed(Stamped(b"".join(sensor.tick(200.0)), 0))]
    assert max(worn[-1000:]) * COUNT_MS2 > 8


def test_the_multimeter() -> None:
    meter = DmmDevice(rng())

    assert float(meter.answer(b"MEAS:VOLT?", 0)[0]) == pytest.approx(5, abs=0.001)
    assert meter.answer(b"VOLT:RANG 1;SYST:ERR?", 0) == [b'+0,"No error"']
    assert meter.answer(b"MEAS:VOLT?", 0) == [b"+9.90000000E+37"]
    assert meter.answer(b"VOLT:RANG 7;SYST:ERR?", 0) == [b'-222,"Data out of range"']
    assert meter.answer(b"DISP OFF;DISP?;VOLT:RANG?", 0) == [b"0;1"]
    assert meter.answer(b"NONSENSE", 0) == []
    assert meter.answer(b"SYST:ERR?", 0) == [b'-113,"Undefined header"']
    assert meter.answer(b"*IDN?", 0)[0].startswith(b"labwire,")
    meter.answer(b"VOLT:RANG 10", 0)
    meter.drifting = True
    assert float(meter.answer(b"MEAS:VOLT?", 100)[0]) == pytest.approx(5.1, abs=0.002)


def test_the_counter_counts_every_line_it_hands_out() -> None:
    counter = CounterDevice()

    assert [counter.answer(b"COUNT?", 0) for _ in range(3)] == [[b"0"], [b"1"], [b"2"]]
    assert counter.answer(b"SET abc", 0) == [b"OK abc"]
    assert counter.answer(b"?", 0) == [b"ERR unknown ?"]
    assert counter.tick(100.0) == []


def test_the_counter_at_its_rate() -> None:
    counter = CounterDevice(100)
    lines = [line for k in range(1001) for line in counter.tick(k / 100 + 1e-6)]

    assert lines == [b"C %d" % k for k in range(1001)]
    counter.resume(60.0)
    assert counter.tick(60.0101) == [b"C 1001"], "what it would have sent meanwhile is over"
