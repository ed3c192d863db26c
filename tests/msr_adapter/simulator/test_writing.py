"""Writes as the real server takes them (protocol section 4.7, record 08)."""

import math

import pytest

from tests.msr_adapter.simulator.rig import Rig

P = b"/Test/Param/"


@pytest.fixture
def rig() -> Rig:
    made = Rig()
    made.a.say(b"<remote_host access=allow>")
    return made


@pytest.mark.parametrize("text", [b"abc", b"", b"nan", b"inf", b"1,2,", b"1 2", b"0x10", b"1e", b"--1"])
def test_bad_words_refuse_the_whole_write(rig: Rig, text: bytes) -> None:
    rig.a.acked(b'<wp name="%bVec5" value="%b" id="1"/>' % (P, text))

    assert rig.a.numbers(P + b"Vec5") == [1, 2, 3, 4, 5]
    assert rig.a.read(P + b"Vec5").mtime_us == 0


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        (b"9;8;7", [9, 8, 7, 4, 5]),
        (b" 7 ", [7, 2, 3, 4, 5]),
        (b"1e3,.5,-2.", [1000, 0.5, -2, 4, 5]),
        (b"9,8,7,6,5,4,3", [9, 8, 7, 6, 5]),
    ],
)
def test_accepted_words(rig: Rig, text: bytes, numbers: list[float]) -> None:
    rig.a.acked(b'<wp name="%bVec5" value="%b" id="1"/>' % (P, text))

    assert rig.a.numbers(P + b"Vec5") == numbers


@pytest.mark.parametrize(
    ("name", "text", "number"),
    [
        (b"TUCHAR", b"300", 44),
        (b"TLINT", b"9007199254740993", 2**53),
        (b"TULINT", b"18446744073709551615", 0),
        (b"TINT", b"-3.9", -3),
        (b"Bool", b"0.2", 1),
        (b"TFLT", b"1e300", math.inf),
    ],
)
def test_all_numbers_go_through_a_double(rig: Rig, name: bytes, text: bytes, number: float) -> None:
    rig.a.acked(b'<wp name="%b" value="%b" id="1"/>' % (P + name, text))

    assert rig.a.numbers(P + name) == [number]


def test_hexadecimal_is_exact(rig: Rig) -> None:
    rig.a.acked(b'<wp name="%bTLINT" hexvalue="0100000000002000" id="1"/>' % P)
    rig.a.acked(b'<wp name="%bVec5" startindex="1" hexvalue="000000000000f07f" id="2"/>' % P)

    assert rig.a.numbers(P + b"TLINT") == [2**53 + 1]
    assert rig.a.numbers(P + b"Vec5") == [1, math.inf, 3, 4, 5]


@pytest.mark.parametrize("text", [b"0", b"zz", b"00" * 9])
def test_bad_digits_refuse(rig: Rig, text: bytes) -> None:
    rig.a.acked(b'<wp name="%bTLINT" hexvalue="%b" id="1"/>' % (P, text))

    assert rig.a.read(P + b"TLINT").mtime_us == 0


@pytest.mark.parametrize(
    "request_",
    [
        b'<wp name="/no" value="1" id="1"/>',
        b'<wp name="/Counter/C0000" value="1" id="1"/>',
        b'<wp name="/Test/Param/Gain" id="1"/>',
        b'<wp name="/Test/Param/Vec5" startindex="5" value="1" id="1"/>',
    ],
)
def test_nothing_happens_in_silence(rig: Rig, request_: bytes) -> None:
    before = bytes(rig.world.model.memory)

    assert rig.a.acked(request_) == []
    rig.wait(40)
    assert rig.a.hear() == []
    assert rig.world.model.memory == before


def test_the_neighbour_is_overwritten(rig: Rig) -> None:
    rig.a.acked(b'<wp name="%bText16" startindex="14" value="65,66,67,68" id="1"/>' % P)

    assert rig.a.numbers(P + b"Guard8") == [67, 68, 9, 9, 9, 9, 9, 9]


def test_the_application_may_refuse_everything(rig: Rig) -> None:
    rig.world.refusing = True

    rig.a.acked(b'<wp name="%bGain" value="3" id="1"/>' % P)

    assert rig.a.numbers(P + b"Gain") == [1.0]


def test_a_written_jump_and_pause(rig: Rig) -> None:
    before = rig.world.now_ns()
    rig.a.acked(b'<wp name="%bTimeJump" value="3600" id="1"/>' % P)
    rig.a.acked(b'<wp name="%bPauseMs" value="500" id="2"/>' % P)
    cycles = rig.world.tasks[0].end
    rig.wait(400)

    assert rig.world.now_ns() - before > 3_600 * 10**9
    assert rig.world.tasks[0].end == cycles
