import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.driver import Sample
from edge.links.base import BadAnswerError, LinkError, NoAnswerError
from edge.polling import Poll, next_time, poll_forever
from tests.edge.support import Collected


class Clock:
    """A clock that only sleeping and asking move."""

    def __init__(self) -> None:
        self.now = 100.0

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


class StopHere(Exception):
    """Ends a loop that has no end."""


class Asked:
    """A poll that takes ``takes`` seconds, notes when, and fails as told."""

    def __init__(self, clock: Clock, every: float, takes: float, fails: dict[int, Exception]) -> None:
        self.clock, self.takes, self.fails = clock, takes, fails
        self.at: list[float] = []
        self.poll = Poll(every, self.ask)

    async def ask(self) -> Sample:
        self.at.append(round(self.clock.now - 100, 6))
        self.clock.now += self.takes
        if error := self.fails.get(len(self.at)):
            raise error
        return Sample({"x": 1.0}, 0)


async def run(clock: Clock, *asked: Asked, settled: list[float] | None = None) -> Collected:
    out = Collected()

    async def settle() -> None:
        if settled is not None:
            settled.append(clock.now)

    with pytest.raises(StopHere):
        await poll_forever([a.poll for a in asked], settle, out, sleep=clock.sleep, monotonic=lambda: clock.now)
    return out


async def test_each_poll_at_its_own_period_without_drift() -> None:
    clock = Clock()
    fast = Asked(clock, 0.5, 0.01, {7: StopHere()})
    slow = Asked(clock, 1.0, 0.02, {})
    await run(clock, fast, slow)

    assert fast.at == pytest.approx([0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0], abs=0.021)
    assert slow.at == pytest.approx([0.01, 1.0, 2.0], abs=0.02)


async def test_times_that_passed_are_skipped_not_caught_up() -> None:
    clock = Clock()
    slow = Asked(clock, 1.0, 2.5, {4: StopHere()})
    await run(clock, slow)

    assert slow.at == [0, 3, 6, 9]


async def test_a_failure_is_trouble_and_the_line_settles() -> None:
    clock, settled = Clock(), [0.0]
    asked = Asked(clock, 1.0, 0, {2: NoAnswerError("silent"), 3: BadAnswerError("odd"), 5: StopHere()})
    out = await run(clock, asked, settled=settled)

    assert [t.reason for t in out.troubles] == ["silent", "odd"]
    assert len(out.samples) == 2
    assert len(settled) == 3


async def test_three_failures_in_a_row_end_it() -> None:
    clock = Clock()
    asked = Asked(clock, 1.0, 0, {k: NoAnswerError("silent") for k in (2, 4, 5, 6)})
    with pytest.raises(LinkError, match=r"silent \(3 times in a row\)"):
        await run(clock, asked)

    assert len(asked.at) == 6


async def test_another_link_error_ends_it_at_once() -> None:
    clock = Clock()
    with pytest.raises(LinkError, match="gone"):
        await run(clock, Asked(clock, 1.0, 0, {1: LinkError("gone")}))


@given(st.floats(0, 1e6), st.floats(0.005, 3600), st.floats(0, 1e5))
def test_the_next_time_is_later_and_on_the_grid(when: float, every: float, late: float) -> None:
    now = when + late
    following = next_time(when, every, now)
    steps = (following - when) / every

    assert following > now - 1e-6 * every
    assert following <= now + every * (1 + 1e-6) + 1e-6
    assert steps == pytest.approx(round(steps), abs=1e-3)
