"""An EtherLab server into the store: simulator, adapter, Mosquitto and logger as real processes."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from broker.client import Client
from broker.messages import Hold, Status, Value, decode
from broker.mosquitto import free_port
from broker.topics import Kind, Topics
from logger.store import History
from msr_adapter.simulator.journal import Sent, read_journal
from msr_adapter.simulator.run import tell
from tests.support.waiting import eventually
from tests.system.lab import Lab

CONFIG = """[msr]
host = "127.0.0.1"
port = {port}
name = "pi"
data_dir = "{folder}/msr"

[[instrument]]
name = "plant"
label = "Malting plant"
simulated = true
signals = {signals}
"""
"""``labwire msr run`` beside everything else."""


class Etherlab:
    """The simulator and the adapter of one test."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.port = free_port()
        self.journal = lab.folder / "msr.journal"
        self.control = lab.folder / "msr.control"

    async def start(
        self, signals: int, *, rate: float = 1000.0, pattern: str = '["/Counter/**", "/Sine/**"]', journal: bool = True
    ) -> None:
        await self.lab.run(
            "msr-simulator", "msr", "simulate", "--port", str(self.port), "--signals", str(signals),
            "--rate", f"{rate:g}", "--control", str(self.control),
            *(("--journal", str(self.journal)) if journal else ()),
        )  # fmt: skip
        await eventually(self.control.exists, 20, "the simulator")
        text = CONFIG.format(port=self.port, folder=self.lab.folder, signals=pattern)
        config = self.lab._config("msr", text, "edge-pi", self.lab.proxy.port)
        await self.lab.run("msr", "msr", "run", "-c", config)

    def tell(self, words: str) -> None:
        tell(self.control, words)

    def sent(self) -> dict[bytes, list[Sent]]:
        found: dict[bytes, list[Sent]] = {}
        for one in read_journal(self.journal):
            found.setdefault(one.name, []).append(one)
        return found


def stored(database: Path, instrument: str = "plant") -> dict[str, list[tuple[int, Value]]]:
    """Time and value of every row by source path, in the order of (boot, seq)."""
    found: dict[str, list[tuple[int, int, Value]]] = {}  # null: not sampled in that row
    with History(database) as history:
        meta = history.meta(instrument)
        assert meta is not None
        source = {name: channel.source for name, channel in meta.channels.items()}
        for rows in history.rows(instrument, None, 0, 2**62):
            chunk = rows.chunk
            for name, column in chunk.columns.items():
                into = found.setdefault(source[name], [])
                seqs = range(chunk.seq, chunk.seq + len(chunk))
                values = zip(seqs, chunk.t_us.tolist(), column.python(), strict=True)
                into += [value for value in values if value[2] is not None]
    return {path: [(t, v) for _, t, v in sorted(rows, key=lambda row: row[0])] for path, rows in found.items()}


async def held(lab: Lab, not_boot: str = "") -> list[Hold]:
    """What the adapter's own status says is in its spool."""
    async with Client(lab.broker.config("viewer"), "watcher") as client:
        client.subscribe(Topics().of("plant", Kind.STATUS))
        async for message in client.messages:
            status: Status = decode(Kind.STATUS, message.payload)
            if status.boot != not_boot:
                return status.hold
    raise AssertionError("the client ended")


async def whole(lab: Lab) -> None:
    """Wait until the logger has everything that is in the adapter's spool, of all its boots."""
    before = [line["boot"] for line in await lab.ledger("plant")]
    hold = await held(lab, before[-1] if before else "")
    assert {h.boot for h in hold} >= set(before)

    async def complete() -> bool:
        stored = {line["boot"]: line["stored"] for line in await lab.ledger("plant")}
        return all(stored.get(h.boot) == [[0, h.next - 1]] for h in hold if h.next)

    await eventually(complete, 90, "everything stored", every=0.5)


def compare(database: Path, sent: dict[bytes, list[Sent]]) -> tuple[int, int]:
    """Every value that is stored is the one that was sent, in order, none twice; stored and sent values.

    What was sent to a session of the adapter's is stored without a hole; only the end of each may be missing, which
    was still on its way when that session ended.
    """
    found = stored(database)
    total = missing = 0
    for path, frames in sent.items():
        count = frames[0].count
        columns = (
            [found[path.decode()]] if count == 1 else [c for s, c in found.items() if s.startswith(f"{path.decode()}[")]
        )
        assert len(columns) == count
        for element, got in enumerate(columns):
            exact = [(t, int(v) if isinstance(v, str) else v) for t, v in got]
            total += len(exact)
            missing += _left_out(exact, frames, element)
    return total, missing


def _left_out(exact: Sequence[tuple[int, Value]], frames: list[Sent], element: int) -> int:
    """How many at the ends of sessions; all else must agree."""
    sessions: dict[int, list[tuple[int, float]]] = {}
    for f in frames:
        values = ((t // 1000, f.values[k * f.count + element]) for k, t in enumerate(f.t_ns))
        sessions.setdefault(f.session, []).extend(values)
    at = missing = 0
    for wanted in sessions.values():
        same = next((k for k, w in enumerate(wanted) if at + k >= len(exact) or exact[at + k] != w), len(wanted))
        at += same
        missing += len(wanted) - same
    assert at == len(exact), (exact[max(0, at - 2) : at + 3], [w[-3:] for w in sessions.values()])
    return missing


async def finish(lab: Lab) -> None:
    """End everything that sends; what the adapter had spooled last goes out when it starts again."""
    await lab.programs["msr"].end()
    await lab.programs["msr-simulator"].end()
    await lab.programs["msr"].start()
    await whole(lab)
    await lab.programs["msr"].end()


async def test_64_signals_at_1_khz_are_stored_bit_for_bit(lab: Lab) -> None:
    etherlab = Etherlab(lab)
    await lab.logger()
    await etherlab.start(64)
    await asyncio.sleep(20)
    await finish(lab)

    total, missing = compare(lab.database, etherlab.sent())
    assert total > 64 * 15_000
    assert missing < 64 * 1_000


async def test_every_type_and_shape_is_stored_bit_for_bit(lab: Lab) -> None:
    etherlab = Etherlab(lab)
    await lab.logger()
    await etherlab.start(2, pattern='["/Types/**", "/Special/a*", "/State/*"]')
    await asyncio.sleep(5)
    await finish(lab)

    total, missing = compare(lab.database, {p: f for p, f in etherlab.sent().items() if p.startswith(b"/Types/")})
    assert total > 150 * 3_000
    assert missing < total / 3


async def test_an_outage_of_the_broker_loses_nothing(lab: Lab) -> None:
    etherlab = Etherlab(lab)
    await lab.logger()
    await etherlab.start(64)
    await asyncio.sleep(3)
    await lab.broker.kill()
    await asyncio.sleep(30)
    await lab.broker.start()
    await asyncio.sleep(4)
    await finish(lab)

    total, missing = compare(lab.database, etherlab.sent())
    assert total > 64 * 30_000
    assert missing < 64 * 1_000


async def test_5000_signals_at_10_hz(lab: Lab) -> None:
    etherlab = Etherlab(lab)
    await lab.logger()
    await etherlab.start(5000, rate=10)
    await asyncio.sleep(12)
    await finish(lab)

    total, missing = compare(lab.database, etherlab.sent())
    assert total > 5000 * 60
    assert missing < 5000 * 10


async def test_segments_of_one_byte_jumps_of_the_clock_a_stall_and_a_restart(lab: Lab) -> None:
    etherlab = Etherlab(lab)
    await lab.logger()
    await etherlab.start(8, rate=500)
    for words, seconds in (
        ("fragments 1", 4), ("normal", 1), ("jump -7.5", 2), ("jump 100", 2), ("stall 2", 5), ("restart", 7),
    ):  # fmt: skip
        etherlab.tell(words)
        await asyncio.sleep(seconds)
    await finish(lab)

    sent = etherlab.sent()
    total, missing = compare(lab.database, sent)
    assert {f.session for f in sent[b"/Counter/C0000"]} == {1, 2}
    assert total > 8 * 500 * 10
    assert missing < 8 * 500
    with History(lab.database) as history:
        told = [(m.kind, m.text) for m in history.marks(0, 2**43) if m.instrument == "plant"]
    assert any("leave out" in text for _, text in told), told
    assert any("closed the connection" in text for _, text in told), told
