"""Commands and polls of one instrument take turns on its line: whoever writes holds the turn."""

import asyncio
from typing import Any

import pytest

from edge.driver import Driver
from edge.instruments.mt_sics import Balance, BalanceOptions
from edge.instruments.namur import NamurOptions, Stirrer
from tests.edge.line.test_instrument import POLLED, instrument
from tests.edge.support import ABOUT, Collected, ScriptedLink
from tests.support.waiting import eventually

ANSWERS = {b"I4": b'I4 A "B1"', b"@": b'I4 A "B1"', b"I2": b'I2 A "MS204 220.0 g"', b"SI": b"S S 1.0 g",
           b"IN_NAME": b"STIRRER", b"IN_SP_4": b"1.0 4", b"IN_PV_4": b"1.0 4", b"IN_PV_5": b"1.0 5",
           b"V?": b"1.0 V"}  # fmt: skip

DRIVERS: list[Driver[Any]] = [
    instrument(POLLED.replace('\\n"', '\\r\\n"')), Balance(ABOUT, BalanceOptions()), Stirrer(ABOUT, NamurOptions()),
]  # fmt: skip


@pytest.mark.parametrize("driver", DRIVERS, ids=lambda d: type(d).__name__)
async def test_polls_hold_the_turn(driver: Driver[Any]) -> None:
    held: list[bool] = []

    def answer(data: bytes) -> list[bytes]:
        held.append(link.turn.locked())
        return [ANSWERS[data.strip()] + b"\r\n"]

    link, out = ScriptedLink(answer), Collected()
    task = asyncio.create_task(driver.run(link, out))
    await eventually(lambda: len(out.samples) > 1)
    task.cancel()
    await asyncio.wait([task])

    assert held
    assert all(held)


async def test_a_poll_waits_for_whoever_has_the_turn() -> None:
    link, out = ScriptedLink(lambda _: [b"1.0 V\r\n"]), Collected()
    async with link.turn:
        task = asyncio.create_task(DRIVERS[0].run(link, out))
        await asyncio.sleep(0.05)
        assert link.written == []
    await eventually(lambda: out.samples)
    task.cancel()
    await asyncio.wait([task])


async def test_ask_waits_for_the_turn() -> None:
    link = ScriptedLink(lambda _: [b"1\n"])
    async with link.turn:
        asking = asyncio.create_task(link.ask(b"?\n", b"\n", 1))
        await asyncio.sleep(0.01)
        assert link.written == []

    assert (await asking).data == b"1\n"
