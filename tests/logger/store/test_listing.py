from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.messages import Event, Meta, Note, Reply, Run, encode
from broker.topics import Kind, Topics
from logger.store import History, listing
from tests.logger.support import BOOT, T_MS, T_US, TOPICS, Packet, block, data, meta, open_store, packet, write


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    store = open_store(tmp_path)
    run = Run(run="melt-7", name="Melt", start=T_MS, by="anna", sample="Cu", instruments=["oven1"])
    ended = Run(run="melt-7", name="Melt", start=T_MS, end=T_MS + 500, by="anna", sample="Cu", instruments=["oven1"])
    write(
        store,
        packet(Kind.META, meta(temp="float")),
        data(0),
        block(10, 40),
        packet(Kind.REPLY, Reply(id="c1", state="done", ts=T_MS + 3, name="set")),
        packet(Kind.EVENT, Event(ts=T_MS + 2, kind="alarm", text="hot")),
        Packet(TOPICS.note("anna"), encode(Note(ts=T_MS + 1, text="n", by="anna"))),
        Packet(TOPICS.run("melt-7"), encode(run)),
    )
    write(
        store,
        packet(Kind.META, meta(temp="int")),
        block(60, 5, {"temp": [1, 2, 3, 4, 5]}, late=True),
        at_ms=T_MS + 1000,
    )
    write(store, Packet(TOPICS.run("melt-7"), encode(ended)), data(70, {"temp": "hot"}), at_ms=T_MS + 1000)
    store.close()
    with History(tmp_path / "labwire.db") as found:
        yield found


def test_descriptions_are_all_kept(history: History) -> None:
    found = listing.descriptions(history, "oven1")
    assert [(d.since_ms, d.meta.channels["temp"].type) for d in found] == [(T_MS, "float"), (T_MS + 1000, "int")]
    assert found[0].meta.rev == meta(temp="float").rev
    assert isinstance(found[0].meta, Meta)


def test_records_of_some_kinds_and_a_time(history: History) -> None:
    found = list(listing.records(history, {Kind.REPLY, Kind.NOTE}, T_MS, T_MS + 3))
    assert [(r.kind, r.message.ts) for r in found] == [(Kind.NOTE, T_MS + 1)]
    found = list(listing.records(history, {Kind.REPLY, Kind.EVENT}, T_MS, T_MS + 4))
    assert [(r.kind, r.source) for r in found] == [(Kind.EVENT, "oven1"), (Kind.REPLY, "oven1")]


def test_a_run_with_its_end(history: History) -> None:
    found = listing.run(history, "melt-7")
    assert found is not None
    assert (found.start, found.end, found.sample) == (T_MS, T_MS + 500, "Cu")
    assert listing.run(history, "nope") is None


def test_late_rows_and_values_set_aside(history: History) -> None:
    assert {boot: list(r) for boot, r in listing.late(history, "oven1").items()} == {BOOT: [(60, 65)]}
    assert listing.asides(history, "oven1", 0, 2**60) == 1
    assert listing.asides(history, "nope", 0, 2**60) == 0


def test_the_stamps_around_missing_rows(history: History) -> None:
    assert listing.around(history, "oven1", BOOT, 1, 10) == (T_US, T_US + 10_000)
    assert listing.around(history, "oven1", BOOT, 50, 60) == (T_US + 49_000, T_US + 60_000)
    assert listing.around(history, "oven1", BOOT, 71, 99) == (T_US + 70_000, None)
    assert listing.around(history, "oven1", "no-boot", 1, 10) == (None, None)


def test_traffic_streams_in_the_order_it_came(history: History) -> None:
    everything = list(listing.traffic(history, None, 0, 2**60))
    assert [e.t_ms for e in everything] == sorted(e.t_ms for e in everything)
    assert len(everything) == 11
    blocks = list(listing.traffic(history, Topics().all_of(Kind.BLOCK), T_MS, T_MS + 1000))
    assert [(e.boot, e.seq, e.n) for e in blocks] == [(BOOT, 10, 40)]


def test_the_store_says_who_it_is(history: History) -> None:
    assert listing.about(history).made_ms == T_MS
    assert len(listing.about(history).id) == 16
