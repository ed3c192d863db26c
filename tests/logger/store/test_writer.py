import sqlite3
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broker.messages import Commit, Data, Event, Hold, Mark, Note, Reply, Run, ServiceStatus, Status, encode
from broker.protocol import Message
from broker.topics import Kind
from broker.values import Value
from logger.ledger import Stream
from logger.store import History
from logger.store.writer import Hole, Store
from tests.logger.support import (
    BOOT,
    T_MS,
    T_US,
    TOPICS,
    Packet,
    block,
    data,
    meta,
    open_store,
    packet,
    write,
)

DB = "labwire.db"


def stored(folder: Path, instrument: str = "oven1") -> dict[tuple[str, int], tuple[int, dict[str, object]]]:
    """(boot, seq) → (t_us, values that are there); fails when a row is there twice."""
    found: dict[tuple[str, int], tuple[int, dict[str, object]]] = {}
    with History(folder / DB) as history:
        for rows in history.rows(instrument, None, 0, 2**62):
            columns = {name: column.python() for name, column in rows.chunk.columns.items()}
            for k, t in enumerate(rows.chunk.t_us.tolist()):
                key = (rows.boot, rows.chunk.seq + k)
                assert key not in found, f"{key} is stored twice"
                found[key] = (t, {name: col[k] for name, col in columns.items() if col[k] is not None})
    return found


def status(hold: list[Hold], ehold: list[Hold] | None = None, state: str = "online", edge: str = "") -> Packet:
    message = Status(state=state, boot=BOOT, ts=T_MS, hold=hold, ehold=ehold or [], edge=edge)  # type: ignore[arg-type]
    return packet(Kind.STATUS, message, retain=True)


def test_what_was_written_is_there_after_reopening(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    outcome = write(store, data(0, {"temp": 21, "mode": "ramp", "valve": True}), data(1, us=250), block(2, 3))
    store.close()

    assert outcome.count.samples == 5
    assert outcome.watermarks["oven1"].boots == {BOOT: Mark(upto=4)}
    again = open_store(tmp_path)
    assert write(again, data(0), data(1), block(2, 3)).count.duplicates == 5
    assert stored(tmp_path) == {
        (BOOT, 0): (T_US, {"temp": 21.0, "mode": "ramp", "valve": True}),
        (BOOT, 1): (T_US + 1250, {"temp": 0.125}),
        **{(BOOT, k): (T_US + 1000 * k, {"temp": k / 8}) for k in (2, 3, 4)},
    }


def test_late_blocks_are_cut_to_the_rows_not_yet_stored(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    write(store, block(2, 2), data(6))
    outcome = write(store, block(0, 10, {"temp": range(10)}, q={"temp": {"5": "uncertain", "6": "bad"}}, late=True))

    assert outcome.count.samples == 7
    assert outcome.count.duplicates == 3
    assert outcome.watermarks["oven1"].boots == {BOOT: Mark(upto=9)}
    values = {seq: row[1]["temp"] for (_, seq), row in stored(tmp_path).items()}
    assert values == {0: 0, 1: 1, 2: 0.25, 3: 0.375, 4: 4, 5: 5, 6: 0.75, 7: 7, 8: 8, 9: 9}
    with History(tmp_path / DB) as history:
        codes = {
            r.chunk.seq + k: c
            for r in history.rows("oven1", None, 0, 2**62)
            for k, c in r.chunk.q.get("temp", {}).items()
        }
    assert codes == {5: "uncertain"}, "row 6 was stored before, with its own quality"


sends = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 25), st.booleans()).map(lambda s: (s[0], s[1] if s[2] else 1, s[2])),
    max_size=25,
)


@given(sends, st.lists(st.integers(1, 5), max_size=10), st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60)
def test_every_row_exactly_once_in_any_order(
    tmp_path: Path, messages: list[tuple[int, int, bool]], batches: list[int], reopen: bool
) -> None:
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    store = open_store(folder)
    expected: set[int] = set()
    left = list(messages)
    while left:
        take = batches.pop() if batches else 4
        write(store, *(block(seq, n) if is_block else data(seq) for seq, n, is_block in left[:take]))
        expected |= {k for seq, n, _ in left[:take] for k in range(seq, seq + n)}
        left = left[take:]
        if reopen:
            store.close()
            store = open_store(folder)
    store.close()

    rows = stored(folder)
    assert {seq for _, seq in rows} == expected
    assert all(row == (T_US + 1000 * seq, {"temp": seq / 8}) for (_, seq), row in rows.items())
    with History(folder / DB) as history:
        ranges = [r for line in history.ledger() for r in line.stored]
    assert [k for a, b in ranges for k in range(a, b + 1)] == sorted(expected)


def test_types_are_what_meta_says(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    described = meta(temp="float", count="int64", serial="str", on="bool")
    write(store, packet(Kind.META, described, retain=True))
    outcome = write(
        store,
        data(0, {"temp": 21, "count": "9223372036854775807", "serial": "00", "on": False}, rev=described.rev),
        data(1, {"temp": True, "count": 1.5, "serial": 7, "on": 1}),
    )

    assert outcome.count.samples == 2
    assert outcome.count.set_aside == 4
    assert stored(tmp_path)[BOOT, 0][1] == {"temp": 21.0, "count": 2**63 - 1, "serial": "00", "on": False}
    assert stored(tmp_path)[BOOT, 1][1] == {}, "the row is there, its values are set aside"
    db = sqlite3.connect(tmp_path / DB)
    asides = db.execute("SELECT seq, channel, value, reason FROM aside ORDER BY channel").fetchall()
    assert asides[0] == (1, "count", b"1.5", "not a value of type int64")
    assert len(asides) == 4
    db.close()


def test_a_new_type_is_a_new_series(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    write(store, packet(Kind.META, meta(n="int")), data(0, {"n": 1}))
    write(store, data(1, {"n": 2}), packet(Kind.META, meta(n="float")), data(2, {"n": 3}))
    late = block(3, 1, {"n": [4]}, rev=meta(n="int").rev)
    write(store, late)

    with History(tmp_path / DB) as history:
        assert history.channels("oven1", 0, 2**62) == [("n", "int"), ("n", "float")]
        assert history.meta("oven1") == meta(n="float")
        types = {r.chunk.seq: r.chunk.columns["n"].type for r in history.rows("oven1", None, 0, 2**62)}
    assert types == {0: "int", 1: "int", 2: "float", 3: "int"}, "rows keep the revision they were made under"


def test_64_bit_integers_and_floats_keep_every_bit(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    floats: list[Value] = [0.1, -0.0, 5e-324, 1.7976931348623157e308, 21.437]
    whole: list[Value] = ["-9223372036854775808", 9007199254740993, None, "9223372036854775807", 0]
    write(store, packet(Kind.META, meta(f="float", i="int64")), block(0, 5, {"f": floats, "i": whole}))

    rows = stored(tmp_path)
    assert [repr(rows[BOOT, k][1]["f"]) for k in range(5)] == [repr(f) for f in floats]
    assert [rows[BOOT, k][1].get("i") for k in range(5)] == [-(2**63), 2**53 + 1, None, 2**63 - 1, 0]


def test_every_revision_is_kept(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    one, two = meta(a="int"), meta(a="float")
    write(store, packet(Kind.META, one), packet(Kind.META, two), at_ms=T_MS)
    write(store, packet(Kind.META, one), at_ms=T_MS + 5)

    with History(tmp_path / DB) as history:
        assert history.meta("oven1") == one, "back to an earlier description"
    db = sqlite3.connect(tmp_path / DB)
    assert {rev for (rev,) in db.execute("SELECT rev FROM meta")} == {one.rev, two.rev}
    db.close()


# --- holds and watermarks ---------------------------------------------------------------------------------------------


def test_every_boot_of_a_hold_is_answered_also_by_an_empty_store(tmp_path: Path) -> None:
    outcome = write(open_store(tmp_path), status([Hold("old", 0, 10), Hold(BOOT, 5, 9)], [Hold(BOOT, 0, 3)]))

    assert outcome.watermarks["oven1"].boots == {"old": Mark(upto=-1), BOOT: Mark(upto=4)}
    assert outcome.watermarks["oven1"].eboots == {BOOT: Mark(upto=-1)}


def test_overflow_moves_the_watermark_durably(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    write(store, block(0, 5), status([Hold(BOOT, 0, 20)]))
    write(store, block(12, 3), status([Hold(BOOT, 12, 20, lost=7)]))
    store.close()

    again = open_store(tmp_path)
    assert again.watermarks()["oven1"].boots == {BOOT: Mark(upto=14)}
    with History(tmp_path / DB) as history:
        (line,) = history.ledger("oven1")
    assert line.stored == [(0, 4), (12, 14)]
    assert [(g.a, g.b, g.reason) for g in line.gaps] == [(5, 12, "overflow"), (15, 20, "not received yet")]


def test_a_boot_absent_from_hold_is_over(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    write(store, block(0, 5), status([Hold(BOOT, 0, 9)]))
    outcome = write(store, status([Hold("next", 0, 1)]))

    assert set(outcome.watermarks["oven1"].boots) == {"next"}
    assert set(write(store, status([], state="lost")).watermarks["oven1"].boots) == {"next"}, "a will knows no spool"
    with History(tmp_path / DB) as history:
        gaps = [g for line in history.ledger("oven1") if line.boot == BOOT for g in line.gaps]
    assert [(g.a, g.b, g.reason) for g in gaps] == [(5, 9, "no longer held by its sender")]


def test_what_one_edge_holds_says_nothing_about_another(tmp_path: Path) -> None:
    """An instrument that has moved: its former edge still delivers."""
    store = open_store(tmp_path)
    write(store, status([Hold("here", 0, 1)], edge="one"))
    outcome = write(store, status([Hold("there", 0, 1)], edge="two"))

    assert set(outcome.watermarks["oven1"].boots) == {"here", "there"}
    assert set(write(store, status([], edge="one")).watermarks["oven1"].boots) == {"there"}


def test_holes_are_what_is_missing_inside(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    write(store, status([Hold(BOOT, 2, 30)]), block(5, 5), block(20, 5))

    assert store.holes() == [Hole("oven1", Stream.SAMPLES, BOOT, a, b) for a, b in [(2, 5), (10, 20)]]


def test_want_since_is_made_with_the_store(tmp_path: Path) -> None:
    store = open_store(tmp_path, want_hours=2.0)
    store.close()
    later = Store(tmp_path / DB, TOPICS, T_MS + 10**9, want_hours=5.0)

    assert later.want_since == T_MS - 2 * 3_600_000
    assert later.id == store.id


# --- without identity -------------------------------------------------------------------------------------------------


def anonymous(ts: int, value: float, *, retain: bool = False) -> Packet:
    return packet(Kind.DATA, Data(ts=ts, values={"temp": value}), retain=retain)


def test_without_identity_the_same_within_a_minute_is_the_same(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    first = write(store, anonymous(1, 1.0), anonymous(1, 1.0), anonymous(1, 2.0), anonymous(2, 1.0))
    store.close()
    store = open_store(tmp_path)
    repeated = write(store, anonymous(1, 1.0), at_ms=T_MS + 30_000)
    later = write(store, anonymous(1, 1.0), at_ms=T_MS + 95_000)

    assert (first.count.samples, first.count.duplicates, first.count.same_time) == (3, 1, 1)
    assert (repeated.count.samples, repeated.count.duplicates) == (0, 1), "also after a restart"
    assert later.count.samples == 1
    assert first.watermarks["oven1"].boots == {}, "nobody waits for a commit"
    assert [row[1] for row in stored(tmp_path).values()] == [{"temp": v} for v in (1.0, 2.0, 1.0, 1.0)]


def test_a_retained_one_is_the_same_for_ever(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    write(store, anonymous(1, 1.0, retain=True))

    assert write(store, anonymous(1, 1.0, retain=True), at_ms=T_MS + 10**8).count.samples == 0


# --- records ----------------------------------------------------------------------------------------------------------


def test_records_are_kept_once(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    reply = packet(Kind.REPLY, Reply(id="c1", state="done", ts=T_MS, name="tare", by="anna", boot=BOOT, eseq=1))
    event = packet(Kind.EVENT, Event(T_MS + 1, "alarm", "door open", "warning", "door", boot=BOOT, eseq=0))
    outcome = write(store, reply, event, reply, status([], [Hold(BOOT, 0, 2)]))

    assert (outcome.records, outcome.count.duplicates) == (2, 1)
    assert outcome.watermarks["oven1"].eboots == {BOOT: Mark(upto=1)}
    with History(tmp_path / DB) as history:
        marks = history.marks(T_MS, T_MS + 10)
    assert [(m.kind, m.text, m.instrument, m.by, m.state) for m in marks] == [
        ("command", "tare", "oven1", "anna", "done"),
        ("event", "door open", "oven1", "", ""),
    ]
    assert (marks[1].event, marks[1].severity, marks[1].channel) == ("alarm", "warning", "door")


def note(eseq: int, text: str = "sample in") -> Packet:
    return Packet(TOPICS.note("anna"), encode(Note(ts=T_MS, text=text, by="anna", boot="b-1", eseq=eseq)))


def bridge(ehold: list[Hold]) -> Packet:
    status = ServiceStatus(state="online", boot="b-1", ts=T_MS, ehold=ehold)
    return Packet(TOPICS.service_status("bridge", "main"), encode(status), retain=True)


@pytest.mark.parametrize("reopen", [False, True])
def test_notes_belong_to_the_bridge_that_holds_their_boot(tmp_path: Path, reopen: bool) -> None:
    store = open_store(tmp_path)
    first = write(store, note(0), note(2))
    if reopen:
        store.close()
        store = open_store(tmp_path)
    heard = write(store, bridge([Hold("b-1", 0, 3)]))
    after = write(store, note(1), note(1), note(2))

    assert first.watermarks == {}, "whose they are is not known yet"
    assert heard.watermarks["_bridge-main"].eboots == {"b-1": Mark(upto=0, have=[(2, 2)])}
    assert (after.records, after.count.duplicates) == (1, 2)
    assert after.watermarks["_bridge-main"].eboots == {"b-1": Mark(upto=2)}


def test_audit_names_its_service_itself(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    audit = b'{"ts":1,"action":"login","by":"anna","boot":"b-1","eseq":0}'
    outcome = write(store, note(1), Packet(TOPICS.audit("bridge", "main"), audit), note(2))

    assert outcome.watermarks["_bridge-main"].eboots == {"b-1": Mark(upto=2)}


def test_a_retained_run_without_identity_comes_again_at_every_connect(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    run = Packet(TOPICS.run("r1"), encode(Run(run="r1", name="Glaze 7", start=T_MS, by="anna")), retain=True)
    write(store, run)

    assert write(store, run, at_ms=T_MS + 10**8).records == 0
    with History(tmp_path / DB) as history:
        assert [(m.run, m.state) for m in history.marks(T_MS, T_MS + 1)] == [("r1", "started")]


# --- what cannot be read ----------------------------------------------------------------------------------------------


def test_garbage_is_counted_kept_and_does_not_stop_the_rest(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    garbage = [b"not json", b'{"ts":1}', b'{"ts":NaN,"values":{}}', b"\xff\xfe", b"[" * 100_000]
    outcome = write(store, *(packet(Kind.DATA, g) for g in garbage), data(0), Packet("other/topic", b"\x00"))

    assert (outcome.undecodable, outcome.count.samples, len(outcome.complaints)) == (5, 1, 5)
    with History(tmp_path / DB) as history:
        log = history.log(None, None, None, 100)
    assert [(e.payload, e.readable) for e in log] == [(g, False) for g in garbage] + [(None, True), (b"\x00", True)]


def test_an_unreadable_message_with_an_identity_does_not_hold_the_watermark(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    bad_block = b'{"boot":"%s","seq":1,"n":3,"cols":{"a":[1,2]},"t0_us":1,"dt_us":1}' % BOOT.encode()
    bad_event = b'{"boot":"%s","eseq":0,"ts":"noon"}' % BOOT.encode()
    outcome = write(store, data(0), packet(Kind.BLOCK, bad_block), data(4), packet(Kind.EVENT, bad_event))

    assert outcome.watermarks["oven1"].boots == {BOOT: Mark(upto=4)}
    assert outcome.watermarks["oven1"].eboots == {BOOT: Mark(upto=0)}
    assert outcome.count.set_aside == 4
    assert write(store, packet(Kind.BLOCK, bad_block)).count.set_aside == 0


def test_an_empty_payload_deletes_and_is_no_garbage(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    write(store, packet(Kind.META, meta(a="int")))
    outcome = write(store, packet(Kind.META, b"", retain=True))

    assert outcome.undecodable == 0
    with History(tmp_path / DB) as history:
        assert history.meta("oven1") == meta(a="int"), "history stays"


LINES = (
    ("ts", "values", "boot", "seq", "eseq", "n", "cols", "t0_us", "dt_us", "t_us", "a", "hold", "ehold", "state"),
    ("first", "next", "id", "channels", "type", "text", "kind", "by", "run", "name", "start", "q", "u", "fold"),
    ("boots", "upto", "have"),
)
WORDS = [word for line in LINES for word in line]
json_ish = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5) | st.just(BOOT),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=12),
    max_leaves=30,
)


@given(st.sampled_from(list(Kind)), json_ish, st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_no_message_can_stop_the_store(tmp_path: Path, kind: Kind, content: object, retain: bool) -> None:
    topic = {
        Kind.EDGE_STATUS: TOPICS.edge_status("pi"),
        Kind.SERVICE_STATUS: TOPICS.service_status("bridge", "main"),
        Kind.COMMIT: TOPICS.commit("x", "oven1"),
        Kind.REQUEST: TOPICS.request("x", "oven1"),
        Kind.AUDIT: TOPICS.audit("bridge", "main"),
        Kind.RUN: TOPICS.run("r"),
        Kind.NOTE: TOPICS.note("anna"),
    }.get(kind) or TOPICS.of("oven1", kind)
    store = open_store(tmp_path)
    try:
        assert write(store, Packet(topic, encode(content), retain=retain)).messages == 1
        write(store, data(0))
    finally:
        store.close()


# --- whose instrument -------------------------------------------------------------------------------------------------


def test_other_loggers_instruments_are_left_alone(tmp_path: Path) -> None:
    store = open_store(tmp_path, mine=["oven*"])
    other = packet(Kind.DATA, Data(ts=1, values={"a": 1}, boot=BOOT, seq=0), "balance1")
    outcome = write(store, other, data(0), bridge([]))

    assert (outcome.messages, outcome.foreign, outcome.count.samples) == (2, 1, 1)


def test_another_loggers_commit_for_our_instrument_is_told(tmp_path: Path) -> None:
    store = open_store(tmp_path, mine=["oven*"])
    payload = encode(Commit(store="s", run="r"))
    outcome = write(store, Packet(TOPICS.commit("second", "oven1"), payload), Packet(TOPICS.commit("x", "y"), payload))

    assert outcome.complaints == ["oven1 is also stored by the logger 'second'"]


def test_what_another_logger_once_said_is_no_complaint_what_it_says_now_is(tmp_path: Path) -> None:
    """Its commits are retained, and a live one carries that flag too."""
    store = open_store(tmp_path)
    old, new = (Packet(TOPICS.commit("second", "oven1"), encode(Commit(store="s", run=r)), 1, True) for r in "ab")

    assert write(store, old, old).complaints == []
    assert write(store, new).complaints == ["oven1 is also stored by the logger 'second'"]


# --- failures ---------------------------------------------------------------------------------------------------------


def test_after_a_failed_transaction_nothing_of_it_is_remembered(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    write(store, data(0))
    other = sqlite3.connect(tmp_path / DB, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    store._db.execute("PRAGMA busy_timeout = 10")
    packets = (
        packet(Kind.META, meta(temp="float")),
        data(1),
        data(2, {"new": 1.0}),
        note(0),
        status([Hold(BOOT, 0, 9)]),
    )
    for _ in range(2):
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            write(store, *packets)
    other.execute("ROLLBACK")
    other.close()
    outcome = write(store, *packets)

    assert (outcome.count.samples, outcome.records, outcome.messages) == (2, 1, 5)
    assert outcome.watermarks["oven1"].boots == {BOOT: Mark(upto=2)}
    assert len(stored(tmp_path)) == 3


class Spoilt:
    """A packet at which the writer falls over, in the middle of its batch."""

    topic, qos, retain = TOPICS.of("oven1", Kind.DATA), 1, False

    @property
    def payload(self) -> bytes:
        raise sqlite3.OperationalError("database or disk is full")


def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    batch = [data(0), packet(Kind.META, meta(temp="float")), data(1), block(2, 40)]
    with pytest.raises(sqlite3.OperationalError):
        store.write([*batch, Spoilt(), data(99)], T_MS)

    assert stored(tmp_path) == {}
    assert store.write(batch, T_MS).count.samples == 42
    assert len(stored(tmp_path)) == 42


class SpoiltMeta(Spoilt):
    topic = TOPICS.of("oven1", Kind.META)


def test_descriptions_taken_first_are_all_or_nothing_too(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    described = packet(Kind.META, meta(temp="str"))
    with pytest.raises(sqlite3.OperationalError):
        store.describe([described, SpoiltMeta()], T_MS)
    store.describe([described, packet(Kind.META, b"{"), data(5)], T_MS)
    write(store, data(0, {"temp": "warm"}))

    with History(tmp_path / DB) as history:
        assert history.instruments() == ["oven1"]
        assert history.channels("oven1", 0, 2**62) == [("temp", "str")]
        assert [e.topic for e in history.log(None, None, None, 9)] == [TOPICS.of("oven1", Kind.DATA)]


def test_the_store_says_whose_file_it_will_not_touch(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / DB).execute("CREATE TABLE mine (a)").connection.close()

    with pytest.raises(Exception, match="not a labwire store"):
        open_store(tmp_path)


@pytest.mark.parametrize(
    ("arrived", "logged"), [(T_MS - 200, T_MS - 200), (0, T_MS), (T_MS - 60_000, T_MS), (T_MS + 5000, T_MS)]
)
def test_the_log_says_when_a_message_came(tmp_path: Path, arrived: int, logged: int) -> None:
    store = open_store(tmp_path)
    came = data(0)
    store.write([Message(came.topic, came.payload, 1, arrived_ms=arrived)], T_MS)
    with History(tmp_path / DB) as history:
        assert [entry.t_ms for entry in history.log(None, None, None, 10)] == [logged]
