from pathlib import Path

import pytest

from broker.messages import EdgeStatus, Run, Status, decode, encode
from broker.topics import Kind
from logger.replay.tape import Tape
from tests.logger.support import BOOT, T_MS, TOPICS, Packet, block, data, meta, open_store, packet, write


@pytest.fixture
def tape(tmp_path: Path) -> Tape:
    store = open_store(tmp_path)

    def run(name: str, end: int | None = None) -> Packet:
        return Packet(TOPICS.run(name), encode(Run(run=name, name=name, start=T_MS, end=end, by="anna")), retain=True)

    edge = Packet(TOPICS.edge_status("pi"), encode(EdgeStatus(state="online", boot=BOOT)), retain=True)
    write(store, packet(Kind.META, meta(temp="int"), retain=True), at_ms=T_MS)
    write(store, packet(Kind.META, meta(temp="float"), retain=True), edge, run("ended"), run("goes-on"), at_ms=T_MS + 1)
    write(store, packet(Kind.STATUS, Status(state="online", boot=BOOT, edge="pi"), retain=True), at_ms=T_MS + 2)
    write(store, run("ended", T_MS + 3), packet(Kind.LAST, {"ts": T_MS, "temp": 1.0}, retain=True), at_ms=T_MS + 3)
    write(store, packet(Kind.META, b"", "gone1", retain=True), packet(Kind.META, meta(x="int"), "vib1"), at_ms=T_MS + 3)
    write(store, data(0), block(1, 3), packet(Kind.EVENT, b"no json"), at_ms=T_MS + 10)
    write(store, data(4), at_ms=T_MS + 20)
    store.close()
    return Tape(tmp_path / "labwire.db", TOPICS, lambda name: name != "vib1")


def test_the_opening_is_what_was_retained_descriptions_first(tape: Tape) -> None:
    found = tape.opening(T_MS + 10)
    assert [r.topic for r in found] == [
        TOPICS.of("oven1", Kind.META),
        TOPICS.edge_status("pi"),
        TOPICS.run("goes-on"),
        TOPICS.of("oven1", Kind.STATUS),
        TOPICS.of("oven1", Kind.LAST),
    ]
    assert decode(Kind.META, found[0].payload or b"") == meta(temp="float")
    assert tape.opening(T_MS) == []


def test_a_window_is_what_came_in_it_in_order(tape: Tape) -> None:
    found = tape.window(T_MS + 10, T_MS + 20)
    assert [(r.t_ms, TOPICS.parse(r.topic).kind) for r in found] == [  # type: ignore[union-attr]
        (T_MS + 10, Kind.DATA),
        (T_MS + 10, Kind.BLOCK),
        (T_MS + 10, Kind.EVENT),
    ]
    assert decode(Kind.BLOCK, found[1].payload or b"").cols == {"temp": [0.125, 0.25, 0.375]}
    assert [r.t_ms for r in tape.window(T_MS + 11, T_MS + 100)] == [T_MS + 20]


def test_how_long_it_is_and_below_which_roots(tape: Tape) -> None:
    assert tape.span() == (T_MS, T_MS + 20)
    assert (tape.below("lab"), tape.below("la"), tape.below("replay")) == (True, False, False)
    ended = tape.run("ended")
    assert ended is not None
    assert ended.end == T_MS + 3
    assert tape.run("nope") is None
