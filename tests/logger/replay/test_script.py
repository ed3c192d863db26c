from typing import Any

import msgspec
import pytest

from broker.messages import (
    Block,
    Command,
    CommandSpec,
    Data,
    EdgeStatus,
    Event,
    Hold,
    Note,
    Reply,
    Run,
    Status,
    decode,
    encode,
)
from broker.topics import Kind, Topics
from logger.replay.script import COMMAND, Cue, Recorded, Script
from logger.replay.shift import Shift
from tests.logger.support import BOOT, T_MS, TOPICS, meta

STAGE = Topics("replay")
SHIFT = Shift(T_MS, T_MS + 10**9, 10.0, "x")


def script(shift: Shift | None = None, only: str = "") -> Script:
    return Script(TOPICS, STAGE, lambda name: only in name, shift)


def cue(topic: str, message: Any, shift: Shift | None = None) -> Cue | None:
    payload = message if isinstance(message, bytes) or message is None else encode(message)
    return script(shift).cue(Recorded(T_MS, topic, payload))


def shown(topic: str, message: Any, shift: Shift | None = None) -> Cue:
    found = cue(topic, message, shift)
    assert found is not None
    return found


def test_a_command_is_shown_as_an_event_and_never_as_a_command() -> None:
    command = Command(id="c1", name="set_temp", ts=T_MS, args={"value": 450.0}, by="anna")
    for topic in (TOPICS.of("oven1", Kind.CMD), TOPICS.cmd_by("oven1", "anna")):
        found = shown(topic, command)
        assert (found.topic, found.retain) == (STAGE.of("oven1", Kind.EVENT), False)
        event: Event = decode(Kind.EVENT, found.payload)
        assert (event.kind, event.by, event.ts) == (COMMAND, "anna", T_MS)
        assert event.text == "command shown, not sent: set_temp value 450.0"


@pytest.mark.parametrize(
    "topic",
    [
        TOPICS.commit("main", "oven1"),
        TOPICS.request("main", "oven1"),
        TOPICS.service_status("logger", "main"),
        TOPICS.audit("bridge", "main"),
        TOPICS.cal_cmd("k1"),
        TOPICS.cal_state("k1"),
        TOPICS.of("oven1", Kind.DATA) + "/more",
    ],
)
def test_what_is_obeyed_or_no_instruments_is_not_shown(topic: str) -> None:
    made = script()
    assert made.cue(Recorded(T_MS, topic, b"{}")) is None
    assert sum(made.skipped.values()) == 1


def test_samples_are_shown_as_they_were() -> None:
    data = encode(Data(ts=T_MS, boot=BOOT, seq=0, values={"temp": 1.5}))
    assert shown(TOPICS.of("oven1", Kind.DATA), data) == Cue(T_MS, STAGE.of("oven1", Kind.DATA), data)
    last = shown(TOPICS.of("oven1", Kind.LAST), {"ts": T_MS, "temp": 1.5})
    assert (last.qos, last.retain) == (0, True)


def test_a_status_expires_and_says_nothing_of_its_spool() -> None:
    status = Status(
        state="online", boot=BOOT, ts=T_MS, stored_by="main", hold=[Hold(BOOT, 0, 9)], ehold=[Hold(BOOT, 0, 1)]
    )
    found = shown(TOPICS.of("oven1", Kind.STATUS), status)
    assert (found.retain, found.expiry_s) == (True, 90)
    assert decode(Kind.STATUS, found.payload) == Status(state="online", boot=BOOT, ts=T_MS)


def test_a_description_offers_no_commands() -> None:
    described = msgspec.structs.replace(meta(temp="float"), commands={"tare": CommandSpec()})
    found = shown(TOPICS.of("oven1", Kind.META), described)
    assert decode(Kind.META, found.payload) == meta(temp="float")
    assert found.retain


def test_what_was_deleted_is_deleted_again() -> None:
    assert shown(TOPICS.of("oven1", Kind.META), b"").payload == b""
    assert cue(TOPICS.of("oven1", Kind.DATA), b"") is None


def test_what_is_gone_or_broken_is_counted() -> None:
    made = script()
    assert made.cue(Recorded(T_MS, TOPICS.of("oven1", Kind.DATA), None)) is None
    assert made.cue(Recorded(T_MS, TOPICS.of("oven1", Kind.DATA), b"{")) is None
    assert made.skipped == {"no longer in the store": 1, "cannot be read": 1}


def test_only_the_instruments_wanted() -> None:
    made = script(only="oven")
    assert made.cue(Recorded(T_MS, TOPICS.of("vib1", Kind.META), encode(meta(x="float")))) is None
    assert made.cue(Recorded(T_MS, TOPICS.of("oven1", Kind.META), encode(meta(x="float")))) is not None
    for instruments, there in ((["vib1"], False), (["oven1", "vib1"], True), ([], True)):
        note = encode(Note(ts=T_MS, text="t", by="anna", instruments=instruments))
        assert (made.cue(Recorded(T_MS, TOPICS.note("anna"), note)) is not None) is there
    assert made.skipped == {}


def test_moved_in_time_everything_moves_and_has_boots_of_its_own() -> None:
    now, boot = T_MS + 10**9, SHIFT.boot(BOOT)
    data: Data = decode(
        Kind.DATA,
        shown(TOPICS.of("i", Kind.DATA), Data(ts=T_MS + 50, us=10, boot=BOOT, seq=7, values={}), SHIFT).payload,
    )
    assert (data.t_us, data.boot, data.seq) == (now * 1000 + 5001, boot, 7)
    without: Data = decode(Kind.DATA, shown(TOPICS.of("i", Kind.DATA), Data(ts=T_MS + 50, values={}), SHIFT).payload)
    assert (without.ts, without.boot) == (now + 5, None)
    for at, message in (
        (TOPICS.of("i", Kind.STATUS), Status(state="online", boot=BOOT, ts=T_MS + 50)),
        (TOPICS.edge_status("pi"), EdgeStatus(state="online", boot=BOOT, ts=T_MS + 50)),
        (TOPICS.of("i", Kind.EVENT), Event(ts=T_MS + 50, kind="k", text="t", boot=BOOT, eseq=1)),
        (TOPICS.of("i", Kind.REPLY), Reply(ts=T_MS + 50, id="c", state="done", boot=BOOT, eseq=1)),
        (TOPICS.note("anna"), Note(ts=T_MS + 50, text="t", by="anna", boot=BOOT, eseq=2)),
    ):
        topic = TOPICS.parse(at)
        assert topic is not None
        moved = decode(topic.kind, shown(at, message, SHIFT).payload)
        assert (moved.ts, moved.boot) == (now + 5, boot), at
    will: EdgeStatus = decode(
        Kind.EDGE_STATUS, shown(TOPICS.edge_status("pi"), EdgeStatus(state="lost", boot=BOOT), SHIFT).payload
    )
    assert (will.ts, will.boot) == (None, boot)
    run: Run = decode(
        Kind.RUN, shown(TOPICS.run("r"), Run(run="r", name="n", start=T_MS, end=T_MS + 100, by="anna"), SHIFT).payload
    )
    assert (run.start, run.end) == (now, now + 10)
    assert decode(Kind.LAST, shown(TOPICS.of("i", Kind.LAST), {"ts": T_MS + 50, "temp": 1.5}, SHIFT).payload) == {
        "ts": now + 5,
        "temp": 1.5,
    }


def test_blocks_keep_their_shape() -> None:
    base, now_us = {"boot": BOOT, "seq": 0, "n": 3, "cols": {"x": [1.0, 2.0, 3.0]}}, (T_MS + 10**9) * 1000
    regular = Block(**base, t0_us=T_MS * 1000, dt_us=1000)  # type: ignore[arg-type]
    moved: Block = decode(Kind.BLOCK, shown(TOPICS.of("i", Kind.BLOCK), regular, SHIFT).payload)
    assert (moved.t0_us, moved.dt_us, moved.t_us) == (now_us, 100, None)
    odd = Block(**base, t_us=[T_MS * 1000, T_MS * 1000 + 7, T_MS * 1000 + 90])  # type: ignore[arg-type]
    moved = decode(Kind.BLOCK, shown(TOPICS.of("i", Kind.BLOCK), odd, SHIFT).payload)
    assert moved.times_us() == [now_us, now_us + 1, now_us + 9]
