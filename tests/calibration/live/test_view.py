"""The state that everybody sees."""

import pytest

from broker.messages import decode, encode
from broker.topics import Kind
from calibration.live.plan import Source
from calibration.live.view import form, view
from tests.calibration.live.bench import Bench, bench


def shown(work: Bench):  # type: ignore[no-untyped-def]
    return view(work.machine, work.now)


def test_every_state_on_the_way_is_a_message_of_the_contract() -> None:
    work, phases = bench(), set()
    work.fill()
    work.does("next")
    while work.stage not in ("adjust", "finish"):
        state = shown(work)
        assert decode(Kind.CAL_STATE, encode(state)) == state
        phases.add(state.phase)
        if work.stage == "set":
            work.target = state.nominal
            work.does("next")
        elif work.stage == "review":
            work.does("accept")
        else:
            work.second()
    assert phases == {"set", "settling", "reading", "review"}


def test_how_near_to_settled_and_how_long_at_least() -> None:
    work = bench()
    work.does("next")
    work.does("next")
    remaining, progress = [], []
    while work.stage == "settling":
        work.second()
        state = shown(work)
        assert state.settling.of == "reference"
        remaining.append(state.settling.remaining_s)
        progress.append(state.settled)
    assert progress == sorted(progress)
    assert (progress[-1], remaining[-1]) == (1.0, 0.0)
    known = [r for r in remaining if r is not None]
    assert known[0] > 70
    assert known == sorted(known, reverse=True)


def test_a_reference_on_its_way() -> None:
    work = bench()
    work.does("next")
    work.value = work.target = 50.0
    work.does("next")
    work.second()
    state = shown(work)
    assert state.settling.phase == "away"
    assert "the reference is at" in state.text


def test_steps_count_over_all_parts() -> None:
    work, steps = bench(), []
    work.does("next")
    while work.stage == "set":
        steps.append((shown(work).step, shown(work).steps, shown(work).point))
        work.point()
    assert steps == [(1, 4, 0), (2, 4, 1), (3, 4, 2)]
    work.does("answer", key="adjust", value="yes")
    work.does("next")
    state = shown(work)
    assert (state.step, state.point, state.points, state.check, state.part) == (4, 0, [30.0], True, "as_left")


def test_silence_is_told() -> None:
    work = bench()
    assert shown(work).warnings == ["no good sample from bath1/temp yet", "no good sample from ref1/temp yet"]
    work.second()
    assert shown(work).warnings == []
    work.machine.tick(work.now + 31)
    assert "no good sample from bath1/temp for 31 s" in shown(work).warnings


@pytest.mark.parametrize(
    ("source", "reference", "keys"),
    [(Source(), Source(), ["x", "I"]), (Source("b", "t"), Source(), ["x"]), (Source(), Source("r", "t"), ["I"])],
)
def test_what_is_typed_is_a_form(source: Source, reference: Source, keys: list[str]) -> None:
    work = bench(source=source, reference=reference)
    work.does("next")
    work.machine.go("reading")
    assert [q.key for q in form(work.machine)] == keys
    assert all(q.unit == "°C" for q in form(work.machine))


def test_only_the_last_sixty_values() -> None:
    work = bench()
    for _ in range(100):
        work.second()
    assert len(shown(work).pairs) == 60
