"""A store with two instruments, and what an export of it is."""

import io
from pathlib import Path
from typing import Any

from broker.messages import Channel, Hold, Meta, Note, Reply, Run, Status, Value, encode, with_rev
from broker.topics import Kind
from logger.export.ask import Ask
from logger.export.core import begin
from logger.store import History
from tests.logger.support import BOOT, T_MS, TOPICS, Packet, block, data, open_store, packet, write

BIG = 2**60 + 1

OVEN = with_rev(
    Meta(
        name="Oven",
        channels={
            "temp": Channel(unit="°C", label="Zone 1"),
            "on": Channel(type="bool"),
            "mode": Channel(type="str"),
            "count": Channel(type="int64"),
        },
    )
)


def make(folder: Path) -> Path:
    """oven1 with every type, a quality, an uncertainty, a calibration and a gap; vib1 with a block; a run and notes."""
    store = open_store(folder)
    status = Status(state="online", boot=BOOT, ts=T_MS, hold=[Hold(BOOT, 3, 6, 1)])
    values: dict[str, Value] = {"temp": 21.5, "on": True, "mode": "=1+1", "count": str(BIG)}
    write(
        store,
        packet(Kind.META, OVEN),
        packet(Kind.META, with_rev(Meta(channels={"x": Channel(unit="g")})), "vib1"),
        data(0, values, q={"temp": "uncertain"}, u={"temp": 0.25}),
        data(1, {"temp": 22.5, "on": False}, cal={"temp": "K-2026-0001"}),
        data(3, {"temp": -1.5, "count": 7}),
        packet(Kind.STATUS, status),
        Packet(TOPICS.of("vib1", Kind.BLOCK), block(0, 40, {"x": list(range(40))}).payload),
        packet(Kind.REPLY, Reply(id="c1", state="accepted", ts=T_MS + 1, name="set", by="anna")),
        packet(Kind.REPLY, Reply(id="c1", state="done", ts=T_MS + 2, name="set", by="anna", args={"value": 1})),
        packet(Kind.CALIBRATION, {"temp": {"id": "K-2026-0001"}}, retain=True),
        Packet(TOPICS.note("anna"), encode(Note(ts=T_MS + 1, text="hello", by="anna"))),
        Packet(TOPICS.note("anna"), encode(Note(ts=T_MS + 1, text="of another", by="anna", instruments=["x9"]))),
        Packet(TOPICS.run("melt-7"), encode(run())),
        Packet(TOPICS.run("melt-7"), encode(run(T_MS + 4))),
        at_ms=T_MS + 2,
    )
    store.close()
    return folder / "labwire.db"


def run(end: int | None = None) -> Run:
    return Run(run="melt-7", name="Melt", start=T_MS + 1, end=end, by="anna", instruments=["oven1"])


def export(database: Path, now_ms: int = T_MS + 10_000, **ask: Any) -> bytes:
    """The whole file."""
    with History(database) as history:
        return b"".join(p.data for p in begin(history, Ask(**ask), TOPICS, now_ms * 1000).parts)


def lines(database: Path, **ask: Any) -> list[str]:
    return export(database, **ask).decode().splitlines()


def parquet(content: bytes) -> Any:
    """The pyarrow table of a file."""
    import pyarrow.parquet as pq

    return pq.read_table(io.BytesIO(content))
