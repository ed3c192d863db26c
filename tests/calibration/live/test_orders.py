"""What people decide: which stage takes it, once, by whom, and what it leaves in the record."""

import pytest

from broker.messages import Command
from calibration.live.orders import CAN, obey
from calibration.live.view import view
from tests.calibration.live.bench import Bench, bench, small


def begun(**changes: object) -> Bench:
    made = bench(**changes)  # type: ignore[arg-type]
    made.fill()
    made.does("next")
    return made


def test_every_stage_says_what_it_takes_and_nothing_else_is_done() -> None:
    work = begun()
    for name in {"next", "accept", "repeat", "skip", "abort", "answer", "reading"} - set(CAN["set"]):
        answer = work.order(name)
        assert not answer.done
        assert "cannot be done now (set); it takes next, skip, abort" in answer.text
    assert work.stage == "set"


def test_a_command_is_done_once() -> None:
    work = begun()
    command = Command(id="same", name="next", by="anna")
    assert obey(work.machine, command, work.now).done
    work.does("skip", reason="too cold")
    answer = obey(work.machine, command, work.now)
    assert not answer.done
    assert work.stage == "set"


def test_two_people_the_second_is_told_who_was_first() -> None:
    work = begun()
    work.does("next")
    work.until("review")
    step = view(work.machine, work.now).step
    work.does("accept", by="anna", step=step)
    late = work.order("accept", by="ben", step=step)
    assert not late.done
    assert "the run is at step 2" in late.text
    assert "by anna" in late.text


def test_who_and_when_stay_with_the_run_and_the_point() -> None:
    work = begun()
    work.does("next", by="anna")
    work.until("review")
    work.does("accept", by="ben")
    progress = work.machine.progress
    assert progress.results[0].by == "ben"
    assert [(e.by, e.ts) for e in progress.log if e.by == "ben"] == [("ben", round(work.now * 1000))]
    assert [p.name for p in progress.people] == ["anna", "ben"]


@pytest.mark.parametrize("name", ["skip", "abort"])
def test_leaving_something_out_needs_a_reason(name: str) -> None:
    work = begun()
    assert "needs a reason" in work.order(name, reason="  ").text
    work.does(name, reason="the bath leaks")
    assert (work.stage == "aborted") == (name == "abort")


def test_a_skipped_point_and_a_repeated_one_are_deviations() -> None:
    work = begun()
    work.does("next")
    work.until("review")
    work.does("repeat", reason="somebody opened the lid")
    assert work.machine.progress.results == []
    work.until("review")
    work.does("accept")
    work.does("skip", reason="the heater is broken")
    assert work.machine.progress.deviations == [
        "20 up: 10 readings discarded and repeated by anna: somebody opened the lid",
        "40 up: skipped by anna: the heater is broken",
    ]


def test_answers_are_checked() -> None:
    work = bench(text=small("[adjust]", '[steps]\nbefore = ["ice point check"]\n[adjust]'), room="")
    assert "not answered: ice point check, temperature of the room" in work.order("next").text
    assert "none of done, not done" in work.order("answer", key="before-1", value="perhaps").text
    assert "is not a number" in work.order("answer", key="temperature-begin", value="warm").text
    assert "nothing asks for colour" in work.order("answer", colour="red").text
    work.does("answer", **{"before-1": "not done", "temperature-begin": "21,5"})
    work.does("next")
    assert work.machine.progress.deviations == ["not done: ice point check"]
    assert work.machine.progress.room["temperature"].now == 21.5


def test_the_record_is_by_who_finished_it() -> None:
    from calibration.live.outcome import performed

    work = begun()
    work.points()
    work.does("answer", key="adjust", value="no")
    work.does("next")
    work.points()
    work.does("next", by="ben")
    last = performed(work.machine.draft("K-1"), work.machine.progress).history[-1]
    assert (last.by.name, last.by.authenticated, last.reason) == ("ben", False, "together with anna")
