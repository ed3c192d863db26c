"""A bridge that shows the histories of two loggers, over real HTTP; and how their answers become one."""

from dataclasses import replace
from pathlib import Path

import pytest

from bridge_ws import stores
from bridge_ws.past import NoHistory, Past
from broker.messages import Note, encode
from broker.topics import Kind
from logger.store import LogEntry, MarkLine
from tests.bridge_ws.bench import VIEWER, bridge
from tests.logger.support import T_MS, TOPICS, Packet, block, meta, open_store, packet, write
from tests.support.broker import TestBroker


@pytest.fixture
def databases(tmp_path: Path) -> list[str]:
    """Each has an instrument of its own, one that has moved, and the same note."""
    found = []
    note = Packet(TOPICS.note("anna"), encode(Note(ts=T_MS + 1, text="of both", by="anna")))
    for k, name in enumerate(("oven1", "kiln1")):
        store = open_store(_folder(tmp_path, name))
        write(store, packet(Kind.META, meta(x="float"), name), note, at_ms=T_MS + k)
        for instrument in (name, "moved1"):
            made = block(0, 100, {"x": [float(k)] * 100}, t0_us=(T_MS + k * 1000) * 1000)
            write(store, Packet(TOPICS.of(instrument, Kind.BLOCK), made.payload), at_ms=T_MS + k)
        store.close()
        found.append(str(store.path))
    return found


def _folder(tmp_path: Path, name: str) -> Path:
    (tmp_path / name).mkdir()
    return tmp_path / name


async def test_each_instrument_is_asked_of_the_store_that_has_it(
    mosquitto: TestBroker, tmp_path: Path, databases: list[str]
) -> None:
    async with bridge(mosquitto, tmp_path, history_db=databases) as b, b.http(VIEWER) as http:
        assert (await http.get("/healthz")).json()["history"] == "ok"
        for name, value in (("oven1", 0.0), ("kiln1", 1.0), ("moved1", 1.0)):
            span = f"from={T_MS - 1000}&to={T_MS + 5000}&step_ms=10000"
            found = (await http.get(f"/api/history?instrument={name}&channel=x&{span}")).json()
            assert found["series"]["x"]["max"] == [value], name
        notes = (await http.get(f"/api/marks?from={T_MS}&to={T_MS + 10}")).json()
        assert [n["text"] for n in notes] == ["of both"]
        log = (await http.get("/api/log")).json()
        assert [e["topic"] for e in log].count(TOPICS.note("anna")) == 1
        assert {e["topic"] for e in log} >= {TOPICS.of(n, Kind.BLOCK) for n in ("oven1", "kiln1", "moved1")}


async def test_exports_and_the_ledger(mosquitto: TestBroker, tmp_path: Path, databases: list[str]) -> None:
    async with bridge(mosquitto, tmp_path, history_db=databases) as b, b.http(VIEWER) as http:
        for name, value in (("oven1", "0.0"), ("kiln*", "1.0")):
            rows = (await http.get(f"/api/export?instrument={name}")).text.splitlines()
            assert (len(rows), rows[-1].split(",")[-1]) == (101, value)
        for query in ("", "instrument=oven1&instrument=kiln1", "instrument=moved1"):
            answer = await http.get(f"/api/export?{query}")
            assert answer.status_code == 422, query
            assert "is in 2 stores" in answer.json()["error"]["message"]
        assert (await http.get("/api/export?instrument=nope")).status_code == 404
        accounts = (await http.get(f"/api/ledger?from={T_MS}&to={T_MS + 5000}")).json()
        assert [(a["instrument"], a["stored"]) for a in accounts] == [
            ("moved1", 100), ("oven1", 100), ("kiln1", 100), ("moved1", 100),
        ]  # fmt: skip


async def test_a_store_that_cannot_be_read_is_not_passed_over(databases: list[str], tmp_path: Path) -> None:
    past = Past([Path(databases[0]), tmp_path / "missing.db"])
    assert await past.ask(lambda h: h.instruments()) == ["moved1", "oven1"]
    with pytest.raises(NoHistory, match=r"missing\.db cannot be read"):
        await past.each(lambda h: h.instruments())
    with pytest.raises(NoHistory, match="history_db is not configured"):
        await Past([]).each(lambda h: None)


def test_the_log_of_several_says_what_both_have_heard_once() -> None:
    one = LogEntry(1000, "lab/_note/anna/new", 1, False, 2, b"{}")
    entries = [one, replace(one, t_ms=9000)]
    other = [replace(one, t_ms=1200), replace(one, t_ms=1300, topic="lab/x/meta"), replace(one, t_ms=20_000)]
    assert [e.t_ms for e in stores.log([entries, other], 10)] == [1000, 1300, 9000, 20_000]
    assert [e.t_ms for e in stores.log([entries, other], 2)] == [9000, 20_000]
    assert stores.log([entries], 10) == entries


def test_marks_of_several_are_in_order_and_once() -> None:
    a, b = MarkLine(1, "note", "a"), MarkLine(2, "note", "b")
    assert stores.marks([[b], [a, b]]) == [a, b]
