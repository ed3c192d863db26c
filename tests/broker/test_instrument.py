"""How an instrument stamps its samples: own stamps never stand still, given ones are folded when they go back."""

from pathlib import Path

import pytest

from broker.agent import Agent, AgentConfig
from broker.config import BrokerConfig
from broker.instrument import Instrument
from broker.late import BLOCK
from broker.messages import Block, Data, Meta, decode
from broker.topics import Kind
from tests.broker.test_agent import nothing


class Clock:
    def __init__(self) -> None:
        self.now = 1_795_000_000.0

    def __call__(self) -> float:
        return self.now


def agent(folder: Path, clock: Clock) -> Agent:
    """With no broker to connect to."""
    return Agent(BrokerConfig(port=1), "pi", AgentConfig(data_dir=str(folder)), version="1", clock=clock)


def spooled(edge: Agent) -> list[Data | Block]:
    records = edge._spool.read("i1", "samples", edge.boot, 0, 10**9, 10**9) or ()
    return [decode(Kind.BLOCK if r.kind == BLOCK else Kind.DATA, r.body) for r in records]


def folds(edge: Agent) -> list[int]:
    return [m.fold for m in spooled(edge)]


async def test_a_clock_that_stands_still_or_is_slewed_gives_rising_stamps(tmp_path: Path) -> None:
    clock = Clock()
    async with agent(tmp_path, clock) as edge:
        one: Instrument = edge.instrument("i1", Meta(), nothing)
        for step in (0.0, 0.0, -0.0005, 0.01):
            clock.now += step
            one.sample({"a": 1})

        stamps = [m.t_us for m in spooled(edge) if isinstance(m, Data)]
        assert stamps == sorted(set(stamps))
        assert folds(edge) == [0, 0, 0, 0]


async def test_a_clock_that_is_set_back_is_folded_also_over_a_restart(tmp_path: Path) -> None:
    clock = Clock()
    async with agent(tmp_path, clock) as edge:
        one = edge.instrument("i1", Meta(), nothing)
        one.sample({"a": 1})
        clock.now -= 3600
        one.sample({"a": 2})
        one.sample({"a": 3})
        assert folds(edge) == [0, 1, 1]

    clock.now -= 3600
    async with agent(tmp_path, clock) as edge:
        edge.instrument("i1", Meta(), nothing).sample({"a": 1})
        assert folds(edge) == [2]


async def test_a_block_whose_times_go_back_is_cut_there(tmp_path: Path) -> None:
    async with agent(tmp_path, Clock()) as edge:
        edge.instrument("i1", Meta(), nothing).block({"a": [1, 2, 3, 4]}, t_us=[10, 20, 15, 16])

        pieces = spooled(edge)
        assert [(m.seq, m.fold, m.times_us()) for m in pieces if isinstance(m, Block)] == [
            (0, 0, [10, 20]),
            (2, 1, [15, 16]),
        ]


async def test_only_the_first_data_after_a_change_carries_the_revision(tmp_path: Path) -> None:
    async with agent(tmp_path, Clock()) as edge:
        one = edge.instrument("i1", Meta(), nothing)
        one.sample({"a": 1})
        one.sample({"a": 1})
        first = one.meta.rev
        one.describe(Meta(name="new"))
        one.sample({"a": 1})

        assert [m.rev for m in spooled(edge)] == [first, None, one.meta.rev]
        assert first != one.meta.rev


async def test_a_sample_without_values_is_no_sample(tmp_path: Path) -> None:
    async with agent(tmp_path, Clock()) as edge:
        one = edge.instrument("i1", Meta(), nothing)
        one.sample({})
        one.block({})
        one.block({"a": []})

        assert spooled(edge) == []


async def test_uncertainties_that_are_not_numbers_are_left_out(tmp_path: Path) -> None:
    async with agent(tmp_path, Clock()) as edge:
        one = edge.instrument("i1", Meta(), nothing)
        one.sample({"a": 1, "b": 2}, u={"a": float("nan"), "b": 0.5})
        one.block({"a": [1, 2]}, t0_us=1_795_000_001_000_000, dt_us=1, u={"a": [float("inf"), 0.5], "b": float("nan")})

        data, block = spooled(edge)
        assert data.u == {"b": 0.5}
        assert block.u == {"a": [None, 0.5]}


async def test_a_channel_that_cannot_be_one_is_a_mistake_of_the_driver(tmp_path: Path) -> None:
    async with agent(tmp_path, Clock()) as edge:
        one = edge.instrument("i1", Meta(), nothing)
        with pytest.raises(ValueError, match="not a channel name"):
            one.sample({"the weight": 1})

        assert edge._spool.next("i1", "samples") == 0


async def test_channels_with_a_clock_of_their_own_interleave_without_folding(tmp_path: Path) -> None:
    async with agent(tmp_path, Clock()) as edge:
        one = edge.instrument("i1", Meta(), nothing)
        for start in (1_000_000, 1_040_000):
            one.block({"fast": [1, 2]}, t0_us=start, dt_us=20_000, stream="/fast")
            one.sample({"slow": 1}, t_us=start + 10, stream="/slow")

        assert folds(edge) == [0, 0, 0, 0]
        one.sample({"slow": 1}, t_us=5, stream="/slow")
        assert folds(edge)[-1] == 1


async def test_an_event_carries_the_time_the_instrument_gave_it(tmp_path: Path) -> None:
    async with agent(tmp_path, Clock()) as edge:
        one = edge.instrument("i1", Meta(), nothing)
        one.event("alarm", "too hot", ts_ms=1_700_000_000_123)

        records = edge._spool.read("i1", "events", edge.boot, 0, 10, 10**6)
        assert records is not None
        (record,) = records
        assert b'"ts":1700000000123' in record.body
