import asyncio
import time
from pathlib import Path
from typing import Any, Never

import pytest

from broker.commands import CommandFailed
from broker.messages import Channel, Command, CommandSpec, Meta, Value
from edge.driver import Driver, NoOptions, Progress, Publish, Rows, Sample, Trouble
from edge.links.base import Link, LinkError
from edge.raised import Raised
from edge.simulators.journal import read_journal
from edge.simulators.kinds import parse_word
from edge.simulators.run import simulating
from edge.supervise import Supervised
from tests.edge.line.test_instrument import instrument
from tests.edge.support import ABOUT, Recorder, ScriptedLink, command, serial_link, supervised
from tests.support.waiting import eventually

COUNTER = r"""
[[poll]]
send = "COUNT?"
every_ms = 50
timeout_ms = 100
pattern = '(?P<count>\d+)'
[channels.count]
type = "int"
[commands.set]
send = "SET {text}"
done = "OK (?P<text>.*)"
args.text = { type = "str" }
"""


class Scripted(Driver[NoOptions]):
    """Publishes what it is given, then fails as told."""

    period_ms: float | None = None

    def __init__(self, items: list[Any], error: Exception) -> None:
        super().__init__(ABOUT, NoOptions())
        self.items, self.error = items, error

    @property
    def meta(self) -> Meta:
        return Meta(channels={"x": Channel(period_ms=self.period_ms)}, commands={"wait": CommandSpec()})

    async def run(self, link: Link, publish: Publish) -> None:
        for item in self.items:
            publish(item)
        raise self.error

    async def execute(self, link: Link, command: Command, publish: Publish, progress: Progress) -> dict[str, Value]:
        return {"held": link.turn.locked()}


class Waits(Exception):
    """Ends a loop that has no end."""


async def test_it_waits_one_to_sixty_seconds_and_anew_after_a_reading() -> None:
    waits: list[float] = []
    driver = Scripted([], LinkError("no port"))

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 8:
            driver.items = [Sample({"x": 1.0}, 0)]
        if len(waits) == 11:
            raise Waits

    one = Supervised("i1", driver, lambda: ScriptedLink(lambda _: []), sleep=sleep, rng=lambda: 0.0)
    with pytest.raises(Waits):
        await one.run(Recorder())

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 1, 1, 1]


async def test_a_port_that_is_back_is_opened_within_a_second() -> None:
    waits: list[float] = []
    there = [True, True, False, False, False, True, True]  # asked before each pause and after each look

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 5:
            raise Waits

    one = Supervised("i1", Scripted([], LinkError("x")), lambda: ScriptedLink(lambda _: []), sleep=sleep,
                     rng=lambda: 0.0, plugged=lambda: there.pop(0))  # fmt: skip
    with pytest.raises(Waits):
        await one.run(Recorder())

    assert waits == [1, 2, 1, 1, 8]


async def test_states_and_events_of_a_bad_day() -> None:
    good, fast = Sample({"x": 1.0}, 5), Rows({"x": [1.0]}, t_us=[6])
    items = [Trouble("early"), good, good, Trouble("odd"), Trouble("odder"), fast, fast, fast]
    driver, out = Scripted(items, LinkError("unplugged")), Recorder()

    async def sleep(seconds: float) -> None:
        raise Waits

    with pytest.raises(Waits):
        await Supervised("i1", driver, lambda: ScriptedLink(lambda _: []), sleep=sleep).run(out)

    assert out.states == [
        ("offline", "connecting"), ("online", ""), ("degraded", "odd"), ("online", ""), ("offline", "unplugged"),
    ]  # fmt: skip
    assert out.events == [("raised", "unplugged")]
    assert (len(out.samples), len(out.blocks)) == (2, 3)


async def test_only_an_alarm_that_was_raised_is_cleared_also_by_the_next_process(tmp_path: Path) -> None:
    async def sleep(seconds: float) -> None:
        raise Waits

    told = []
    for error in ("unplugged", "unplugged again"):
        out, raised = Recorder(), Raised(tmp_path / "raised.json")
        driver = Scripted([Sample({"x": 1.0}, 5)] * 2, LinkError(error))
        with pytest.raises(Waits):
            await Supervised("i1", driver, lambda: ScriptedLink(lambda _: []), sleep=sleep, raised=raised).run(out)
        told.append(out.events)

    assert told[0] == [("raised", "unplugged")]
    assert told[1] == [("cleared", "the instrument answers"), ("raised", "unplugged again")]


async def test_fast_samples_become_blocks_and_the_rest_leaves_with_the_line() -> None:
    samples = [Sample({"x": float(k)}, k * 10_000) for k in range(12)]
    driver, out = Scripted(samples, LinkError("x")), Recorder()
    driver.period_ms = 10.0

    async def sleep(seconds: float) -> None:
        raise Waits

    with pytest.raises(Waits):
        await Supervised("i1", driver, lambda: ScriptedLink(lambda _: []), sleep=sleep).run(out)

    assert out.samples == samples[:1]
    assert [len(b.cols["x"]) for b in out.blocks] == [5, 5, 1]
    assert out.column("x") == [float(k) for k in range(12)]


async def test_anything_else_is_a_mistake_of_the_driver_and_ends_it() -> None:
    with pytest.raises(ZeroDivisionError):
        await Supervised("i1", Scripted([], ZeroDivisionError()), lambda: ScriptedLink(lambda _: [])).run(Recorder())


async def test_a_command_while_offline_fails_at_once() -> None:
    one = Supervised("i1", Scripted([], LinkError("x")), lambda: ScriptedLink(lambda _: []))
    with pytest.raises(CommandFailed, match="i1 is offline: connecting") as failed:
        await one.execute(command("wait"), print)

    assert failed.value.code == "offline"


class Forever(Scripted):
    async def run(self, link: Link, publish: Publish) -> Never:
        await asyncio.Event().wait()
        raise AssertionError


async def test_a_command_has_the_turn_and_gives_it_back() -> None:
    link = ScriptedLink(lambda _: [])
    async with supervised(Forever([], LinkError("x")), lambda: link) as (one, _):
        await eventually(lambda: one._link is link)

        assert await one.execute(command("wait"), print) == {"held": True}
        assert not link.turn.locked()


@pytest.mark.parametrize("ts", [None, 0])
async def test_a_command_never_fires_after_its_time(ts: int | None) -> None:
    link = ScriptedLink(lambda _: [])
    now_ms = None if ts is None else int(time.time() * 1000)
    async with supervised(Forever([], LinkError("x")), lambda: link) as (one, _):
        await eventually(lambda: one._link is link)
        async with link.turn:
            with pytest.raises(CommandFailed, match="until the command's time was over") as failed:
                await one.execute(command("wait", ttl_ms=30, ts=now_ms), print)

    assert failed.value.code == "expired"


async def test_a_line_lost_while_the_command_waited_gets_no_bytes() -> None:
    link = ScriptedLink(lambda _: [])
    async with supervised(Forever([], LinkError("x")), lambda: link) as (one, _):
        await eventually(lambda: one._link is link)
        async with link.turn:
            waiting = asyncio.create_task(one.execute(command("wait"), print))
            await asyncio.sleep(0)
            one._link = None
        with pytest.raises(CommandFailed, match="offline"):
            await waiting


async def test_unplug_and_replug_a_real_line(tmp_path: Path) -> None:
    async with (
        simulating([parse_word("counter:c")], tmp_path, tmp_path / "journal") as sims,
        supervised(instrument(COUNTER), serial_link(tmp_path, "c")) as (one, out),
    ):
        await eventually(lambda: len(out.samples) > 3)
        assert await one.execute(command("set", text="before"), print) == {"text": "before"}
        sims["c"].tell("unplug")
        await eventually(lambda: out.state == "offline")
        assert not (tmp_path / "c").is_symlink()
        with pytest.raises(CommandFailed) as failed:
            await one.execute(command("set", text="meanwhile"), print)
        sims["c"].tell("plug")
        await eventually(lambda: out.state == "online")
        assert await one.execute(command("set", text="after"), print) == {"text": "after"}

    journal = list(read_journal(tmp_path / "journal"))
    assert failed.value.code == "offline"
    assert not [e for e in journal if b"meanwhile" in e.data]
    assert out.numbers("count") == sorted(set(out.numbers("count")))
    answered = [int(e.data) for e in journal if e.direction == ">" and e.data.strip().isdigit()]
    assert set(out.numbers("count")) <= set(answered)
    assert len(answered) - len(out.numbers("count")) <= 2, (
        "only those on the line at the unplug and at the end may be missing"
    )


@pytest.mark.parametrize("fault", ["silent", "garbage"])
async def test_silence_and_garbage_degrade_then_take_offline_then_heal(tmp_path: Path, fault: str) -> None:
    async with (
        simulating([parse_word("counter:c")], tmp_path, tmp_path / "journal", seed=3) as sims,
        supervised(instrument(COUNTER), serial_link(tmp_path, "c")) as (one, out),
    ):
        await eventually(lambda: out.state == "online")
        sims["c"].tell(fault)
        await eventually(lambda: out.state == "offline")
        seen = len(out.samples)
        with pytest.raises(CommandFailed):
            await asyncio.wait_for(one.execute(command("set", text="x"), print), 5)
        sims["c"].tell("normal")
        await eventually(lambda: out.state == "online" and len(out.samples) > seen)

    assert "degraded" in [state for state, _ in out.states]
    answered = {int(e.data) for e in read_journal(tmp_path / "journal") if e.data.strip().isdigit()}
    assert set(out.numbers("count")) <= answered, "garbage was taken for a value"
