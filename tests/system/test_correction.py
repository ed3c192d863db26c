"""Corrections in force while everything is killed: every stored row has its raw value, its value and the calibration
that leads from one to the other; never none where there should be one, never twice."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broker.calibration import Calibration
from broker.correction import adding
from calibration.live.count import counting
from calibration.live.fetch import FetchError
from calibration.publish import messages
from calibration.register import Register
from calibration.register.life import withdraw
from logger.store.history import History
from tests.calibration.example import NOMINALS, point
from tests.calibration.register.bench import ANNA, Clock, register
from tests.calibration.register.test_survey import released
from tests.support.waiting import eventually
from tests.system.lab import STREAM, Lab
from tests.system.test_delivery import NAME, RATE, until_sent

FOR_EVER = 2**60


@dataclass(frozen=True)
class Row:
    """One stored sample set."""

    boot: str
    value: float
    raw: float | None
    cal: str
    u: float | None
    q: str


def rows(lab: Lab) -> Iterator[Row]:
    """As the store has them, in their own order."""
    with History(lab.database) as history:
        for part in history.rows(NAME, None, 0, FOR_EVER):
            columns = {name: column.python() for name, column in part.chunk.columns.items()}
            raw, u = columns.get("n_raw", [None] * len(part.chunk)), part.chunk.u.get("n")
            cal, codes = dict(part.shape.cal).get("n", ""), part.chunk.q.get("n", {})
            for k, (value, before) in enumerate(zip(columns["n"], raw, strict=True)):
                assert isinstance(value, (int, float))
                assert before is None or isinstance(before, (int, float))
                one = u[k] if isinstance(u, list) else u
                yield Row(part.boot, value, before, cal, one, codes.get(k, "good"))


def stored_rows(lab: Lab) -> list[Row]:
    return list(rows(lab)) if lab.database.exists() else []


def lab_register(lab: Lab) -> Register:
    """One whose item sits at the counter."""
    made = register(lab.folder, Clock(datetime.now(UTC)))
    made.install("sensor1", NAME, "n", "2020-01-01", ANNA)
    return made


async def publish(lab: Lab, made: Register) -> Calibration:
    """As the service would; what is in force then."""
    file = lab._config("calibration", f'calibration_dir = "{made.folder}"\n', "calibration-main")
    await lab.labwire("cal", "publish", "--once", "-c", file)
    return messages(made, int(made.clock().timestamp() * 1000))[NAME]["n"]


def remembered(lab: Lab) -> str:
    """What the edge has on its disk."""
    path = Path(lab.folder, "edge", f"calibration-{NAME}.json")
    return path.read_text() if path.exists() else ""


async def kill_edge(lab: Lab) -> None:
    await lab.programs["edge"].kill()
    await until_sent(lab, len(lab.sent(NAME)) + RATE // 2)
    await lab.programs["edge"].restart()
    await until_sent(lab, len(lab.sent(NAME)) + 2 * RATE)


def check_row(row: Row, known: dict[str, Calibration]) -> float:
    """Raw, value and calibration fit; returns what the instrument said."""
    if not row.cal:
        assert row.raw is None
        assert (row.u, row.q) == (None, "good")
        return row.value
    calibration = known[row.cal]
    add = adding(calibration.correction)
    assert add is not None
    assert row.raw is not None
    assert row.value == add([row.raw])[0]
    assert row.u is not None
    assert calibration.range is not None
    low, high = calibration.range
    assert row.q == ("good" if low <= row.raw <= high else "extrapolated")
    return row.raw


async def test_what_a_failed_calibration_makes_doubtful_is_counted(lab: Lab) -> None:
    await lab.simulate(f"counter:{NAME}@{RATE}")
    await lab.logger()
    await lab.bridge()
    await lab.edge(STREAM.format(name=NAME, port=lab.lines / NAME))
    await eventually(lambda: len(stored_rows(lab)) > 500, 60, "samples stored", every=0.2)
    lab.tell(NAME, "silent")
    await eventually(lambda: stored_rows(lab)[-1].value == lab.sent(NAME)[-1], 60, "the last number", every=0.2)
    env = {"LABWIRE_URL": lab.url, "LABWIRE_TOKEN": lab.token("anna")}
    count = counting(env)
    assert count is not None

    async def counted(begin: str, end: str) -> int:
        return await asyncio.to_thread(count, NAME, "n", begin, end)

    everything = len(stored_rows(lab))
    assert await counted("", "2100-01-01T00:00:00Z") == everything
    assert await counted("2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z") == everything
    assert await counted("2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z") == 0
    with pytest.raises(FetchError, match="answered 401"):
        await asyncio.to_thread(counting(env | {"LABWIRE_TOKEN": "wrong"}), NAME, "n", "", "2100-01-01")  # type: ignore[arg-type]
    with pytest.raises(FetchError, match="cannot be asked"):
        await asyncio.to_thread(counting({"LABWIRE_URL": "http://127.0.0.1:1"}), NAME, "n", "", "2100-01-01")  # type: ignore[arg-type]
    assert counting({}) is None


async def test_edge_and_broker_killed_with_corrections_in_force(lab: Lab) -> None:
    made = lab_register(lab)
    await lab.simulate(f"counter:{NAME}@{RATE}")
    await lab.logger()
    edge = await lab.edge(STREAM.format(name=NAME, port=lab.lines / NAME) + "correct = true\n")
    await until_sent(lab, 500)

    released(made)
    known = {c.id: c for c in [await publish(lab, made)]}
    await eventually(lambda: all(id_ in remembered(lab) for id_ in known), 30, "the calibration at the edge")
    await until_sent(lab, len(lab.sent(NAME)) + RATE)
    await kill_edge(lab)
    await lab.broker.kill()
    await kill_edge(lab)
    await lab.broker.start()

    made.clock.now = datetime.now(UTC)  # type: ignore[attr-defined]
    second = released(made, as_found={"points": [point(n, error=7) for n in NOMINALS]})
    known[second.id] = await publish(lab, made)
    await eventually(lambda: second.id in remembered(lab), 60, "the second calibration at the edge")
    await until_sent(lab, len(lab.sent(NAME)) + RATE)
    await kill_edge(lab)
    withdraw(made, second.id, ANNA, "wrong standard")
    assert (await publish(lab, made)).status == "withdrawn"
    await eventually(lambda: "withdrawn" in remembered(lab), 60, "the withdrawal at the edge")
    await until_sent(lab, len(lab.sent(NAME)) + RATE)
    await kill_edge(lab)
    assert edge.alive

    lab.tell(NAME, "silent")

    async def complete() -> bool:
        lines = await lab.ledger(NAME)
        return bool(lines) and all(line["complete"] and not line["gaps"] for line in lines)

    await eventually(complete, 120, "everything stored", every=0.5)
    await eventually(lambda: stored_rows(lab)[-1].value == lab.sent(NAME)[-1], 60, "the last number", every=0.5)
    stored = stored_rows(lab)
    said = [check_row(row, known) for row in stored]
    sent = lab.sent(NAME)
    assert len(set(said)) == len(said)
    assert set(said) <= set(sent)

    by_boot: dict[str, list[str]] = {}
    for row in stored:
        seen = by_boot.setdefault(row.boot, [])
        if row.cal not in seen[-1:]:
            seen.append(row.cal)
    first, *_ = known
    assert list(by_boot.values()) == [["", first], [first], [first, second.id], [second.id, ""], [""]]
