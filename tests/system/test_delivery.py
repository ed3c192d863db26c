"""Stored, not sent: after every fault the ledger is complete, and no sample is missing or double.

The simulated counter writes its own journal of what it has put on the line; the export of the store is compared with
that. What a counter sends while no edge reads its line is nobody's loss: the numbers are compared from the first one
an edge has read.
"""

import re
from collections.abc import Awaitable, Callable

import pytest

from tests.support.waiting import eventually
from tests.system.lab import POLL, STREAM, Lab

NAME = "i0"
RATE = 500


def stream(lab: Lab, name: str = NAME) -> str:
    return STREAM.format(name=name, port=lab.lines / name)


def poll(lab: Lab, name: str = NAME) -> str:
    return POLL.format(name=name, port=lab.lines / name)


async def until_sent(lab: Lab, count: int) -> None:
    """Wait until the counter has sent ``count`` numbers."""
    await eventually(lambda: len(lab.sent(NAME)) >= count, 120, f"{count} numbers sent", every=0.2)


async def until_stored(lab: Lab, upto: int, timeout: float = 90) -> None:
    """Wait until the ledger says that everything is there, up to the number ``upto``."""

    async def look() -> bool:
        lines = await lab.ledger(NAME)
        return bool(lines) and all(line["complete"] for line in lines) and (await lab.stored(NAME))[-1:] == [upto]

    await eventually(look, timeout, f"everything up to {upto} stored", every=0.5)


async def finish(lab: Lab) -> None:
    """Silence the counter and compare its journal with the store: the same numbers, once each, in order."""
    lab.tell(NAME, "silent")
    sent = lab.sent(NAME)
    await until_stored(lab, sent[-1])
    stored = await lab.stored(NAME)

    assert stored == sent[sent.index(stored[0]) :]
    assert all(line["complete"] for line in await lab.ledger(NAME))


async def start(lab: Lab) -> None:
    await lab.simulate(f"counter:{NAME}@{RATE}")
    await lab.logger()
    await lab.edge(stream(lab))
    await until_sent(lab, 500)
    await eventually(lambda: lab.database.exists(), 30, "the logger's database")
    # Before that the broker may not know the logger: it would keep nothing for one that ends or dies.
    await eventually(lambda: lab.ledger(NAME), 30, "the logger hears the instrument", every=0.5)


async def test_without_a_fault(lab: Lab) -> None:
    await start(lab)
    await until_sent(lab, 2_000)

    await finish(lab)


async def test_mosquitto_killed_twice_during_20000_samples(lab: Lab) -> None:
    await start(lab)
    for count in (5_000, 12_000):
        await until_sent(lab, count)
        await lab.broker.kill()
        await until_sent(lab, count + RATE)
        await lab.broker.start()
    await until_sent(lab, 20_000)

    await finish(lab)
    assert len(await lab.stored(NAME)) >= 19_000


async def kill_logger(lab: Lab) -> None:
    await lab.programs["logger"].kill()
    await until_sent(lab, len(lab.sent(NAME)) + 2 * RATE)
    await lab.programs["logger"].restart()


async def cut_link(lab: Lab) -> None:
    lab.proxy.refusing = True
    lab.proxy.cut()
    await until_sent(lab, len(lab.sent(NAME)) + 10 * RATE)
    lab.proxy.refusing = False


async def stall_link(lab: Lab) -> None:
    """Half-open: the sockets stand, nothing passes."""
    lab.proxy.stall()
    await until_sent(lab, len(lab.sent(NAME)) + 10 * RATE)
    lab.proxy.flow()


async def kill_broker_and_logger(lab: Lab) -> None:
    await lab.broker.kill()
    await lab.programs["logger"].kill()
    await until_sent(lab, len(lab.sent(NAME)) + 2 * RATE)
    await lab.broker.start()
    await lab.programs["logger"].restart()


@pytest.mark.parametrize("fault", [kill_logger, cut_link, stall_link, kill_broker_and_logger])
async def test_a_fault_in_mid_stream(lab: Lab, fault: Callable[[Lab], Awaitable[None]]) -> None:
    await start(lab)
    await fault(lab)
    await until_sent(lab, len(lab.sent(NAME)) + 5 * RATE)

    await finish(lab)


async def test_a_broker_without_its_memory_and_the_edge_back_a_minute_before_the_logger(lab: Lab) -> None:
    await start(lab)
    await lab.programs["logger"].end()
    await lab.broker.kill()
    lab.broker.forget()
    await lab.broker.start()
    await until_sent(lab, len(lab.sent(NAME)) + 60 * RATE)
    await lab.programs["logger"].restart()
    await until_sent(lab, len(lab.sent(NAME)) + 5 * RATE)

    await finish(lab)


async def test_the_edge_killed_twice(lab: Lab) -> None:
    """Polled, so that the journal says what an edge has read. An answer on the line at the kill may be lost."""
    await lab.simulate(f"counter:{NAME}")
    await lab.logger()
    await lab.edge(poll(lab))
    kills: list[int] = []
    for count in (100, 200):
        await until_sent(lab, count)
        await lab.programs["edge"].kill()
        kills.append(lab.sent(NAME)[-1])
        await lab.programs["edge"].restart()
    await until_sent(lab, 300)
    await lab.programs["edge"].end()
    sent = lab.sent(NAME)

    async def arrived() -> bool:
        return (await lab.stored(NAME))[-1:] >= [sent[-1] - 1]

    await eventually(arrived, 60, "the rest stored", every=0.5)
    stored = await lab.stored(NAME)
    assert stored == sorted(set(stored))
    assert set(sent) - set(stored) <= {*kills, sent[-1]}
    assert len({row["boot"] for row in await lab.exported(NAME)}) == 3
    assert all(line["complete"] for line in await lab.ledger(NAME))


async def test_samples_taken_without_broker_and_logger_arrive_when_both_come(lab: Lab) -> None:
    await lab.broker.stop()
    await lab.simulate(f"counter:{NAME}@{RATE}")
    await lab.edge(stream(lab))
    await until_sent(lab, 5_000)
    await lab.broker.start()
    await lab.logger()
    await until_sent(lab, 7_000)

    await finish(lab)


async def test_a_logger_restored_from_yesterday_gets_the_missing_day_back(lab: Lab) -> None:
    """Its database goes back to an older copy; the edges' spools still have what came since."""
    await start(lab)
    await lab.programs["logger"].end()
    copy = lab.database.read_bytes()
    await lab.programs["logger"].restart()
    await until_sent(lab, len(lab.sent(NAME)) + 4 * RATE)
    await lab.programs["logger"].end()
    for leftover in lab.database.parent.glob("labwire.db*"):
        leftover.unlink()
    lab.database.write_bytes(copy)
    await lab.programs["logger"].restart()
    await until_sent(lab, len(lab.sent(NAME)) + 2 * RATE)

    await finish(lab)


async def test_a_queue_in_the_broker_that_overflows(lab: Lab) -> None:
    """Mosquitto acknowledges and throws away: only the ledger knows, and the edge still has it."""
    conf = lab.broker.folder / "mosquitto.conf"
    conf.write_text(re.sub(r"(?m)^max_queued_messages .*", "max_queued_messages 100", conf.read_text()))
    await lab.broker.restart()
    await start(lab)
    await lab.programs["logger"].end()
    assert "dropped" not in lab.broker.running.log_tail(10_000)
    await eventually(lambda: "dropped" in lab.broker.running.log_tail(10_000), 90, "the queue overflows", every=0.2)
    await until_sent(lab, len(lab.sent(NAME)) + 2 * RATE)  # and goes on overflowing
    await lab.programs["logger"].restart()
    await until_sent(lab, len(lab.sent(NAME)) + 2 * RATE)

    await finish(lab)
