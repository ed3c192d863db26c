"""The malting plant: what a person turns shows in the curves."""

import struct

from tests.msr_adapter.simulator.rig import Rig


def value(rig: Rig, path: bytes) -> float:
    signal = rig.world.model.signal(path)
    assert signal is not None
    (number, *_) = struct.unpack(f"<{signal.layout.count}{signal.layout.type.code}", rig.world.value(signal)[1])
    return float(number)


def set_knob(rig: Rig, path: bytes, number: float) -> None:
    rig.a.say(b'<remote_host access="allow"/><wp name="%b" value="%g"/>' % (path, number))


def test_the_kiln_follows_its_set_point() -> None:
    rig = Rig()
    rig.wait(40_000)
    settled = value(rig, b"/Plant/Kiln/AirOnTemperature")
    set_knob(rig, b"/Plant/Kiln/HeaterSetpoint", 85)
    rig.wait(3_000)
    rising = value(rig, b"/Plant/Kiln/AirOnTemperature")
    rig.wait(37_000)

    assert abs(settled - 65) < 1
    assert settled + 3 < rising < 84
    assert abs(value(rig, b"/Plant/Kiln/AirOnTemperature") - 85) < 1
    assert value(rig, b"/Plant/Kiln/AirOffTemperature") < 85


def test_too_hot_is_a_critical_error_until_it_has_cooled() -> None:
    rig = Rig()
    set_knob(rig, b"/Plant/Kiln/HeaterSetpoint", 110)
    rig.wait(30_000)
    hot = [m for m in rig.world.history if m.name == b"/Plant/Kiln/OverTemperature"]
    set_knob(rig, b"/Plant/Kiln/HeaterSetpoint", 60)
    rig.wait(30_000)
    both = [m for m in rig.world.history if m.name == b"/Plant/Kiln/OverTemperature"]

    assert [(m.severity, m.state) for m in hot] == [(b"crit_error", True)]
    assert [m.state for m in both] == [True, False]


def test_the_door_cools_the_kiln_and_warns() -> None:
    rig = Rig()
    rig.wait(40_000)
    rig.world.plant.door = True
    rig.wait(5_000)

    assert value(rig, b"/Plant/Kiln/Door") == 1
    assert value(rig, b"/Plant/Kiln/AirOnTemperature") < 60
    assert [m.severity for m in rig.world.history] == [b"warn"]


def test_fans_move_air_and_the_fast_signals_follow() -> None:
    rig = Rig()
    rig.wait(10_000)
    before = value(rig, b"/Plant/Kiln/AirFlow")
    set_knob(rig, b"/Plant/Kiln/FanSetpoint", 100)
    set_knob(rig, b"/Plant/Germination/FanSetpoint", 90)
    rig.wait(10_000)

    assert value(rig, b"/Plant/Kiln/AirFlow") > before + 2000
    assert value(rig, b"/Plant/Germination/AirFlow") > 5000
    assert value(rig, b"/Plant/Kiln/FanCurrent") > 5


def test_the_malt_dries_and_a_new_batch_begins() -> None:
    rig = Rig()
    set_knob(rig, b"/Plant/Kiln/FanSetpoint", 100)
    rig.wait(60_000)
    first = value(rig, b"/Plant/Kiln/MaltMoisture")
    rig.wait(20_000)

    assert value(rig, b"/Plant/Kiln/MaltMoisture") < first < 44
    assert value(rig, b"/Plant/Kiln/Batch") == 1
    assert 10 < value(rig, b"/Plant/Steeping/Moisture") < 46
    assert 5 < value(rig, b"/Plant/Steeping/WaterLevel") < 81
    assert abs(value(rig, b"/Plant/Steeping/WaterTemperature") - 14) < 1
    assert 17 < value(rig, b"/Plant/Germination/BedTemperature") < 27
    assert 70 < value(rig, b"/Plant/Germination/Humidity") < 99
